# SPDX-License-Identifier: GPL-3.0-or-later
"""What the acceptance scripts share: running the program, one printed line a check, the exit status."""
import json
import subprocess
import sys


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
