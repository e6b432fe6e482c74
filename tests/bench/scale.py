#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""scale.py FOVEA [--pictures N] [--cache DIR] [--no-vectors] [--json]: a window on a project of 100,000 pictures.

Draws N tiny pictures in class folders and imports them once (kept in the cache folder), then opens the project in Xvfb with the cairo
renderer and says: time to the first frame and to the pictures, frame times while scrolling by the wheel, memory; and the same frame
times while pictures that are being imported are embedded in the background (the vectors made meanwhile are counted). Frame times come
from the program itself (--profile-frames). Needs Xvfb and xdotool; Python's standard library only.
"""
import argparse
import csv
import json
import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import zlib

N_CLASSES = 20
LIMITS = {"first_frame_ms": 700, "scroll_p99_ms": 25, "rss_mb": 300, "busy_scroll_p99_ms": 35}


def png(width, height, rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def draw(path, side, rand):
    near, far = ([rand.randrange(256) for _ in range(3)] for _ in range(2))
    rows = bytearray()
    for y in range(side):
        rows.append(0)
        for x in range(side):
            t = (x + 2 * y) / (3 * side)
            rows += bytes(int(a + (b - a) * t) ^ rand.randrange(8) for a, b in zip(near, far))
    with open(path, "wb") as file:
        file.write(png(side, side, bytes(rows)))


def make_pictures(folder, count):
    if os.path.exists(folder + ".done"):
        return
    rand = random.Random(1)
    for i in range(count):
        place = os.path.join(folder, "class-%02d" % (i % N_CLASSES))
        if i < N_CLASSES:
            os.makedirs(place, exist_ok=True)
        draw(os.path.join(place, "picture-%06d.png" % i), 8, rand)
    open(folder + ".done", "w", encoding="ascii").close()


def make_larger(folder, count):
    os.makedirs(folder, exist_ok=True)
    rand = random.Random(2)
    for i in range(count):
        path = os.path.join(folder, "large-%04d.png" % i)
        if not os.path.exists(path):
            draw(path, 96, rand)


def make_project(fovea, cache, count, vectors):
    project = os.path.join(cache, "scale.fovea")
    if os.path.exists(project + ".done"):
        return project
    pictures = os.path.join(cache, "pictures")
    make_pictures(pictures, count)
    env = dict(os.environ)
    if not vectors:
        env["FOVEA_PACK_DIR"] = os.path.join(cache, "no-packs")
    if not os.path.exists(project):
        subprocess.run([fovea, "project", "create", project], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([fovea, "import", project, pictures], check=True, env=env, stdout=subprocess.DEVNULL)
    open(project + ".done", "w", encoding="ascii").close()
    return project


class Session:
    """A private X server, and the program in it with homes of its own."""

    def __init__(self, fovea, project, scratch):
        self.scratch, self.frames = scratch, os.path.join(scratch, "frames.csv")
        read, write = os.pipe()
        self.x = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
                                  pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as file:
            display = file.readline().strip()
        self.env = dict(os.environ, DISPLAY=":" + display, GDK_BACKEND="x11", GSK_RENDERER="cairo", GTK_A11Y="none",
                        GTK_USE_PORTAL="0", GSETTINGS_BACKEND="memory", DBUS_SESSION_BUS_ADDRESS="disabled:")
        for name in ("CONFIG", "DATA", "STATE"):
            self.env["XDG_%s_HOME" % name] = os.path.join(scratch, name.lower())
        self.started = time.monotonic()
        self.app = subprocess.Popen([fovea, "--profile-frames", self.frames, project], env=self.env)
        self.name = os.path.basename(project).removesuffix(".fovea")

    def __enter__(self):
        try:
            self.wait(lambda: self.xdo("search", "--onlyvisible", "--name", "^%s$" % self.name, check=False).split())
            self.shown_ms = (time.monotonic() - self.started) * 1000
            self.first_frame_ms = int(self.wait(self.read_frames)[0]["end_us"]) / 1000 - self.started * 1000
        except BaseException:
            self.close()
            raise
        time.sleep(1)
        return self

    def __exit__(self, *_):
        self.close()

    def check(self):
        if self.app.poll() is not None:
            raise SystemExit("the program ended with status %s" % self.app.returncode)

    def wait(self, look, limit=60):
        end = time.monotonic() + limit
        while time.monotonic() < end:
            self.check()
            found = look()
            if found:
                return found
            time.sleep(0.01)
        raise SystemExit("waited %d s in vain" % limit)

    def xdo(self, *words, check=True):
        return subprocess.run(["xdotool", *map(str, words)], env=self.env, check=check, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout

    def read_frames(self):
        self.check()
        with open(self.frames, encoding="ascii") as file:
            return [row for row in csv.DictReader(file) if row["work_ms"]]

    def scroll(self, seconds):
        """Turns the wheel 60 times a second over the grid; the frame times while it turns, in ms."""
        self.xdo("mousemove", 800, 450)
        begin = time.monotonic() + 0.3
        self.xdo("click", "--repeat", int(seconds * 60), "--delay", 16, 5)
        end = time.monotonic() - 0.1
        time.sleep(1)
        rows = [row for row in self.read_frames() if begin < int(row["end_us"]) / 1e6 < end and row["interval_ms"]]
        return [float(row["interval_ms"]) for row in rows], [float(row["work_ms"]) for row in rows]

    def rss_mb(self):
        with open("/proc/%d/status" % self.app.pid, encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:")) / 1024

    def import_folder(self, folder):
        """Ctrl+I and the folder's path, as a person would type it."""
        self.xdo("key", "ctrl+i")
        time.sleep(2)
        self.xdo("key", "slash")
        time.sleep(0.5)
        self.xdo("key", "ctrl+a")
        self.xdo("type", "--delay", 20, folder)
        time.sleep(1)
        self.xdo("key", "Return")
        time.sleep(3)

    def close(self):
        self.app.send_signal(signal.SIGTERM)
        try:
            self.app.wait(20)
        except subprocess.TimeoutExpired:
            self.app.kill()
        self.x.terminate()
        self.x.wait()


