# SPDX-License-Identifier: GPL-3.0-or-later
"""headers.py SOURCE_ROOT BUILD_ROOT: every header under src/ compiles alone, with its own room's flags."""
import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

DROP_WITH_VALUE = {"-o", "-MF", "-MQ", "-MT", "-c"}
DROP = {"-MD", "-MMD", "-g", "-O2", "-O3"}


def room_flags(commands, source_root):
    """room → compiler command without its input and outputs."""
    flags = {}
    for entry in commands:
        words, kept, skip = shlex.split(entry["command"]), [], False
        for word in words:
            if skip:
                skip = False
            elif word in DROP_WITH_VALUE:
                skip = True
            elif word not in DROP and not word.endswith(".c"):
                kept.append(word)
        source = os.path.realpath(os.path.join(entry["directory"], entry["file"]))
        parts = os.path.relpath(source, os.path.join(os.path.realpath(source_root), "src")).split(os.sep)
        if parts[0] != os.pardir and len(parts) > 1:
            flags.setdefault(parts[0], (kept, entry["directory"]))
    return flags


def check(header, source_root, flags):
    room = os.path.relpath(header, os.path.join(source_root, "src")).split(os.sep)[0]
    if room not in flags:
        return "%s: no compiler command is known for its room" % header
    command, directory = flags[room]
    included = os.path.relpath(header, os.path.join(source_root, "src"))
    done = subprocess.run(command + ["-fsyntax-only", "-Wno-unused", "-x", "c", "-"], cwd=directory, text=True,
                          input='#include "%s"\n' % included, capture_output=True, check=False)
    return None if done.returncode == 0 else "%s does not compile alone:\n%s" % (included, done.stderr)


def main(source_root, build_root):
    with open(os.path.join(build_root, "compile_commands.json"), encoding="utf-8") as file:
        flags = room_flags(json.load(file), source_root)
    headers = [os.path.join(folder, name) for folder, _, names in os.walk(os.path.join(source_root, "src"))
               for name in names if name.endswith(".h") and not name.endswith(".inc.h")]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [problem for problem in pool.map(lambda h: check(h, source_root, flags), headers) if problem]
    print("\n".join(found) or "%d headers compile alone" % len(headers))
    return 1 if found or not headers else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
