#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""window-accessibility.py FOVEA DATA_FOLDER: what a person who cannot see the window, or uses no pointer, finds in it.

Visits every page, window, question, popover and menu (WINDOWS below holds them against the source: one that is neither visited nor
excused there fails) and judges each by ../accessible_judge.py: names, roles, states, the Tab order, where the keyboard is when it opens
and after Escape.

For the pointer alone? What is pressed by a button of GTK's must take the keyboard, which the judge sees. Gestures of our own are not in
the accessible tree, so each file with one is in GESTURES with the keys that do the same; a new file with a gesture fails until it says.

UI_SHOTS=1 FOVEA_SHOTS=DIR keeps the picture, the tree and the Tab order of each scene; UI_PARTS="visit_work …" runs these parts alone.
"""
import contextlib
import glob
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
from checks import Checks, complaints, drive_window, fill_disk, mount_disk  # noqa: E402

SOURCE = os.path.join(HERE, "..", "..")
MAKES_WINDOW = re.compile(r"(?:gtk_file_chooser_native|adw_message_dialog|gtk_popover_menu)_new\w* \(|gtk_show_about_window|adw_about_window_new|"
                          r"adw_show_about_window|G_DEFINE_FINAL_TYPE \(\w+, \w+, (?:ADW_TYPE_\w*WINDOW|GTK_TYPE_POPOVER)\)|"
                          r"resource \(\"[^\"]*shortcuts-window.ui\"|<object class=\"GtkPopover\w*\"|<menu id=")
FULL_DISK = "disk is full"
# File of src/app or ui → the scenes that visit what it brings up; in brackets, why none does.
WINDOWS = {
    "accept-window.c": ["accept many"],
    "application.c": ["new project", "open a project", "about"],
    "concept-window.c": ["edit a concept"],
    "filter-popover.c": ["filters"],
    "help-window.c": ["help"],
    "images-menu.c": ["picture's menu", "splits of a picture"],
    "images-page.ui": ["picture's menu"],
    "jobs-button.ui": ["jobs, none", "jobs, one at work", "jobs, one that ended"],
    "label-popover.c": ["label by typing", "not label by typing", "label button", "edit in review"],
    "live-bar.ui": ["suggestions"],
    "model-import-window.c": ["import a model", "names of the concepts",
                              "(Try a Picture: opens when all is said about a file; the same chooser as “try a picture”)"],
    "model-view.ui": ["model's menu"],
    "models-actions.c": ["choose a model", "export as ONNX", "rename a model"],
    "preferences-window.c": ["preferences"],
    "project-view.ui": ["main menu"],
    "quick-look.c": ["quick look"],
    "report-window.c": ["report"],
    "review-page.ui": ["order of review"],
    "sidebar.c": ["concept's menu"],
    "sidebar.ui": ["add a concept", "concept's menu"],
    "splits-window.c": ["make splits"],
    "try-panel.c": ["try a picture"],
    "window-actions.c": ["keyboard shortcuts"],
    "window-concepts.c": ["merge concepts"],
    "window-import.c": ["folders as concepts?", "import a folder", "import pictures"],
    "window-jobs.c": [FULL_DISK],
    "window-upkeep.c": ["find missing pictures", "network is missing", "back-up copy", "save a copy"],
    "window.c": ["page Images", "work is still running"],
    "window.ui": ["start page", "menu of the start page", "project that cannot be opened"],
}
GESTURE = re.compile(r"gtk_(?:gesture_\w+|drag_source|drop_target\w*|event_controller_(?:motion|scroll))_new|class=\"Gtk(?:Gesture\w*|DropTarget\w*|DragSource)\"")
# File with a gesture of our own → the keys for the same.
GESTURES = {
    "concept-row.c": "drop pictures: 1 to 9, or / and its name; drag to another place: Alt+Up, Alt+Down",
    "confusion-matrix.c": "click a cell: arrows and Return",
    "evaluation-view.c": "wheel: Tab scrolls to what it reaches",
    "images-grid.c": "click: arrows and space, Return; menu: Menu, Shift+F10; drag onto a concept or split: 1 to 9, S; out of the window: "
                     "Ctrl+C; wheel: Ctrl+plus, Ctrl+minus",
    "picture-view.c": "wheel: plus, minus, 0; drag: Shift and arrows",
    "plot.c": "click, drag the handle: arrows, Home, End",
    "sidebar.c": "menu: Menu, Shift+F10; drop: as concept-row.c",
    "split-list.c": "drop pictures: S",
    "try-panel.c": "drop a picture: Choose a Picture…, Paste",
    "window-drop.c": "drop files: Ctrl+I, Ctrl+Shift+I, Ctrl+V",
}


def drive(plan):
    """In the session: returns the offenders, {scene: [text]}."""
    from accessible_judge import Judge
    from accessible_scenes import visit_all

    judge = Judge()
    visit_all(judge, plan)
    return judge.offenders


def check_sources(checks, visited):
    """What the source can bring up, and what it does with the pointer, against the lists above."""
    for pattern, listed, what in ((MAKES_WINDOW, WINDOWS, "brings up a window that no scene visits"),
                                  (GESTURE, GESTURES, "has a gesture for which no keys are listed")):
        found = {}
        for path in glob.glob(os.path.join(SOURCE, "src/app/*.c")) + glob.glob(os.path.join(SOURCE, "ui/*.ui")):
            with open(path, encoding="utf-8") as file:
                count = len(pattern.findall(file.read()))
            if count:
                found[os.path.basename(path)] = count
        bad = ["%s %s" % (name, what) for name, count in sorted(found.items())
               if name not in listed or (listed is WINDOWS and len(listed[name]) < count)]
        bad += ["%s is listed and has none" % name for name in listed if name not in found]
        if listed is WINDOWS:
            bad += ["“%s” of %s was not visited" % (scene, name) for name, scenes in listed.items() for scene in scenes
                    if scene not in visited and not scene.startswith("(")]
        checks.check(not bad, "%d files with %s" % (len(found), "windows and menus" if listed is WINDOWS else "gestures")
                     + "".join("\n          " + line for line in bad))


def make_project(checks, data, scratch):
    """Three concepts, unlabelled pictures, one picture that has gone, a model with two versions; folders to drop."""
    project, pictures = os.path.join(scratch, "small.fovea"), os.path.join(data, "apparel", "test")
    labelled, more, drop = (os.path.join(scratch, name) for name in ("labelled", "more", "drop"))
    for concept in ("dress", "hat", "pants"):
        shutil.copytree(os.path.join(pictures, concept), os.path.join(labelled, concept))
    shutil.copytree(os.path.join(pictures, "shirt"), more)
    shutil.copytree(os.path.join(data, "apparel", "train"), drop)
    with open(os.path.join(drop, "dress", "000.jpg"), "wb") as file:
        file.write(b"\xff\xd8\xff\xe0 no picture")
    checks.run("project", "create", project)
    checks.run("import", project, labelled, "--format", "folders")
    checks.run("import", project, more, "--format", "plain")
    checks.run("models", "create", project, "--id", "clothes")
    for _ in range(2):
        checks.run("models", "train", project, "clothes")
    os.unlink(sorted(glob.glob(os.path.join(more, "*")))[0])
    broken = os.path.join(scratch, "broken.fovea")
    with open(broken, "wb") as file:
        file.write(b"no project\n" * 100)
    foreign = os.path.join(scratch, "foreign.onnx")
    shutil.copy(os.path.join(SOURCE, "tests", "fuzz", "seeds", "models", "bytes-last.onnx"), foreign)
    return project, {"drop": drop, "broken": broken, "foreign": foreign, "fovea": checks.program}


def make_others(checks, data, scratch):
    """Small projects for what a page says where there is little or nothing, or nothing may be changed."""
    pictures = {concept: sorted(glob.glob(os.path.join(data, "apparel", "test", concept, "*"))) for concept in ("dress", "hat", "shoes")}
    plan = {}

    def make(name, format_, n_each, concepts=tuple(pictures)):
        folder = os.path.join(scratch, name)
        plan[name] = plan.get(name) or os.path.join(scratch, name + ".fovea")
        if not os.path.exists(plan[name]):
            checks.run("project", "create", plan[name])
        for concept in concepts:
            os.makedirs(os.path.join(folder, concept), exist_ok=True)
            for path in pictures[concept][:n_each]:
                shutil.copy(path, os.path.join(folder, concept))
            del pictures[concept][:n_each]
        if n_each:
            checks.run("import", plan[name], folder, "--format", format_)

    make("empty", "plain", 0)
    make("unlabelled", "plain", 1)
    make("alone", "folders", 3, ["hat"])
    make("few", "folders", 6)
    make("few", "plain", 1)
    make("newer", "folders", 3)
    with sqlite3.connect(plan["newer"]) as store:
        store.execute("PRAGMA user_version = 99999")
    store.close()
    return plan


@contextlib.contextmanager
def full_disk(checks, data, scratch):
    """A project on a disk without room for what is dropped then; (nothing) where no disk can be mounted."""
    disk = os.path.join(scratch, "disk")
    os.mkdir(disk)
    if not mount_disk(disk, "16m"):
        print("note    no file system can be mounted here: “%s” was not visited" % FULL_DISK, flush=True)
        yield {}
        return
    try:
        project = os.path.join(disk, "full.fovea")
        checks.run("project", "create", project)
        fill_disk(disk, 1 << 19)
        yield {"full": project, "too_much": [os.path.join(data, "apparel", "test", concept) for concept in ("dress", "hat", "shoes")]}
    finally:
        subprocess.run(["umount", disk], check=True)


def main(fovea, data):
    checks = Checks(fovea)
    with tempfile.TemporaryDirectory() as scratch:
        project, plan = make_project(checks, data, scratch)
        plan.update(make_others(checks, data, scratch))
        with full_disk(checks, data, scratch) as disk:
            plan.update(disk)
            offenders, log = drive_window(__file__, fovea, data, project, environment={"UI_PLAN": json.dumps(plan)})
        for scene, found in offenders.items():
            checks.check(not found, "%s%s" % (scene, "".join("\n          " + one for one in found)))
        check_sources(checks, {*offenders, *([] if disk else [FULL_DISK])})
        bad = complaints(log)
        checks.check(not bad, "nobody complains" + "".join("\n          " + line for line in bad[:20]))
    checks.end()


if __name__ == "__main__":
    if os.environ.get("UI_APP_PID"):
        from checks import answer
        answer(drive(json.loads(os.environ["UI_PLAN"])))
    else:
        main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