def count_vectors(project):
    connection = sqlite3.connect("file:%s?mode=ro" % project, uri=True)
    try:
        return connection.execute("SELECT count(*) FROM vectors").fetchone()[0]
    finally:
        connection.close()


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def measure_scroll(session, args, prefix, result):
    intervals, work = session.scroll(args.seconds)
    result.update({prefix + "scroll_frames": len(intervals), prefix + "scroll_median_ms": round(percentile(intervals, 0.5), 1),
                   prefix + "scroll_p99_ms": round(percentile(intervals, 0.99), 1),
                   prefix + "scroll_work_p99_ms": round(percentile(work, 0.99), 1), prefix + "rss_mb": round(session.rss_mb(), 1)})


def measure_busy(args, project, scratch, result):
    larger, work_copy = os.path.join(args.cache, "larger"), os.path.join(scratch, "busy.fovea")
    make_larger(larger, 4000)
    shutil.copyfile(project, work_copy)
    with Session(args.fovea, work_copy, tempfile.mkdtemp(dir=scratch)) as session:
        session.import_folder(larger)
        before = count_vectors(work_copy)
        measure_scroll(session, args, "busy_", result)
        result["busy_embedded"] = count_vectors(work_copy) - before


def measure(args):
    project = make_project(args.fovea, args.cache, args.pictures, not args.no_vectors)
    result = {"pictures": args.pictures, "vectors": not args.no_vectors}
    firsts, showns = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for i in range(args.repeat):
            with Session(args.fovea, project, tempfile.mkdtemp(dir=scratch)) as session:
                firsts.append(session.first_frame_ms)
                showns.append(session.shown_ms)
                if i == args.repeat - 1:
                    measure_scroll(session, args, "", result)
        result.update(first_frame_ms=round(min(firsts), 1), project_shown_ms=round(min(showns), 1))
        if not args.no_busy:
            measure_busy(args, project, scratch, result)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fovea")
    parser.add_argument("--pictures", type=int, default=100000)
    parser.add_argument("--cache", default=os.path.join(tempfile.gettempdir(), "fovea-scale"))
    parser.add_argument("--seconds", type=float, default=10, help="of scrolling")
    parser.add_argument("--repeat", type=int, default=3, help="starts; the best counts")
    parser.add_argument("--no-vectors", action="store_true", help="import without a pack")
    parser.add_argument("--no-busy", action="store_true", help="leave out scrolling while embedding")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    args.fovea = os.path.abspath(args.fovea)
    args.cache = os.path.join(os.path.abspath(args.cache), "%d%s" % (args.pictures, "-plain" if args.no_vectors else ""))
    os.makedirs(args.cache, exist_ok=True)
    result = measure(args)
    missed = [name for name, limit in LIMITS.items() if name in result and not result[name] <= limit]
    if result.get("busy_embedded") == 0 and not args.no_vectors:
        missed.append("busy_embedded")
    if args.json:
        print(json.dumps(dict(result, missed=missed)))
    else:
        for name, value in result.items():
            limit = "  (at most %s)" % LIMITS[name] if name in LIMITS else ""
            print("%-24s %s%s" % (name, value, limit))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
