# SPDX-License-Identifier: GPL-3.0-or-later
"""arrows.py SOURCE_ROOT: every include between our own folders follows the arrows of DESIGN (README's map)."""
import os
import re
import sys

MAY_INCLUDE = {
    "nn": set(),
    "vision": {"nn"},
    "search": {"nn"},
    "models": {"nn", "vision", "search"},
    "store": set(),
    "engine": {"models", "store", "vision", "nn", "search"},
    "cli": {"engine", "models", "store", "vision", "nn", "search"},
    "server": {"engine", "models", "store", "vision", "nn", "search"},
    "app": {"engine"},
}
FORBIDDEN_OUTSIDE = {  # header → the only rooms that may include it
    "gtk/": {"app"}, "adwaita.h": {"app"}, "sqlite3.h": {"store"}, "dnnl": {"nn"}, "gdk/": {"app"},
}
# Within a room: header → the only files that may include it. oneDNN is spoken to in one place for inference and one for training.
ONLY_IN = {
    "dnnl.h": {"nn/dnnl-private.h"},
    "nn/dnnl-private.h": {"nn/dnnl-shim.c", "nn/dnnl-train.c"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')


def problems(path, room, text):
    for number, line in enumerate(text.splitlines(), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        own, outside = found.groups()
        if own and own.startswith("."):
            yield "%s:%d: includes are written from src/, not relative: %s" % (path, number, own)
        if own and "/" in own:
            target = own.split("/")[0]
            if target in MAY_INCLUDE and target != room and target not in MAY_INCLUDE[room]:
                yield "%s:%d: %s must not know %s" % (path, number, room, own)
        for prefix, rooms in FORBIDDEN_OUTSIDE.items():
            if outside and outside.startswith(prefix) and room not in rooms:
                yield "%s:%d: only %s may include <%s>" % (path, number, ", ".join(rooms), outside)
        files = ONLY_IN.get(own or outside)
        if files and not path.endswith(tuple("/src/" + file for file in files)):
            yield "%s:%d: only %s may include %s" % (path, number, ", ".join(sorted(files)), own or outside)


def main(root):
    found, seen = [], 0
    for folder, _, names in os.walk(os.path.join(root, "src")):
        room = os.path.relpath(folder, os.path.join(root, "src")).split(os.sep)[0]
        for name in names:
            if not name.endswith((".c", ".h")) or room == ".":
                continue
            path = os.path.join(folder, name)
            if room not in MAY_INCLUDE:
                found.append("%s: the room %s is not in the map" % (path, room))
                continue
            with open(path, encoding="utf-8") as file:
                found.extend(problems(path, room, file.read()))
            seen += 1
    print("\n".join(found) or "%d files follow the arrows" % seen)
    return 1 if found or seen == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
