# SPDX-License-Identifier: GPL-3.0-or-later
"""What is right and wrong in a window's accessible tree: for acceptance/window-accessibility.py."""
import os
import re
import time

from accessible import Keyboard, Program

TYPE_NAME = re.compile(r"^(Gtk|Adw|Fovea|Gdk)[A-Z]\w*$")
TWICE = re.compile(r"^(.+) \1$", re.I)
NO_ROLES = {"filler", "unknown", "invalid", "panel", "redundant object"}
PRESSED = {"push button", "toggle button", "check box", "radio button", "link", "slider", "entry", "text", "spin button", "combo box"}
# Members of something that takes the keyboard as a whole: arrows lead to them.
MEMBERS = {"list item", "table cell", "table row", "menu item", "check menu item", "radio menu item", "tree item", "page tab", "radio button"}
# The window manager has keys for these, and GTK leaves them out of the Tab order everywhere.
WINDOW_BUTTONS = {"Close", "Minimize", "Maximize", "Restore"}
MOST_TABS = 120
# What is waited for is there when it is there; so long only where something is wrong, or a machine does much else.
PATIENCE = 60
# Lists as long as they are written, whose rows Tab may walk as GtkListBox does; all others are as long as a person's data.
SHORT_LISTS = re.compile(r"Places|Splits|Kinds of models|Ready-made classifiers|About this model|The file")


def is_window_button(node):
    return node.name in WINDOW_BUTTONS and "the window" in node.description


def is_part(node):
    """Of something that is judged as a whole: a spin button's or a search's own buttons, what a combo box shows of its list."""
    for up in node.above():
        if up.role in ("spin button", "scroll bar", "slider", "entry") or (up.role == "text" and "focusable" in up.states):
            return True
        if "button" in up.role and "focusable" in up.states and "expandable" not in up.states:
            return True
        if up.role == "combo box" and ("focusable" in up.states or node.role not in ("push button", "toggle button")):
            return True
    return False


