# SPDX-License-Identifier: GPL-3.0-or-later
"""The way through every page, window, question, popover and menu: for acceptance/window-accessibility.py.

Mostly by keys. What only a menu leads to is called by its action, and the menu is a scene of its own."""
import contextlib
import os
import re
import subprocess

BUTTON = ("push button", "toggle button", "radio button")


def visit_all(judge, plan):
    judge.find("list", "Places")
    judge.find("table cell", re.compile(r"\.jpg$"))
    for part in (visit_pages, visit_pictures, visit_concepts, visit_windows, visit_choosers, visit_forms, visit_model, visit_foreign, visit_work,
                 visit_review, visit_read_only, visit_full_disk, visit_outside):
        if os.environ.get("UI_PARTS") and part.__name__ not in os.environ["UI_PARTS"].split():
            continue
        try:
            part(judge, plan)
        except Exception as error:  # whatever it is: the others are visited all the same, and what was found is said
            judge.note(part.__name__, [repr(error)])
            close_what_is_left(judge)


def close_what_is_left(judge):
    for _ in range(5):
        front = judge.front()
        if len(judge.program.windows()) < 2:
            return
        judge.press("Escape")
        try:
            judge.wait(lambda: front not in judge.program.windows(), "the end of a window that is left over")
        except AssertionError:
            judge.press("alt+F4")


def to_page(judge, key, role, name):
    judge.press(key)
    judge.find(role, name)


def on_grid(judge, nth=1):
    """The keyboard on a cell of the grid, and nothing else selected; in vain while rows come and go."""
    def there():
        cells = [node for node in judge.find("table", "Images").walk() if node.role == "table cell"]
        try:
            return len(cells) > nth and judge.go_to(cells[nth])
        except AssertionError:
            return False

    judge.press("ctrl+1")
    judge.wait(there, "a picture with the keyboard")


def visit_pages(judge, plan):
    for key, name, role, what in (("ctrl+1", "Images", "push button", "Find Them…"), ("ctrl+2", "Models", "list", "Models"),
                                  ("ctrl+3", "Review", "list", "Review queue")):
        judge.press(key)
        judge.find(role, what)
        scene = "page " + name
        judge.judge(scene)
        try:
            judge.wait(lambda: any(node.name == name and "selected" in node.states for node in judge.read().walk() if node.role == "list item"),
                       "the row")
        except AssertionError:
            judge.note(scene, ["its row in the sidebar is not selected"])
    judge.popover("order of review", judge.find("push button", "Order of review"))
    judge.go_to(judge.find("image", "Picture"))
    judge.popover("edit in review", "e")
    judge.toggle_all("page Review", ["push button"], "pressed", within=lambda node: node.name in ("Details", "Sidebar"))
    judge.toggle_all("page Review", ["push button"], "expanded", within=lambda node: node.name == "Splits")


def visit_pictures(judge, plan):
    on_grid(judge)
    judge.popover("main menu", "F10")
    judge.popover("jobs, none", "ctrl+j")
    judge.popover("filters", "ctrl+shift+f", tabs=True, then=lambda: judge.toggle_all(
        "filters", ["check box"], "checked", within=lambda node: node.name in ("File is missing", "Duplicates of others")))
    on_grid(judge)
    judge.popover("search", "ctrl+f")
    on_grid(judge)
    judge.popover("suggestions", judge.find("push button", re.compile("suggestion")), tabs=True)
    on_grid(judge)
    judge.popover("label button", judge.find("push button", "Label"), back=judge.keyboard_in(judge.main_window()))
    on_grid(judge)
    judge.popover("label by typing", "slash")
    judge.popover("not label by typing", "alt+slash")
    judge.popover("picture's menu", "Menu")
    judge.popover("splits of a picture", "s")
    judge.dialog("quick look", "space")
    judge.dialog("accept many", "shift+Return")


def visit_concepts(judge, plan):
    def on_concept():
        judge.go_to(judge.find("list item", "hat"))

    on_concept()
    judge.popover("concept's menu", "Menu")
    on_concept()
    judge.popover("rename a concept", "F2")
    judge.popover("add a concept", judge.find("push button", "Add concept"), tabs=True)
    on_concept()
    judge.press("Return")
    edit = judge.find("push button", "Edit concept")
    judge.wait(lambda: sum(node.role == "table cell" for node in judge.read().walk()) == 20, "the pictures of hat")
    judge.judge("page of a concept")
    judge.dialog("edit a concept", edit)
    on_concept()
    judge.press("Menu")
    merge = judge.find("menu item", re.compile("Merge"))
    judge.dialog("merge concepts", merge, back=judge.find("list item", "hat"))
    on_grid(judge)


