#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill9.py FOVEA DATA_FOLDER [KILLS]: kill -9 at random moments of import, labelling and training; 20 kills unless told.

After every kill the project opens, `project check` is clean, every label that was acknowledged (exit status 0) is there, no decoder
outlives its parent, and the same command, given again, completes. The moments are random with a fixed seed; a command that was
faster than its kill is given again with a new one, so that so many kills are kills.
"""
import csv
import io
import os
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checks import Checks  # noqa: E402

PICTURES = 120


def children(pid):
    try:
        tasks = os.listdir("/proc/%d/task" % pid)
        return [int(child) for task in tasks for child in open("/proc/%d/task/%s/children" % (pid, task), encoding="ascii").read().split()]
    except OSError:
        return []


def runs(pid):
    """Neither gone nor a zombie that nobody has collected yet."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Kills(Checks):
    def __init__(self, program, data, scratch):
        super().__init__(program)
        self.scratch, self.projects = scratch, 0
        apparel = os.path.join(data, "apparel", "test")
        found = sorted(os.path.join(top, name) for top, _, names in os.walk(apparel) for name in names if name.endswith(".jpg"))
        self.pictures = random.sample(found, PICTURES)
        self.acknowledged = {}  # (picture, concept) that a command with status 0 has labelled
        self.helpers = 0
        self.new_project()

    def new_project(self):
        self.projects += 1
        self.project = os.path.join(self.scratch, "kill-%d.fovea" % self.projects)
        self.run("project", "create", self.project)

    def kill(self, after, *arguments):
        """Starts a command and kills it so many seconds later; its exit status (−9: killed)."""
        child = subprocess.Popen([self.program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            child.wait(after)
        except subprocess.TimeoutExpired:
            helpers = children(child.pid)
            child.kill()
            child.wait()
            self.helpers += len(helpers)
            deadline = time.monotonic() + 5
            while any(map(runs, helpers)) and time.monotonic() < deadline:
                time.sleep(0.02)
            left = sum(map(runs, helpers))
            if left > 0:
                self.check(False, "%d of %d helpers outlive %s by 5 s" % (left, len(helpers), arguments[0]))
        return child.returncode

    def labels(self):
        """What the project holds, through its own export: {(picture, concept)}."""
        target = os.path.join(self.scratch, "labels.csv")
        self.run("export", self.project, target, "--format", "csv", "--force")
        with open(target, newline="", encoding="utf-8") as file:
            return {(os.path.realpath(os.path.join(self.scratch, row["path"])), row["concept"]) for row in csv.DictReader(file) if row["value"] == "1"}

    def info(self):
        return self.json("project", "info", self.project)

    def whole(self, what):
        done = self.run("project", "check", self.project, expect=None)
        said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
        return self.check(done.returncode == 0, "%s: project check: %s" % (what, said))

    # ---- the three kinds of work ----

    def imports(self, count):
        arguments = ["import", self.project, "--format", "plain", *self.pictures]
        start = time.monotonic()
        self.run(*arguments)
        span, done, before = time.monotonic() - start, 0, 0
        self.new_project()
        while done < count:
            arguments[1] = self.project
            if self.kill(random.uniform(0.1, 0.9) * span, *arguments) != -9:
                self.new_project()
                before, span = 0, 0.9 * span  # the machine is less busy now
                continue
            done += 1
            now = self.info()["inputs"]
            self.whole("import, kill %d: %d of %d pictures" % (done, now, PICTURES))
            if now < before:
                self.check(False, "%d pictures before, %d after the kill" % (before, now))
            before = now
        self.run(*arguments)
        info = self.info()
        self.check(info["inputs"] == info["vectors"] == PICTURES, "the import, given again, completes: %d pictures, %d vectors" %
                   (info["inputs"], info["vectors"]))

    def one_label(self, after, number):
        """A label command; what it says is what must hold. False when it was killed."""
        picture, concept = self.pictures[number % PICTURES], "concept-%d" % (number // PICTURES)
        status = self.kill(after, "label", self.project, "--concept", concept, picture)
        if status == 0:
            self.acknowledged[(os.path.realpath(picture), concept)] = True
        elif status != -9:
            self.check(False, "label ends with status %d" % status)
        return status == 0

    def labelling(self, count):
        number = 0
        for done in range(count):
            deadline = time.monotonic() + random.uniform(0.02, 1.2)
            while self.one_label(max(0.0, deadline - time.monotonic()), number):
                number += 1
            have = self.labels()
            lost = [key for key in self.acknowledged if key not in have]
            more = len(have) - len(self.acknowledged)
            # The commit may have come before the kill, the answer not.
            self.whole("labelling, kill %d: %d labels acknowledged, %d lost" % (done + 1, len(self.acknowledged), len(lost)))
            self.check(not lost and 0 <= more <= done + 1, "%d labels are there that were not acknowledged" % more)
        while number < PICTURES and self.one_label(60, number):
            number += 1
            if number % 10 == 0:
                break
        self.check(self.one_label(60, number), "the label, given again, is taken")

    def train(self, count):
        for name in ("t-shirt", "shoes"):
            chosen = [path for path in self.pictures if "/%s/" % name in path]
            self.run("label", self.project, "--concept", name, *chosen)
            self.acknowledged.update(((os.path.realpath(path), name), True) for path in chosen)
        self.run("models", "create", self.project, "--id", "m", "--concepts", "t-shirt,shoes")
        start = time.monotonic()
        self.run("models", "train", self.project, "m")
        span, done = time.monotonic() - start, 0
        versions = self.info()["versions"]
        while done < count:
            status = self.kill(random.uniform(0, span), "models", "train", self.project, "m")
            done += status == -9
            span *= 1 if status == -9 else 0.8
            now = self.info()["versions"]
            if status == -9:
                self.whole("training, kill %d of %.1f s: %d versions" % (done, span, now))
            if now < versions or (status == 0 and now != versions + 1):
                self.check(False, "%d versions, then %d, status %d" % (versions, now, status))
            versions = now
            if status == -9 and done % 3 == 0:
                self.run("models", "train", self.project, "m")
                versions += 1
        self.run("models", "train", self.project, "m")
        self.check(self.info()["versions"] == versions + 1, "the training, given again, completes")
        lost = [key for key in self.acknowledged if key not in self.labels()]
        self.check(not lost, "%d labels acknowledged, %d lost at the end" % (len(self.acknowledged), len(lost)))


def main():
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    random.seed(9)
    with tempfile.TemporaryDirectory(prefix="fovea-kill9-") as scratch:
        os.environ["XDG_STATE_HOME"] = os.path.join(scratch, "state")
        os.environ["FOVEA_THUMBNAIL_DIR"] = os.path.join(scratch, "thumbnails")
        kills = Kills(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), os.path.realpath(scratch))
        kills.imports(count - 2 * (count // 3))
        kills.labelling(count // 3)
        kills.train(count // 3)
        kills.check(kills.helpers > 0, "%d decoders lost their parent, and all ended" % kills.helpers)
    kills.end()


main()
