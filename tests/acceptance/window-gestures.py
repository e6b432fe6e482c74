#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""window-gestures.py FOVEA DATA_FOLDER [SCENE…]: what passes between the window and the rest of the desktop, each gesture once.

Pictures come by paste and drop as files, as data, in an archive, in a folder, and leave by drag and copy; other programs and the services
that the window asks (notifications, staying awake, the file manager) are stood in for by tests/other-program.py. Then what a person meets
around it: pictures that were moved, new ones in an imported folder, copies of the project, a missing network, a full disk, a project that
cannot be changed, closing while work runs. Without a SCENE those of DEFAULT are shown.
"""
import glob
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checks import Checks, be_patient, complaints, drive_window, fill_disk, mount_disk  # noqa: E402

DEFAULT = ("coming", "leaving", "sorting", "copies", "moved", "training", "network", "disk", "newer")
OTHERS = ("work",)  # where a machine imports faster than its question is answered, closing is not met while work runs
SIZE = "1600x800"  # room beside the window
DISK = "16m"
LONGEST_SECONDS = 100  # for a program to end
LONG_WORK_SECONDS = 10  # shorter work ends without a notification
OTHER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "other-program.py")


# ---- within the session ----

class Other:
    """A program beside the window; what it has said."""

    def __init__(self, *arguments):
        self.log = tempfile.NamedTemporaryFile("w+", encoding="utf-8")
        self.process = subprocess.Popen(["/usr/bin/python3", OTHER, *arguments], stdout=self.log, stderr=subprocess.DEVNULL)

    def said(self, pattern):
        self.log.seek(0)
        return re.search(pattern, self.log.read(), re.M)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(LONGEST_SECONDS)


def first_number(text, pattern=r"\d+"):
    """−1 while there is none: a row that is just being made says nothing yet."""
    found = re.search(pattern, text)
    return int(found.group()) if found else -1


class Person:
    def __init__(self, drive, plan):
        self.d, self.plan, self.results, self.process, self.main = drive, plan, [], None, None
        self.home = os.environ["UI_TMP"]
        self.services = self.other("services")

    def other(self, *arguments):
        program = Other(*arguments)
        self.d.wait_for(lambda: program.said("^READY"), what=arguments[0])
        return program

    def check(self, good, text):
        print("%-7s %s" % ("ok" if good else "FAILED", text), flush=True)
        self.results.append((bool(good), text))
        self.d.screenshot("%02d.png" % len(self.results))

    def soon(self, done, text):
        """Checks that @done comes true; the rest of the scene goes on in any case."""
        try:
            self.d.wait_for(done, what=text)
            self.check(True, text)
        except AssertionError:
            self.check(False, text)

    def run(self, *arguments, **environment):
        return subprocess.run([self.plan["fovea"], *arguments], check=True, capture_output=True, env=dict(os.environ, **environment))

    def open(self, project, packs=None):
        environment = dict(os.environ, FOVEA_PACK_DIR=packs or self.plan["packs"])
        self.process = self.d.launch([self.plan["fovea"], project], env=environment)
        self.d.find("list", "Places")
        self.d.settled()
        self.main = self.d.windows()[-1]["id"]

    def close(self):
        self.d.key("ctrl+q")
        self.process.wait(LONGEST_SECONDS)

    def place(self, name="Images"):
        return self.d.description(self.d.find("list item", name, root=self.d.find("list", "Places")))

    def total(self):
        return first_number(self.place())

    def concept(self, name):
        return self.d.find("list item", name, root=self.d.find("list", "Concepts"))

    def concepts(self):
        return {self.d.name(row): first_number(self.d.description(row), r"\d+(?= picture)")
                for row in self.d.find_all("list item", root=self.d.find("list", "Concepts"))}

    def cell(self, name):
        return self.d.find("table cell", name, root=self.d.find("table", "Images"))

    def menu(self, label):
        self.d.key("F10")
        self.d.do(self.d.find("menu item", re.compile(label)))

    def word(self, pattern):
        return self.d.find_all("label", re.compile(pattern)) or self.d.find_all("status bar", re.compile(pattern))

    def press(self, button, **which):
        self.d.click(self.d.find("push button", button, **which))

    def windows(self):
        return {window["id"] for window in self.d.windows() if not window["override"]}

    def count_windows(self):
        return len(self.windows())

    def another_window(self):
        """Waits for it by its X window, and that it has the keyboard. Once a program was seen to end in GTK 4.8's AT-SPI code (an assertion on an object path) as a file
        window came; that asking for a window that just comes or goes is the cause is a guess."""
        self.d.wait_for(lambda: self.count_windows() > 1 and self.keyboard_window() not in (None, self.main), what="another window")
        self.d.settled()

    def keyboard_window(self):
        """The window of the program that the X server sends keys to, or (nothing)."""
        window = first_number(self.d.xdo_try("getwindowfocus"))
        return window if window in self.windows() else None

    def dialog(self, title):
        """A message in a window of its own; its text."""
        self.another_window()
        texts = []

        def look():
            windows = list(self.d.children(self.d.app()))[1:]
            texts[:] = [" ".join(self.d.name(label) for label in self.d.find_all("label", root=window)) for window in windows]
            return next((text for text in texts if title in text), None)
        try:
            return self.d.wait_for(look, what=title)
        except AssertionError:
            return "(“%s” is none of %s)" % (title, texts)

    def answer(self, key):
        """To what dialog() has found."""
        self.d.key(key)
        self.d.wait_for(lambda: self.count_windows() == 1, what="the end of a dialog")

    def choose(self, path, key="Return"):
        """In GTK's own window for files. Slash opens the entry for a path, where there is none yet."""
        self.another_window()
        if not self.typing():
            self.d.key("slash")
        self.type(path, also="ctrl+a")
        self.d.settled()
        self.d.key(key)

    def typing(self):
        """The entry that the keyboard is in."""
        return [entry for entry in self.d.find_all(("text", "entry")) if "focused" in self.d.states(entry)]

    def type(self, text, also=None):
        """When there is an entry that takes it; and it stands there in the end."""
        self.d.wait_for(self.typing, what="an entry")
        if also:
            self.d.key(also)
        self.d.type(text)
        self.d.wait_for(lambda: text in [self.d.text(entry) for entry in self.typing()], what="“%s” in an entry" % text)

    def comes_to(self, n, text):
        self.soon(lambda: self.total() == n, text)

    def goes_back_to(self, n, what):
        self.idle()
        self.d.wait_for(lambda: self.d.find_all("push button", "Undo") and "sensitive" in self.d.states(self.d.find("push button", "Undo")),
                        what="something to undo")
        self.d.focus_window()
        self.d.key("ctrl+z")
        self.comes_to(n, "undo takes back " + what)

    def idle(self):
        self.d.wait_for(lambda: self.d.find_all("push button", "Jobs", desc="No work is running."), what="the end of work")