def visit_windows(judge, plan):
    def topics():
        window = judge.front()
        for topic in judge.find("list", "Topics", window).children:
            judge.go_to(topic)
            judge.judge("help, “%s”" % topic.name, window, tabs=False)

    on_grid(judge)
    judge.dialog("preferences", "ctrl+comma", then=lambda: judge.toggle_all("preferences", ["check box"], "checked", judge.front()))
    judge.dialog("keyboard shortcuts", "ctrl+question", ours=False)
    judge.dialog("help", "F1", then=topics)
    judge.dialog("about", lambda: judge.act("about", prefix="app."), ours=False)
    judge.dialog("make splits", lambda: judge.act("make-splits"))
    judge.dialog("network is missing", lambda: judge.act("pack-help"))


def visit_choosers(judge, plan):
    for scene, action in (("import a folder", "import"), ("import pictures", "import-files"), ("find missing pictures", "find-missing"),
                          ("back-up copy", "backup"), ("save a copy", "save-copy")):
        judge.dialog(scene, lambda: judge.act(action), ours=False)
    for scene, key in (("new project", "ctrl+n"), ("open a project", "ctrl+o")):
        judge.dialog(scene, key, ours=False)


def visit_forms(judge, plan):
    judge.press("ctrl+2")
    names = [node.name for node in judge.find("list", "Kinds of models").walk() if node.role == "push button"]
    for name in names:
        scene = "form of “%s”" % name
        judge.do(judge.find("push button", name))
        judge.find("text", "Name")
        judge.judge(scene)
        judge.toggle_all(scene, ["list item"], "expanded", within=lambda node: "expandable" in node.states, back=False)
        judge.judge(scene + ", opened")
        judge.toggle_all(scene + ", opened", ["check box"], "checked")
        judge.press("Escape")
        judge.find("list", "Kinds of models")


def visit_model(judge, plan):
    judge.press("ctrl+2")
    judge.go_to(judge.find("list item", "clothes"))
    judge.press("Return")
    judge.find(BUTTON, "Versions")
    judge.judge("model, overview")
    for tab, role, name in (("Evaluation", "image", "Confusion matrix"), ("Versions", "list", "Versions"),
                            ("Try it", BUTTON, "Choose a Picture…")):
        judge.do(judge.find(BUTTON, tab))
        judge.find(role, name)
        judge.judge("model, %s" % tab.lower())
        if tab == "Versions":
            judge.find("push button", "First version")
            judge.toggle_all("model, versions", ["list item"], "expanded", within=lambda node: "expandable" in node.states, back=False)
            judge.judge("model, versions, opened")
    judge.dialog("try a picture", judge.find(BUTTON, "Choose a Picture…"), ours=False)
    judge.popover("model's menu", judge.find("push button", "Model menu"))
    judge.dialog("rename a model", "F2")
    judge.do(judge.find(BUTTON, "Overview"))
    judge.dialog("export as ONNX", judge.find("push button", re.compile("^Export…")), ours=False)


def choose_file(judge, path):
    """In the file chooser in front: a person who types where it is, sees it written, and presses Return."""
    window = judge.front()
    judge.drive.type(path)
    judge.wait(lambda: path in judge.texts(window), "the path in the chooser")
    judge.press("Return")


def visit_foreign(judge, plan):
    judge.press("ctrl+2")
    judge.press("Escape")
    button = judge.find("push button", "Import a Model…")

    def parts():
        window = judge.front()
        judge.dialog("names of the concepts", judge.find("push button", "From a File…", window), ours=False)

    judge.dialog("choose a model", button, ours=False, close=None)
    judge.dialog("import a model", lambda: choose_file(judge, plan["foreign"]), then=parts, back=button)


