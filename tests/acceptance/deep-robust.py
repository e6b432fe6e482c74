#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""deep-robust.py PROGRAM DATA [KILLS [EPOCHS]]: what a deep training stands: little memory, being cancelled, and kill -9 at KILLS (2)
random moments of a training of EPOCHS (4).

After every kill the project is clean, and --resume takes each step once (by the curve that it draws), leaves nothing beside the
project, and comes to the accuracy of the training that was left alone."""
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import checks  # noqa: E402

MEMORY_LIMIT = 1500 * 1000 * 1000
MAX_ACCURACY_DIFFERENCE = 0.06  # of two trainings of one epoch that differ by rounding alone, on 200 pictures
MAX_KILLED_DIFFERENCE = 0.02
KILL_SECONDS = 500  # at most, until there is a checkpoint
CANCEL_SECONDS = 20  # a step takes half a second, on a machine that does much else several


def version_of(done):
    return done["model"]["model_version"]


def accuracy_on_test(check, project, model):
    return check.json("models", "evaluate", project, model, "--split", "test")["eval_metrics"][0]["summary"]["top1_accuracy"]


def training_of(done):
    return version_of(done)["metrics"]["training"]


def limit_addresses():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))


def check_memory(check, project):
    """What does not fit is trained in parts, which is said before it begins. In f32, so that it is the same on every processor."""
    arguments = ["models", "train", project, "deep", "--param", "num_epochs=1", "--param", "precision=f32"]
    done = check.run(*arguments, "--json", preexec_fn=limit_addresses)
    said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if "Memory is short" in line]
    parts = training_of(json.loads(done.stdout))["parts"]
    accuracy = accuracy_on_test(check, project, "deep")
    check.json(*arguments)
    whole = accuracy_on_test(check, project, "deep")
    check.check(parts > 1 and len(said) == 1, "under 1.5 GB of address space in %d parts: %s" % (parts, " ".join(said)))
    check.check(abs(accuracy - whole) <= MAX_ACCURACY_DIFFERENCE, "accuracy %.3f in parts, %.3f at once after an epoch" % (accuracy, whole))


class Kills:
    """kill -9 at random moments of a short training; --resume then goes on where it was."""

    # It compares runs that must take the same steps, so nothing of it is planned by the clock.
    PARAMS = ["--param", "num_epochs=%d", "--param", "image_size=48"]

    def __init__(self, check, project, epochs):
        self.check, self.project, self.work = check, project, project + "-work"
        self.params = [word % epochs if "%d" in word else word for word in self.PARAMS]
        self.environment = dict(os.environ, FOVEA_CHECKPOINT_SECONDS="0.5")
        self.random = random.Random(5)

    def train(self, *more):
        return self.check.json("models", "train", self.project, "small", *self.params, *more, env=self.environment)

    def start(self, *more):
        command = [self.check.program, "models", "train", self.project, "small", *self.params, *more]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def checkpoint(self):
        return os.path.exists(os.path.join(self.work, "train-small.checkpoint"))

    def wait_for_checkpoint(self, process):
        limit = time.monotonic() + KILL_SECONDS
        while not self.checkpoint() and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.02)

    def newest(self):
        models = self.check.json("models", "list", self.project)["models"]
        return next(model for model in models if model["id"] == "small")["model_version"]["id"]

    def one(self, after):
        """Killed so many seconds after the first checkpoint; what the resumed training came to, None when it was too late: the program had
        ended, or had its version and was about to."""
        before = self.newest()
        process = self.start()
        self.wait_for_checkpoint(process)
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        clean = self.check.run("project", "check", self.project, expect=None).returncode == 0
        if clean and self.newest() != before:
            return None
        done = self.train("--resume")
        return clean, done, accuracy_on_test(self.check, self.project, "small")

    def steps(self, done):
        return training_of(done)["steps"], [point["step"] for point in training_of(done)["curve"] if "loss" in point]

    def run(self, count):
        start = time.monotonic()
        whole = self.train()
        span, accuracy = time.monotonic() - start, accuracy_on_test(self.check, self.project, "small")
        print("        uninterrupted: %.0f s, %d steps, accuracy %.3f" % (span, self.steps(whole)[0], accuracy), flush=True)
        number = 0
        while number < count:
            after = self.random.uniform(0, 0.8) * span
            result = self.one(after)
            if result is None:
                span *= 0.8
                continue
            number += 1
            clean, done, again = result
            complete = self.steps(done) == self.steps(whole)
            left = os.listdir(self.work) if os.path.exists(self.work) else []
            self.check.check(clean and complete and version_of(done)["status"]["code"] == 21100 and not left
                             and abs(again - accuracy) <= MAX_KILLED_DIFFERENCE,
                             "kill %d, %.1f s after the first checkpoint: the project is %s, %s, accuracy %.3f, left beside it: %s" % (
                                 number, after, "clean" if clean else "DAMAGED",
                                 "every step taken once" if complete else "steps are MISSING or doubled", again, left or "nothing"))


def check_cancel(check, project):
    """Ctrl+C in the middle of a training, until the program has ended."""
    command = [check.program, "models", "train", project, "deep", "--progress"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    text = b""
    while b" steps" not in text or b" of " not in text.split(b"\r")[-1]:
        some = os.read(process.stderr.fileno(), 4096)
        if not some:
            break
        text += some
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate()
    took = time.monotonic() - begun
    check.check(process.returncode == 1 and took <= CANCEL_SECONDS, "cancelled: ended after %.2f s" % took)
    check.run("project", "check", project)


def main():
    check = checks.Checks(os.path.abspath(sys.argv[1]))
    kills, epochs = int(sys.argv[3]) if len(sys.argv) > 3 else 2, int(sys.argv[4]) if len(sys.argv) > 4 else 4
    with tempfile.TemporaryDirectory() as folder:
        project = os.path.join(folder, "deep.fovea")
        check.run("project", "create", project)
        check.run("import", project, os.path.join(sys.argv[2], "apparel"))
        check.run("models", "create", project, "--id", "deep", "--type", "visual-classifier")
        check.run("models", "create", project, "--id", "small", "--type", "visual-classifier", "--param", "template=small-scratch")
        check_cancel(check, project)
        check_memory(check, project)
        Kills(check, project, epochs).run(kills)
    check.end()


main()