def make_flat(person, name, n_each=3):
    folder = os.path.join(person.home, name)
    os.mkdir(folder)
    for concept in ("dress", "pants", "shoes"):
        for i, file in enumerate(sorted(glob.glob(os.path.join(person.plan["data"], "apparel", "train", concept, "*")))[:n_each]):
            shutil.copy(file, os.path.join(folder, "%s-%d.jpg" % (concept, i)))
    project = os.path.join(person.home, name + ".fovea")
    person.run("project", "create", project)
    person.run("import", project, folder)
    return project, folder


def hats(person):
    return sorted(glob.glob(os.path.join(person.plan["data"], "apparel", "train", "hat", "*")))


def put_aside(person, other):
    """The window of the other program, which comes when it has started and could lie over what is clicked on."""
    d = person.d
    window = d.wait_for(lambda: d.windows(other.process.pid), what="the other window")[0]
    d.xdo("windowmove", "--sync", window["id"], 1430, 600, "windowraise", window["id"])
    d.settled()


def drag_between(person, other, node, out=False):
    """From the window of the other program, put aside, onto @node, or back."""
    d = person.d
    ends = [(1500, 660), d.center(node)]
    d.drag_xy(*(ends[1] + ends[0] if out else ends[0] + ends[1]), hold=0.4)


