# SPDX-License-Identifier: GPL-3.0-or-later
"""disk-full.py FOVEA DATA_FOLDER: a project on a file system that fills up (a small tmpfs; needs the right to mount one).

Import, labelling and training must end with a clear message and status 1, never with a damaged project; with room again they go on.
"""
import json
import os
import subprocess
import sys
import tempfile

failures = 0


def check(ok, what):
    global failures
    failures += not ok
    print("%s  %s" % ("ok  " if ok else "FAIL", what), flush=True)


def run(fovea, *args):
    return subprocess.run([fovea, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)


def fill(folder, leave):
    """Leaves about so many bytes free."""
    stat = os.statvfs(folder)
    size = stat.f_bavail * stat.f_frsize - leave
    with open(os.path.join(folder, "ballast"), "wb") as file:
        while size > 0:
            size -= file.write(b"\0" * min(size, 1 << 16))


def empty(folder):
    os.unlink(os.path.join(folder, "ballast"))


def expect_full(fovea, folder, project, what, *args):
    done = run(fovea, *args)
    message = done.stderr.decode(errors="replace").strip()
    check(done.returncode == 1 and ("full" in message or "room" in message or "space" in message), "%s on a full disk: %d, %s" %
          (what, done.returncode, message))
    empty(folder)  # a file system without a single free page cannot even be read through a log
    whole = run(fovea, "project", "check", project)
    check(whole.returncode == 0, "%s leaves a whole project: %s" % (what, (whole.stdout + whole.stderr).decode(errors="replace").strip()))


def expect_done(fovea, what, *args):
    done = run(fovea, *args)
    check(done.returncode == 0, "%s with room again %s" % (what, done.stderr.decode(errors="replace").strip()))
    return done.stdout


def scenario(fovea, folder, data):
    project = os.path.join(folder, "full.fovea")
    pictures = os.path.join(data, "apparel", "test")
    run(fovea, "project", "create", project)
    fill(folder, 1 << 20)
    expect_full(fovea, folder, project, "an import", "import", project, pictures)
    expect_done(fovea, "the import", "import", project, pictures)
    info = json.loads(expect_done(fovea, "info", "project", "info", project, "--json"))
    check(info["inputs"] == 200 and info["annotations"] == 200, "all pictures and labels are there after all")
    run(fovea, "models", "create", project, "--id", "m", "--param", "fit=letterbox")
    fill(folder, 0)
    names = [os.path.join(root, name) for root, _, files in os.walk(pictures) for name in files]
    expect_full(fovea, folder, project, "labelling", "label", project, "--concept", "other", *names)
    fill(folder, 0)
    expect_full(fovea, folder, project, "training", "models", "train", project, "m")
    expect_done(fovea, "labelling", "label", project, "--concept", "other", *names)
    expect_done(fovea, "training", "models", "train", project, "m")
    check(run(fovea, "project", "check", project).returncode == 0, "the project is whole at the end")


def main():
    fovea, data = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_STATE_HOME"] = os.path.join(scratch, "state")
        os.environ["FOVEA_THUMBNAIL_DIR"] = os.path.join(scratch, "thumbnails")
        disk = os.path.join(scratch, "disk")
        os.mkdir(disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], check=True)
        try:
            scenario(fovea, disk, data)
        finally:
            subprocess.run(["umount", disk], check=True)
    print("%d failed" % failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
