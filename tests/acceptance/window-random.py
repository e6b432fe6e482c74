#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""window-random.py FOVEA DATA_FOLDER [SECONDS [SEED]]: clicks, keys, words and drops without sense or purpose, 60 seconds of them.

At the end the program must run, have nothing critical on stderr, hold no more memory than half again what it held after the first third
(and 100 MB), close when it is told to, and the project must be whole.
"""
import os
import random
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checks import Checks, complaints, drive_window  # noqa: E402

KEYS = ["Tab", "shift+Tab", "Return", "space", "Escape", "Escape", "BackSpace", "Delete", "Left", "Right", "Up", "Down", "Home", "End", "Prior",
        "Next", "shift+Right", "shift+Down", "ctrl+a", "ctrl+z", "ctrl+shift+z", "ctrl+f", "ctrl+j", "ctrl+comma", "ctrl+question", "F1",
        "F6", "F9", "F10", "slash", "c", "s", "a", "r", "e", "j", "k", "Menu", "ctrl+plus", "ctrl+minus", "ctrl+0", "ctrl+1", "ctrl+2",
        "ctrl+3", "ctrl+4", "ctrl+v", "ctrl+t", "F2", "alt+1", *"123456789"]
# File choosers are GTK's own: its tree view and its completing entry complain about themselves when they are typed at without sense.
CHOOSERS = re.compile("(New|Open) Project|Try |Export|Find Missing|Back|Save|Import")
WORDS = ["hat", "größe", "two words", "‏ימין", "x" * 300, "<b>&amp;"]


def memory_mb(pid):
    """0 when the program has ended."""
    try:
        with open("/proc/%d/status" % pid, encoding="ascii") as file:
            found = re.search(r"RssAnon:\s+(\d+)", file.read())
    except OSError:
        return 0
    return int(found.group(1)) / 1024 if found else 0


def drive(seconds, seed, drops):
    """In the session."""
    import drive as d

    chance, pid = random.Random(seed), int(os.environ["UI_APP_PID"])
    start, marks, done = time.monotonic(), [], []
    d.find("list", "Places", timeout=30)

    def box():
        windows = [w for w in d.windows() if w["w"] > 50]
        return windows[-1] if windows else None

    def point(window):
        # Not the buttons that close or hide the window.
        return window["x"] + chance.randrange(8, max(9, window["w"] - 8)), window["y"] + chance.randrange(50, max(51, window["h"] - 8))

    def step():
        window = box()
        if window is None:
            return "no window"
        if CHOOSERS.match(window["name"]):
            d.key("Escape")
            return "Escape from " + window["name"]
        x, y = point(window)
        what = chance.choices(["click", "double", "right", "key", "keys", "word", "drag", "wheel", "drop"], [30, 5, 8, 30, 10, 5, 6, 4, 2])[0]
        if what in ("click", "double", "right"):
            d.xdo("mousemove", x, y, "click", *(["--repeat", "2", "--delay", "60"] if what == "double" else []), 3 if what == "right" else 1)
        elif what in ("key", "keys"):
            keys = chance.choices(KEYS, k=1 if what == "key" else 6)
            d.key(*keys)
            what = " ".join(keys)
        elif what == "word":
            d.type(chance.choice(WORDS), delay=1)
        elif what == "wheel":
            d.xdo("mousemove", x, y, "click", "--repeat", chance.randrange(1, 8), "--delay", 10, chance.choice([4, 5]))
        elif what == "drag":
            d.drag_xy(x, y, *point(window), hold=0.05)
        else:
            d.drag_files_in([chance.choice(drops)], (x, y))
        return what

    while time.monotonic() - start < seconds and memory_mb(pid) > 0:
        try:
            done.append(step())
        except (RuntimeError, AssertionError, OSError, subprocess.SubprocessError) as error:
            done.append("(%s)" % str(error).split("\n")[0][:80])  # a window that went while it was aimed at
        if len(marks) < (time.monotonic() - start) / max(1.0, seconds / 30):
            marks.append(memory_mb(pid))
    alive = memory_mb(pid) > 0
    if alive:
        for _ in range(6):
            d.key("Escape")
    print("seed %d: %d steps" % (seed, len(done)), flush=True)
    return {"alive": alive, "steps": len(done), "memory": marks, "last": done[-15:]}


def main(fovea, data, seconds, seed):
    checks = Checks(fovea)
    with tempfile.TemporaryDirectory() as scratch:
        project = os.path.join(scratch, "random.fovea")
        checks.run("project", "create", project)
        checks.run("import", project, os.path.join(data, "apparel", "test"))
        plan = {"UI_RANDOM": "%d %d %s" % (seconds, seed, os.path.join(data, "apparel", "train"))}
        answer_, log = drive_window(__file__, fovea, data, project, timeout=seconds + 120, environment=plan)
        checks.check(answer_["alive"], "seed %d: it runs after %d steps; the last: %s" % (seed, answer_["steps"], ", ".join(answer_["last"])))
        checks.check(answer_["steps"] > seconds / 3, "%d steps were enough to try something" % answer_["steps"])
        bad = complaints(log)
        checks.check(not bad, "nobody complains" + "".join("\n          " + line for line in bad[:20]))
        marks = answer_["memory"]
        first, last = max(marks[:max(1, len(marks) // 3)], default=0), marks[-1] if marks else 0
        checks.check(last < 1.5 * first + 100, "memory after the first third %.0f MB, at the end %.0f MB" % (first, last))
        checks.check(checks.run("project", "check", project, expect=None).returncode == 0, "the project is whole")
    checks.end()


if __name__ == "__main__":
    if os.environ.get("UI_APP_PID"):
        from checks import answer
        limit, number, pictures = os.environ["UI_RANDOM"].split(" ", 2)
        names = sorted(os.path.join(folder, name) for folder, _, files in os.walk(pictures) for name in files)
        answer(drive(int(limit), int(number), [*names[:40], *sorted(os.path.join(pictures, one) for one in os.listdir(pictures))[:3]]))
    else:
        main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 60,
             int(sys.argv[4]) if len(sys.argv) > 4 else 1)
