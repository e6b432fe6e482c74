#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""window-live.py FOVEA [--data FOLDER] [--pictures N] [--labelled N] [--cache DIR] [--steps A,B…] [--training]: a person at work in
the window of a project of 100,000 pictures; with --training while a network is trained through all its layers in the same window.

Takes the project of scale.py, leaves every so manieth label, and drives the real window (the folder's ../ui): a label by key until the
new suggestions and their estimate are read, filters, select all, label all, its undo and redo, accepting, review. A time is from before the key
or click is sent until the window's own words say so over AT-SPI. Then the wheel turns, alone and while labels are made and taken back; frame
times come from the program (--profile-frames). Says which limit is missed.
"""
import argparse
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checks import complaints, drive_window  # noqa: E402

LIMITS = {"label_ms": 1000, "estimate_ms": 1000, "filter_ms": 200, "select_all_ms": 1000, "label_all_ms": 1000, "undo_all_ms": 1000,
          "redo_all_ms": 1000, "scroll_p99_ms": 25, "label_scroll_p99_ms": 25, "all_scroll_p99_ms": 25, "review_open_ms": 1000, "review_next_ms": 100,
          "review_accept_ms": 100}
# While a network is trained, which takes every core.
TRAINING_LIMITS = {"label_ms": 1000, "estimate_ms": 1000, "scroll_p99_ms": 35, "label_scroll_p99_ms": 35}
N_LABELS = 12
PATIENCE = 30


# ---- within the session ----

class Window:
    def __init__(self, drive):
        self.d, self.result, self.acting = drive, {}, []
        self.words = re.compile(r"(\d+) suggestions?, about .*tried on (\d+) picture")

    def until(self, act, done, limit=PATIENCE):
        """Milliseconds from before @act until @done, asked over and over; what is done is on the screen a frame later."""
        for one in self.acting:
            one.wait()
        start = time.monotonic()
        act()
        while not done():
            if time.monotonic() - start > limit:
                raise AssertionError("waited %d s in vain" % limit)
            time.sleep(0.004)
        return (time.monotonic() - start) * 1000

    def key(self, name):
        """Not waited for: xdotool goes on for 100 ms after what it does."""
        self.xdotool("key", name)

    def xdotool(self, *words):
        self.acting = [subprocess.Popen(["xdotool", *map(str, words)])]

    def click_until(self, node, done):
        """The pointer is there already; finding out where costs more than a click."""
        self.d.wait_for(lambda: self.d.rect(node), what="the place of something")
        self.d.move(node)
        time.sleep(0.3)
        return self.until(lambda: self.xdotool("click", 1), done)

    def note(self, name, values):
        self.result[name] = round(max(values), 1)
        self.result[name.replace("_ms", "_median_ms")] = round(sorted(values)[len(values) // 2], 1)

    def place(self, name, of="Places"):
        return self.d.find("list item", name, root=self.d.find("list", of))

    def count(self, row):
        found = re.search(r"(\d+) pictures?", self.d.description(row))
        return int(found.group(1)) if found else 0

    def bar(self):
        found = self.words.search(self.d.name(self.live))
        return (int(found.group(1)), int(found.group(2))) if found else (0, 0)

    def wait(self, done, what, limit=PATIENCE):
        self.d.wait_for(done, timeout=limit, what=what)

    def open(self):
        d = self.d
        d.find("list", "Places", timeout=60)
        self.live = d.find("push button", self.words, timeout=60)
        self.status = d.find("status bar")
        self.images, self.review = self.place("Images"), self.place("Review")
        self.concept = self.place("class-00", "Concepts")
        self.grid = d.find("table", "Images")
        d.settled(timeout=30)

    def train(self):
        """Ctrl+T on the Models page trains the project's only deep model; then back to the pictures."""
        self.d.key("ctrl+2")
        time.sleep(2)
        self.d.key("ctrl+t")
        self.wait(lambda: self.d.find_all("slider", "Loss while it learns"), "a step of the training", limit=120)
        self.d.screenshot("training.png")
        self.d.key("ctrl+1")
        time.sleep(2)

    def cells(self):
        """The pictures that are all in view."""
        d, (_, top, _, height) = self.d, self.d.wait_for(lambda: self.d.rect(self.grid))
        return [node for node in d.find_all("image", root=self.grid) if top <= d.rect(node)[1] and sum(d.rect(node)[1::2]) <= top + height]

    def select_none(self):
        d = self.d
        d.click(self.cells()[0])
        d.key("Escape")
        self.wait(lambda: "selected" not in d.name(self.status), "no selection")

    # -- labels --

    def labels(self):
        """One picture after the other by key: the picture's words change at once, then the suggestions, then the estimate."""
        d, suggestions, estimates = self.d, [], []
        cells = [node for node in self.cells() if "labelled" not in d.description(node)][:N_LABELS]
        for cell in cells:
            d.click(cell)
            time.sleep(1.0)
            left, tried = self.bar()
            start = time.monotonic()
            suggestions.append(self.until(lambda: self.key("1"), lambda left=left: self.bar()[0] not in (left, 0)))
            try:
                self.until(lambda: None, lambda tried=tried: self.bar()[1] != tried, limit=3)
                estimates.append((time.monotonic() - start) * 1000)
            except AssertionError:
                pass  # with thousands of labels the estimate is of a fixed number of them
        self.note("label_ms", suggestions)
        if estimates:
            self.note("estimate_ms", estimates)

    # -- filters --

    def filters(self):
        d, times = self.d, []
        d.key("Escape")  # a toast goes first
        self.select_none()
        for i in (0, 1, 2):
            row = self.place("class-%02d" % i, "Concepts")
            times.append(self.click_until(row, lambda row=row: self.shows(self.count(row))))
            time.sleep(0.5)
            d.click(self.images)
            self.wait(lambda: " of " not in d.name(self.status), "all pictures")
            time.sleep(0.3)
        d.key("ctrl+f")
        time.sleep(0.5)
        d.type("0421", delay=1)
        self.wait(lambda: " of " in d.name(self.status), "the search")
        self.result["search_shown"] = d.name(self.status)
        d.key("Escape", "Escape")
        self.wait(lambda: " of " not in d.name(self.status), "all pictures")
        self.note("filter_ms", times)

    def shows(self, n):
        return re.match(r"%d of " % n, self.d.name(self.status)) is not None

    # -- all of them --

    def all_pictures(self):
        d, n = self.d, self.count(self.images)
        d.settled()
        first = self.cells()[0]
        d.click(first)
        time.sleep(0.5)
        before = self.count(self.concept)
        selects, labels, undos, redos = [], [], [], []
        for _ in range(2):
            d.click(first)
            selects.append(self.until(lambda: self.key("ctrl+a"), lambda: re.match(r"%d " % n, d.name(self.status)) and "selected" in d.name(self.status)))
            labels.append(self.until(lambda: self.key("1"), lambda: self.count(self.concept) == n and "labelled class-00" in d.description(first)))
            time.sleep(3)
            undos.append(self.until(lambda: self.key("ctrl+z"), lambda: self.count(self.concept) == before))
            time.sleep(3)
        redos.append(self.until(lambda: self.key("ctrl+shift+z"), lambda: self.count(self.concept) == n))
        time.sleep(3)
        undos.append(self.until(lambda: self.key("ctrl+z"), lambda: self.count(self.concept) == before))
        self.note("select_all_ms", selects)
        self.note("label_all_ms", labels)
        self.note("undo_all_ms", undos)
        self.note("redo_all_ms", redos)
        self.wait(lambda: self.bar()[0] > 0, "suggestions again")
        time.sleep(2)

    # -- review --

    def reviewing(self):
        d = self.d
        focus, loop = [], d.GLib.MainContext.default()
        listener = d.Atspi.EventListener.new(lambda event: focus.append(event.source) if event.detail1 else None)
        listener.register("object:state-changed:focused")

        def place():
            """What the picture that has the keyboard says of its place in the queue."""
            while loop.iteration(False):
                pass
            words = d.description(focus[-1]) if focus else ""
            return words if re.match(r"\d+ of \d+", words) else ""
        opened = self.click_until(self.review, place)
        time.sleep(2)
        nexts, accepts = [], []
        for times, name in ((nexts, "Right"), (accepts, "a"), (nexts, "Right"), (accepts, "a"), (accepts, "r"), (accepts, "a")):
            for _ in range(4):
                now = place()
                times.append(self.until(lambda name=name: self.key(name), lambda now=now: place() != now))
                time.sleep(0.15)
        self.note("review_open_ms", [opened])
        self.note("review_next_ms", nexts)
        self.note("review_accept_ms", accepts)

    def accepting(self):
        d, before = self.d, len(list(self.d.children(self.d.app())))
        d.key("ctrl+1")
        time.sleep(1)
        self.result["accept_window_ms"] = round(self.until(lambda: self.key("shift+Return"), lambda: len(list(d.children(d.app()))) > before), 1)
        time.sleep(1)
        d.screenshot("accept.png")
        d.key("Escape")
        time.sleep(0.5)


def drive(plan):
    import drive as d  # ui-session puts it on the path

    window = Window(d)
    window.open()
    step = "training"
    try:
        if plan["training"]:
            window.train()
        for step in plan["steps"]:
            start = time.monotonic()
            getattr(window, step)()
            print("%s: %.1f s" % (step, time.monotonic() - start), flush=True)
    except (AssertionError, StopIteration, ValueError) as error:
        window.result["failed"] = "%s: %s" % (step, error)
        d.screenshot("failed.png")
        d.tree(file="failed.txt")
    with open("/proc/%s/status" % os.environ["UI_APP_PID"], encoding="ascii") as file:
        window.result["rss_mb"] = next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmRSS:"))
    return window.result


# ---- scrolling, with the frame times of a window that nothing reads meanwhile ----

def scroll(session, seconds, prefix, keys):
    """The wheel, sixty times a second, and one of @keys each second."""
    def press():
        for key in keys:
            time.sleep(1)
            session.xdo("key", key)
    helper = threading.Thread(target=press)
    helper.start()
    intervals, work = session.scroll(seconds)
    helper.join()
    intervals, work = sorted(intervals), sorted(work)
    return {prefix + "scroll_frames": len(intervals), prefix + "scroll_p99_ms": round(intervals[int(0.99 * len(intervals))], 1),
            prefix + "scroll_longest_ms": round(intervals[-1], 1), prefix + "scroll_work_p99_ms": round(work[int(0.99 * len(work))], 1)}


def count_labels(project):
    connection = sqlite3.connect("file:%s?mode=ro" % project, uri=True)
    try:
        return connection.execute("SELECT count(*) FROM annotations").fetchone()[0]
    finally:
        connection.close()


def training_progress(project):
    """How far the training has come that runs now, by its heartbeat; 0: none runs."""
    connection = sqlite3.connect("file:%s?mode=ro" % project, uri=True)
    try:
        row = connection.execute("SELECT max(progress) FROM jobs WHERE kind = 'train' AND state < 3").fetchone()
        return row[0] or 0
    finally:
        connection.close()


def scrolling(args, project):
    """While nothing else happens; while six labels are made, each of which fits the classifier anew; while all pictures are labelled, and
    no longer."""
    import scale
    result = {}
    with tempfile.TemporaryDirectory() as scratch, scale.Session(args.fovea, project, scratch) as session:
        time.sleep(5)
        if args.training:
            for keys, pause in (("ctrl+2", 2), ("ctrl+t", 45), ("ctrl+1", 2)):
                session.xdo("key", keys)
                time.sleep(pause)
        result.update(scroll(session, 6, "", ()))
        for prefix, first, keys in (("label_", (), "234567"), ("all_", ("ctrl+a",), ("8", "ctrl+z"))):
            session.xdo("key", "ctrl+Home")
            session.xdo("mousemove", 700, 200, "click", 1)
            time.sleep(2)
            for key in first:
                session.xdo("key", key)
            before = count_labels(project)
            result.update(scroll(session, 8, prefix, keys))
            result[prefix + "scroll_labels"] = count_labels(project) - before
        if args.training:
            result["trained_part"] = training_progress(project)
    return result


# ---- outside ----

def make_project(args):
    """A copy with as many labels as asked for, evenly over the classes, and nothing to undo."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import scale
    project = scale.make_project(args.fovea, args.cache, args.pictures, True)
    copy = os.path.join(args.cache, "window-training.fovea" if args.training else "window-live.fovea")
    for end in ("", "-wal", "-shm"):
        if os.path.exists(copy + end):
            os.remove(copy + end)
    shutil.copyfile(project, copy)
    connection = sqlite3.connect(copy)
    with connection:
        connection.execute("WITH numbered AS (SELECT input_id, row_number () OVER (PARTITION BY concept_id ORDER BY input_id) AS n FROM annotations) "
                           "DELETE FROM annotations WHERE input_id IN (SELECT input_id FROM numbered WHERE n % ? <> 0)",
                           (max(1, args.pictures // args.labelled),))
        connection.execute("DELETE FROM changesets")
        connection.execute("DELETE FROM commands")
    connection.close()
    if args.training:
        subprocess.run([args.fovea, "models", "create", copy, "--id", "deep", "--type", "visual-classifier", "--param", "num_epochs=1000"],
                       check=True, stdout=subprocess.DEVNULL)
    return copy


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fovea")
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument("--data", default=os.path.join(root, "..", "shared", "data"), help="its ../ui drives the window")
    parser.add_argument("--pictures", type=int, default=100000)
    parser.add_argument("--labelled", type=int, default=200)
    parser.add_argument("--cache", default=os.path.join(tempfile.gettempdir(), "fovea-scale"))
    parser.add_argument("--steps", help="default: labels,filters,all_pictures,accepting,reviewing,scrolling; with --training labels,scrolling")
    parser.add_argument("--training", action="store_true", help="train a network meanwhile")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    args.fovea, args.cache = os.path.abspath(args.fovea), os.path.join(os.path.abspath(args.cache), str(args.pictures))
    os.makedirs(args.cache, exist_ok=True)
    project = make_project(args)
    steps = (args.steps or ("labels,scrolling" if args.training else "labels,filters,all_pictures,accepting,reviewing,scrolling")).split(",")
    limits = TRAINING_LIMITS if args.training else LIMITS
    plan = {"UI_WINDOW_LIVE": json.dumps({"steps": [step for step in steps if step != "scrolling"], "training": args.training})}
    result, log = drive_window(__file__, args.fovea, os.path.abspath(args.data), project, environment=plan)
    if "scrolling" in steps:
        result.update(scrolling(args, make_project(args)))
    missed = [name for name, limit in limits.items() if name in result and not result[name] <= limit]
    missed += ["trained_part"] if args.training and "scrolling" in steps and not result.get("trained_part") else []
    missed += ["complaints"] if complaints(log) else []
    if args.json:
        print(json.dumps(dict(result, missed=missed)))
    else:
        for name, value in result.items():
            print("%-28s %s%s" % (name, value, "  (at most %s)%s" % (limits[name], " MISSED" if name in missed else "") if name in limits else ""))
        print("\n".join(complaints(log)))
    return 1 if missed or "failed" in result else 0


if __name__ == "__main__":
    if os.environ.get("UI_APP_PID"):
        from checks import answer
        answer(drive(json.loads(os.environ["UI_WINDOW_LIVE"])))
    else:
        sys.exit(main())
