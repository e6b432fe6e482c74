# SPDX-License-Identifier: GPL-3.0-or-later
"""embed.py PROGRAM DATA [ROUNDS]: images a second of the packs' networks alone (f32), against onnxruntime with as many
threads, in turn; on real pictures, because the share of zeros between two layers matters. What must hold: batch 1 at least
2 times, batch 32 at least 1.5 times. Runs once more with ONEDNN_MAX_CPU_ISA=AVX2, which caps Fovea alone."""
import glob
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import peers  # noqa: E402

peers.require()

import checks  # noqa: E402
import numpy  # noqa: E402
import onnx.numpy_helper  # noqa: E402
import onnxruntime  # noqa: E402
from PIL import Image  # noqa: E402

PACKS = (("efficientnet-lite0", 224), ("efficientnet-lite2", 260))
WANTED = {1: 2.0, 32: 1.5}
SECONDS = 3


def pack_path(name):
    folder = os.environ.get("FOVEA_PACK_DIR") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "fovea", "packs")
    return os.path.join(folder, name + ".onnx")


def picture(path, size):
    with Image.open(path) as file:
        pixels = numpy.asarray(file.convert("RGB").resize((size, size), Image.BICUBIC), numpy.float32)
    return ((pixels - 127) / 128).transpose(2, 0, 1)


def peer(model, tensor, batch):
    """Run in a process of its own; prints images a second: the median run, as `fovea bench embed` does."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(os.sched_getaffinity(0))
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    with open(tensor, "rb") as file:
        pictures = onnx.numpy_helper.to_array(onnx.TensorProto.FromString(file.read()))
    pictures = numpy.ascontiguousarray(numpy.resize(pictures, (batch,) + pictures.shape[1:]))
    for _ in range(2):
        session.run(None, {"image": pictures})
    times, begun = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - begun < SECONDS:
        start = time.perf_counter()
        session.run(None, {"image": pictures})
        times.append(time.perf_counter() - start)
    print(batch / statistics.median(times))


def peer_speed(model, tensor, batch):
    done = subprocess.run([sys.executable, __file__, "--peer", model, tensor, str(batch)], capture_output=True, check=True)
    return float(done.stdout)


def compare(checker, name, model, tensor, isa, rounds):
    environment = dict(os.environ)
    if isa:
        environment["ONEDNN_MAX_CPU_ISA"] = isa
    for batch, wanted in WANTED.items():
        own, other = [], []
        for _ in range(rounds):
            own.append(checker.json("bench", "embed", "--model", model, "--input", tensor, "--batch", batch,
                                    "--seconds", SECONDS, env=environment)["images_per_second"])
            other.append(peer_speed(model, tensor, batch))
        ratio = statistics.median(a / b for a, b in zip(own, other))
        checker.check(ratio >= wanted, "%s%s batch %d: %.1f images/s, onnxruntime %s %.1f: %.2f times (%.1f wanted)" % (
            name, " " + isa if isa else "", batch, statistics.median(own), onnxruntime.__version__,
            statistics.median(other), ratio, wanted))


def main(program, data, rounds="3"):
    paths = sorted(glob.glob(os.path.join(data, "apparel", "**", "*.jpg"), recursive=True))[::25][:32]
    if not paths:
        sys.exit("there are no pictures under %s" % data)
    checker = checks.Checks(program)
    with tempfile.TemporaryDirectory() as folder:
        for name, size in PACKS:
            tensor = os.path.join(folder, name + ".pb")
            batch = numpy.stack([picture(path, size) for path in paths])
            with open(tensor, "wb") as file:
                file.write(onnx.numpy_helper.from_array(batch, "image").SerializeToString())
            for isa in (None, "AVX2"):
                compare(checker, name, pack_path(name), tensor, isa, int(rounds))
    checker.end()


if __name__ == "__main__":
    if sys.argv[1] == "--peer":
        peer(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main(*sys.argv[1:])
