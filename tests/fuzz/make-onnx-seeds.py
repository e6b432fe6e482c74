#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the seeds of fuzz-onnx: one small model for each kind of network part. Needs the Python package onnx.

usage: make-onnx-seeds.py FOLDER
"""
import os
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

F, I = TensorProto.FLOAT, TensorProto.INT64


def const(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.array(values, dtype=dtype), name)


def write(folder, name, nodes, inputs, outputs, constants, opset=13):
    graph = helper.make_graph(nodes, name, [helper.make_tensor_value_info(n, t, s) for n, t, s in inputs],
                              [helper.make_tensor_value_info(n, t, s) for n, t, s in outputs], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 7
    with open(os.path.join(folder, name + ".onnx"), "wb") as file:
        file.write(model.SerializeToString())


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), name=op.lower(), **attributes)


def main(folder):
    ramp = np.arange(36, dtype=np.float32).reshape(4, 1, 3, 3) / 36
    write(folder, "classifier",
          [node("Conv", "x w b", "c", pads=[1, 1, 1, 1], strides=[2, 2]),
           node("BatchNormalization", "c b b b v", "n"), node("Clip", "n low high", "r"),
           node("MaxPool", "r", "m", kernel_shape=[2, 2]), node("GlobalAveragePool", "m", "g"),
           node("Flatten", "g", "f"), node("Gemm", "f k", "l", transB=1), node("Softmax", "l", "y", axis=1)],
          [("x", F, ["N", 1, 8, 8])], [("y", F, ["N", 3])],
          [const("w", ramp), const("b", [0, 1, 2, 3]), const("v", [1, 1, 1, 1]), const("low", 0), const("high", 6),
           const("k", np.ones((3, 4)))])
    write(folder, "layout",
          [node("Transpose", "x", "t", perm=[0, 2, 1]), node("Slice", "t starts ends axes steps", "s"),
           node("Pad", "s pads value", "p"), node("Concat", "p p", "c", axis=-1),
           node("Split", "c", "a b", axis=2), node("Add", "a b", "d"), node("Unsqueeze", "d axes", "u"),
           node("Tile", "u repeats", "e"), node("Shape", "e", "shape"), node("Reshape", "e shape", "y")],
          [("x", F, ["N", 2, 4])], [("y", F, None)],
          [const("starts", [-1], np.int64), const("ends", [-9], np.int64), const("axes", [1], np.int64),
           const("steps", [-2], np.int64), const("pads", [0, 1, 0, 0, 0, 2], np.int64), const("value", 0.5),
           const("repeats", [1, 2, 1, 1], np.int64)])
    write(folder, "detector",
          [node("Resize", "x  scales", "r", mode="linear", coordinate_transformation_mode="half_pixel"),
           node("TopK", "r k", "v i", axis=3), node("Gather", "v i0", "g", axis=1),
           node("NonMaxSuppression", "boxes scores max iou", "kept"), node("Cast", "kept", "y", to=F),
           node("ReduceMax", "g", "m", axes=[1], keepdims=0), node("NonZero", "m", "z")],
          [("x", F, [1, 2, 3, 3]), ("boxes", F, [1, 4, 4]), ("scores", F, [1, 2, 4])],
          [("y", F, None), ("z", I, None)],
          [const("scales", [1, 1, 2, 1.5]), const("k", [2], np.int64), const("i0", [1, -2], np.int64),
           const("max", [3], np.int64), const("iou", [0.5])])
    write(folder, "attention",
          [node("MatMul", "x w", "q"), node("Einsum", "q x", "s", equation="bij,bkj->bik"),
           node("Where", "mask s low", "h"), node("LogSoftmax", "h", "p", axis=-1), node("Exp", "p", "e"),
           node("CumSum", "e axis", "c"), node("ArgMax", "c", "y", axis=2), node("OneHot", "y depth values", "o"),
           node("ScatterND", "o at update", "z")],
          [("x", F, [1, 3, 2])], [("z", F, None)],
          [const("w", np.eye(2)), const("mask", np.tril(np.ones((3, 3))), bool), const("low", -1e9),
           const("axis", 2, np.int64), const("depth", 3, np.int64), const("values", [0, 1]),
           const("at", [[0, 0]], np.int64), const("update", np.ones((1, 1, 3)))])
    write(folder, "quantised",
          [node("QuantizeLinear", "x s z", "q"), node("ConvInteger", "q w z zw", "c", kernel_shape=[2, 2]),
           node("Cast", "c", "f", to=F), node("Mul", "f s", "m"), node("QuantizeLinear", "m s z", "q2"),
           node("DequantizeLinear", "q2 s z", "y")],
          [("x", F, [1, 1, 4, 4])], [("y", F, None)],
          [const("s", 0.1), const("z", 128, np.uint8), const("zw", 3, np.uint8),
           const("w", [[[[1, 2], [3, 4]]]], np.uint8)])
    write(folder, "upsampler",
          [node("ConvTranspose", "x w", "t", strides=[2, 2], output_padding=[1, 1], auto_pad="SAME_LOWER"),
           node("DepthToSpace", "t", "d", blocksize=2, mode="CRD"), node("GridSample", "d grid", "g"),
           node("AveragePool", "g", "a", kernel_shape=[2, 2], ceil_mode=1, count_include_pad=1, pads=[1, 0, 0, 1]),
           node("InstanceNormalization", "a one one", "i"), node("LRN", "i", "l", size=3),
           node("Identity", "l", "y")],
          [("x", F, [1, 1, 2, 2]), ("grid", F, [1, 3, 3, 2])], [("y", F, None)],
          [const("w", np.ones((1, 4, 3, 3))), const("one", [1])], opset=16)


if __name__ == "__main__":
    main(sys.argv[1])
