# SPDX-License-Identifier: GPL-3.0-or-later
"""The accessible tree of a program and its keyboard, fast: for acceptance/window-accessibility.py.

A window has hundreds of nodes with six answers each. Asked one after the other they take seconds; here all questions about one depth of
the tree are on their way at once, and keys go to the X server without a process each.
"""
import ctypes
import time

import gi
gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402

BUS_NAME = "org.fovea.Fovea"
ACCESSIBLE, COMPONENT, EVENT = "org.a11y.atspi.Accessible", "org.a11y.atspi.Component", "org.a11y.atspi.Event.Object"
STATES = {int(getattr(Atspi.StateType, name)): name.lower().replace("_", " ") for name in dir(Atspi.StateType) if name.isupper()}
CLIPPING = {"table", "list", "tree table", "tree", "list box"}
ANSWER_MS = 120000  # of a program that has only a part of a processor
# A turn of a program's main loop takes one event of the X server and one question.
SPARE_ANSWERS = 2
# Answers and seconds without a word of the keyboard, after which a key has led nowhere: a slow program answers slowly.
SILENT_ANSWERS, SILENT_SECONDS = 60, 1.0


class Node:
    """What one widget said of itself; .box is x, y, width, height within its window, (nothing) where it is not on it."""

    def __init__(self, path, parent):
        self.path, self.parent, self.children = path, parent, []
        self.name = self.description = self.role = ""
        self.states, self.box, self.interfaces, self.relations = set(), None, (), []

    def above(self):
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()

    def __str__(self):
        return "%s “%s”%s" % (self.role, self.name, " (%s)" % self.description if self.description else "")


