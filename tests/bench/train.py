# SPDX-License-Identifier: GPL-3.0-or-later
"""train.py PROGRAM DATA [ROUNDS [speed,losses]]: a step of training EfficientNet-Lite0 through all its layers, batch norms folded,
16 pictures of 224 pixels, a new head, AdamW with the recipe's schedule, weight decay, clip and label smoothing, against PyTorch
(channels-last, as many threads), in turn. The losses are those of 100 batches of the 600 training pictures.

Why the recipe: without the warm-up AdamW steps by the sign of each gradient, and rounding decides where training goes (on one
machine our own losses with AVX2 and AVX-512 are 5 % apart after nine steps). At a constant rate it decides it somewhat later: our own
smoothed losses with one thread and with two were 12.6 % apart within 100 steps, 5.1 % with the cosine. Smoothed are they over a
quarter of the steps: over ten, PyTorch with one thread is 6.7 % from itself with two, so less says nothing of a program. What must hold: at least 2 times PyTorch's
images a second in f32 against its f32, and 3 times in our best precision against its best; f32 losses within 1 % at each of the
first 20 steps from the same weights and batches, and smoothed ones within 3 % over 100; peak memory at most PyTorch's."""
import glob
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import peers  # noqa: E402

peers.require("peers-train.txt", with_torch=True)

import checks  # noqa: E402
import numpy  # noqa: E402
import onnx  # noqa: E402
import onnx.numpy_helper  # noqa: E402
from PIL import Image  # noqa: E402

SIZE, BATCH, RATE, WARM_UP = 224, 16, 3e-4, 20
SMOOTHING, DECAY, CLIP, FINAL = 0.1, 0.02, 5.0, 0.02
FEW = 4 * BATCH  # for speed and memory
SPEED_STEPS, LOSS_STEPS = 8, 100
CLOSE_STEPS, CLOSE, CLOSE_SMOOTH, WINDOW = 20, 0.01, 0.03, 25


def pack_path():
    folder = os.environ.get("FOVEA_PACK_DIR") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "fovea", "packs")
    return os.path.join(folder, "efficientnet-lite0.onnx")


def picture(path):
    with Image.open(path) as file:
        pixels = numpy.asarray(file.convert("RGB").resize((SIZE, SIZE), Image.BICUBIC), numpy.float32)
    return ((pixels - 127) / 128).transpose(2, 0, 1)


# --- PyTorch, in a process of its own ----------------------------------------------------------------------------------


def attribute(node, name, default=None):
    for attr in node.attribute:
        if attr.name == name:
            return onnx.helper.get_attribute_value(attr)
    return default


class Folded:
    """The pack's graph as PyTorch functions, each batch norm folded into the convolution before it."""

    def __init__(self, path):
        import torch
        model = onnx.load(path).graph
        constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.initializer}
        self.input, self.output = model.input[0].name, model.output[0].name
        self.steps, self.parameters, made_by = [], [], {}
        for node in model.node:
            if node.op_type == "BatchNormalization":
                scale, shift, mean, variance = (constants[name].astype(numpy.float64) for name in node.input[1:])
                factor = scale / numpy.sqrt(variance + attribute(node, "epsilon", 1e-5))
                step = made_by[node.input[0]]
                step["w"] = step["w"] * factor[:, None, None, None]
                step["b"] = shift - mean * factor
                step["out"] = node.output[0]
            elif node.op_type == "Conv":
                step = {"op": "Conv", "in": node.input[0], "out": node.output[0], "w": constants[node.input[1]].astype(numpy.float64),
                        "stride": attribute(node, "strides"), "pads": attribute(node, "pads"), "group": attribute(node, "group", 1)}
                made_by[node.output[0]] = step
                self.steps.append(step)
            elif node.op_type == "Gemm":
                self.steps.append({"op": "Gemm", "in": node.input[0], "out": node.output[0], "w": constants[node.input[1]],
                                   "b": constants[node.input[2]]})
            else:
                self.steps.append({"op": node.op_type, "in": node.input[0], "other": node.input[-1], "out": node.output[0]})
        for step in self.steps:
            for name in ("w", "b"):
                if name in step:
                    value = torch.tensor(numpy.asarray(step[name], numpy.float32))
                    if value.dim() == 4:
                        value = value.contiguous(memory_format=torch.channels_last)
                    step[name] = torch.nn.Parameter(value)
                    self.parameters.append(step[name])

    def __call__(self, x):
        from torch.nn import functional
        values = {self.input: x}
        for step in self.steps:
            x = values[step["in"]]
            if step["op"] == "Conv":
                top, left, bottom, right = step["pads"]
                if (top, left) != (bottom, right):
                    x, top, left = functional.pad(x, (left, right, top, bottom)), 0, 0
                x = functional.conv2d(x, step["w"], step["b"], step["stride"], (top, left), 1, step["group"])
            elif step["op"] == "Clip":
                x = functional.relu6(x)
            elif step["op"] == "Add":
                x = x + values[step["other"]]
            elif step["op"] == "GlobalAveragePool":
                x = x.mean((2, 3), keepdim=True)
            elif step["op"] == "Flatten":
                x = x.flatten(1)
            else:
                x = functional.linear(x, step["w"], step["b"])
            values[step["out"]] = x
        return values[self.output]


