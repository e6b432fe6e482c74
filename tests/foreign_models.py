# SPDX-License-Identifier: GPL-3.0-or-later
"""Models as other programs export them, with weights by a seed: for acceptance/onnx-peer.py, and as seeds of fuzz-models:

foreign_models.py FOLDER (with the Python package onnx)"""
import os
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

CLASSES = 5
HALF = numpy.float16


class Builder:
    def __init__(self, seed, opset=17):
        self.random, self.opset, self.nodes, self.constants = numpy.random.default_rng(seed), opset, [], []

    def constant(self, value):
        name = "c%d" % len(self.constants)
        self.constants.append(numpy_helper.from_array(numpy.asarray(value, order="C"), name))
        return name

    def weight(self, *shape, scale=None):
        return self.constant((self.random.standard_normal(shape) * (scale or numpy.prod(shape[1:]) ** -0.5)).astype("f4"))

    def add(self, op, *inputs, output=None, **attributes):
        output = output or "v%d" % len(self.nodes)
        self.nodes.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    def model(self, shape, output_shape, output="output", dtype=TensorProto.FLOAT, **metadata):
        graph = helper.make_graph(self.nodes, "net", [helper.make_tensor_value_info("input", dtype, shape)],
                                  [helper.make_tensor_value_info(output, TensorProto.FLOAT, output_shape)], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)
        helper.set_model_props(model, metadata)
        onnx.checker.check_model(model)
        return model


def features(b, value):
    for channels, last in ((16, 3), (24, 16)):
        value = b.add("Relu", b.add("Conv", value, b.weight(channels, last, 3, 3), b.weight(channels, scale=0.1), strides=[2, 2], pads=[1] * 4))
    return b.add("Flatten", b.add("GlobalAveragePool", value))


def plain():
    """Any number of pictures, logits, what ultralytics writes."""
    b = Builder(1)
    b.add("Softmax", b.add("Gemm", features(b, "input"), b.weight(CLASSES, 24, scale=8), b.weight(CLASSES), transB=1), output="output", axis=1)
    return b.model(["N", 3, 64, 64], ["N", CLASSES], task="classify", imgsz="[64, 64]", names=str({i: "thing %d" % i for i in range(CLASSES)}))


def bytes_last():
    """One picture, bytes, colours last, as TensorFlow's converter writes them."""
    b = Builder(2)
    value = b.add("Div", b.add("Cast", "input", to=TensorProto.FLOAT), b.constant(numpy.float32(255)))
    value = features(b, b.add("Transpose", value, perm=[0, 3, 1, 2]))
    value = b.add("Reshape", value, b.constant(numpy.array([1, 24], "i8")))  # only ever one
    b.add("MatMul", value, b.weight(24, CLASSES, scale=4), output="output")
    return b.model([1, 64, 64, 3], [1, CLASSES], dtype=TensorProto.UINT8)


def halves():
    """Weights of 16 bits, computed with in f16 behind a Cast."""
    b = Builder(3)
    value = features(b, b.add("Cast", "input", to=TensorProto.FLOAT16))
    b.constants = [numpy_helper.from_array(numpy_helper.to_array(c).astype(HALF), c.name) for c in b.constants]
    value = b.add("MatMul", value, b.constant((b.random.standard_normal((24, CLASSES)) * 4).astype(HALF)))
    b.add("Cast", value, output="output", to=TensorProto.FLOAT)
    return b.model(["N", 3, "h", "w"], ["N", CLASSES])


def norm(b, value, dim):
    return b.add("LayerNormalization", value, b.constant(numpy.ones(dim, "f4")), b.weight(dim, scale=0.1), axis=-1, epsilon=1e-6)


def dense(b, value, out, dim):
    return b.add("Add", b.add("MatMul", value, b.weight(dim, out, scale=1.5 * dim ** -0.5)), b.weight(out, scale=0.1))


def gelu(b, value):
    erf = b.add("Erf", b.add("Div", value, b.constant(numpy.float32(2 ** 0.5))))
    return b.add("Mul", b.add("Mul", value, b.add("Add", erf, b.constant(numpy.float32(1)))), b.constant(numpy.float32(0.5)))


def attention(b, value, tokens, dim, heads):
    shape = b.constant(numpy.array([0, tokens, 3, heads, dim // heads], "i8"))
    joined = b.add("Transpose", b.add("Reshape", dense(b, value, 3 * dim, dim), shape), perm=[2, 0, 3, 1, 4])
    q, k, v = (b.add("Gather", joined, b.constant(numpy.int64(i)), axis=0) for i in range(3))
    scores = b.add("Mul", b.add("MatMul", q, b.add("Transpose", k, perm=[0, 1, 3, 2])), b.constant(numpy.float32((dim // heads) ** -0.5)))
    seen = b.add("Transpose", b.add("MatMul", b.add("Softmax", scores, axis=-1), v), perm=[0, 2, 1, 3])
    return dense(b, b.add("Reshape", seen, b.constant(numpy.array([0, tokens, dim], "i8"))), dim, dim)


def transformer(size=64, patch=16, dim=48, heads=3, depth=2):
    """A small ViT, exported with shapes that are computed from the picture's."""
    b = Builder(4)
    tokens = (size // patch) ** 2 + 1
    value = b.add("Conv", "input", b.weight(dim, 3, patch, patch), b.weight(dim, scale=0.1), strides=[patch, patch])
    batch = b.add("Slice", b.add("Shape", value), *[b.constant(numpy.array([i], "i8")) for i in (0, 1)])
    value = b.add("Reshape", value, b.add("Concat", batch, b.constant(numpy.array([dim, -1], "i8")), axis=0))
    value = b.add("Transpose", value, perm=[0, 2, 1])
    start = b.add("Expand", b.weight(1, 1, dim, scale=1), b.add("Concat", batch, b.constant(numpy.array([1, dim], "i8")), axis=0))
    value = b.add("Add", b.add("Concat", start, value, axis=1), b.weight(1, tokens, dim, scale=0.5))
    for _ in range(depth):
        value = b.add("Add", value, attention(b, norm(b, value, dim), tokens, dim, heads))
        value = b.add("Add", value, dense(b, gelu(b, dense(b, norm(b, value, dim), 4 * dim, dim)), dim, 4 * dim))
    value = b.add("Gather", norm(b, value, dim), b.constant(numpy.int64(0)), axis=1, output="cls")
    b.add("Gemm", value, b.weight(CLASSES, dim, scale=0.5), b.weight(CLASSES, scale=0.1), output="logits", transB=1)
    return b.model(["N", 3, size, size], ["N", CLASSES], output="logits")


def write_seeds(folder):
    """The seeds of fuzz-models that are models: such as say all about themselves, small."""
    labels = str({i: "thing %d" % i for i in range(CLASSES)})
    one = transformer(size=16, patch=8, dim=8, heads=2, depth=1)
    helper.set_model_props(one, {"names": labels, "image_mean": "[0.5, 0.5, 0.5]", "image_std": "[0.5, 0.5, 0.5]"})
    two = bytes_last()
    helper.set_model_props(two, {"labels": labels})
    three = plain()
    for name, model in (("transformer", one), ("bytes-last", two), ("plain", three)):
        onnx.save(model, os.path.join(folder, name + ".onnx"))


if __name__ == "__main__":
    write_seeds(sys.argv[1])
