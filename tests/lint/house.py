# SPDX-License-Identifier: GPL-3.0-or-later
"""house.py SOURCE_ROOT: what the house style asks of every file and a compiler does not check."""
import os
import re
import sys

SPDX = "SPDX-License-Identifier: GPL-3.0-or-later"
MAX_LINES = 1000
MAX_COLUMNS = 150
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
UNSAFE = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|mktemp|tmpnam|alloca|atoi|atof|system|popen)\s*\(")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
ROOM_OF_SQL = os.path.join("src", "store") + os.sep
SQL = re.compile(r'"\s*(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE)\b')


def without_comments(text):
    """Comments become blanks; lines keep their numbers."""
    return COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def problems(relative, text):
    lines = text.splitlines()
    if SPDX not in "\n".join(lines[:3]):
        yield "%s: lacks the SPDX line" % relative
    is_template = relative.endswith(".inc.h")  # included several times, with other macros each time
    if relative.endswith(".h") and not is_template and "#pragma once" not in text:
        yield "%s: lacks #pragma once" % relative
    if len(lines) > MAX_LINES:
        yield "%s: %d lines; split it by concern" % (relative, len(lines))
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield "%s:%d: blanks at the end of the line" % (relative, number)
        if "\t" in line:
            yield "%s:%d: a tab" % (relative, number)
        if SQL.search(line) and not relative.startswith((ROOM_OF_SQL, "tests")):
            yield "%s:%d: SQL lives in src/store alone" % (relative, number)
        if len(line) > MAX_COLUMNS:
            yield "%s:%d: %d columns" % (relative, number, len(line))
        if re.search(UNFINISHED, line):
            yield "%s:%d: finish it, or leave it out and say so in the issue: %s" % (relative, number, line.strip())
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        if relative.startswith("src") and re.search(UNSAFE, line):
            yield "%s:%d: has no bounds or no errors: %s" % (relative, number, line.strip())


def main(root):
    found, names = [], {}
    for top in ("src", "tests"):
        for folder, _, files in os.walk(os.path.join(root, top)):
            for name in files:
                if not name.endswith((".c", ".h")):
                    continue
                relative = os.path.relpath(os.path.join(folder, name), root)
                with open(os.path.join(root, relative), encoding="utf-8") as file:
                    found.extend(problems(relative, file.read()))
                if top == "src" and name in names:
                    found.append("%s: there is a %s already" % (relative, names[name]))
                names.setdefault(name, relative)
    print("\n".join(found) or "%d files keep the house style" % len(names))
    return 1 if found or not names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
