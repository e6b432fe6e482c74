#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""memory.py FOVEA DATA_FOLDER [COUNT]: importing and embedding COUNT (60) pictures of 12 megapixels under limits of 1.5 GB.

First under 1.5 GB of address space for each process; then, with a third of the pictures, all processes together in a memory control
group of 1.5 GB without swap, where one can be made. The pictures are made here, in turn a PNG, a JPEG and a progressive JPEG (the
one that needs most: the coefficients of the whole picture), 4000 × 3000, no two alike.
"""
import json
import os
import resource
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checks import Checks  # noqa: E402

LIMIT = 1500 * 1000 * 1000
WIDTH, HEIGHT = 4000, 3000


def png(number):
    row = b"\0" + (bytes((x * 7 + number) & 255 for x in range(256)) * (WIDTH * 3 // 256 + 1))[:WIDTH * 3]
    data = zlib.compressobj(1)
    marked = b"\0" + b"\xff" * (WIDTH * 3)
    pixels = b"".join(data.compress(row if y != number % HEIGHT else marked) for y in range(HEIGHT)) + data.flush()

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)) + chunk(b"IDAT", pixels)
            + chunk(b"IEND", b""))


def jpeg(number, progressive):
    """Blocks of one colour: DC coefficients alone. Code 0: no difference; codes 10, 110, … : differences of 1, 2, … bits."""
    def segment(marker, body):
        return bytes([0xff, marker]) + struct.pack(">H", len(body) + 2) + body

    def pack(bits):
        bits += "1" * (-len(bits) % 8)
        return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")

    blocks = ((WIDTH + 7) // 8) * ((HEIGHT + 7) // 8) * 3
    dc = bytes([1, 1, 1, 1, 1, 1, 1, 1] + [0] * 8) + bytes(range(8))
    ac = bytes([1] + [0] * 15) + b"\0"  # one code, 0: the block ends
    end = "" if progressive else "0"
    # The brightness of everything from the first block on: a difference of seven bits.
    first = "11111110" + format(64 + number % 64, "07b") + end
    rest = ("0" + end) * (blocks - 1)
    scan = bytes([3, 1, 0, 2, 0, 3, 0]) + (bytes([0, 0, 0]) if progressive else bytes([0, 63, 0]))
    return (b"\xff\xd8" + segment(0xfe, b"picture %d" % number) + segment(0xdb, b"\0" + b"\x08" * 64)
            + segment(0xc2 if progressive else 0xc0, struct.pack(">BHHB", 8, HEIGHT, WIDTH, 3) + bytes([1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]))
            + segment(0xc4, b"\0" + dc) + segment(0xc4, b"\x10" + ac) + segment(0xda, scan) + pack(first + rest) + b"\xff\xd9")


def make(folder, count):
    for number in range(count):
        kind = ("png", "jpg", "progressive.jpg")[number % 3]
        with open(os.path.join(folder, "%04d.%s" % (number, kind)), "wb") as file:
            file.write(png(number) if kind == "png" else jpeg(number, kind != "jpg"))


class Group:
    """A memory control group, of version 2 or 1; made is False where that may not be."""
    def __init__(self):
        self.made, self.path = False, None
        for root, names in (("/sys/fs/cgroup", ("memory.max", "memory.swap.max", "memory.peak")),
                            ("/sys/fs/cgroup/memory", ("memory.limit_in_bytes", None, "memory.max_usage_in_bytes"))):
            path = os.path.join(root, "fovea-memory-%d" % os.getpid())
            try:
                os.mkdir(path)
            except OSError:
                continue
            self.path, self.peak_name = path, names[2]
            try:
                if not os.path.exists(os.path.join(path, names[0])):
                    raise OSError("a folder like any other, or memory is not controlled here")
                self.put(names[0], LIMIT)
                if names[1] is not None and os.path.exists(os.path.join(path, names[1])):
                    self.put(names[1], 0)
                self.made = True
                return
            except OSError:
                os.rmdir(path)

    def put(self, name, value):
        with open(os.path.join(self.path, name), "w", encoding="ascii") as file:
            file.write(str(value))

    def enter(self):
        self.put("cgroup.procs", os.getpid())

    def peak(self):
        try:
            with open(os.path.join(self.path, self.peak_name), encoding="ascii") as file:
                return int(file.read())
        except OSError:
            return 0  # older kernels do not say

    def remove(self):
        os.rmdir(self.path)


class Watch(threading.Thread):
    """Peak resident sizes of a process and of the largest of its children."""
    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.own, self.child, self.over = pid, 0, 0, False

    @staticmethod
    def peak(pid):
        try:
            with open("/proc/%d/status" % pid, encoding="utf-8", errors="replace") as file:
                return max((int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:")), default=0)
        except OSError:
            return 0

    def run(self):
        while not self.over:
            self.own = max(self.own, self.peak(self.pid))
            try:
                for task in os.listdir("/proc/%d/task" % self.pid):
                    with open("/proc/%d/task/%s/children" % (self.pid, task), encoding="ascii") as file:
                        self.child = max([self.child, *(self.peak(int(child)) for child in file.read().split())])
            except OSError:
                pass
            time.sleep(0.05)


def limit_addresses():
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))


class Memory(Checks):
    def import_all(self, project, paths, prepare, what):
        self.run("project", "create", project, preexec_fn=prepare)
        start = time.monotonic()
        child = subprocess.Popen([self.program, "import", project, "--json", *paths], stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=prepare)
        watch = Watch(child.pid)
        watch.start()
        out, errors = child.communicate()
        watch.over = True
        watch.join()
        seconds = time.monotonic() - start
        report = json.loads(out) if child.returncode == 0 else {}
        self.check(report.get("imported") == report.get("embedded") == len(paths),
                   "%d pictures of 12 megapixels under 1.5 GB %s in %.0f s: status %d, %s imported, %s embedded %s" %
                   (len(paths), what, seconds, child.returncode, report.get("imported"), report.get("embedded"),
                    errors.decode("utf-8", "replace").strip()))
        for row in report.get("files", [])[:3]:
            print("        %s: %s" % (row["path"], row["status"].get("details")))
        print("        resident at most: %d MB the program, %d MB its largest decoder" % (watch.own / 1e6, watch.child / 1e6), flush=True)


def main():
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    memory = Memory(os.path.abspath(sys.argv[1]))
    with tempfile.TemporaryDirectory(prefix="fovea-memory-") as scratch:
        os.environ["XDG_STATE_HOME"] = os.path.join(scratch, "state")
        os.environ["FOVEA_THUMBNAIL_DIR"] = os.path.join(scratch, "thumbnails")
        folder = os.path.join(scratch, "pictures")
        os.mkdir(folder)
        make(folder, count)
        paths = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
        memory.import_all(os.path.join(scratch, "addresses.fovea"), paths, limit_addresses, "of address space")
        group = Group()
        if not group.made:
            print("        no memory control group can be made here: all processes together were not limited")
        else:
            try:
                memory.import_all(os.path.join(scratch, "group.fovea"), paths[:count // 3], group.enter, "for all processes together")
                print("        held at most by the group, page cache with it: %d MB" % (group.peak() / 1e6))
            finally:
                group.remove()
    memory.end()


main()
