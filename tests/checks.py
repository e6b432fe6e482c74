# SPDX-License-Identifier: GPL-3.0-or-later
"""What the acceptance scripts share: running the program, one printed line a check, the exit status."""
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile


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


def be_patient(drive):
    """What is waited for is there when it is there; the limit is for what goes wrong, on a machine that does much else. And a drag rests long
    enough on its goal that both programs have said that they agree."""
    drag = drive.drag_xy
    drive.TIMEOUT = 100.0
    drive.drag_xy = lambda *arguments, hold=0.0, **options: drag(*arguments, hold=max(hold, 1.0), **options)
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
