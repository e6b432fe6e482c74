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

ACCESSIBLE, COMPONENT, EVENT = "org.a11y.atspi.Accessible", "org.a11y.atspi.Component", "org.a11y.atspi.Event.Object"
STATES = {int(getattr(Atspi.StateType, name)): name.lower().replace("_", " ") for name in dir(Atspi.StateType) if name.isupper()}
CLIPPING = {"table", "list", "tree table", "tree", "list box"}


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
    def __init__(self, pid):
        session = Gio.bus_get_sync(Gio.BusType.SESSION)
        address = session.call_sync("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", None, None, 0, -1).unpack()[0]
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.session, self.bus = session, Gio.DBusConnection.new_for_address_sync(address, flags)
        self.loop, self.focus, self.focus_path, self.waiting = GLib.MainContext.default(), [], None, 0
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
        return self.bus.call_sync(name, path, interface, method, arguments, None, 0, 20000).unpack()

    def act(self, action, target=None, prefix="win."):
        """An action of the window or the program by its name, as menus and keys call it: for what only a menu leads to, and that menu is
        visited on its own."""
        bus_name = "org.fovea.Fovea"
        owner = "/org/fovea/Fovea/window/" if prefix == "win." else "/org/fovea/Fovea"
        for path in [owner + str(i) for i in range(1, 9)] if prefix == "win." else [owner]:
            try:
                self.session.call_sync(bus_name, path, "org.gtk.Actions", "Activate",
                                       GLib.Variant("(sava{sv})", (action, [target] if target is not None else [], {})), None, 0, 20000)
                return
            except GLib.Error:
                continue
        raise AssertionError("no window has the action " + action)

    # ---- the tree ----

    def _question(self, node, interface, method, arguments, take):
        def answered(bus, result):
            self.waiting -= 1
            try:
                take(node, bus.call_finish(result).unpack())
            except GLib.Error:
                pass  # it went away meanwhile

        self.waiting += 1
        self.bus.call(self.name, node.path, interface, method, arguments, None, 0, 20000, None, answered)

    def _take_all(self, node, answer):
        node.name = answer[0].get("Name", "") or ""
        node.description = answer[0].get("Description", "") or ""

    def _take_states(self, node, answer):
        low, high = (list(answer[0]) + [0, 0])[:2]
        bits = low | high << 32
        node.states = {word for bit, word in STATES.items() if bits >> bit & 1}

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

    def describe(self, path):
        """That one node, without its surroundings."""
        node = Node(path, Node(None, None))
        self._ask_about([node])
        return node

    # ---- the keyboard ----

    def settle(self):
        while self.loop.iteration(False):
            pass

    def focus_after(self, press, patience=1.0):
        """Where the keyboard is after press(): the path that the program named, (nothing) when it named none."""
        self.settle()
        self.focus.clear()
        press()
        end = time.monotonic() + patience
        while not self.focus and time.monotonic() < end:
            if not self.loop.iteration(False):
                time.sleep(0.002)
        self.settle()
        return self.focus[-1] if self.focus else None


class Keyboard:
    """Keys by the names of their symbols, as xdotool has them: "Tab", "ctrl+comma"."""
    MODIFIERS = {"ctrl": b"Control_L", "shift": b"Shift_L", "alt": b"Alt_L"}

    def __init__(self):
        self.x, self.xtst = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        self.x.XOpenDisplay.restype = ctypes.c_void_p
        self.x.XStringToKeysym.restype = ctypes.c_ulong
        self.x.XKeysymToKeycode.argtypes = [ctypes.c_void_p, ctypes.c_ulong]
        self.x.XKeycodeToKeysym.restype = ctypes.c_ulong
        self.x.XKeycodeToKeysym.argtypes = [ctypes.c_void_p, ctypes.c_ubyte, ctypes.c_int]
        self.x.XSync.argtypes = [ctypes.c_void_p, ctypes.c_int]
        self.xtst.XTestFakeKeyEvent.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_ulong]
        self.display = self.x.XOpenDisplay(None)

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
            self.x.XSync(self.display, 0)
