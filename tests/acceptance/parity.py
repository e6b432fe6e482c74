# SPDX-License-Identifier: GPL-3.0-or-later
"""parity.py PROGRAM DATA: on 50 real pictures the packs' logits by plan, interpreter and onnxruntime agree; so do the
top concepts from the file on, with Pillow as the peer for decoding and resizing."""
import glob
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import peers  # noqa: E402

peers.require()

import checks  # noqa: E402
import numpy  # noqa: E402
import onnx.numpy_helper  # noqa: E402
import onnxruntime  # noqa: E402
from PIL import Image  # noqa: E402

PICTURES = 50
MAX_PEER_DIFFERENCE = 1e-3
MAX_OWN_DIFFERENCE = 1e-4
MIN_TOP1_AGREEMENT = 0.98


def network_input(path, size):
    with Image.open(path) as file:
        pixels = numpy.asarray(peers.centre_crop(file.convert("RGB"), size), numpy.float32)
    return ((pixels - 127) / 128).transpose(2, 0, 1)


def pack_path(name):
    folder = os.environ.get("FOVEA_PACK_DIR") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "fovea", "packs")
    return os.path.join(folder, name + ".onnx")


def own_logits(checker, model, batch, mode, folder):
    tensor = os.path.join(folder, "input_0.pb")
    with open(tensor, "wb") as file:
        file.write(onnx.numpy_helper.from_array(batch, "image").SerializeToString())
    checker.run("nn", "run", model, tensor, "--output", folder, "--" + mode)
    with open(os.path.join(folder, "output_0.pb"), "rb") as file:
        return onnx.numpy_helper.to_array(onnx.TensorProto.FromString(file.read()))


def compare(checker, name, size, paths):
    model = pack_path(name)
    batch = numpy.stack([network_input(path, size) for path in paths])
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    peer = session.run(["logits"], {"image": batch})[0]
    with tempfile.TemporaryDirectory() as folder:
        plan = own_logits(checker, model, batch, "plan", folder)
        interpreter = own_logits(checker, model, batch, "interpreter", folder)
    difference = abs(plan - peer).max()
    checker.check(difference <= MAX_PEER_DIFFERENCE, "%s: plan and onnxruntime differ by %.2e" % (name, difference))
    difference = abs(plan - interpreter).max()
    checker.check(difference <= MAX_OWN_DIFFERENCE, "%s: plan and interpreter differ by %.2e" % (name, difference))
    outputs = checker.json("models", "predict", "--pack", name, "--top", "1", *paths)["outputs"]
    own = [output["data"]["concepts"][0]["id"] for output in outputs]
    agreement = numpy.mean([mine == "in1k-%03d" % theirs for mine, theirs in zip(own, peer.argmax(1))])
    checker.check(len(own) == len(paths) and agreement >= MIN_TOP1_AGREEMENT,
                  "%s: from the file on, the top concept agrees with Pillow and onnxruntime on %.0f %%" % (name, 100 * agreement))


def main(program, data):
    checker = checks.Checks(program)
    paths = sorted(glob.glob(os.path.join(data, "apparel", "test", "*", "*.jpg")))[::4][:PICTURES]
    assert len(paths) == PICTURES
    for name, size in (("efficientnet-lite0", 224), ("efficientnet-lite2", 260)):
        compare(checker, name, size, paths)
    checker.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