class Judge:
    def __init__(self):
        import drive
        self.drive, self.start, self.offenders, self.stops, self.other = drive, time.monotonic(), {}, [], None
        self.keyboard = Keyboard()
        self.program = Program(int(os.environ["UI_APP_PID"]), self.keyboard)

    # ---- looking ----

    def main_window(self):
        """The project's: the first, while no other is looked at."""
        return self.other or self.program.windows()[0]

    def front(self):
        return self.program.windows()[-1]

    def read(self, window=None):
        return self.program.read(window or self.main_window())

    def wait(self, predicate, what, timeout=PATIENCE):
        return self.drive.wait_for(predicate, timeout=timeout, what=what, every=0.03)

    def find(self, role, name, window=None, timeout=PATIENCE):
        """Waits for a node with this role (of these roles) and name (text, or a pattern); never one that GTK keeps out of sight."""
        roles = (role,) if isinstance(role, str) else role

        def look():
            for node in self.read(window).walk():
                short = TWICE.sub(r"\1", node.name)
                if (role is None or node.role in roles) and (name.search(node.name) if hasattr(name, "search") else name == short):
                    inner = next((one for one in node.children if one.role == node.role and "focusable" in one.states), node)
                    return inner if "focusable" not in node.states else node  # of a menu button the one within takes the keyboard
            return None
        return self.wait(look, "%s “%s”" % (role, getattr(name, "pattern", name)), timeout)

    def focused(self, window):
        return next((node for node in list(self.read(window).walk())[::-1] if "focused" in node.states), None)

    def texts(self, window):
        """What is written in its entries."""
        return [self.program.text(node.path) for node in self.read(window).walk() if node.role in ("text", "entry")]

    def keyboard_in(self, window):
        return self.wait(lambda: self.focused(window), "the keyboard")

    # ---- acting ----

    def press(self, *keys):
        for key in keys:
            self.wait_for_keyboard()
            self.keyboard.press(key)

    def wait_for_keyboard(self):
        """A key that comes before the newest window has the keyboard goes to another one."""
        self.wait(self.has_keyboard, "the newest window to have the keyboard")

    def has_keyboard(self):
        """The newest window. GTK says of a dialog neither that it is showing nor that it is active: there no other window may be, and the X
        server must have given the keyboard to one."""
        *others, front = [self.program.states(path) for path in self.program.windows()]
        if "showing" in front:
            return "active" in front
        return not any("active" in one for one in others) and self.keyboard.has_window()

    def act(self, action, prefix="win."):
        self.wait(lambda: self.program.act(action, prefix=prefix), "the action " + action)

    def do(self, node, window=None):
        """By the keys: Tab to it, and the space bar."""
        self.go_to(node, window)
        self.press("space")

    def is_at(self, node):
        """Not from memory: the program is asked, when it has taken the keys that were pressed."""
        self.program.catch_up()
        return self.program.focus_path == node.path and "focused" in self.program.states(node.path)

    def go_to(self, node, window=None):
        """The keyboard to a control: Tab, and within a list or grid the arrows. Where it is made anew meanwhile, to the one of its name.
        Returns that."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.try_to_reach(node)
                return node
            except AssertionError:
                if self.program.is_called(node.path, node.name) or time.monotonic() > end:
                    raise
            node = self.find(node.role, node.name, window)

    def try_to_reach(self, node):
        if self.is_at(node):
            return
        if "menu item" in node.role:
            self.until(node, "Down", MOST_TABS)
            return
        members = [one.path for one in node.parent.children] if node.role in MEMBERS else []
        now = self.until(node, "Tab", MOST_TABS, members)
        if now != node.path:
            now = self.program.focus_after("Home") or now
        if now != node.path:
            self.until(node, "Right" if node.role == "table cell" else "Down", len(members))

    def until(self, node, key, most, or_one_of=()):
        self.wait_for_keyboard()
        for _ in range(most):
            now = self.program.focus_after(key)
            if now == node.path or now in or_one_of:
                return now
        raise AssertionError("%s does not lead to %s" % (key, node))

    # ---- judging ----

    def named(self, node):
        name = node.name.strip()
        if not name:
            yield "no name: %s" % node
        elif TYPE_NAME.match(name.split(" ")[0]):
            yield "its type for a name: %s" % node
        elif name.startswith("_"):
            yield "an underscore in its name: %s" % node
        elif TWICE.match(name):
            yield "its name twice: %s" % node
        if node.role in NO_ROLES:
            yield "a role that says nothing: %s" % node

    def stated(self, node):
        if node.role in ("text", "entry", "spin button") and "editable" not in node.states and "read only" not in node.states:
            yield "an entry that does not say whether one can type: %s" % node
        if node.role in ("list item", "table cell") and "selected" in node.states and "selectable" not in node.states:
            yield "selected and not selectable: %s" % node
        if "expanded" in node.states and "expandable" not in node.states:
            yield "expanded and not expandable: %s" % node
        if node.role == "image" and not node.description:
            yield "a canvas that does not say what it shows: %s" % node

    def judge(self, scene, window=None, within=None, tabs=True):
        """All of a window; or the nodes @within it that are new since it was read the last time. Once more where it has changed meanwhile:
        then it was not the same window that was read and that Tab walked through."""
        for _ in range(5):
            root = self.read(window)
            found = self.judge_tree(root, within, tabs)
            if not found or {node.path for node in root.walk()} == {node.path for node in self.read(window).walk()}:
                break
        self.note(scene, found, window)
        return root

    def judge_tree(self, root, within, tabs):
        # A scrolled window takes the keyboard only where nothing in it does.
        nodes = [node for node in root.walk() if node.role != "scroll pane" and (within is None or node.path in within)]
        found = []
        for node in nodes:
            if is_part(node):
                continue
            if "focusable" in node.states and "sensitive" in node.states:
                found += [*self.named(node), *self.stated(node)]
            elif node.role in PRESSED and "sensitive" in node.states and "focusable" not in node.states and not is_window_button(node) \
                    and not any("focusable" in child.states for child in node.children):
                found.append("for the pointer alone: %s" % node)
        if tabs:
            found += self.judge_tabs(nodes, {node.path: node for node in root.walk()})
        return found

    def note(self, scene, found, window=None):
        self.offenders.setdefault(scene, [])
        self.offenders[scene] = sorted({*self.offenders[scene], *found})
        print("%6.1f s  %s%s" % (time.monotonic() - self.start, scene, "".join("\n    " + one for one in sorted(set(found)))), flush=True)
        if os.environ.get("UI_SHOTS"):
            name = re.sub(r"\W+", "-", scene)
            path = os.path.join(os.environ["UI_OUT"], name + ".txt")
            if os.path.exists(path):
                return  # what comes to be known of it later is no longer in sight
            self.drive.screenshot(name + ".png")
            with open(path, "w", encoding="utf-8") as file:
                file.write("Tab: %s\n" % " | ".join(self.stops))
                for node in self.read(window).walk():
                    file.write("%s%s %s %s\n" % ("  " * len(list(node.above())), node, node.box, " ".join(sorted(node.states))))

    def toggle(self, node, state, back, key="space"):
        """What is wrong where @key does not change the @state, the same key again does not change it @back, or it does not stay."""
        node = self.go_to(node)
        was = state in self.program.states(node.path)
        for wanted in [not was, was] if back else [not was]:
            node = self.go_to(node)
            self.press(key)

            def done():
                states = self.program.states(node.path)
                return bool(states) and (state in states) == wanted
            try:
                self.wait(done, "the state")
            except AssertionError:
                return ["%s does not change whether it is %s: %s" % (key, state, node)]
            self.program.catch_up()
            if not done():
                return ["%s changes for a moment only whether it is %s: %s" % (key, state, node)]
        return []

    def toggle_all(self, scene, roles, state, window=None, within=None, back=True):
        """The space bar changes the state that each of them tells, and (@back) changes it back."""
        found = []
        for node in [node for node in self.read(window).walk() if node.role in roles and {"focusable", "sensitive"} <= node.states
                     and (within is None or within(node))]:
            found += self.toggle(node, state, back)
        self.note(scene, found, window)

    # ---- the Tab order ----

    def tab_around(self, key):
        """The paths that @key leads to, until it is where it began; and whether it got there."""
        seen, silent = [], 0
        self.wait_for_keyboard()
        for _ in range(MOST_TABS):
            now = self.program.focus_after(key)
            for path in ([self.program.late] if silent else []) + [now]:  # to where the key before this one led, after all
                if path in seen:
                    return seen, path == seen[0]
                if path is not None:
                    seen.append(path)
            silent = silent + 1 if now is None else 0
            if silent == 8:
                return seen, len(seen) <= 1  # the one thing that takes the keyboard keeps it
        return seen, False

    def judge_tabs(self, nodes, known):
        reached, whole = self.tab_around("Tab")
        if not reached and self.program.focus_path in known:
            reached = [self.program.focus_path]  # the one thing that takes the keyboard
        found = [] if reached else ["Tab leads nowhere"]
        if not whole:
            found.append("Tab does not come back to where it began, but goes %s" % ", ".join(str(known.get(path, path)) for path in reached[-3:]))
        back = self.tab_around("shift+Tab")[0] if len(reached) > 1 else reached
        found += ["Shift+Tab does not lead back to %s" % known[path] for path in reached if path not in back and path in known
                  and known[path].role not in MEMBERS]
        around = {path for path in reached} | {up.path for path in reached if path in known for up in known[path].above()}
        for node in nodes:
            if "focusable" in node.states and "sensitive" in node.states and node.role not in MEMBERS and not is_part(node) \
                    and not is_window_button(node) and node.path not in around and self.program.is_there(node):
                found.append("not reached with Tab: %s" % node)
        stops = [known[path] for path in reached if path in known]
        self.stops = [str(known.get(path, path)) for path in reached]
        found += ["Tab reaches what cannot be used: %s" % node for node in stops if "sensitive" not in node.states]
        found += self.judge_order(stops)
        found += self.judge_lists(stops)
        return found

    @staticmethod
    def judge_order(stops):
        """Of two neighbours in the order, the parts of the nearest container that hold them must lie one after the other as one reads; the way
        back to the beginning is the one exception."""
        back = []
        for one, two in zip(stops, stops[1:] + stops[:1]):
            lines = [[node, *node.above()][::-1] for node in (one, two)]
            depth = next((i for i, (a, b) in enumerate(zip(*lines)) if a is not b), None)
            if depth is None or lines[0][depth].box is None or lines[1][depth].box is None:
                continue
            (x, y, w, _), (u, v, wide, tall) = lines[0][depth].box, lines[1][depth].box
            above, beside = v + tall <= y, v < y + lines[0][depth].box[3] and y < v + tall
            if (above and u < x + w) or (beside and u + wide <= x):
                back.append("Tab goes back from %s to %s" % (one, two))
        return back if len(back) > 1 else []

    @staticmethod
    def judge_lists(stops):
        """Tab leaves a list of data after one row; only where rows hold controls of their own does it go through them."""
        found = []
        for one, two in zip(stops, stops[1:]):
            if one.parent is not None and one.parent is two.parent and one.role in ("list item", "table cell", "table row") \
                    and not SHORT_LISTS.search(one.parent.name) and not any("focusable" in inner.states for inner in list(one.walk())[1:]):
                found.append("Tab walks through the rows of %s" % one.parent)
        return found

    # ---- scenes ----

    def opener(self, open_it, window=None):
        """A key, a control (the keyboard goes there first), or a function."""
        if isinstance(open_it, str):
            return lambda: self.press(open_it)
        if callable(open_it):
            return open_it
        self.go_to(open_it, window)
        return lambda: self.press("space")

    def dialog(self, scene, open_it, ours=True, then=None, close="Escape", tabs=True, back=None):
        """Opens a window, judges it, does then() in it, closes it with Escape; the keyboard must go into it and come back to where it was.
        What GTK puts into a window of its own is not ours to name: of that only the keyboard is judged."""
        opener = self.opener(open_it)
        before, was = self.program.windows(), back or self.keyboard_in(self.front())
        opener()
        try:
            self.wait(lambda: [one for one in self.program.windows() if one not in before], scene)
        except AssertionError:
            self.note(scene, ["it did not open"])
            return
        window, found = self.front(), []
        try:
            self.keyboard_in(window)
        except AssertionError:
            found.append("the keyboard is not in it when it opens")
        if ours:
            self.judge(scene, window, tabs=tabs)
        if then:
            then()
        if close:
            self.press(close)
            found += self.judge_end(close, lambda: window not in self.program.windows(), None, was)
        self.note(scene, found, None if close else window)

    def judge_end(self, key, gone, window, was, owner=None):
        """It must go with @key, and the keyboard back to where it was, or to the button that a popover belongs to."""
        try:
            self.wait(gone, "the end")
        except AssertionError:
            # A dialog; behind a popover it would be the main window that goes.
            self.press("alt+F4" if window is None else "Escape")
            return ["%s does not close it" % key]
        owners, now = {was.path} | (set() if owner is None else {one.path for one in owner.above()}), [None]

        def is_back():
            now[0] = node = self.focused(window or self.front())
            return node is not None and (node.path in owners or (owner is not None and node.parent.path in owners))
        try:
            self.wait(is_back, "the keyboard")
        except AssertionError:
            return ["the keyboard is nowhere after %s" % key if now[0] is None else
                    "after %s the keyboard is not where it was, on %s, but on %s" % (key, was, now[0])]
        return []

    def popover(self, scene, open_it, tabs=False, window=None, then=None, close="Escape", back=None):
        """The same of what comes up within a window: the nodes that were not there before."""
        window, opener = window or self.main_window(), self.opener(open_it, window)
        was = back or self.keyboard_in(window)
        before = {node.path for node in self.read(window).walk()}
        opener()
        new, fresh, own = set(), [], set()

        def look():
            """Whether the keyboard is in what is new; of the new, its @own part is what came up with the keyboard in it."""
            tree = list(self.read(window).walk())
            fresh[:] = [node for node in tree if node.path not in before]
            new.clear()
            new.update(node.path for node in fresh)
            keyboard = next((node for node in tree[::-1] if "focused" in node.states and node.path in new), None)
            if keyboard is None:
                return False
            top = [node for node in [keyboard, *keyboard.above()] if node.path in new][-1]
            own.clear()
            own.update(node.path for node in top.walk())
            return True
        found = []
        try:
            self.wait(look, "the keyboard in " + scene)
        except AssertionError:
            found.append("the keyboard is not in it when it opens" if new else "it did not open")
        self.judge(scene, window, new, tabs)
        if then:
            then()
        if close:
            self.press(close)
            found += self.judge_end(close, lambda: not any("focused" in node.states and node.path in own for node in self.read(window).walk()),
                                    window, was, fresh[0] if fresh else None)
        self.note(scene, found, window)
