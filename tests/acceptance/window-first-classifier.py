# SPDX-License-Identifier: GPL-3.0-or-later
"""window-first-classifier.py PROGRAM DATA: the window as a new user meets it, in an X server of its own (DATA/../ui): from a dropped
folder of classes to a classifier, with and without a pointer; three concepts by hand, suggestions, undo, restart; and what the
command line does meanwhile. Counts gestures and seconds; nothing may be written to stderr by GTK."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import checks  # noqa: E402

MAX_GESTURES = 25
MAX_SECONDS = 60
MAX_FOLLOW_SECONDS = 1.0
N_PICTURES, N_CONCEPTS = 800, 10
SCENES = ("folders", "folders-by-keys", "by-hand", "two-processes")
CLASSES = ("dress", "pants", "shoes")
N_EACH = 8


# ---- within the session ----

class Person:
    """Does what a person does, and counts it: a click, a drag, a key or a typed word is one gesture."""

    def __init__(self, drive):
        self.drive, self.gestures = drive, 0

    def __getattr__(self, name):
        def act(*arguments, **options):
            self.gestures += 1
            return getattr(self.drive, name)(*arguments, **options)
        return act


def place(d, name):
    return d.description(d.find("list item", name, root=d.find("list", "Places")))


def concept_count(d, name):
    found = re.search(r"(\d+) pictures?$", d.description(d.find("list item", name, root=d.find("list", "Concepts"))))
    return int(found.group(1)) if found else 0


def concepts(d):
    return [d.name(row) for row in d.find_all("list item", root=d.find("list", "Concepts"))]


def cell(d, name):
    return d.find("table cell", name, root=d.find("table", "Images"))


def wait_for_classifier(d):
    """The live classifier's own words, below the pictures."""
    return d.wait_for(lambda: d.find_all("label", re.compile(r".*% right .*tried on")), what="a measured classifier")


def finish_folders(checker, d, person, start):
    d.wait_for(lambda: place(d, "Images") == "%d pictures" % N_PICTURES, what="all pictures")
    d.wait_for(lambda: d.find_all("push button", "Jobs", desc="No work is running."), what="the end of the import")
    words = d.name(wait_for_classifier(d)[0])
    seconds = time.monotonic() - start
    d.screenshot("classifier.png")
    checker.check(len(concepts(d)) == N_CONCEPTS, "%d concepts: %s" % (len(concepts(d)), ", ".join(concepts(d))))
    checker.check(person.gestures < MAX_GESTURES and seconds < MAX_SECONDS,
                  "%d gestures and %.1f s from the start page to a classifier: %s" % (person.gestures, seconds, words))


def scene_folders(checker, d, program, data):
    person = Person(d)
    d.launch([program])
    page = d.find("push button", re.compile("Import|Open|New"))
    start = time.monotonic()
    person.drag_files_in([os.path.join(data, "apparel")], page)
    person.click(d.find("push button", "Use as Concepts"))
    finish_folders(checker, d, person, start)


def scene_folders_by_keys(checker, d, program, data):
    person = Person(d)
    d.launch([program])
    d.find("push button", re.compile("Import|Open|New"))
    start = time.monotonic()
    person.key("ctrl+i")
    d.wait_for(lambda: d.find_all("push button", re.compile("^(Import|Select|Open)$")), what="a chooser of folders")
    d.settled()
    folder = os.path.join(data, "apparel")
    person.key("slash")
    person.key("ctrl+a")
    person.type(folder)
    d.wait_for(lambda: folder in [d.text(entry) for entry in d.find_all("text")], what="the folder in the entry")
    d.settled()
    person.key("Return")
    button = d.find("push button", "Use as Concepts")
    d.wait_for(lambda: "focused" in d.states(button), what="the question to have the keyboard")
    person.key("Return")
    finish_folders(checker, d, person, start)


def make_flat(data, folder):
    for name in CLASSES:
        files = sorted(glob.glob(os.path.join(data, "apparel", "train", name, "*")))[:N_EACH]
        assert len(files) == N_EACH, name
        for i, file in enumerate(files):
            shutil.copy(file, os.path.join(folder, "%s-%d.jpg" % (name, i)))


def open_flat(d, program, data):
    home = os.environ["UI_TMP"]
    folder, project = os.path.join(home, "flat"), os.path.join(home, "flat.fovea")
    os.mkdir(folder)
    make_flat(data, folder)
    for arguments in (("project", "create", project), ("import", project, folder)):
        subprocess.run([program, *arguments], check=True, capture_output=True)
    process = d.launch([program, project])
    d.find("list", "Places")
    d.wait_for(lambda: place(d, "Images") == "%d pictures" % (N_EACH * len(CLASSES)), what="the pictures")
    return project, process


def add_concepts(d, person):
    for name in CLASSES:
        person.click(d.find("push button", "Add concept"))
        d.wait_for(lambda: [entry for entry in d.find_all("text") if "focused" in d.states(entry)], what="an entry for the name")
        person.type(name)
        person.key("Return")
        d.wait_for(lambda: name in concepts(d), what="concept " + name)


