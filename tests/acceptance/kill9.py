# SPDX-License-Identifier: GPL-3.0-or-later
"""kill9.py FOVEA DATA_FOLDER [ROUNDS]: kill -9 at random moments of import, labelling and training.

After every kill the project opens, `project check` is clean, every label that was acknowledged is there, and the import, run again, goes on.
"""
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

failures = 0


def check(ok, what):
    global failures
    failures += not ok
    if not ok or os.environ.get("VERBOSE"):
        print("%s  %s" % ("ok  " if ok else "FAIL", what), flush=True)


class Project:
    def __init__(self, fovea, scratch, data):
        self.fovea, self.path = fovea, os.path.join(scratch, "kill.fovea")
        self.folder = os.path.join(data, "apparel", "test")
        self.acknowledged = {}  # concept → pictures said to show it
        self.done("project", "create", self.path)

    def done(self, *args):
        return subprocess.run([self.fovea, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)

    def killed(self, args, after):
        """Starts a command and kills it after some seconds; returns its status and what it printed before."""
        child = subprocess.Popen([self.fovea, *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            out, _ = child.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            out, _ = child.communicate()
        return child.returncode, out

    def info(self):
        done = self.done("project", "info", self.path, "--json")
        check(done.returncode == 0, "the project opens: %s" % done.stderr.decode(errors="replace"))
        return json.loads(done.stdout) if done.returncode == 0 else {"inputs": -1, "labels": [], "versions": -1}

    def check_whole(self, what):
        done = self.done("project", "check", self.path)
        check(done.returncode == 0, "%s: project check: %s" % (what, (done.stdout + done.stderr).decode(errors="replace")))

    def check_labels(self, what):
        have = {label["id"]: label["count"] for label in self.info()["labels"]}
        for concept, count in self.acknowledged.items():
            check(have.get(concept, 0) == count, "%s: %s has %s of %d acknowledged labels" % (what, concept, have.get(concept), count))


def round_of_import(project, number):
    before = project.info()["inputs"]
    status, _ = project.killed(["import", project.path, project.folder, "--format", "plain"], random.uniform(0.05, 2.5))
    project.check_whole("round %d, import" % number)
    after = project.info()["inputs"]
    check(after >= before, "round %d: %d pictures before, %d after the kill" % (number, before, after))
    return status


def round_of_labels(project, number, pictures):
    """Labels one picture after the other until the kill comes; only what ended with status 0 is acknowledged."""
    concept = "round-%d" % number
    deadline = time.monotonic() + random.uniform(0.1, 1.0)
    acknowledged = 0
    for picture in random.sample(pictures, min(20, len(pictures))):
        left = deadline - time.monotonic()
        if left <= 0:
            break
        status, _ = project.killed(["label", project.path, "--concept", concept, picture], left)
        if status != 0:
            break  # the commit may have come before the kill all the same
        acknowledged += 1
    have = {label["id"]: label["count"] for label in project.info()["labels"]}.get(concept, 0)
    check(acknowledged <= have <= acknowledged + 1, "round %d: %d labels acknowledged, %d there" % (number, acknowledged, have))
    project.acknowledged[concept] = have
    project.check_whole("round %d, labels" % number)


def round_of_training(project, number):
    before = project.info()["versions"]
    status, _ = project.killed(["models", "train", project.path, "m"], random.uniform(0.05, 3.0))
    project.check_whole("round %d, training" % number)
    after = project.info()["versions"]
    check(after >= before and (status != 0 or after == before + 1), "round %d: %d versions, then %d" % (number, before, after))


def main():
    fovea, data = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 50
    random.seed(rounds)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_STATE_HOME"] = os.path.join(scratch, "state")
        os.environ["FOVEA_THUMBNAIL_DIR"] = os.path.join(scratch, "thumbnails")
        project = Project(fovea, scratch, data)
        kills = 0
        first = rounds // 3
        for number in range(first):
            kills += round_of_import(project, number) == -9
        done = project.done("import", project.path, project.folder, "--format", "plain", "--json")
        check(done.returncode == 0, "the import is finished after %d kills: %s" % (kills, done.stderr.decode(errors="replace")))
        check(project.info()["inputs"] == 200, "all 200 pictures are there, none twice")
        pictures = [os.path.join(folder, name) for folder, _, names in os.walk(project.folder) for name in sorted(names)]
        for concept in ("dress", "hat"):
            chosen = [p for p in pictures if "/%s/" % concept in p]
            check(project.done("label", project.path, "--concept", concept, *chosen).returncode == 0, "label %s" % concept)
            project.acknowledged[concept] = len(chosen)
        project.done("models", "create", project.path, "--id", "m", "--concepts", "dress,hat")
        for number in range(first, 2 * first):
            round_of_labels(project, number, pictures)
        for number in range(2 * first, rounds):
            round_of_training(project, number)
        project.check_labels("at the end")
        done = project.done("models", "train", project.path, "m")
        check(done.returncode == 0, "training after it all: %s" % done.stderr.decode(errors="replace"))
    print("%d rounds (%d imports killed), %d failed" % (rounds, kills, failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
