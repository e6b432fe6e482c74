# SPDX-License-Identifier: GPL-3.0-or-later
"""test_packs.py BUILD_AUX: the weights reader trusts nothing, the converter builds a network that the checker accepts."""
import collections
import io
import os
import pickle
import struct
import sys
import tempfile
import unittest

import numpy
import onnx

sys.path.insert(0, sys.argv.pop(1))
import efficientnet_lite  # noqa: E402
import legacy_pth  # noqa: E402
import make_pack  # noqa: E402


class Global:
    """Pickles as a reference to MODULE.NAME that need not exist here."""

    def __init__(self, module, name, *arguments):
        self.module, self.name, self.arguments = module, name, arguments


class Writer(pickle._Pickler):  # the Python one, so that its tables can be extended
    dispatch = dict(pickle._Pickler.dispatch)

    def save_global_by_name(self, item):
        self.write(pickle.GLOBAL + item.module.encode() + b"\n" + item.name.encode() + b"\n")
        if item.arguments:
            self.save(item.arguments)
            self.write(pickle.REDUCE)

    dispatch[Global] = save_global_by_name

    def persistent_id(self, item):
        return item.pid if isinstance(item, Stored) else None


class Stored:
    def __init__(self, *pid):
        self.pid = pid


def tensor(key, count, offset, size, stride):
    storage = Stored("storage", Global("torch", "FloatStorage"), key, "cpu", count, None)
    return Global("torch._utils", "_rebuild_tensor_v2", storage, offset, size, stride, False, None)


def dump(*items):
    stream = io.BytesIO()
    for item in items:
        Writer(stream, 2).dump(item)
    return stream.getvalue()


def pth(state, storages, system=None):
    head = dump(legacy_pth.MAGIC, legacy_pth.PROTOCOL, system or {"little_endian": True}, state, list(storages))
    return head + b"".join(struct.pack("<q", len(data)) + numpy.asarray(data, "<f4").tobytes() for data in storages.values())


class Reader(unittest.TestCase):
    good = pth({"a": tensor("0", 6, 0, (2, 3), (3, 1)), "b": tensor("0", 6, 1, (2,), (3,))}, {"0": range(6)})

    def test_reads_dense_and_strided(self):
        weights = legacy_pth.load(self.good)
        numpy.testing.assert_array_equal(weights["a"], [[0, 1, 2], [3, 4, 5]])
        numpy.testing.assert_array_equal(weights["b"], [1, 4])

    def test_runs_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            witness = os.path.join(folder, "witness")
            for module, name, arguments in (("os", "system", ("touch " + witness,)), ("builtins", "eval", ("1",)),
                                            ("posix", "system", ("touch " + witness,)), ("torch", "load", ("x",))):
                with self.assertRaisesRegex(legacy_pth.Damaged, name):
                    legacy_pth.load(pth({"a": Global(module, name, *arguments)}, {}))
            self.assertFalse(os.path.exists(witness))

    def test_every_cut_is_noticed(self):
        for length in range(len(self.good)):
            with self.assertRaises(legacy_pth.Damaged):
                legacy_pth.load(self.good[:length])
        with self.assertRaisesRegex(legacy_pth.Damaged, "more after"):
            legacy_pth.load(self.good + b"x")

    def test_reaches_beyond_no_storage(self):
        for offset, size, stride in ((0, (7,), (1,)), (5, (2,), (1,)), (0, (2, 3), (6, 1)), (-1, (2,), (1,)), (0, (2,), (-1,)),
                                     (0, (2 ** 62, 4), (1, 1)), (0, ("2",), (1,)), (0, (2, 2), (1,))):
            with self.assertRaises(legacy_pth.Damaged, msg=str((offset, size, stride))):
                legacy_pth.load(pth({"a": tensor("0", 6, offset, size, stride)}, {"0": range(6)}))

    def test_counts_must_agree(self):
        with self.assertRaises(legacy_pth.Damaged):
            legacy_pth.load(pth({"a": tensor("0", 6, 0, (2,), (1,))}, {"0": range(5)}))
        with self.assertRaises(legacy_pth.Damaged):
            legacy_pth.load(pth({"a": tensor("0", 6, 0, (2,), (1,))}, {"1": range(6)}))
        with self.assertRaisesRegex(legacy_pth.Damaged, "little"):
            legacy_pth.load(pth({}, {}, {"little_endian": False}))


def random_weights(name, classes):
    """Weights of the right shapes with few channels."""
    random = numpy.random.default_rng(0)
    weights = collections.OrderedDict()

    def conv_bn(conv, bn, out_channels, in_channels, kernel):
        weights[conv + ".weight"] = random.normal(size=(out_channels, in_channels, kernel, kernel)).astype("f4")
        for part in ("weight", "bias", "running_mean", "running_var"):
            weights["%s.%s" % (bn, part)] = numpy.ones(out_channels, "f4")
        weights[bn + ".num_batches_tracked"] = numpy.array(0)

    conv_bn("_conv_stem", "_bn0", 4, 3, 3)
    channels = 4
    for index, (kernel, _, expansion) in enumerate(efficientnet_lite.blocks_of(name)):
        prefix, wide = "_blocks.%d." % index, channels * expansion
        if expansion > 1:
            conv_bn(prefix + "_expand_conv", prefix + "_bn0", wide, channels, 1)
        conv_bn(prefix + "_depthwise_conv", prefix + "_bn1", wide, 1, kernel)
        conv_bn(prefix + "_project_conv", prefix + "_bn2", 4, wide, 1)
    conv_bn("_conv_head", "_bn1", 8, channels, 1)
    weights["_fc.weight"], weights["_fc.bias"] = numpy.ones((classes, 8), "f4"), numpy.ones(classes, "f4")
    return weights


class Converter(unittest.TestCase):
    def test_builds_a_valid_network(self):
        for name, blocks in (("efficientnet-lite0", 16), ("efficientnet-lite2", 21)):
            model = efficientnet_lite.build(name, random_weights(name, 5), 65, {"fovea.pack": name})
            onnx.checker.check_model(model)
            inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
            sides = [[d.dim_value for d in value.type.tensor_type.shape.dim][2] for value in inferred.graph.value_info
                     if value.name in ("_conv_stem", "_conv_head")]
            self.assertEqual(sides, [33, 3])  # 65 → 33 → 17 → 9 → 5 → 3, rounded up as TensorFlow does
            self.assertEqual(sum(node.op_type == "Conv" and node.name.endswith("_depthwise_conv") for node in model.graph.node), blocks)

    def test_refuses_other_weights(self):
        weights = random_weights("efficientnet-lite0", 5)
        with self.assertRaises((KeyError, ValueError)):
            efficientnet_lite.build("efficientnet-lite2", weights, 64, {})
        with self.assertRaisesRegex(ValueError, "left over"):
            efficientnet_lite.build("efficientnet-lite0", dict(weights, extra=numpy.ones(1)), 64, {})
        weights.pop("_blocks.3._bn1.running_var")
        with self.assertRaises(KeyError):
            efficientnet_lite.build("efficientnet-lite0", weights, 64, {})


class Wheel(unittest.TestCase):
    def test_member_must_be_one(self):
        import zipfile
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.whl")
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("models/a-1.pth", b"one")
            self.assertEqual(make_pack.read_weights(path, "models/a-*.pth"), b"one")
            with self.assertRaises(make_pack.Failed):
                make_pack.read_weights(path, "models/b-*.pth")


if __name__ == "__main__":
    unittest.main()