class Program:
    def __init__(self, pid, keyboard):
        session = Gio.bus_get_sync(Gio.BusType.SESSION)
        address = session.call_sync("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", None, None, 0, -1).unpack()[0]
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.session, self.bus = session, Gio.DBusConnection.new_for_address_sync(address, flags)
        self.keyboard, self.loop, self.waiting = keyboard, GLib.MainContext.default(), 0
        self.focus, self.focus_path, self.late = [], None, None  # since the last key; the newest; before the last key, yet after it was waited for
        self.name, self.root = self._find(pid)
        self.bus.signal_subscribe(self.name, EVENT, "StateChanged", None, "focused", 0, self._on_focus)

    def _find(self, pid):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            for name, path in self.ask("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root", ACCESSIBLE, "GetChildren")[0]:
                owner = self.ask("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetConnectionUnixProcessID",
                                 GLib.Variant("(s)", (name,)))
                if owner[0] == pid:
                    return name, path
            time.sleep(0.05)
        raise AssertionError("the program %d is not on the accessibility bus" % pid)

    def _on_focus(self, bus, sender, path, interface, signal, arguments):
        if arguments.unpack()[1]:
            self.focus.append(path)
            self.focus_path = path

    def ask(self, name, path, interface, method, arguments=None):
        return self.bus.call_sync(name, path, interface, method, arguments, None, 0, ANSWER_MS).unpack()

    def act(self, action, target=None, prefix="win."):
        """An action of the window or the program by its name, as menus and keys call it: for what only a menu leads to, and that menu is
        visited on its own. False where no window has it, or it cannot be used now."""
        owner = "/org/fovea/Fovea"
        for path in ["%s/window/%d" % (owner, i) for i in range(1, 9)] if prefix == "win." else [owner]:
            try:
                actions = self.session.call_sync(BUS_NAME, path, "org.gtk.Actions", "DescribeAll", None, None, 0, ANSWER_MS).unpack()[0]
            except GLib.Error:
                continue  # no such window
            if action in actions and actions[action][0]:
                self.session.call_sync(BUS_NAME, path, "org.gtk.Actions", "Activate",
                                       GLib.Variant("(sava{sv})", (action, [target] if target is not None else [], {})), None, 0, ANSWER_MS)
                return True
        return False

    # ---- the tree ----

    def _question(self, node, interface, method, arguments, take):
        def answered(bus, result):
            self.waiting -= 1
            try:
                take(node, bus.call_finish(result).unpack())
            except GLib.Error:
                pass  # it went away meanwhile

        self.waiting += 1
        self.bus.call(self.name, node.path, interface, method, arguments, None, 0, ANSWER_MS, None, answered)

    def _take_all(self, node, answer):
        node.name = answer[0].get("Name", "") or ""
        node.description = answer[0].get("Description", "") or ""

    @staticmethod
    def _words(states):
        low, high = (list(states) + [0, 0])[:2]
        bits = low | high << 32
        return {word for bit, word in STATES.items() if bits >> bit & 1}

    def _take_states(self, node, answer):
        node.states = self._words(answer[0])

    def _take_children(self, node, answer):
        node.children = [Node(path, node) for name, path in answer[0] if name == self.name]

    def _ask_about(self, nodes):
        for node in nodes:
            self._question(node, "org.freedesktop.DBus.Properties", "GetAll", GLib.Variant("(s)", (ACCESSIBLE,)), self._take_all)
            self._question(node, ACCESSIBLE, "GetRole", None,
                           lambda node, answer: setattr(node, "role", Atspi.role_get_name(Atspi.Role(answer[0]))))
            self._question(node, ACCESSIBLE, "GetState", None, self._take_states)
            self._question(node, ACCESSIBLE, "GetChildren", None, self._take_children)
            self._question(node, COMPONENT, "GetExtents", GLib.Variant("(u)", (1,)),
                           lambda node, answer: setattr(node, "box", tuple(answer[0])))
        while self.waiting:
            self.loop.iteration(True)

    @staticmethod
    def _on_show(node):
        """Hidden widgets and pages of stacks that are not in front have no state “visible” or no size; a list keeps rows out of its sight."""
        if "visible" not in node.states or not node.box or node.box[2] <= 0 or node.box[3] <= 0:
            return False
        view = node.parent
        if view is not None and view.role in CLIPPING and view.box:
            x, y, width, height = node.box
            left, top, wide, tall = view.box
            return x < left + wide and y < top + tall and x + width > left and y + height > top
        return True

    def read(self, path):
        """The tree below @path as it is on the screen now."""
        root = Node(path, None)
        level = [root]
        self._ask_about(level)
        while level:
            level = [child for node in level for child in node.children]
            self._ask_about(level)
            for node in level:
                if not self._on_show(node):
                    node.parent.children.remove(node)
            level = [node for node in level if node in node.parent.children]
        return root

    def is_there(self, node):
        """A page of a stack that is no longer in front keeps its last place: asks what really lies there."""
        self._question(node, COMPONENT, "GetExtents", GLib.Variant("(u)", (1,)), lambda node, answer: setattr(node, "box", tuple(answer[0])))
        while self.waiting:
            self.loop.iteration(True)
        x, y, width, height = node.box
        try:
            there = self.ask(self.name, node.parent.path, COMPONENT, "GetAccessibleAtPoint",
                             GLib.Variant("(iiu)", (x + width // 2, y + height // 2, 1)))[0]
            while there[0] == self.name and there[1] not in (node.path, node.parent.path, self.root):
                there = self.ask(self.name, there[1], "org.freedesktop.DBus.Properties", "Get",
                                 GLib.Variant("(ss)", (ACCESSIBLE, "Parent")))[0]
        except GLib.Error:  # it has gone since
            return False
        return there[1] == node.path

    def windows(self):
        """Paths of the windows, the newest last."""
        return [path for name, path in self.ask(self.name, self.root, ACCESSIBLE, "GetChildren")[0]]

    def states(self, path):
        """Of that one node, now; none where it has gone."""
        try:
            return self._words(self.ask(self.name, path, ACCESSIBLE, "GetState")[0])
        except GLib.Error:
            return set()

    def text(self, path):
        """What is written there, (nothing) where nothing can be."""
        try:
            return self.ask(self.name, path, "org.a11y.atspi.Text", "GetText", GLib.Variant("(ii)", (0, 1 << 20)))[0]
        except GLib.Error:
            return ""

    def is_called(self, path, name):
        """Whether it is there, and still the same: a list gives the widget of one row to another."""
        try:
            return self.ask(self.name, path, "org.freedesktop.DBus.Properties", "Get", GLib.Variant("(ss)", (ACCESSIBLE, "Name")))[0] == name
        except GLib.Error:
            return False

    # ---- the keyboard ----

    def answer(self):
        self.ask(self.name, self.root, ACCESSIBLE, "GetRole")
        self.keyboard.n_sent = max(0, self.keyboard.n_sent - 1)
        while self.loop.iteration(False):
            pass

    def catch_up(self):
        """Until the program has dealt with the keys that were pressed, and what it said of them has been heard."""
        for _ in range(self.keyboard.n_sent + SPARE_ANSWERS):
            self.answer()

    def focus_after(self, *keys):
        """Where the keyboard is after these keys: the path that the program named, (nothing) when it named none. What an earlier key led to
        after it had been given up is in .late and not mistaken for this one's."""
        self.catch_up()
        self.late = self.focus[-1] if self.focus else None
        self.focus.clear()
        self.keyboard.press(*keys)
        end, n_answers = time.monotonic() + SILENT_SECONDS, 0
        while not self.focus and (time.monotonic() < end or n_answers < SILENT_ANSWERS):
            self.answer()
            n_answers += 1
            if n_answers > 4:
                time.sleep(0.005)
        self.catch_up()
        now = self.focus[-1] if self.focus else None
        self.focus.clear()
        return now


class Keyboard:
    """Keys by the names of their symbols, as xdotool has them: "Tab", "ctrl+comma"."""
    MODIFIERS = {"ctrl": b"Control_L", "shift": b"Shift_L", "alt": b"Alt_L"}

    def __init__(self):
        self.n_sent = 0  # events that the program may not have taken yet
        self.x, self.xtst = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        self.x.XOpenDisplay.restype = ctypes.c_void_p
        self.x.XStringToKeysym.restype = ctypes.c_ulong
        self.x.XKeysymToKeycode.argtypes = [ctypes.c_void_p, ctypes.c_ulong]
        self.x.XKeycodeToKeysym.restype = ctypes.c_ulong
        self.x.XKeycodeToKeysym.argtypes = [ctypes.c_void_p, ctypes.c_ubyte, ctypes.c_int]
        self.x.XGetInputFocus.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_ulong), ctypes.POINTER(ctypes.c_int)]
        self.x.XDefaultRootWindow.restype = ctypes.c_ulong
        self.x.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
        self.x.XSync.argtypes = [ctypes.c_void_p, ctypes.c_int]
        self.xtst.XTestFakeKeyEvent.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_ulong]
        self.display = self.x.XOpenDisplay(None)

    def has_window(self):
        """Whether the server sends keys to a window, not to none, the one below the pointer, or the screen."""
        window, revert = ctypes.c_ulong(), ctypes.c_int()
        self.x.XGetInputFocus(self.display, ctypes.byref(window), ctypes.byref(revert))
        return window.value not in (0, 1, self.x.XDefaultRootWindow(self.display))

    def code(self, name):
        symbol = self.x.XStringToKeysym(name)
        code = self.x.XKeysymToKeycode(self.display, symbol)
        assert code, "no key “%s”" % name.decode()
        return code, self.x.XKeycodeToKeysym(self.display, code, 0) != symbol

    def press(self, *combinations):
        for combination in combinations:
            *held, last = combination.split("+")
            code, shifted = self.code(last.encode())
            codes = [self.code(self.MODIFIERS[one])[0] for one in held]
            if shifted and "shift" not in held:
                codes.append(self.code(b"Shift_L")[0])
            for one in codes + [code]:
                self.xtst.XTestFakeKeyEvent(self.display, one, 1, 0)
            for one in [code] + codes[::-1]:
                self.xtst.XTestFakeKeyEvent(self.display, one, 0, 0)
            self.n_sent += 2 * len(codes) + 2
            self.x.XSync(self.display, 0)