def paste(person, what, files):
    owner = person.other(what, *files)
    time.sleep(2)  # the window hears of it and asks what it is; nothing tells that it has
    person.d.key("ctrl+v")
    return owner


def scene_coming(person):
    d = person.d
    project, _ = make_flat(person, "flat")
    more = hats(person)
    person.open(project)
    grid = d.find("table", "Images")
    person.comes_to(9, "nine pictures are there")

    owner = paste(person, "copy-picture", [more[0]])
    person.comes_to(10, "a picture without a file is pasted")
    person.goes_back_to(9, "a paste")
    owner.end()
    owner = paste(person, "copy-files", more[1:3])
    person.comes_to(11, "two files are pasted")
    person.goes_back_to(9, "pasted files")
    owner.end()

    owner = person.other("drag-picture", more[3])
    put_aside(person, owner)
    drag_between(person, owner, grid)
    person.comes_to(10, "a picture without a file is dropped")
    person.goes_back_to(9, "a dropped picture")
    owner.end()
    archive = os.path.join(person.home, "hats.zip")
    with zipfile.ZipFile(archive, "w") as file:
        for path in more[4:8]:
            file.write(path, os.path.basename(path))
    d.drag_files_in([archive], grid)
    person.comes_to(13, "an archive of four is dropped")
    person.goes_back_to(9, "an archive")
    place = os.path.join(person.home, "dropped")
    os.mkdir(place)
    for path in more[8:11]:
        shutil.copy(path, place)
    d.drag_files_in([place], grid)
    person.comes_to(12, "a folder of three is dropped")
    person.goes_back_to(9, "a folder")

    person.close()


def scene_leaving(person):
    d = person.d
    project, folder = make_flat(person, "flat")
    person.open(project)
    taker = person.other("take")
    put_aside(person, taker)
    d.click(person.cell("dress-0.jpg"))
    d.click(person.cell("dress-1.jpg"), mods=("ctrl",))
    drag_between(person, taker, person.cell("dress-1.jpg"), out=True)
    person.soon(lambda: taker.said("^TAKEN %s/dress-0.jpg %s/dress-1.jpg$" % (folder, folder)), "two pictures are dragged out as their files")
    taker.end()
    d.click(person.cell("pants-0.jpg"))
    d.key("Menu")
    d.do(d.find("menu item", re.compile("Show in Folder")))
    person.soon(lambda: person.services.said("^CALLED ShowItems .*file://%s/pants-0.jpg" % folder), "the file manager is asked to show a picture")

    person.close()


def scene_sorting(person):
    d = person.d
    project, _ = make_flat(person, "flat")
    connection = sqlite3.connect(project)
    with connection:
        connection.execute("INSERT INTO fields (name, kind) VALUES ('shop', 0)")
        connection.execute("INSERT INTO field_values SELECT id, (SELECT max(id) FROM fields), CASE WHEN name LIKE 'shoes%' THEN 'Berlin' ELSE 'Haifa' END FROM inputs")
    connection.close()
    person.open(project)

    def in_validation():
        return first_number(d.description(d.find("list item", "Validation")))
    d.drag(person.cell("pants-0.jpg"), d.find("list item", "Validation"))
    person.soon(lambda: in_validation() == 1, "a picture is dropped on a split")
    d.key("ctrl+z")
    person.soon(lambda: in_validation() == 0, "undo takes it out of the split")

    for name in ("dress", "robe"):
        person.press("Add concept")
        person.type(name)
        d.key("Return")
        d.wait_for(lambda name=name: name in person.concepts(), what="concept " + name)
    for name, key in (("dress-0.jpg", "1"), ("dress-1.jpg", "2"), ("dress-2.jpg", "2")):
        d.click(person.cell(name))
        d.key(key)
    d.wait_for(lambda: person.concepts() == {"dress": 1, "robe": 2}, what="labels")
    d.right_click(person.concept("robe"))
    d.do(d.find("menu item", re.compile("Merge")))
    person.dialog("Merge “robe” into")
    person.press("Merge")
    person.soon(lambda: person.concepts() == {"dress": 3}, "one concept is merged into the other: %s" % person.concepts())
    d.key("ctrl+z")
    person.soon(lambda: person.concepts() == {"dress": 1, "robe": 2}, "undo parts them: %s" % person.concepts())

    d.key("Escape", "ctrl+shift+f")
    d.click(d.find("combo box", "Field"))
    d.key("Down", "Return")
    d.click(d.find("text", "Value of the field"))
    person.type("berlin")
    d.key("Return", "Escape")
    person.soon(lambda: person.word(r"^3 of 9 pictures$"), "a field of the person's own filters")

    person.close()


