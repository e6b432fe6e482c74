#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""embedder.py PROGRAM DATA [SEED…]: does metric learning on half of the concepts help to find pictures of the other half?

DATA has class folders in train/ (apparel). A visual-embedder with the defaults learns the first half of the concepts and then the second;
each time the pictures of the half that it was never shown look for their like among themselves, leave-one-out, by the pretrained
network and by what became of it. The exported file is compared with the program's own vectors in onnxruntime. About 80
CPU-seconds a training: too long for every change, so a bench."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import peers  # noqa: E402

peers.require()

import checks  # noqa: E402
import numpy  # noqa: E402
import onnxruntime  # noqa: E402
from PIL import Image  # noqa: E402

MAX_EXPORT_DIFFERENCE = 1e-3
HALVES = {
    "first": ("longsleeve,outwear,pants,shoes,shorts", "dress,hat,shirt,skirt,t-shirt"),
    "second": ("dress,hat,shirt,skirt,t-shirt", "longsleeve,outwear,pants,shoes,shorts"),
}


def measure(check, project, model, concepts):
    document = check.json("models", "evaluate", project, model, "--split", "train", "--concepts", concepts)
    summary = document["eval_metrics"][0]["summary"]
    return summary["recall_at_1"], summary["r_precision"], summary["map_at_r"], summary["num_tot"]


def planes_of(path):
    return numpy.asarray(Image.open(path).convert("RGB"), numpy.float32).transpose(2, 0, 1)[None]


def compare_export(check, project, model, folder):
    """Largest difference of a number of a unit vector, on noise of the network's own size: nothing is resized."""
    exported = os.path.join(folder, "embedder.onnx")
    check.run("models", "export", project, model, exported, "--force")
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    size = int(about["fovea.input.size"])
    mean, scale = ([float(x) for x in about["fovea.input." + name].split(",")] for name in ("mean", "scale"))
    random = numpy.random.default_rng(0)
    paths = []
    for i in range(8):
        paths.append(os.path.join(folder, "noise%d.png" % i))
        coarse = Image.fromarray(random.integers(0, 256, (7, 7, 3), numpy.uint8))
        coarse.resize((size, size), Image.BICUBIC).save(paths[-1])
    worst = 0
    for path, output in zip(paths, check.json("models", "predict", project, model, *paths)["outputs"]):
        own = numpy.array(output["data"]["embeddings"][0]["vector"])
        pixels = (planes_of(path) - numpy.reshape(mean, (1, 3, 1, 1))) * numpy.reshape(scale, (1, 3, 1, 1))
        theirs = session.run(["embeddings"], {"image": pixels.astype(numpy.float32)})[0][0]
        worst = max(worst, float(numpy.abs(own - theirs).max()))
    return worst


def main():
    program, data = sys.argv[1:3]
    seeds = sys.argv[3:] or ["0", "1", "2"]
    check = checks.Checks(program)
    with tempfile.TemporaryDirectory() as folder:
        project = os.path.join(folder, "apparel.fovea")
        check.run("project", "create", project)
        check.run("import", project, data)
        check.run("models", "create", project, "--type", "visual-embedder", "--id", "base")
        for name, (learned, other) in HALVES.items():
            base = measure(check, project, "base", other)
            print("%s half learned, %d pictures of the other: pretrained R@1 %.4f R-precision %.4f mAP@R %.4f" % ((name, base[3]) + base[:3]))
            for seed in seeds:
                model = "%s-%s" % (name, seed)
                check.run("models", "create", project, "--type", "visual-embedder", "--id", model, "--concepts", learned,
                          "--param", "seed=" + seed)
                check.run("models", "train", project, model, "--split", "train")
                found = measure(check, project, model, other)
                print("    seed %s: R@1 %.4f R-precision %.4f mAP@R %.4f" % ((seed,) + found[:3]), flush=True)
                check.check(found[2] > base[2] and (name != "first" or found[0] > base[0]),
                            "%s half, seed %s: the other half's recall@1 from %.4f to %.4f, mAP@R from %.4f to %.4f"
                            % (name, seed, base[0], found[0], base[2], found[2]))
        difference = compare_export(check, project, "first-" + seeds[0], folder)
        check.check(difference <= MAX_EXPORT_DIFFERENCE, "exported ONNX in onnxruntime: vectors differ by at most %.2e" % difference)
    check.end()


if __name__ == "__main__":
    main()
