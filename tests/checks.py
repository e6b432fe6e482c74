# SPDX-License-Identifier: GPL-3.0-or-later
"""What the acceptance scripts share: running the program, one printed line a check, the exit status."""
import ctypes
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time


class Checks:
    def __init__(self, program):
        self.program, self.failed = program, 0

    def check(self, good, text):
        print("%-7s %s" % ("ok" if good else "FAILED", text), flush=True)
        self.failed += not good
        return good

    def run(self, *arguments, expect=0, **options):
        """Runs the program; anything but the expected exit status ends the script with what it said."""
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, check=False, **options)
        if expect is not None and done.returncode != expect:
            sys.stderr.write(done.stderr.decode("utf-8", "replace")[-4000:])
            sys.exit("FAILED  exit status %d, not %s: fovea %s" % (done.returncode, expect, " ".join(map(str, arguments))))
        return done

    def json(self, *arguments, **options):
        return json.loads(self.run(*arguments, "--json", **options).stdout)

    def end(self):
        sys.exit(1 if self.failed else 0)


# GTK 4.8 of itself: GtkShortcutsWindow, of its own labels of keys; a popover that GTK opens at a click and finds no monitor for (no
# function of ours is on that stack); and a rubber band that begins between a change of the list and the layout that follows, when
# gtk_grid_view_get_cell_at_y() still has rows of the list as it was (no band is drawn then, nothing else comes of it).
GTK_OF_ITSELF = re.compile(r"reported min width -4, but sizes must be >= 0|gdk_monitor_get_geometry: assertion 'GDK_IS_MONITOR|"
                           "Gtk-WARNING.*: ran out of items|Could not start rubberbanding: No item")


def complaints(log):
    """The lines of a program's stderr that say that something is wrong."""
    lines = re.findall(r"^.*(?:CRITICAL|WARNING|Sanitizer|runtime error).*$", log, re.M)
    return sorted({line for line in lines if not GTK_OF_ITSELF.search(line)})


class CursorImage(ctypes.Structure):
    """XFixesCursorImage; .name as far as a person's cursors have names."""
    _fields_ = [("x", ctypes.c_short), ("y", ctypes.c_short), ("width", ctypes.c_ushort), ("height", ctypes.c_ushort), ("xhot", ctypes.c_ushort),
                ("yhot", ctypes.c_ushort), ("serial", ctypes.c_ulong), ("pixels", ctypes.c_void_p), ("atom", ctypes.c_ulong), ("name", ctypes.c_char_p)]


class Cursor:
    def __init__(self):
        self.x, self.fixes = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXfixes.so.3")
        self.x.XOpenDisplay.restype = ctypes.c_void_p
        self.x.XFree.argtypes = [ctypes.c_void_p]
        self.fixes.XFixesQueryExtension.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int)]
        self.fixes.XFixesGetCursorImage.argtypes, self.fixes.XFixesGetCursorImage.restype = [ctypes.c_void_p], ctypes.POINTER(CursorImage)
        self.display = self.x.XOpenDisplay(None)
        self.fixes.XFixesQueryExtension(self.display, ctypes.c_int(), ctypes.c_int())

    def says_drop(self):
        """Whether it shows a person that what is dragged can be dropped."""
        image = self.fixes.XFixesGetCursorImage(self.display)
        name = image.contents.name or b""
        self.x.XFree(image)
        return name.startswith(b"dnd-") and name != b"dnd-none"


def be_patient(drive):
    """What is waited for is there when it is there; the limit is for what goes wrong, on a machine that does much else. And what is dragged
    is dropped when the cursor says that it can be."""
    cursor = Cursor()

    def drag_xy(x1, y1, x2, y2, steps=8, hold=0.15, mods=(), button=1):
        drive.xdo("mousemove", x1, y1, "sleep", 0.05, *[word for key in mods for word in ("keydown", key)], "mousedown", button, "sleep", 0.05)
        beyond = 12 if x2 >= x1 else -12  # where a drag begins
        points = [(x1 + beyond, y1), (x1 + 2 * beyond, y1)] + [(x1 + (x2 - x1) * i // steps, y1 + (y2 - y1) * i // steps) for i in range(1, steps)]
        drive.xdo(*[word for x, y in [*points, (x2, y2)] for word in ("mousemove", x, y, "sleep", 0.02)])
        time.sleep(max(hold, 0.5))  # what lay on the way has been left
        drive.wait_for(cursor.says_drop, what="a cursor that says that it can be dropped")
        drive.xdo("mouseup", button, *[word for key in mods for word in ("keyup", key)])
        time.sleep(0.1)

    drive.TIMEOUT, drive.drag_xy = 100.0, drag_xy
    return drive


def mount_disk(folder, size):
    """A file system of its own that can be filled up, where one may be mounted."""
    return subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", folder], stderr=subprocess.DEVNULL, check=False).returncode == 0


def fill_disk(folder, leave):
    """Writes ballast until @leave bytes are left."""
    with open(os.path.join(folder, "ballast"), "wb") as file:
        left = os.statvfs(folder)
        file.write(bytes(left.f_bavail * left.f_frsize - leave))


def answer(value):
    """In the session that drive_window() started: what it gets back."""
    with open(os.path.join(os.environ["UI_OUT"], "answer.json"), "w", encoding="utf-8") as file:
        json.dump(value, file)


def drive_window(script, fovea, data, *arguments, timeout=1200, environment=(), size="1280x800"):
    """Starts the window on a display of its own (../shared/ui, beside the data) and @script in the same session, where UI_APP_PID is set.
    Without @fovea the script starts it itself; the packs are in the folder UI_PACKS.

    Returns what the script gave to answer(), and what the program wrote on stderr. FOVEA_SHOTS keeps the screenshots in that folder."""
    session = os.path.join(data, "..", "ui", "ui-session")
    with tempfile.TemporaryDirectory() as scratch:
        environment = dict(os.environ, **dict(environment))
        out = environment.get("FOVEA_SHOTS", scratch)
        # The session has a home of its own, and of the environment only UI_… reaches the script.
        packs = os.environ.get("FOVEA_PACK_DIR", os.path.expanduser("~/.cache/fovea/packs"))
        environment["UI_PACKS"] = packs
        command = " ".join(map(shlex.quote, ["env", "FOVEA_PACK_DIR=" + packs, str(fovea), *map(str, arguments)]))
        done = subprocess.run([session, *(["--app", command] if fovea else []), "--driver", os.path.abspath(script), "--out", out,
                               "--timeout", str(timeout), "--size", size], capture_output=True, check=False, env=environment)
        try:
            with open(os.path.join(out, "answer.json"), encoding="utf-8") as file:
                value = json.load(file)
            with open(os.path.join(out, "app.log"), encoding="utf-8", errors="replace") as file:
                return value, file.read()
        except OSError:
            sys.exit("FAILED  the script in the window ended early:\n%s" % (done.stdout + done.stderr).decode("utf-8", "replace")[-4000:])
