#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""window-evaluation.py FOVEA DATA_FOLDER: from a number of an evaluation to its pictures.

A model of apparel is made, trained and evaluated on the command line. In the window, a click on a cell of its confusion matrix, and arrow
keys and Return on another, must show exactly the pictures which that evaluation, as JSON, says are labelled and predicted so.
"""
import collections
import json
import os
import re
import sqlite3
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checks import Checks, be_patient, complaints, drive_window  # noqa: E402

MOST_PICTURES = 12  # of a cell: all of them are on the screen at once
MOST_CLICKS = 8


# ---- within the session ----

class Window:
    def __init__(self, drive, concepts):
        self.d, self.concepts, self.matrix = drive, concepts, None  # the matrix is out of the tree while the gallery is shown

    def open_evaluation(self):
        d = self.d
        d.find("list", "Places")
        d.key("ctrl+2")
        d.click(d.find("list item", "clothes"))
        d.click(d.find(("push button", "toggle button", "radio button"), "Evaluation"))
        self.matrix = d.find("image", "Confusion matrix", visible=False)
        d.wait_for(self.cell, what="the evaluation")

    def cell(self):
        """The matrix's own cell: (labelled, predicted), (nothing) where none is."""
        found = re.match(r"predicted (.*), labelled (.*): ", self.d.description(self.matrix))
        return (found.group(2), found.group(1)) if found else None

    def on_gallery(self):
        return bool(self.d.find_all("table", "Images"))

    def gallery(self, expected):
        """What the gallery shows: the names of its pictures, and its own count of them."""
        d = self.d

        def look():
            table = d.find("table", "Images")
            names = sorted(d.name(cell) for cell in d.find_all("table cell", root=table))
            words = [d.name(label) for label in d.find_all(None, re.compile(r"^\d+ of \d+ pictures?$"))]
            return names, words

        try:
            d.wait_for(lambda: look()[0] == expected, what="the pictures")
        except AssertionError:
            pass  # what is there instead is the answer
        return look()

    def into_view(self):
        """By the wheel, as far as the whole matrix is above the window's lower edge."""
        d, window = self.d, self.d.windows()[-1]
        for _ in range(30):
            x, y, _, height = d.rect(self.matrix)
            if y + height <= window["y"] + window["h"]:
                return
            d.xdo("mousemove", window["x"] + window["w"] - 60, window["y"] + window["h"] // 2, "click", 5)
            d.settled()
        raise AssertionError("the wheel does not bring the matrix into view")

    def click(self, labelled, predicted):
        """Where the cells are only the picture says: from right below each, as wide as the clicks so far leave room for. Only an empty
        cell, or the right one, leaves the evaluation open or the right pictures shown."""
        d, k = self.d, len(self.concepts)
        row, column = self.concepts.index(labelled), self.concepts.index(predicted)
        low, high = 20.0, 90.0
        for _ in range(MOST_CLICKS):
            self.into_view()
            x, y, width, height = d.rect(self.matrix)
            side = (low + high) / 2
            dx, dy = (k - column - 0.5) * side, (k - row - 0.5) * side
            hit = self.hit((int(x + width - dx), int(y + height - dy)))
            if hit == (labelled, predicted):
                return
            for at, distance in ((self.concepts.index(hit[0]), dy), (self.concepts.index(hit[1]), dx)):
                low = max(low, distance / (k - at))
                high = min(high, distance / (k - at - 1)) if at < k - 1 else high
            d.key("ctrl+2")
            d.wait_for(lambda: not self.on_gallery(), what="the evaluation again")
        raise AssertionError("no click found the cell; the last hit %s" % (hit,))

    def hit(self, place):
        """The cell that a click there hits. Nothing changes where that is empty and was hit before."""
        before = self.cell()
        self.d.click(place)
        try:
            self.d.wait_for(lambda: self.cell() != before or self.on_gallery(), timeout=5)
        except AssertionError:
            pass
        return self.cell()

    def press(self, labelled, predicted):
        """Tab to the matrix, arrows to the cell, Return."""
        from accessible import Keyboard, Program  # within the session alone

        d, keyboard = self.d, Keyboard()
        program = Program(int(os.environ["UI_APP_PID"]), keyboard)
        for _ in range(80):
            if "focused" in d.states(self.matrix):
                break
            program.focus_after("Tab")
        d.key("Home", *["Up"] * len(self.concepts))
        d.key(*["Down"] * self.concepts.index(labelled), *["Right"] * self.concepts.index(predicted))
        d.wait_for(lambda: self.cell() == (labelled, predicted), what="the cell by keys")
        d.key("Return")


def drive(plan):
    import drive  # ui-session puts it on the path

    d = be_patient(drive)
    window, shown = Window(d, plan["concepts"]), []
    window.open_evaluation()
    for how, (labelled, predicted, names) in zip(("click", "press"), plan["cells"]):
        d.key("ctrl+2")
        d.wait_for(lambda: not window.on_gallery(), what="the models")
        getattr(window, how)(labelled, predicted)
        d.wait_for(window.on_gallery, what="the gallery after the " + how)
        shown.append(window.gallery(names))
        d.screenshot(how + ".png")
    d.key("ctrl+q")
    return shown


# ---- outside ----

def read_cells(evaluation, project):
    """(labelled, predicted) → sorted names of pictures."""
    with sqlite3.connect("file:%s?mode=ro" % project, uri=True) as store:
        names = dict(store.execute("SELECT public_id, name FROM inputs"))
    cells = collections.defaultdict(list)
    for row in evaluation["test_set"]:
        best = max(row["predicted_concepts"], key=lambda concept: concept["value"])
        cells[row["ground_truth_concepts"][0]["name"], best["name"]].append(names[row["input"]["id"]])
    return {cell: sorted(pictures) for cell, pictures in cells.items()}


def main(fovea, data):
    checks = Checks(fovea)
    with tempfile.TemporaryDirectory() as scratch:
        project = os.path.join(scratch, "evaluation.fovea")
        checks.run("project", "create", project)
        checks.run("import", project, os.path.join(data, "apparel"))
        checks.run("models", "create", project, "--id", "clothes")
        checks.run("models", "train", project, "clothes")
        evaluation = checks.json("models", "evaluate", project, "clothes", "--split", "test")["eval_metrics"][0]
        matrix = evaluation["confusion_matrix"]
        cells = read_cells(evaluation, project)
        counts = {(one["actual"], one["predicted"]): one["count"] for one in matrix["matrix"] if one["count"]}
        checks.check(counts == {cell: len(names) for cell, names in cells.items()}, "the matrix counts its own pictures: %d cells" % len(counts))
        wrong = sorted((len(names), cell) for cell, names in cells.items() if cell[0] != cell[1] and len(names) <= MOST_PICTURES)
        chosen = [[*cell, cells[cell]] for _, cell in wrong[:-3:-1]]
        plan = json.dumps({"concepts": matrix["concept_ids"], "cells": chosen})
        shown, log = drive_window(__file__, fovea, data, project, environment={"UI_EVALUATION": plan})
        for how, (labelled, predicted, names), (found, words) in zip(("clicked", "by keys"), chosen, shown):
            checks.check(found == names and words == ["%d of 800 pictures" % len(names)],
                         "%s labelled, %s predicted, %s: %d pictures, %s" % (labelled, predicted, how, len(names), ", ".join(words)))
            for name in sorted(set(found) ^ set(names)):
                print("          %s: %s" % (name, "missing" if name in names else "too many"))
        bad = complaints(log)
        checks.check(not bad, "nobody complains" + "".join("\n          " + line for line in bad[:20]))
    checks.end()


if __name__ == "__main__":
    if os.environ.get("UI_APP_PID"):
        from checks import answer
        answer(drive(json.loads(os.environ["UI_EVALUATION"])))
    else:
        main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