def visit_work(judge, plan):
    on_grid(judge)
    judge.dialog("folders as concepts?", lambda: judge.drive.drag_files_in([plan["drop"]], judge.drive.find("table", "Images")), close=None)
    slow_down(judge)
    judge.do(judge.find("push button", "Use as Concepts", judge.front()))
    judge.wait(lambda: len(judge.program.windows()) == 1 and judge.focused(judge.main_window()), "the window again")
    judge.press("ctrl+j")
    judge.do(judge.find("push button", "Pause"))
    judge.find("push button", "Go on")
    judge.press("Escape")
    on_grid(judge)
    judge.popover("jobs, one at work", "ctrl+j", tabs=True)
    on_grid(judge)
    judge.dialog("work is still running", "ctrl+w")
    judge.press("ctrl+j")
    judge.do(judge.find("push button", "Cancel"))
    report = judge.find("push button", "Report")
    judge.judge("jobs, one that ended", tabs=False)
    judge.dialog("report", report, back=judge.find("push button", "Jobs"))  # the popover has gone meanwhile
    judge.press("Escape")


def slow_down(judge):
    """One processor is left to the program, so that an import lasts until it has been paused."""
    pid = int(os.environ["UI_APP_PID"])
    one = {min(os.sched_getaffinity(0))}
    for task in os.listdir("/proc/%d/task" % pid):
        try:
            os.sched_setaffinity(int(task), one)
        except ProcessLookupError:
            pass  # a thread that has just ended


@contextlib.contextmanager
def second_window(judge, plan, project):
    """Opens that project in a window of its own, in which everything is looked for meanwhile."""
    before = judge.program.windows()
    subprocess.run([plan["fovea"], plan[project]], check=False, timeout=600)
    judge.wait(lambda: len(judge.program.windows()) > len(before), "the second window")
    judge.other = window = judge.front()
    try:
        yield window
        judge.press("ctrl+w")
        judge.wait(lambda: window not in judge.program.windows(), "the end of the second window")
    finally:
        judge.other = None


def visit_review(judge, plan):
    """What Review says where nothing waits, and at the end."""
    for project, button, scene in (("empty", "Import a Folder…", "review, no pictures"), ("unlabelled", "Label Pictures", "review, no labels")):
        with second_window(judge, plan, project):
            to_page(judge, "ctrl+3", "push button", button)
            judge.judge(scene)
    with second_window(judge, plan, "alone"):
        to_page(judge, "ctrl+3", "push button", "Look for Label Errors")
        judge.judge("review, nothing waits")
        judge.do(judge.find("push button", "Look for Label Errors"))
        judge.find("push button", "Show the Pictures")
        judge.judge("review, labels that cannot be checked")
    with second_window(judge, plan, "few"):
        to_page(judge, "ctrl+3", "list", "Review queue")
        judge.go_to(judge.find("image", "Picture"))
        for _ in judge.find("list", "Review queue").children:
            judge.press("a")
        judge.find("label", "All Reviewed")
        judge.judge("review, the end")
        judge.do(judge.find("push button", "Look Back"))
        judge.find("list", "Review queue")


def visit_read_only(judge, plan):
    with second_window(judge, plan, "newer"):
        judge.find("label", re.compile("can be looked at but not changed"))
        for key, name, role, what in (("ctrl+1", "Images", "table", "Images"), ("ctrl+2", "Models", "list", "Kinds of models"),
                                      ("ctrl+3", "Review", "push button", "Look for Label Errors")):
            to_page(judge, key, role, what)
            judge.judge("project that cannot be changed, %s" % name.lower())


def visit_full_disk(judge, plan):
    if "full" not in plan:
        return
    with second_window(judge, plan, "full"):
        was = judge.keyboard_in(judge.main_window())
        place = next(window for window in judge.drive.windows() if window["name"] == "full")
        middle = place["x"] + place["w"] // 2, place["y"] + place["h"] // 2
        judge.dialog("folders as concepts?, on a full disk", lambda: judge.drive.drag_files_in(plan["too_much"], middle), close=None)
        judge.dialog("disk is full", judge.find("push button", "Only Import", judge.front()), back=was)


def visit_outside(judge, plan):
    with second_window(judge, plan, "broken"):
        judge.find("push button", "Back")
        judge.judge("project that cannot be opened")
    judge.act("close-project")
    judge.find("push button", "New Project")
    judge.judge("start page")
    judge.popover("menu of the start page", "F10")