def schedule(step, warm_up, steps):
    """A linear rise, then half a cosine down to FINAL at the last step."""
    if step < warm_up:
        return (step + 1) / warm_up
    part = (step - warm_up) / max(1, steps - warm_up - 1)
    return FINAL + (1 - FINAL) * 0.5 * (1 + math.cos(math.pi * min(1, part)))


def peer(model, pictures, classes, precision, warm_up, steps, threads):
    """Prints {"images_per_second", "peak_bytes", "losses"}."""
    import torch
    torch.set_num_threads(threads)
    x, y = (torch.from_numpy(numpy.load(path)) for path in (pictures, classes))
    net = Folded(model)
    optimiser = torch.optim.AdamW(net.parameters, lr=RATE, betas=(0.9, 0.99), eps=1e-8, weight_decay=DECAY)
    losses, times, cpu_times = [], [], []
    for step in range(steps):
        rows = torch.arange(step * BATCH, (step + 1) * BATCH) % len(x)
        batch, target = x[rows].contiguous(memory_format=torch.channels_last), y[rows]
        for group in optimiser.param_groups:
            group["lr"] = RATE * schedule(step, warm_up, steps)
        begun, cpu = time.perf_counter(), time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            logits = net(batch)
        loss = torch.nn.functional.cross_entropy(logits.float(), target, label_smoothing=SMOOTHING)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters, CLIP)
        optimiser.step()
        losses.append(loss.item())
        if step >= 2:
            times.append(time.perf_counter() - begun)
            cpu_times.append(time.process_time() - cpu)
    print(json.dumps({"images_per_second": BATCH / statistics.median(times), "losses": losses, "cpu_ms": 1e3 * statistics.median(cpu_times),
                      "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, "version": torch.__version__}))


def new_head(pack, path, n_classes):
    """The pack's network with a dense layer of small random weights for @n_classes, as it is fine-tuned."""
    model = onnx.load(pack)
    weights = numpy.random.default_rng(1).normal(0, 0.001, (n_classes, 1280)).astype(numpy.float32)
    values = {"_fc.weight": weights, "_fc.bias": numpy.zeros(n_classes, numpy.float32)}
    for tensor in model.graph.initializer:
        if tensor.name in values:
            tensor.CopyFrom(onnx.numpy_helper.from_array(values[tensor.name], tensor.name))
    for output in list(model.graph.output)[1:]:
        model.graph.output.remove(output)
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = n_classes
    onnx.save(model, path)


# --- the comparison ----------------------------------------------------------------------------------------------------


class Comparison:
    def __init__(self, checker, folder, data, few_only=False):
        paths = sorted(glob.glob(os.path.join(data, "apparel", "train", "**", "*.jpg"), recursive=True))
        if not paths:
            sys.exit("there are no pictures under %s" % data)
        numpy.random.default_rng(0).shuffle(paths)
        names = sorted({os.path.basename(os.path.dirname(path)) for path in paths})
        self.checker, self.model = checker, os.path.join(folder, "model.onnx")
        new_head(pack_path(), self.model, len(names))
        if few_only:
            del paths[FEW:]
        classes = numpy.array([names.index(os.path.basename(os.path.dirname(path))) for path in paths], numpy.int64)
        pictures = numpy.stack([picture(path) for path in paths])
        self.all, self.few = os.path.join(folder, "all"), os.path.join(folder, "few")
        self.write(self.all, pictures, classes)
        # So that the memory of both is that of training, and not of what they make of a large file.
        self.write(self.few, pictures[:FEW], classes[:FEW])

    @staticmethod
    def write(prefix, *arrays):
        """As TensorProtos for us, and as NumPy's files for PyTorch."""
        for array, name in zip(arrays, ("pictures", "classes")):
            numpy.save("%s-%s.npy" % (prefix, name), array)
            with open("%s-%s.pb" % (prefix, name), "wb") as file:
                file.write(onnx.numpy_helper.from_array(array).SerializeToString())

    def own(self, data, precision, steps):
        return self.checker.json("bench", "train-step", "--model", self.model, "--input", data + "-pictures.pb", "--targets", data + "-classes.pb",
                                 "--batch", BATCH, "--rate", RATE, "--warm-up", WARM_UP, "--final-rate", FINAL, "--label-smoothing", SMOOTHING,
                                 "--weight-decay", DECAY, "--clip", CLIP, "--precision", precision, "--count", steps)

    def other(self, data, precision, steps, policy="passive", threads=None):
        done = subprocess.run([sys.executable, __file__, "--peer", self.model, data + "-pictures.npy", data + "-classes.npy", precision,
                               str(WARM_UP), str(steps), str(threads or len(os.sched_getaffinity(0)))],
                              capture_output=True, check=True, env=dict(os.environ, OMP_WAIT_POLICY=policy))
        return json.loads(done.stdout)

    def both(self, precision):
        """The better of two runs each, in turn, so that neither has more luck with what else the machine does. PyTorch once with
        threads that sleep while they wait, as ours do, and once with ones that spin, which is slower only where something else wants
        the processors."""
        pairs = [(self.own(self.few, precision, SPEED_STEPS), self.other(self.few, precision, SPEED_STEPS, policy))
                 for policy in ("passive", "active")]
        return [max(results, key=lambda result: result["images_per_second"]) for results in zip(*pairs)]

    def speed(self, rounds):
        ratios, best, memory = [], [], []
        for _ in range(rounds):
            own, other = {}, {}
            for name in ("f32", "bf16"):
                own[name], other[name] = self.both(name)
            speed = {name: (own[name]["images_per_second"], other[name]["images_per_second"]) for name in own}
            print("        images/s, Fovea and PyTorch %s: f32 %.1f, %.1f; bf16 %.1f, %.1f" % (
                (other["f32"]["version"],) + speed["f32"] + speed["bf16"]), flush=True)
            print("        processor time a step, ms: f32 %.0f, %.0f; bf16 %.0f, %.0f" % tuple(
                side[name]["cpu_ms"] for name in ("f32", "bf16") for side in (own, other)), flush=True)
            ratios.append(speed["f32"][0] / speed["f32"][1])
            best.append(max(a for a, _ in speed.values()) / max(b for _, b in speed.values()))
            memory.append((own["f32"]["peak_bytes"], other["f32"]["peak_bytes"]))
        ratio, top = statistics.median(ratios), statistics.median(best)
        self.checker.check(ratio >= 2, "f32: %.2f times PyTorch's images a second (2 wanted)" % ratio)
        self.checker.check(top >= 3, "best precision: %.2f times PyTorch's best (3 wanted)" % top)
        mine, theirs = memory[0]
        self.checker.check(mine <= theirs, "peak memory in f32: %d MB, PyTorch %d MB" % (mine >> 20, theirs >> 20))

    @staticmethod
    def apart(mine, theirs):
        """The greatest difference of the two curves, smoothed, as a part of @theirs."""
        smooth = [[statistics.mean(losses[i:i + WINDOW]) for i in range(LOSS_STEPS - WINDOW + 1)] for losses in (mine, theirs)]
        return max(abs(a - b) / b for a, b in zip(*smooth))

    def losses(self):
        own, other = self.own(self.all, "f32", LOSS_STEPS)["losses"], self.other(self.all, "f32", LOSS_STEPS)["losses"]
        if os.environ.get("FOVEA_BENCH_LOSSES"):
            with open(os.environ["FOVEA_BENCH_LOSSES"], "w", encoding="ascii") as file:
                json.dump({"own": own, "other": other}, file)
        worst = max(abs(a - b) / b for a, b in zip(own[:CLOSE_STEPS], other))
        self.checker.check(worst <= CLOSE, "losses of the first %d steps differ by %.4f %% at most (%g wanted)" % (
            CLOSE_STEPS, 100 * worst, 100 * CLOSE))
        itself = self.other(self.all, "f32", LOSS_STEPS, threads=1)["losses"]
        print("        means of %d losses over %d steps: PyTorch with one thread differs from itself by %.3f %% at most" % (
            WINDOW, LOSS_STEPS, 100 * self.apart(itself, other)), flush=True)
        worst = self.apart(own, other)
        self.checker.check(worst <= CLOSE_SMOOTH, "means of %d losses over %d steps differ by %.3f %% at most (%g wanted)" % (
            WINDOW, LOSS_STEPS, 100 * worst, 100 * CLOSE_SMOOTH))


def main(program, data, rounds="3", what="speed,losses"):
    checker = checks.Checks(program)
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(checker, folder, data, "losses" not in what)
        if "speed" in what:
            comparison.speed(int(rounds))
        if "losses" in what:
            comparison.losses()
    checker.end()


if __name__ == "__main__":
    if sys.argv[1] == "--peer":
        peer(*sys.argv[2:6], *map(int, sys.argv[6:9]))
    else:
        main(*sys.argv[1:])
