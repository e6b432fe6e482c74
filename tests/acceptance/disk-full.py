#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""disk-full.py FOVEA DATA_FOLDER: a project on a file system that fills up.

Import, labelling and training must end with status 1 and a message that says that the disk is full and what to do, never with a
damaged project; with room again they go on. The disk is a tmpfs of 24 MB; who may not mount one gets it in a user namespace of
their own. (RLIMIT_FSIZE is no stand-in: it holds for
the memory that decoders hand pictures over in, too.)
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checks import Checks, mount_disk  # noqa: E402

DISK, NAMESPACE = "24m", "FOVEA_DISK_FULL_NAMESPACE"


def into_namespace():
    """Starts the script again where it may mount; returns when that cannot be."""
    own = ["unshare", "--user", "--map-root-user", "--mount"]
    if NAMESPACE not in os.environ and subprocess.run([*own, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        os.environ[NAMESPACE] = "1"
        os.execvp("unshare", [*own, sys.executable, *sys.argv])


class FullDisk(Checks):
    def __init__(self, program, data, folder):
        super().__init__(program)
        self.ballast, self.project = os.path.join(folder, "ballast"), os.path.join(folder, "full.fovea")
        self.pictures = os.path.join(data, "apparel", "test")

    def fill(self, leave):
        """Full is what other files have left so many bytes of."""
        left = os.statvfs(os.path.dirname(self.ballast))
        size = left.f_bavail * left.f_frsize - leave
        with open(self.ballast, "wb", buffering=0) as file:
            while size > 0:
                size -= file.write(b"\0" * min(size, 1 << 16))

    def empty(self):
        os.unlink(self.ballast)

    def fails(self, what, *arguments):
        done = self.run(*arguments, expect=None)
        said = done.stderr.decode("utf-8", "replace").strip()
        self.check(done.returncode == 1 and done.stdout == b"" and "no room left" in said and "free some space" in said and said.count("\n") == 0,
                   "%s on a full disk: status %d: %s" % (what, done.returncode, said))
        self.whole(what)

    def whole(self, what):
        """Read on the disk as full as it is."""
        done = self.run("project", "check", self.project, expect=None)
        self.check(done.returncode == 0, "%s leaves a whole project: %s" % (what, (done.stdout + done.stderr).decode("utf-8", "replace").strip()))

    def succeeds(self, what, *arguments):
        done = self.run(*arguments, expect=None)
        self.check(done.returncode == 0, "%s with room again %s" % (what, done.stderr.decode("utf-8", "replace").strip()))

    def scenario(self):
        self.run("project", "create", self.project)
        self.fill(4 << 20)
        self.fails("an import", "import", self.project, self.pictures)
        kept = self.json("project", "info", self.project)["inputs"]
        self.check(0 < kept < 200, "%d pictures came in while there was room" % kept)
        self.empty()
        self.succeeds("the import", "import", self.project, self.pictures)
        info = self.json("project", "info", self.project)
        self.check(info["inputs"] == 200 and info["annotations"] == 200 and info["vectors"] == 200,
                   "%d pictures, %d labels, %d vectors after all" % (info["inputs"], info["annotations"], info["vectors"]))
        self.run("models", "create", self.project, "--id", "m", "--param", "fit=letterbox")
        names = sorted(os.path.join(top, name) for top, _, found in os.walk(self.pictures) for name in found)
        self.fill(0)
        self.fails("labelling", "label", self.project, "--others", "keep", "--concept", "other", *names)
        self.fails("training", "models", "train", self.project, "m")
        now = self.json("project", "info", self.project)
        self.check(now["annotations"] == 200 and now["versions"] == 0, "nothing half done: %d labels, %d versions" %
                   (now["annotations"], now["versions"]))
        self.empty()
        self.succeeds("labelling", "label", self.project, "--others", "keep", "--concept", "other", *names)
        self.succeeds("training", "models", "train", self.project, "m")
        now = self.json("project", "info", self.project)
        self.check(now["annotations"] == 400 and now["versions"] == 1, "%d labels, %d version at the end" % (now["annotations"], now["versions"]))
        self.whole("all of it")


def main():
    with tempfile.TemporaryDirectory(prefix="fovea-disk-") as scratch:
        folder = os.path.join(scratch, "disk")
        os.mkdir(folder)
        mounted = mount_disk(folder, DISK)
        if not mounted:
            os.rmdir(folder)
            os.rmdir(scratch)
            into_namespace()
            os.makedirs(folder)
            mounted = mount_disk(folder, DISK)
        if not mounted:
            sys.exit("FAILED  no file system can be mounted here, not even in a user namespace: a full disk cannot be made")
        os.environ["XDG_STATE_HOME"] = os.environ["FOVEA_THUMBNAIL_DIR"] = os.path.join(folder, "cache")
        try:
            full = FullDisk(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), folder)
            full.scenario()
        finally:
            subprocess.run(["umount", folder], check=True)
    full.end()


main()
