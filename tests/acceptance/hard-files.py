#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""hard-files.py FOVEA DATA_FOLDER: every row of hard_files/manifest.csv decodes as it says.

tests/vision/decode-report of the same build says what the decoder makes of each. odd_names.tar is unpacked into a temporary folder and its files must decode too.
"yes": decodes, upright size as stated; "no", "refuse": an error within a second; "partial", "maybe": either, but no crash."""
import csv
import os
import subprocess
import sys
import tarfile
import tempfile
import urllib.parse

FIELDS = ("status", "width", "height", "format", "bits", "ms", "left", "right", "levels", "sha256", "message")


def run(report, paths):
    out = subprocess.run([report] + paths, stdout=subprocess.PIPE, timeout=300, check=True).stdout
    lines = out.split(b"\n")[:-1]
    if len(lines) != len(paths):
        sys.exit("%d answers to %d files" % (len(lines), len(paths)))
    return [dict(zip(FIELDS, line.decode("utf-8", "replace").split("\t"))) for line in lines]


def near(colour, wanted):
    return all(abs(int(a) - b) <= 25 for a, b in zip(colour.split(","), wanted))


def problem(row, got):
    wanted, decoded = row["decodes"], got["status"] in ("ok", "partial")
    if got["status"] == "helper":
        return "a helper died on it"
    if wanted in ("no", "refuse"):
        if decoded:
            return "decoded"
        return None if float(got["ms"]) < 1000 else "took %s ms" % got["ms"]
    if not decoded:
        return None if wanted in ("partial", "maybe") else "not decoded"
    if (got["width"], got["height"]) != (row["width"], row["height"]):
        return "is %s × %s" % (got["width"], got["height"])
    has_blocks = row["kind"] in ("control", "exif", "name", "wrong_ext", "gif", "bmp", "tiff", "jpeg") and row["width"] in ("240", "120")
    grey = "gray" in row["path"] or "bilevel" in row["path"]
    if has_blocks and not grey and not (near(got["left"], (230, 20, 20)) and near(got["right"], (20, 20, 230))):
        return "the blocks at the top are %s and %s" % (got["left"], got["right"])
    if row["path"].endswith(("gray12in16.png", "gray16.png", "gray16.tif", "float32.tif")) and int(got["levels"]) <= 200:
        return "only %s grey levels" % got["levels"]
    return None


def main():
    build = os.path.dirname(os.path.dirname(os.path.abspath(sys.argv[1])))
    report, data = os.path.join(build, "tests", "vision", "decode-report"), os.path.join(sys.argv[2], "hard_files")
    with open(os.path.join(data, "manifest.csv"), newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["decodes"] != "n/a"]
    paths = [os.path.join(os.fsencode(data), urllib.parse.unquote_to_bytes(row["path"])) for row in rows]
    absent = [row["path"] for row, path in zip(rows, paths) if not os.path.lexists(path)]
    with tempfile.TemporaryDirectory() as folder:
        # The names in the archive are bytes that some file systems and archivers change on the way.
        with tarfile.open(os.path.join(data, "odd_names.tar"), encoding="utf-8", errors="surrogateescape") as tar:
            members = [member for member in tar.getmembers() if member.isfile()]
            for member in members:
                name = os.fsencode(member.name)
                if name.startswith(b"/") or b".." in name.split(b"/"):
                    sys.exit("odd_names.tar leaves its folder: %r" % name)
                target = os.path.join(os.fsencode(folder), name)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(target, "wb") as out:
                    out.write(tar.extractfile(member).read())
        odd = sorted(os.path.join(top, name) for top, _, names in os.walk(os.fsencode(folder)) for name in names)
        for at, path in enumerate(paths):
            if rows[at]["path"] in absent:
                for candidate in odd:
                    if os.path.basename(candidate) == os.path.basename(path):
                        paths[at] = candidate
        results = run(report, paths)
        odd_results = run(report, odd)
    failures = 0
    for row, got in zip(rows, results):
        found = problem(row, got)
        failures += found is not None
        print("%-5s %-8s %-15s %8s ms  %s%s" % ("FAIL" if found else "ok", row["decodes"], got["status"], got["ms"],
                                                ascii(row["path"])[1:-1][:60], ": " + found if found else ""))
    for path, got in zip(odd, odd_results):
        bad = got["status"] != "ok"
        failures += bad
        print("%-5s odd name %-15s %r" % ("FAIL" if bad else "ok", got["status"], os.path.basename(path)[:50]))
    print("%d rows, %d odd names, %d failures" % (len(rows), len(odd), failures))
    return 1 if failures or not rows or not odd else 0


sys.exit(main())