def scene_copies(person):
    d = person.d
    project, _ = make_flat(person, "flat")
    person.open(project)
    for label, name, shown in (("Back-up", "spare.fovea", False), ("Save a Cop", "second.fovea", True)):
        person.menu(label)
        person.choose(os.path.join(person.home, name))
        path = os.path.join(person.home, name)
        person.soon(lambda path=path: os.path.exists(path) and subprocess.run([person.plan["fovea"], "project", "check", path],
                                                                            capture_output=True, check=False).returncode == 0, "%s makes a whole project" % label)
        if shown:
            person.soon(lambda: "second" in [d.name(window) for window in d.children(d.app())], "the copy is opened")
    d.key("ctrl+q")


def scene_moved(person):
    home = person.home
    project, folder = make_flat(person, "moved")
    for path in hats(person)[:2]:
        shutil.copy(path, folder)
    elsewhere = os.path.join(home, "elsewhere")
    os.mkdir(elsewhere)
    for path in glob.glob(os.path.join(folder, "dress-*")):
        shutil.move(path, elsewhere)
    person.open(project)
    person.soon(lambda: person.word("2 new pictures in “moved”") and person.word("files of 3 pictures are no longer"), "what changed on the disk is said")
    person.press("Import", desc=re.compile("^$"))  # not that of the header bar
    person.comes_to(11, "the new pictures come in when asked for")
    person.idle()
    person.press("Find Them…")
    person.choose(elsewhere)
    person.d.wait_for(lambda: person.count_windows() == 1, what="the end of the choice")
    person.soon(lambda: not person.word("no longer where"), "the moved pictures are found")
    found = sqlite3.connect("file:%s?mode=ro" % project, uri=True).execute("SELECT path FROM inputs WHERE name LIKE 'dress%'").fetchall()
    person.check(len(found) == 3 and all(b"elsewhere" in bytes(path) for path, in found), "the project says where they are: %s" % found)
    person.close()


def scene_training(person):
    """A deep training is paused, goes on and is cancelled on its model's page; then an export, thought better of and done."""
    d = person.d
    project = os.path.join(person.home, "training.fovea")
    person.run("project", "create", project)
    person.run("import", project, *[os.path.join(person.plan["data"], "apparel", "test", concept) for concept in ("dress", "hat", "shoes")],
               "--format", "folders")
    person.run("models", "create", project, "--id", "slow", "--type", "visual-classifier", "--param", "num_epochs=5000")
    person.run("models", "train", project, "slow", "--time-limit", "3", FOVEA_PACK_DIR=person.plan["packs"])

    def versions():
        rows = sqlite3.connect("file:%s?mode=ro" % project, uri=True).execute("SELECT public_id, status FROM model_versions").fetchall()
        return sorted(rows)

    def said():
        """Of the job's row on the model's page."""
        work = d.find_all("list", "Running work", visible=False)
        return " ".join(d.name(label) for label in d.find_all(("label", "status bar"), re.compile("steps|Paused"), root=work[0], visible=False)) if work else ""

    def press(button):
        d.do(d.find("push button", re.compile("^" + button), root=d.find("list", "Running work", visible=False), visible=False))

    def at_step():
        found = re.search(r"(\d+) of \d+ steps", said())
        return int(found.group(1)) if found else 0

    before = versions()
    person.open(project)
    d.key("ctrl+2")
    d.click(d.find("list item", "slow"))
    state = d.name(d.find("label", re.compile(r"held out")))
    d.key("ctrl+t")
    person.soon(lambda: at_step() > 0, "the training says how far it is")
    press("Pause")
    person.soon(lambda: "Paused" in said(), "it says that it is paused")
    before_rest = [None, 0]

    def rests():
        """A step that was begun is finished."""
        step = at_step()
        if step != before_rest[0]:
            before_rest[:] = [step, time.monotonic()]
        return time.monotonic() - before_rest[1] > 5
    d.wait_for(rests, what="the end of a step")
    stopped_at = at_step()
    time.sleep(10)
    person.check(at_step() == stopped_at, "and stands still at step %d" % stopped_at)
    press("Go on")
    person.soon(lambda: "Paused" not in said() and at_step() > stopped_at, "it goes on")
    press("Cancel")
    person.soon(lambda: not said() and person.word(re.escape(state)), "cancelled, the page is as before: %s" % state)
    person.check(versions() == before, "and so are the versions: %d" % len(before))

    written = os.path.join(person.home, "slow.onnx")
    for name, key in (("unwanted.onnx", "Escape"), ("slow.onnx", "Return")):
        d.do(d.find("push button", re.compile("^Export")))
        person.choose(os.path.join(person.home, name), key)
        d.wait_for(lambda: person.count_windows() == 1, what="the end of the choice")
    person.soon(lambda: os.path.exists(written), "an export is written")
    d.key("ctrl+j")  # a toast may have gone before it is looked for
    person.soon(lambda: person.word("^Written to slow.onnx") and person.word("^Cancelled"), "the jobs say so, and that the training was cancelled")
    d.key("Escape")
    person.check(not os.path.exists(os.path.join(person.home, "unwanted.onnx")), "and one that was cancelled is not")
    person.close()


