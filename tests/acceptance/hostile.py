# SPDX-License-Identifier: GPL-3.0-or-later
"""hostile.py FOVEA DATA_FOLDER: awkward and broken files, FIFOs, devices and loops of links, against DATA_FOLDER/hard_files.

Every row of its manifest must come out as its column `decodes` says; nothing may hang. One line a check; exit status 1 when one fails.
"""
import csv
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.parse

failures = 0


def check(ok, what):
    global failures
    failures += not ok
    print("%s  %s" % ("ok  " if ok else "FAIL", what), flush=True)


def run(fovea, *args, timeout=120):
    return subprocess.run([fovea, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)


def import_json(fovea, project, *paths):
    started = time.monotonic()
    done = run(fovea, "import", project, "--json", "--", *paths)
    if done.returncode != 0:
        check(False, "import ends with status 0: %s" % done.stderr.decode(errors="replace"))
        return {"files": [], "imported": -1}, 0.0
    return json.loads(done.stdout), time.monotonic() - started


def path_of(row):
    return urllib.parse.unquote_to_bytes(row["path_bytes"]) if "path_bytes" in row else row["path"].encode()


def reported(report):
    return {path_of(row): row["status"] for row in report["files"]}


def check_manifest(fovea, scratch, data):
    """Each file is imported into one project; what it does is read from the report, a path not in it was taken."""
    folder = os.path.join(data, "hard_files").encode()
    unpacked = os.path.join(scratch, "odd").encode()
    with tarfile.open(os.path.join(data, "hard_files", "odd_names.tar"), encoding="utf-8", errors="surrogateescape") as tar:
        tar.extractall(os.fsdecode(unpacked))
    project = os.path.join(scratch, "hard.fovea")
    run(fovea, "project", "create", project)
    report, seconds = import_json(fovea, project, os.path.join(folder, b"files"), unpacked)
    rows = reported(report)
    check(seconds < 60, "the folder is imported in %.1f s" % seconds)
    with open(os.path.join(data, "hard_files", "manifest.csv"), newline="", encoding="utf-8") as file:
        manifest = list(csv.DictReader(file))
    for row in manifest:
        name = urllib.parse.unquote_to_bytes(row["path"])
        if row["decodes"] == "n/a" or name.endswith(b"/"):
            continue
        path = os.path.join(folder, name)
        if not os.path.lexists(path):
            path = os.path.join(unpacked, name)
        status = rows.get(path, {"code": 10000})
        failed = status["code"] not in (10000, 30100)
        wanted = {"yes": [False], "no": [True], "refuse": [True], "partial": [False, True], "maybe": [False, True]}[row["decodes"]]
        check(failed in wanted, "%s (%s) is %s" % (row["path"][:60], row["decodes"], "refused" if failed else "taken"))
    check_bombs(fovea, scratch, folder, manifest)
    done = run(fovea, "project", "check", project)
    check(done.returncode == 0, "the project is whole afterwards")


def check_bombs(fovea, scratch, folder, manifest):
    for row in manifest:
        if row["kind"] != "bomb":
            continue
        project = os.path.join(scratch, "bomb.fovea")
        run(fovea, "project", "create", project)
        path = os.path.join(folder, urllib.parse.unquote_to_bytes(row["path"]))
        report, seconds = import_json(fovea, project, path)
        check(report["failed"] == 1 and seconds < 2, "%s is refused; the whole program took %.2f s" % (row["path"], seconds))
        os.unlink(project)


def check_special(fovea, scratch, data):
    folder = os.path.join(scratch, "special")
    os.makedirs(os.path.join(folder, "deep"))
    os.mkfifo(os.path.join(folder, "pipe.jpg"))
    os.mkfifo(os.path.join(folder, "other"))
    os.symlink("/dev/zero", os.path.join(folder, "zero.png"))
    os.symlink(folder, os.path.join(folder, "deep", "loop"))
    os.symlink("loop2.jpg", os.path.join(folder, "loop2.jpg"))
    os.symlink(os.path.join(data, "hard_files", "files", "plain.jpg"), os.path.join(folder, "linked.jpg"))
    project = os.path.join(scratch, "special.fovea")
    run(fovea, "project", "create", project)
    report, seconds = import_json(fovea, project, folder, os.path.join(folder, "other"))
    rows = {os.path.basename(path).decode(): status for path, status in reported(report).items()}
    check(seconds < 10, "FIFOs, devices and loops do not hang (%.2f s)" % seconds)
    check(report["imported"] == 1, "the picture behind a link is imported")
    for name in ("pipe.jpg", "zero.png", "loop2.jpg", "other"):
        check(name in rows, "%s is a row of the report" % name)
    again, _ = import_json(fovea, project, folder)
    check(again["unchanged"] == 1 and again["imported"] == 0, "a second import finds it unchanged")


def main():
    fovea, data = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_STATE_HOME"] = os.path.join(scratch, "state")
        os.environ["FOVEA_THUMBNAIL_DIR"] = os.path.join(scratch, "thumbnails")
        check_manifest(fovea, scratch, data)
        check_special(fovea, scratch, data)
    print("%d failed" % failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