def label_by_dragging(d, person, name):
    person.click(cell(d, name + "-0.jpg"))
    for i in (1, 2):
        person.click(cell(d, "%s-%d.jpg" % (name, i)), mods=("ctrl",))
    x, y, _, height = d.rect(d.find("list item", name, root=d.find("list", "Concepts")))
    person.drag_xy(*d.center(cell(d, name + "-1.jpg")), x + 40, y + height // 2, hold=0.5)
    d.wait_for(lambda: concept_count(d, name) == 3, what="three pictures labelled " + name)


def predicted(d):
    return [n for n in d.find_all("table cell", root=d.find("table", "Images"))
            if "predicted" in d.description(n) and "labelled" not in d.description(n)]


def labels(d):
    return [concept_count(d, name) for name in CLASSES]


def scene_by_hand(checker, d, program, data):
    person = Person(d)
    project, process = open_flat(d, program, data)
    add_concepts(d, person)
    for name in CLASSES:
        label_by_dragging(d, person, name)
    checker.check(labels(d) == [3, 3, 3], "three pictures dragged onto each of three concepts: %s" % labels(d))
    person.click(cell(d, "dress-3.jpg"))
    person.key("1")
    d.wait_for(lambda: labels(d) == [4, 3, 3], what="the key's label")
    checker.check(True, "key 1 labels a picture dress")
    first = d.wait_for(lambda: predicted(d), what="suggestions")
    right = sum(d.name(n).split("-")[0] in d.description(n) for n in first)
    checker.check(right >= len(first) * 0.7, "%d pictures have a suggestion, %d of them right" % (len(first), right))
    d.screenshot("suggestions.png")
    person.click(first[0])
    person.key("Return")
    d.wait_for(lambda: sum(labels(d)) == 11, what="the accepted label")
    accepted = labels(d)
    checker.check(True, "Return accepts a suggestion: %s" % accepted)
    person.key("ctrl+z")
    d.wait_for(lambda: sum(labels(d)) == 10, what="undo")
    person.key("ctrl+shift+z")
    d.wait_for(lambda: labels(d) == accepted, what="redo")
    checker.check(True, "undone and done again")
    person.key("ctrl+q")
    process.wait(100)
    d.launch([program, project])
    d.find("list", "Places")
    d.wait_for(lambda: labels(d) == accepted, what="the labels of before")
    checker.check(d.find("push button", "Undo") is not None and concepts(d) == list(CLASSES), "all there after a restart: %s" % labels(d))


def scene_two_processes(checker, d, program, data):
    project, _ = open_flat(d, program, data)
    add_concepts(d, Person(d))
    worst = 0
    for i, name in enumerate(CLASSES):
        picture = os.path.join(os.environ["UI_TMP"], "flat", "%s-%d.jpg" % (name, i))
        shown, row = cell(d, os.path.basename(picture)), d.find("list item", name, root=d.find("list", "Concepts"))
        subprocess.run([program, "label", project, "--concept", name, picture], check=True, capture_output=True)
        start = time.monotonic()
        d.wait_for(lambda: "labelled " + name in d.description(shown), what="the label on the picture", every=0.02)
        worst = max(worst, time.monotonic() - start)
        d.wait_for(lambda: re.search(r"\b1 picture$", d.description(row)), what="the concept's count", every=0.02)
        worst = max(worst, time.monotonic() - start)
    checker.check(worst <= MAX_FOLLOW_SECONDS, "the window follows the command line within %.2f s" % worst)


def drive_scene(scene, program, data, packs):
    import drive  # ui-session puts it on the path
    checks.be_patient(drive)
    os.environ["FOVEA_PACK_DIR"] = packs  # the session has a cache folder of its own
    checker = checks.Checks(program)
    globals()["scene_" + scene.replace("-", "_")](checker, drive, program, data)
    drive.key("ctrl+q")
    checker.end()


# ---- outside ----

def main(program, data):
    checker = checks.Checks(program)
    session = os.path.join(data, "..", "ui", "ui-session")
    if not os.access(session, os.X_OK):
        sys.exit("FAILED  %s, which drives the window, is not there" % session)
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    packs = os.environ.get("FOVEA_PACK_DIR") or os.path.join(cache, "fovea", "packs")
    if not os.path.isdir(packs):
        sys.exit("FAILED  %s is not there: build-aux/run makes the packs" % packs)
    for scene in SCENES:
        with tempfile.TemporaryDirectory() as out:
            driver = " ".join([os.path.abspath(__file__), "--scene", scene, program, data, packs])
            done = subprocess.run([session, "--driver", driver, "--out", out, "--timeout", "1200"], capture_output=True, text=True, check=False)
            sys.stdout.write(done.stdout)
            if not checker.check(done.returncode == 0, "scene %s" % scene):
                sys.stderr.write(done.stderr[-3000:])
            with open(os.path.join(out, "app.log"), encoding="utf-8", errors="replace") as file:
                complaints = [line for line in file if re.search(r"-(WARNING|CRITICAL) \*\*", line)]
            checker.check(not complaints, "nothing from GTK on stderr%s" % "".join("\n        " + line.strip() for line in complaints[:5]))
            keep = os.environ.get("FOVEA_SHOTS")
            if keep:
                shutil.copytree(out, os.path.join(keep, scene), dirs_exist_ok=True)
    checker.end()


if __name__ == "__main__":
    if sys.argv[1] == "--scene":
        drive_scene(sys.argv[2], *map(os.path.abspath, sys.argv[3:6]))
    else:
        main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