def scene_network(person):
    d, home = person.d, person.home
    project, _ = make_flat(person, "alone")
    person.open(project, packs=os.path.join(home, "no-packs"))
    d.drag_files_in([hats(person)[0]], d.find("table", "Images"))
    person.comes_to(10, "a picture comes in without a network")
    person.menu("Look for New")
    person.soon(lambda: person.word("waits? for the network"), "the missing network is said")
    person.press("What to Do")
    text = person.dialog("A Network Is Missing")
    person.check("build-aux/run" in text and "suggestions" in text.lower(), "what to do about it: %s" % text[:60])
    person.answer("Escape")
    person.close()


def scene_disk(person):
    d = person.d
    disk = os.path.join(person.home, "disk")
    os.mkdir(disk)
    if not mount_disk(disk, DISK):
        print("note    no file system can be mounted here: the full disk was not tried in the window", flush=True)
        return
    project = os.path.join(disk, "full.fovea")
    person.run("project", "create", project)
    fill_disk(disk, 1 << 19)
    person.open(project)
    d.drag_files_in([os.path.join(person.plan["data"], "apparel", "test", "hat"), os.path.join(person.plan["data"], "apparel", "test", "dress"),
                     os.path.join(person.plan["data"], "apparel", "test", "shoes")], (800, 400))
    person.another_window()
    question = person.keyboard_window()
    d.do(d.find("push button", "Only Import"))
    d.wait_for(lambda: question not in person.windows(), what="the end of the question")
    text = person.dialog("The Disk Is Full")
    person.check("Make room on the disk" in text, "a full disk is explained: %s" % text[:80])
    person.answer("Escape")
    person.close()
    os.unlink(os.path.join(disk, "ballast"))
    person.check(person.run("project", "check", project).returncode == 0, "its project is whole")
    subprocess.run(["umount", disk], check=True)


def scene_newer(person):
    d = person.d
    project, _ = make_flat(person, "newer")
    connection = sqlite3.connect(project)
    with connection:
        connection.execute("PRAGMA user_version = 99999")
    connection.close()
    person.open(project)
    d.drag_files_in([hats(person)[0]], d.find("table", "Images"))
    person.soon(lambda: person.word("This project cannot be changed"), "nothing is dropped into a project that cannot be changed")
    person.check(person.total() == 9, "and it has its nine pictures")
    person.close()


