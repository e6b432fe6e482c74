#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""deep.py PROGRAM DATA [SECONDS [SEED…]]: apparel through all layers of a network with the defaults: accuracy on the test split, and the
exported file in onnxruntime.

Without SECONDS (or 0) the whole plan is trained, so that the accuracy does not hang on what else the machine does; with SECONDS
(120, 300) training must end in time, and the accuracy is what an idle machine of two cores reaches. The test split is read once a
training."""
import glob
import json
import os
import resource
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import peers  # noqa: E402

peers.require()

import checks  # noqa: E402
import numpy  # noqa: E402
import onnxruntime  # noqa: E402
from PIL import Image  # noqa: E402

MIN_ACCURACY = 0.88
MAX_EXPORT_DIFFERENCE = 1e-3


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def feed(path, size):
    """What the file reads: its mirror images it makes itself."""
    image = Image.open(path).convert("RGB")
    squares = {"image_crop": peers.centre_crop(image, size), "image_letterbox": peers.letterbox(image, size)}
    return {name: ((numpy.asarray(square).astype("f4") - 127) / 128).transpose(2, 0, 1)[None] for name, square in squares.items()}


def check_accuracy(check, project, seconds, seed):
    start, cpu = time.monotonic(), cpu_seconds()
    limit = ["--time-limit", seconds] if seconds > 0 else []
    done = check.json("models", "train", project, "deep", *limit, "--param", "seed=%d" % seed)
    wall, cpu = time.monotonic() - start, cpu_seconds() - cpu
    metrics = check.json("models", "evaluate", project, "deep", "--split", "test")["eval_metrics"][0]
    accuracy = metrics["summary"]["top1_accuracy"]
    version = done["model"]["model_version"]
    check.check(seconds == 0 or wall <= seconds * 1.1 + 5, "seed %d: %.0f s, %.0f CPU-s" % (seed, wall, cpu))
    check.check(accuracy >= MIN_ACCURACY, "seed %d: accuracy %.3f on test (at least %.2f), version %s" %
                (seed, accuracy, MIN_ACCURACY, version["id"]))


def check_export(check, project, data, folder):
    path = os.path.join(folder, "deep.onnx")
    check.run("models", "export", project, "deep", path)
    session = onnxruntime.InferenceSession(path)
    metadata = session.get_modelmeta().custom_metadata_map
    labels = [label["id"] for label in json.loads(metadata["fovea.labels"])]
    files = sorted(glob.glob(os.path.join(data, "apparel", "test", "*", "*")))[::7]
    outputs = check.json("models", "predict", project, "deep", *files)["outputs"]
    worst = 0
    for path, output in zip(files, outputs):
        ours = {concept["id"]: concept["value"] for concept in output["data"]["concepts"]}
        theirs = session.run(None, feed(path, int(metadata["fovea.input.size"])))[0][0]
        worst = max(worst, max(abs(float(theirs[i]) - ours.get(name, 0)) for i, name in enumerate(labels)))
    check.check(metadata["fovea.fit"] == "crop+letterbox+mirror" and worst <= MAX_EXPORT_DIFFERENCE,
                "export: onnxruntime differs by at most %.1e on %d pictures" % (worst, len(files)))


def main():
    check = checks.Checks(sys.argv[1])
    data, seconds = sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0
    seeds = [int(seed) for seed in sys.argv[4:]] or [0]
    with tempfile.TemporaryDirectory() as folder:
        project = os.path.join(folder, "deep.fovea")
        check.run("project", "create", project)
        check.run("import", project, os.path.join(data, "apparel"))
        check.run("models", "create", project, "--id", "deep", "--type", "visual-classifier")
        for seed in seeds:
            check_accuracy(check, project, seconds, seed)
        check_export(check, project, data, folder)
    check.end()


main()
