# SPDX-License-Identifier: GPL-3.0-or-later
"""onnx-peer.py PROGRAM DATA: models of other programs come in and answer as in onnxruntime; Fovea's own go out, are predicted with
by examples/predict.py alone, and come back without a word said about them."""
import glob
import importlib.util
import os
import sqlite3
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import peers  # noqa: E402

peers.require()

import checks  # noqa: E402
import foreign_models  # noqa: E402
import numpy  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from PIL import Image  # noqa: E402

MAX_DIFFERENCE = 1e-3
TRAIN, TEST = 12, 5  # pictures of each concept
NAMES = "thing 0,thing 1,thing 2,thing 3,thing 4"
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def load_example():
    spec = importlib.util.spec_from_file_location("predict", os.path.join(ROOT, "examples", "predict.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_project(check, data, folder):
    for split, n in (("train", TRAIN), ("test", TEST)):
        for concept in sorted(os.listdir(os.path.join(data, "apparel", split))):
            os.makedirs(os.path.join(folder, "pictures", split, concept))
            for path in sorted(glob.glob(os.path.join(data, "apparel", split, concept, "*")))[:n]:
                os.symlink(path, os.path.join(folder, "pictures", split, concept, os.path.basename(path)))
    project = os.path.join(folder, "peer.fovea")
    check.run("project", "create", project)
    check.run("import", project, os.path.join(folder, "pictures"))
    return project


def answers(check, project, model, files):
    """[files, labels] by name."""
    outputs = check.json("models", "predict", project, model, "--top", "100", *files)["outputs"]
    return [{concept["name"]: concept["value"] for concept in output["data"]["concepts"]} for output in outputs]


def worst(ours, labels, theirs):
    return max(abs(row.get(label, 0) - float(value)) for row, other in zip(ours, theirs) for label, value in zip(labels, other))


def softmax(logits):
    e = numpy.exp(logits - logits.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def check_foreign(check, project, folder, files, name, model, options, pixels, activate):
    """@pixels: what becomes of a square of bytes; @activate: of the answer"""
    path = os.path.join(folder, name + ".onnx")
    onnx.save(model, path)
    check.run("models", "import", project, path, *options)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    theirs = []
    for file in files:
        with Image.open(file) as image:
            square = numpy.asarray(peers.centre_crop(image.convert("RGB"), 64, 1 if name == "plain" else 0.875))
        theirs.append(activate(session.run(None, {"input": pixels(square)})[0])[0])
    ours = answers(check, project, name, files)
    difference = worst(ours, NAMES.split(","), theirs)
    spread = numpy.std(theirs, axis=0).max()
    check.check(difference <= MAX_DIFFERENCE and spread > 0.005,
                "%s: answers differ from onnxruntime's by at most %.1e (they vary by %.3f)" % (name, difference, spread))


def imagenet(square):
    return ((square / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]).transpose(2, 0, 1)[None].astype("f4")


def check_all_foreign(check, project, folder, files):
    def first(scale, shift=0.0, dtype="f4"):
        return lambda square: ((square.astype("f4") / 255 - shift) * scale).transpose(2, 0, 1)[None].astype(dtype)

    for name, model, options, pixels, activate in (
            ("plain", foreign_models.plain(), [], first(1), lambda x: x),
            ("bytes-last", foreign_models.bytes_last(), ["--labels", NAMES], lambda square: square[None], softmax),
            ("halves", foreign_models.halves(), ["--labels", NAMES, "--range", "-1..1", "--input-size", 64, "--activation", "sigmoid"],
             first(2, 0.5), lambda x: 1 / (1 + numpy.exp(-x))),
            ("transformer", foreign_models.transformer(), ["--labels", NAMES, "--range", "imagenet"], imagenet, softmax)):
        check_foreign(check, project, folder, files, name, model, options, pixels, activate)


def check_refusals(check, project, folder):
    before = check.json("models", "list", project)
    said = check.run("models", "import", project, os.path.join(folder, "transformer.onnx"), "--id", "again", expect=2).stderr.decode()
    check.check("--labels" in said and "--range" in said and "[N, 3, 64, 64]" in said, "what a file does not say is asked for, with its inputs and outputs")
    boxes = foreign_models.plain()
    boxes.metadata_props[0].value = "detect"
    onnx.save(boxes, os.path.join(folder, "boxes.onnx"))
    said = check.run("models", "import", project, os.path.join(folder, "boxes.onnx"), expect=2).stderr.decode()
    check.check("detector" in said, "a detector is refused: %s" % said.strip().splitlines()[-1][:90])
    odd = foreign_models.plain()
    odd.graph.node[0].op_type = "FlyingSaucer"
    onnx.save(odd, os.path.join(folder, "odd.onnx"))
    said = check.run("models", "import", project, os.path.join(folder, "odd.onnx"), expect=1).stderr.decode()
    check.check("FlyingSaucer" in said, "an operator that is not understood is named")
    check.check(check.json("models", "list", project) == before, "nothing was written")


def check_example(check, example, project, model, folder, files):
    path = os.path.join(folder, model + "-exported.onnx")
    check.run("models", "export", project, model, path)
    classifier = example.Classifier(path)
    difference = worst(answers(check, project, model, files), classifier.labels, [classifier.predict(file) for file in files])
    check.check(difference <= MAX_DIFFERENCE, "%s: examples/predict.py differs by at most %.1e on %d pictures" % (model, difference, len(files)))
    return path


def check_round_trip(check, project, model, path, files):
    back = model + "-back"
    check.run("models", "import", project, path, "--id", back)
    ours, theirs = answers(check, project, back, files), answers(check, project, model, files)
    difference = max(abs(row[name] - other[name]) for row, other in zip(ours, theirs) for name in row)
    same = [set(row) == set(other) for row, other in zip(ours, theirs)]
    check.check(difference <= MAX_DIFFERENCE and all(same), "%s: came back without options, differs by %.1e" % (model, difference))
    accuracy = [check.json("models", "evaluate", project, name, "--split", "test")["eval_metrics"][0]["summary"]["top1_accuracy"]
                for name in (model, back)]
    check.check(abs(accuracy[0] - accuracy[1]) <= 0.021, "%s: accuracy %.3f on test, %.3f when it came back" % (model, *accuracy))


def train_on(check, project, base):
    """Accuracy of an embedding-classifier on the vectors of another model."""
    model = "on-" + base
    check.run("models", "create", project, "--id", model, "--param", "base_embed_model=" + base, "--param", "fit=crop")
    check.run("models", "train", project, model)
    return check.json("models", "evaluate", project, model, "--split", "test")["eval_metrics"][0]["summary"]["top1_accuracy"]


def check_vectors(check, project, folder):
    """What the transformer's last dense layer reads is what is kept of each picture."""
    train_on(check, project, "transformer")
    model = onnx.load(os.path.join(folder, "transformer.onnx"))
    model.graph.output.append(onnx.helper.make_tensor_value_info("cls", onnx.TensorProto.FLOAT, ["N", 48]))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    database = sqlite3.connect("file:%s?mode=ro" % project, uri=True)
    (space,) = database.execute("SELECT id FROM vector_spaces WHERE dims = 48 AND fit = 'crop'").fetchone()
    rows = database.execute("SELECT i.path, v.data FROM vectors v JOIN inputs i ON v.id = (? << 40) + i.id", (space,)).fetchall()
    difference = 0
    for path, data in rows[::9]:
        with Image.open(os.path.join(folder, os.fsdecode(path))) as image:
            vector = session.run(["cls"], {"input": imagenet(numpy.asarray(peers.centre_crop(image.convert("RGB"), 64)))})[0][0]
        difference = max(difference, abs(numpy.frombuffer(data, "<f2") - vector / numpy.linalg.norm(vector)).max())
    check.check(len(rows) == 10 * (TRAIN + TEST) and difference <= MAX_DIFFERENCE,
                "transformer: the vectors of %d pictures are what its last layer reads in onnxruntime, to %.1e" % (len(rows), difference))


def check_embedders(check, project, folder):
    check_vectors(check, project, folder)
    pack = os.path.join(os.environ.get("FOVEA_PACK_DIR") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "fovea", "packs"), "efficientnet-lite0.onnx")
    check.run("models", "import", project, pack, "--id", "everyday")
    accuracy = {base: train_on(check, project, base) for base in ("efficientnet-lite0", "everyday", "quick-back")}
    check.check(len(set(accuracy.values())) == 1 and accuracy["everyday"] > 0.6,
                "a classifier is as good on a network that was imported as on the pack that it was: %s" % accuracy)


def main(program, data):
    check, example = checks.Checks(program), load_example()
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(check, data, folder)
        files = sorted(glob.glob(os.path.join(folder, "pictures", "test", "*", "*")))[::4]
        check_all_foreign(check, project, folder, files)
        check_refusals(check, project, folder)
        check.run("models", "create", project, "--id", "quick")
        check.run("models", "train", project, "quick")
        check.run("models", "create", project, "--id", "deep", "--type", "visual-classifier", "--param", "template=small-scratch",
                  "--param", "num_epochs=2")
        check.run("models", "train", project, "deep")
        for model in ("quick", "deep", "transformer"):
            path = check_example(check, example, project, model, folder, files)
            if model != "transformer":  # it tells other things apart, which no picture is labelled with
                check_round_trip(check, project, model, path, files)
        check_embedders(check, project, folder)
    check.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
