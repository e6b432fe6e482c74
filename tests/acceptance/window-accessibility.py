#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""window-accessibility.py FOVEA DATA_FOLDER: what a person who cannot see the window, or uses no pointer, finds in it.

Visits every page of the sidebar and every dialog over AT-SPI (../shared/ui, beside the data). Every control that takes the keyboard must
have a name that is not the name of its type and a role that says what it is, must be reached with Tab or be a member of something that is
(a row of a list, a cell of the grid), and whatever can be pressed must take the keyboard. Lists each offender.
"""
import os
import re
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checks import Checks, complaints, drive_window  # noqa: E402

TYPE_NAME = re.compile(r"^(Gtk|Adw|Fovea|Gdk)[A-Z]\w*$")
NO_ROLES = {"filler", "unknown", "invalid", "panel", "redundant object"}
# Members of something that takes the keyboard as a whole: arrows lead to them.
MEMBERS = {"list item", "table cell", "menu item", "check menu item", "radio menu item", "tree item", "page tab", "radio button"}
# The window manager has keys for these, and GTK leaves them out of the Tab order everywhere.
WINDOW_BUTTONS = {"Close", "Minimize", "Maximize", "Restore"}
MOST_TABS = 80


def drive(project):
    """In the session: returns the offenders, {scene: [text]}."""
    import drive as d

    offenders, start = {}, time.monotonic()

    def describe(node):
        return "%s “%s”%s" % (d.role(node), d.name(node), " (%s)" % d.description(node) if d.description(node) else "")

    def ancestors(node):
        while node is not None:
            node = d._safe(node.get_parent)
            if node is not None:
                yield node

    def shown(root):
        for node, _ in d.walk(root):
            box = d._extents(node)
            if box and box[2] > 0 and box[3] > 0:
                yield node

    def is_part(node):
        """The buttons of a spin button; the window manager's; what a menu button holds the keyboard in."""
        if any(d.role(up) in ("spin button", "combo box", "scroll bar", "slider") for up in list(ancestors(node))[:2]):
            return True
        if d.name(node) in WINDOW_BUTTONS and "the window" in d.description(node):
            return True
        if any(d.role(up) == "combo box" for up in ancestors(node)):
            return True  # the choices in its closed popover, and the one that it shows
        inner = next(iter(d.children(node)), None)
        return d.role(node) == "push button" and inner is not None and d.role(inner) in ("push button", "toggle button")

    focus = []
    listener = d.Atspi.EventListener.new(lambda event: focus.append(event.source) if event.detail1 else None)
    listener.register("object:state-changed:focused")
    loop = d.GLib.MainContext.default()

    def focus_after(key):
        """What has the keyboard after @key, by the event that says so: looking through the whole tree each time takes seconds."""
        focus.clear()
        d.key(key)
        end = time.monotonic() + 0.3
        while not focus and time.monotonic() < end:
            loop.iteration(False)
            time.sleep(0.005)
        while loop.iteration(False):
            pass
        return focus[-1] if focus else None

    def tab_around(root):
        seen = []
        for _ in range(MOST_TABS):
            now = focus_after("Tab")
            if now is None:
                continue
            if seen and any(now == old for old in seen[:-1]) and now == seen[0]:
                break
            if not any(now == old for old in seen):
                seen.append(now)
        return seen

    def judge(scene, root, tabs=True):
        # A scrolled window takes the keyboard only where nothing in it does.
        found, nodes = [], [node for node in shown(root) if d.role(node) != "scroll pane"]
        for node in nodes:
            states, role, name = d.states(node), d.role(node), d.name(node).strip()
            if "focusable" in states and "sensitive" in states and not is_part(node):
                if not name:
                    found.append("no name: %s" % describe(node))
                elif TYPE_NAME.match(name.split(" ")[0]):
                    found.append("its type for a name: %s" % describe(node))
                elif name.startswith("_"):
                    found.append("an underscore in its name: %s" % describe(node))
                if role in NO_ROLES:
                    found.append("a role that says nothing: %s" % describe(node))
            elif role in ("push button", "toggle button", "check box", "link", "slider", "entry", "text") and "sensitive" in states \
                    and "focusable" not in states and name not in WINDOW_BUTTONS and not is_part(node):
                found.append("for the pointer alone: %s" % describe(node))
        if tabs:
            reached = tab_around(root)
            for node in nodes:
                states, role = d.states(node), d.role(node)
                if "focusable" not in states or "sensitive" not in states or role in MEMBERS or is_part(node):
                    continue
                if any(node == one for one in reached):
                    continue
                inside = any(any(up == node for up in ancestors(one)) for one in reached)  # a list whose row has the keyboard
                if not inside:
                    found.append("not reached with Tab: %s" % describe(node))
            if not reached:
                found.append("Tab leads nowhere")
        offenders[scene] = sorted(set(found))
        print("%6.1f s  %s%s" % (time.monotonic() - start, scene, "".join("\n    " + one for one in offenders[scene])), flush=True)
        d.screenshot(re.sub(r"\W+", "-", scene) + ".png")
        if os.environ.get("FOVEA_SHOW_TREE"):
            d.tree(root, file=os.path.join(os.environ["UI_OUT"], re.sub(r"\W+", "-", scene) + ".txt"))

    def top():
        """The window in front: the last that has come."""
        return list(d.children(d.app()))[-1]

    def dialog(scene, open_it, ours=True, close="Escape"):
        before = len(list(d.children(d.app())))
        open_it()
        try:
            d.wait_for(lambda: len(list(d.children(d.app()))) > before, timeout=6, what=scene)
        except AssertionError:
            offenders[scene] = ["it did not open"]
            return
        time.sleep(0.6)
        if ours:
            judge(scene, top())
        else:  # GTK's own window: what is in it is not ours to name
            offenders[scene] = [] if tab_around(top()) else ["Tab leads nowhere"]
            print("%6.1f s  %s" % (time.monotonic() - start, scene), flush=True)
        d.key(close)
        try:
            d.wait_for(lambda: len(list(d.children(d.app()))) == before, timeout=6, what="the end of " + scene)
        except AssertionError:
            offenders[scene].append("%s does not close it" % close)
            d.key("alt+F4")
            time.sleep(0.5)

    def popover(scene, open_it, tabs=False):
        open_it()
        time.sleep(0.7)
        judge(scene, frame(), tabs)
        d.key("Escape")
        time.sleep(0.4)

    def frame():
        return next(iter(d.children(d.app())))

    def menu(item):
        d.key("F10")
        time.sleep(0.5)
        d.do(d.find("menu item", item))

    d.find("list", "Places", timeout=20)
    d.wait_for(lambda: d.find_all("table cell"), timeout=20, what="pictures")
    places = [node for node in d.children(d.find("list", "Places")) if d.role(node) == "list item"]
    for number, place in enumerate(places, 1):
        d.click(place)
        time.sleep(1.0)
        judge("page “%s”" % d.name(place), frame())
    if not places:
        offenders["pages"] = ["there are none"]

    d.click(places[0])
    time.sleep(0.5)
    popover("main menu", lambda: d.key("F10"))
    popover("jobs", lambda: d.key("ctrl+j"))
    popover("filters", lambda: d.click(d.find(("push button", "toggle button"), "Filters")))
    popover("search", lambda: d.key("ctrl+f"))
    d.click(d.find("table cell", nth=1))
    popover("label by typing", lambda: d.key("slash"))
    d.click(d.find("table cell", nth=1))
    popover("picture's menu", lambda: d.key("Menu"))
    d.click(d.find("table cell", nth=1))
    dialog("quick look", lambda: d.key("space"))
    dialog("preferences", lambda: d.key("ctrl+comma"))
    dialog("keyboard shortcuts", lambda: d.key("ctrl+question"), ours=False)
    dialog("help", lambda: d.key("F1"))
    dialog("about", lambda: menu(re.compile("About")), ours=False)
    dialog("make splits", lambda: menu(re.compile("Make Splits")))
    menu(re.compile("Close Project"))
    d.find(("push button",), "New Project", timeout=6)
    time.sleep(0.5)
    judge("start page", frame())
    return offenders


def main(fovea, data):
    checks = Checks(fovea)
    with tempfile.TemporaryDirectory() as scratch:
        project = os.path.join(scratch, "small.fovea")
        checks.run("project", "create", project)
        checks.run("import", project, os.path.join(data, "apparel", "test", "hat"), "--no-embedding", "--format", "folders")
        offenders, log = drive_window(__file__, fovea, data, project)
        for scene, found in offenders.items():
            checks.check(not found, "%s%s" % (scene, "".join("\n          " + one for one in found)))
        checks.check(len(offenders) >= 13, "%d pages and dialogs were visited" % len(offenders))
        bad = complaints(log)
        checks.check(not bad, "nobody complains" + "".join("\n          " + line for line in bad[:20]))
    checks.end()


if __name__ == "__main__":
    if os.environ.get("UI_APP_PID"):
        from checks import answer
        answer(drive(sys.argv[1] if len(sys.argv) > 1 else ""))
    else:
        main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
