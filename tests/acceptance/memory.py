# SPDX-License-Identifier: GPL-3.0-or-later
"""memory.py FOVEA DATA_FOLDER [COUNT]: importing and embedding 12-megapixel pictures under a limit of 1.5 GB of address space.

The pictures are made: PNG files of 4000 × 3000 with their own number written into the pixels, so that no two are alike.
"""
import json
import os
import resource
import struct
import subprocess
import sys
import tempfile
import time
import zlib

LIMIT = 1500 * 1000 * 1000
WIDTH, HEIGHT = 4000, 3000


def write_png(path, number):
    row = b"\0" + bytes((x * 7 + number) & 255 for x in range(256)) * (WIDTH * 3 // 256 + 1)
    row = row[:1 + WIDTH * 3]
    data = zlib.compressobj(1)
    pixels = b"".join(data.compress(row if y != number else b"\0" + b"\xff" * (WIDTH * 3)) for y in range(HEIGHT)) + data.flush()

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0))
                   + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


def limited(fovea, *args):
    return subprocess.run([fovea, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT)))


def main():
    fovea = os.path.abspath(sys.argv[1])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 600
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_STATE_HOME"] = os.path.join(scratch, "state")
        os.environ["FOVEA_THUMBNAIL_DIR"] = os.path.join(scratch, "thumbnails")
        folder = os.path.join(scratch, "pictures")
        os.mkdir(folder)
        for number in range(count):
            write_png(os.path.join(folder, "%04d.png" % number), number)
        project = os.path.join(scratch, "memory.fovea")
        limited(fovea, "project", "create", project)
        started = time.monotonic()
        done = limited(fovea, "import", project, folder, "--json")
        seconds = time.monotonic() - started
        report = json.loads(done.stdout) if done.returncode == 0 else {}
        ok = report.get("imported") == count and report.get("embedded") == count
    print("%s  %d pictures of 12 megapixels under %d MB of address space in %.0f s: status %d, %s imported, %s embedded %s" %
          ("ok  " if ok else "FAIL", count, LIMIT // 10**6, seconds, done.returncode, report.get("imported"), report.get("embedded"),
           done.stderr.decode(errors="replace").strip()))
    if not ok:
        print([row for row in report.get("files", [])][:3])
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
