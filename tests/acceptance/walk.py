#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""walk.py FOVEA DATA_FOLDER: a folder full of traps, moved folders, Ctrl-C in the middle of an import.

The folder holds FIFOs, sockets, devices, loops of links, a folder without permission, hidden files, thousands of levels, names with line
ends and invalid UTF-8, and the project itself. No import of it may hang, and whatever it leaves out that looks like a picture must be named.
"""
import ctypes
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checks import Checks  # noqa: E402

LEVELS = 5000
# What lets root into a folder that is closed to it: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, and how they are dropped (linux/prctl.h).
OVERRIDES, PR_CAPBSET_DROP = (1, 2), 24


def be_ordinary():
    """In the child, before the program starts: permissions hold for root, too."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in OVERRIDES:
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "a capability cannot be dropped")


def path_of(row):
    return urllib.parse.unquote_to_bytes(row["path_bytes"]) if "path_bytes" in row else os.fsencode(row["path"])


class Walk(Checks):
    def __init__(self, program, data, scratch):
        super().__init__(program)
        self.scratch, self.project = os.fsencode(scratch), os.path.join(scratch, "traps", "own.fovea")
        self.folder = os.path.join(self.scratch, b"traps")
        apparel = os.path.join(data, "apparel", "test")
        self.pictures = sorted(os.path.join(top, name) for top, _, names in os.walk(apparel) for name in names if name.endswith(".jpg"))
        self.used = 0
        self.kept, self.traps = [], []  # paths below the folder that must be imported; that must be rows of the report
        self.options = {"preexec_fn": be_ordinary} if os.geteuid() == 0 else {}

    def put(self, name):
        """A picture of its own below the folder, that must come in."""
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copyfile(self.pictures[self.used], path)
        self.used += 1
        self.kept.append(path)
        return path

    def trap(self, name):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.traps.append(path)
        return path

    def make(self):
        os.mkdir(self.folder)
        for name in (b"plain.jpg", b"line\nend.jpg", b"tab\tand\x01bell\x07.jpg", b"latin-\xe9\xff.jpg", b"-rf.jpg", b" .jpg", b"per%20cent.jpg", b'quo"te\\.jpg',
                     b"folder\nwith end/\xff\xfe/a.jpg", "ma\u0301\u202egpj.jpg".encode(), b"x" * 251 + b".jpg"):
            self.put(name)
        os.mkfifo(self.trap(b"pipe.jpg"))
        os.symlink(b"pipe.jpg", self.trap(b"link-to-pipe.png"))
        os.symlink("/dev/zero", self.trap(b"zero.png"))
        os.symlink("/dev/tty", self.trap(b"tty.jpg"))
        os.symlink("/dev/random", os.path.join(self.folder, b"noise"))
        os.symlink(b"self.jpg", self.trap(b"self.jpg"))
        os.symlink(b"nowhere.jpg", self.trap(b"dangling.jpg"))
        os.symlink(b"..", os.path.join(self.folder, b"folder\nwith end", b"up"))
        os.symlink(self.folder, os.path.join(self.folder, b"round"))
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(self.trap(b"socket.gif"))
        with open(self.trap(b"empty.jpg"), "wb"), open(self.trap(b"words.png"), "wb") as words:
            words.write(b"no picture at all\n" * 100)
        with open(os.path.join(self.folder, b"notes.txt"), "wb") as notes, open(os.path.join(self.folder, b"nothing"), "wb"):
            notes.write(b"a text beside the pictures\n")
        os.mkdir(self.trap(b"closed"), 0o000)
        with open(self.trap(b"unreadable.jpg"), "wb") as file:
            os.fchmod(file.fileno(), 0o000)
        for name in (b".hidden.jpg", b".hidden/a.jpg", b"own.fovea-work/a.jpg"):
            self.kept.remove(self.put(name))
        with open(os.path.join(self.folder, b"sparse.jpg"), "wb") as file:
            file.truncate(1 << 36)
        self.traps.append(os.path.join(self.folder, b"sparse.jpg"))

    def dig(self):
        """As many levels as the file system allows, with a picture at the bottom, made folder by folder: no path is that long."""
        depth, here = 0, os.open(self.folder, os.O_RDONLY)
        try:
            while depth < LEVELS:
                os.mkdir(b"d", dir_fd=here)
                below = os.open(b"d", os.O_RDONLY, dir_fd=here)
                os.close(here)
                here, depth = below, depth + 1
        except OSError as problem:
            print("        the file system allows %d levels: %s" % (depth, problem))
        finally:
            os.close(here)
        return depth

    def fovea(self, *arguments, **options):
        return self.run(*map(os.fsdecode, arguments), **dict(self.options, **options))

    def report(self, *paths, **options):
        start = time.monotonic()
        done = subprocess.run([self.program, "import", self.project, "--json", "--", *paths], capture_output=True, check=False, timeout=120,
                              **dict(self.options, **options))
        seconds = time.monotonic() - start
        if not self.check(done.returncode == 0, "import ends with status %d %s" % (done.returncode, ascii(done.stderr.decode("utf-8", "replace")))):
            return {"files": [], "imported": -1, "unchanged": -1, "relocated": -1, "failed": -1, "status": {"code": -1}}, seconds
        try:
            return json.loads(done.stdout.decode("utf-8")), seconds
        except ValueError as problem:
            sys.exit("FAILED  the report is no valid JSON in UTF-8: %s" % problem)

    def whole(self, when):
        done = self.fovea("project", "check", self.project, expect=None)
        self.check(done.returncode == 0, "%s: project check: %s" % (when, (done.stdout + done.stderr).decode("utf-8", "replace").strip()))

    # ---- what is checked ----

    def traps_are_named(self):
        self.fovea("project", "create", self.project)
        report, seconds = self.report(self.folder)
        rows = {path_of(row): row["status"] for row in report["files"]}
        self.check(seconds < 20, "the folder of traps takes %.1f s" % seconds)
        self.check(report["imported"] == len(self.kept), "%d of %d pictures are imported" % (report["imported"], len(self.kept)))
        for path in self.kept:
            self.check(path not in rows, "%s is taken" % ascii(path[len(self.folder) + 1:])[:60])
        for path in self.traps:
            status = rows.get(path, {})
            self.check(status.get("code") == 30006 or status.get("code", 10000) not in (10000, 30100), "%s is a row of the report: %s" %
                       (ascii(os.path.basename(path)), status.get("details", "no")))
        hidden = [path for path in rows if b"hidden" in path or b".fovea" in path or path.endswith((b"noise", b".txt", b"nothing"))]
        self.check(not hidden, "hidden files, texts and the project itself are no rows %s" % (hidden or ""))
        deep = [status["details"] for path, status in rows.items() if path.startswith(os.path.join(self.folder, b"d/d"))]
        self.check(len(deep) == 1, "too deep a folder is one row: %s" % deep)
        self.check(report["failed"] == len(report["files"]) and report["status"]["code"] == 10010, "status 10010, %d failed, %d rows" %
                   (report["failed"], len(report["files"])))
        self.whole("after the traps")

    def nothing_changes(self):
        report, seconds = self.report(self.folder)
        self.check(report["unchanged"] == len(self.kept) and report["imported"] == 0 and report["relocated"] == 0,
                   "a second import in %.1f s: %d unchanged, %d imported" % (seconds, report["unchanged"], report["imported"]))

    def moved_is_found(self):
        """The folder moves (not the project): labels and all are found again by content."""
        target = os.path.join(self.scratch, b"elsewhere")
        self.fovea("label", self.project, "--concept", "first", "--", self.kept[0], os.path.join(self.folder, b"-rf.jpg"))
        os.mkdir(target)
        for name in [os.path.relpath(path, self.folder).split(b"/")[0] for path in self.kept]:
            if os.path.exists(os.path.join(self.folder, name)):
                os.rename(os.path.join(self.folder, name), os.path.join(target, name))
        report, _ = self.report(target)
        info = json.loads(self.fovea("project", "info", self.project, "--json").stdout)
        self.check(report["relocated"] == len(self.kept) and report["imported"] == 0, "moved: %d found again, %d imported" %
                   (report["relocated"], report["imported"]))
        self.check(info["inputs"] == len(self.kept) and info["missing"] == 0 and info["annotations"] == 2,
                   "afterwards %d pictures, %d missing, %d labels" % (info["inputs"], info["missing"], info["annotations"]))
        # From where it is now: a path that begins with "-", and one relative to the working directory.
        self.fovea("label", os.path.abspath(self.project), "--concept", "second", "--", "-rf.jpg", cwd=target)
        info = json.loads(self.fovea("project", "info", self.project, "--json").stdout)
        self.check(info["annotations"] == 3, "-rf.jpg after -- is a picture")
        self.whole("after the move")

    def interrupted(self, delay):
        """SIGINT to the program's group, as Ctrl-C does."""
        child = subprocess.Popen([self.program, "import", self.project, "--format", "plain", "--json", *self.pictures], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, start_new_session=True, **self.options)
        time.sleep(delay)
        if child.poll() is not None:
            child.communicate()
            return None
        os.killpg(child.pid, signal.SIGINT)
        start = time.monotonic()
        out, errors = child.communicate(timeout=60)
        seconds = time.monotonic() - start
        self.check(child.returncode == 1 and out == b"", "Ctrl-C after %.2f s: status %d in %.2f s: %s" %
                   (delay, child.returncode, seconds, errors.decode("utf-8", "replace").strip()))
        self.check(seconds < 2, "Ctrl-C is heard within 2 s (%.2f s)" % seconds)
        self.whole("after Ctrl-C")
        return seconds

    def interrupts(self):
        times = [self.interrupted(delay) for delay in (0.15, 0.4, 0.8)]
        self.check(any(seconds is not None for seconds in times), "at least one import was interrupted")
        report, _ = self.report(*self.pictures)
        info = json.loads(self.fovea("project", "info", self.project, "--json").stdout)
        self.check(report["failed"] == 0 and info["inputs"] == len({self.hash(path) for path in self.pictures}) and info["vectors"] == info["inputs"],
                   "the import run again completes: %d pictures, %d vectors" % (info["inputs"], info["vectors"]))
        self.whole("at the end")

    @staticmethod
    def hash(path):
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).digest()


def remove_deep(folder):
    """shutil.rmtree takes a level of Python's stack for each."""
    subprocess.run(["rm", "-rf", "--", folder], check=False)


def main():
    scratch = tempfile.mkdtemp(prefix="fovea-walk-")
    try:
        os.environ["XDG_STATE_HOME"] = os.path.join(scratch, "state")
        os.environ["FOVEA_THUMBNAIL_DIR"] = os.path.join(scratch, "thumbnails")
        walk = Walk(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), scratch)
        walk.make()
        walk.check(walk.dig() > 0, "the folder is dug")
        walk.traps_are_named()
        walk.nothing_changes()
        walk.moved_is_found()
        walk.interrupts()
    finally:
        remove_deep(scratch)
    walk.end()


main()