def scene_work(person):
    """All the training pictures, embedded: long enough to be met while it runs."""
    d = person.d
    sources = [os.path.join(person.plan["data"], folder) for folder in ("apparel/train", "blood_cells", "faces")]
    n_files = sum(file.lower().endswith((".jpg", ".jpeg", ".png", ".webp")) for source in sources for _, _, files in os.walk(source) for file in files)
    project = os.path.join(person.home, "work.fovea")
    person.run("project", "create", project)
    person.open(project)
    start = time.monotonic()
    d.drag_files_in(sources, (800, 400))
    d.do(d.find("push button", "Use as Concepts"))
    person.soon(lambda: person.services.said("^CALLED Inhibit .*Work is running"), "the computer is kept awake")
    person.soon(lambda: person.total() > 20, "pictures come in")
    d.key("alt+F4")
    text = person.dialog("Work Is Still Running")
    person.check("goes on at the next opening" in text, "closing asks: %s" % text[:80])
    person.press("Pause and Close", root=list(d.children(d.app()))[-1])
    person.process.wait(LONGEST_SECONDS)
    kept = json.loads(person.run("project", "info", project, "--json").stdout)
    person.check(0 < kept["inputs"] and kept["vectors"] < n_files, "it closes with %d pictures and %d vectors" % (kept["inputs"], kept["vectors"]))
    person.open(project)
    if kept["vectors"] < n_files:
        person.soon(lambda: person.word("An import was not finished"), "the next opening offers to go on")
        person.press("Go On")
        d.key("alt+F4")
        person.dialog("Work Is Still Running")
        person.answer("Escape")
        person.check(person.process.poll() is None, "closing can be thought better of")
    other = person.other("take")
    window = d.wait_for(lambda: d.windows(other.process.pid), what="another window")[0]
    d.xdo("windowfocus", "--sync", window["id"])
    start = time.monotonic()
    person.soon(lambda: not d.find_all("push button", "Jobs", desc="No work is running."), "work goes on")
    d.wait_for(lambda: d.find_all("push button", "Jobs", desc="No work is running."), timeout=120, what="the end of work")
    took = time.monotonic() - start
    after = json.loads(person.run("project", "info", project, "--json").stdout)
    person.check(after["inputs"] == n_files and after["vectors"] == n_files, "%d pictures, %d vectors in the end" % (after["inputs"], after["vectors"]))
    if took > LONG_WORK_SECONDS + 2:
        person.soon(lambda: person.services.said("^CALLED Notify "), "who looks elsewhere is told of the end of %.0f seconds of work" % took)
    person.soon(lambda: person.services.said("^CALLED Uninhibit"), "the computer may sleep again")
    other.end()
    d.focus_window()
    person.close()


# ---- outside ----

def main(fovea, data, *chosen):
    checks = Checks(fovea)
    unknown = set(chosen) - set(DEFAULT + OTHERS)
    if unknown:
        sys.exit("No such scene: %s. There are: %s" % (", ".join(sorted(unknown)), ", ".join(DEFAULT + OTHERS)))
    shots = os.environ.get("FOVEA_SHOTS")
    for scene in chosen or DEFAULT:
        plan = json.dumps({"scene": scene, "fovea": fovea, "data": data})
        with tempfile.TemporaryDirectory() as scratch:
            out = os.path.join(shots, scene) if shots else scratch
            results, log = drive_window(__file__, None, data, environment={"UI_GESTURES": plan, "FOVEA_SHOTS": out}, size=SIZE)
        for good, text in results:
            checks.check(good, "%s: %s" % (scene, text))
        bad = complaints(log)
        checks.check(not bad, "%s: nobody complains" % scene + "".join("\n          " + line for line in bad[:20]))
    checks.end()


if __name__ == "__main__":
    if os.environ.get("UI_OUT"):
        import drive as session  # ui-session puts it on the path
        from checks import answer
        about = json.loads(os.environ["UI_GESTURES"])
        one = Person(be_patient(session), dict(about, packs=os.environ["UI_PACKS"]))
        try:
            globals()["scene_" + about["scene"].replace("-", "_")](one)
        except Exception as error:  # what was seen until then is told in any case
            one.check(False, "it went no further: %s: %s" % (type(error).__name__, error))
            session.tree(file="tree.txt")
        answer(one.results)
    else:
        main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), *sys.argv[3:])
