# SPDX-License-Identifier: GPL-3.0-or-later
"""EfficientNet-Lite weights → ONNX graph.

Architecture: Tan & Le 2019 (arXiv 1905.11946) without squeeze-and-excite and with ReLU6, as published with the weights:
stem 3×3/2, seven stages of inverted residuals, head 1×1 → 1280, global average pool, dense 1000. Channels and kernels
are read off the weights; strides and the number of blocks a stage come from the table and are checked against them.
"""
import math

import numpy
from onnx import TensorProto, helper, numpy_helper

# (blocks, kernel, stride, expansion) of Lite0; blocks of the inner stages are scaled by the depth factor and rounded up.
STAGES = ((1, 3, 1, 1), (2, 3, 2, 6), (2, 5, 2, 6), (3, 3, 2, 6), (3, 5, 1, 6), (4, 5, 2, 6), (1, 3, 1, 6))
DEPTH = {"efficientnet-lite0": 1.0, "efficientnet-lite1": 1.1, "efficientnet-lite2": 1.2}
BN_EPSILON = 1e-3
OPSET = 13
IR_VERSION = 7


class Builder:
    """Collects nodes and constants; every weight that is used is taken out of the dictionary."""

    def __init__(self, weights):
        self.weights, self.nodes, self.constants = dict(weights), [], []
        self.constant("zero", numpy.float32(0))
        self.constant("six", numpy.float32(6))

    def constant(self, name, array):
        self.constants.append(numpy_helper.from_array(numpy.asarray(array), name))
        return name

    def take(self, name):
        return self.constant(name, self.weights.pop(name))

    def node(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def conv_bn(self, x, conv, bn, size, stride, relu6):
        """size: pixels a side before. TensorFlow's SAME padding: the odd pixel goes right and bottom."""
        out_channels, in_channels, _, kernel = self.weights[conv + ".weight"].shape
        after = -(-size // stride)
        total = max((after - 1) * stride + kernel - size, 0)
        before, behind = total // 2, total - total // 2
        y = self.node("Conv", [x, self.take(conv + ".weight")], conv, kernel_shape=[kernel] * 2, strides=[stride] * 2,
                      group=out_channels if in_channels == 1 else 1, pads=[before, before, behind, behind])
        statistics = [self.take("%s.%s" % (bn, part)) for part in ("weight", "bias", "running_mean", "running_var")]
        y = self.node("BatchNormalization", [y] + statistics, bn, epsilon=BN_EPSILON)
        self.weights.pop(bn + ".num_batches_tracked", None)
        if relu6:
            y = self.node("Clip", [y, "zero", "six"], bn + ".relu6")
        return y, after

    def block(self, x, name, size, stride):
        y = x
        if name + "_expand_conv.weight" in self.weights:
            y, _ = self.conv_bn(y, name + "_expand_conv", name + "_bn0", size, 1, True)
        y, after = self.conv_bn(y, name + "_depthwise_conv", name + "_bn1", size, stride, True)
        y, _ = self.conv_bn(y, name + "_project_conv", name + "_bn2", after, 1, False)
        return y, after


def blocks_of(name):
    """(kernel, stride, expansion) of each block."""
    for number, (repeats, kernel, stride, expansion) in enumerate(STAGES):
        if 0 < number < len(STAGES) - 1:
            repeats = math.ceil(repeats * DEPTH[name])
        for repeat in range(repeats):
            yield kernel, stride if repeat == 0 else 1, expansion


def build(name, weights, size, metadata):
    """{name: array} → ModelProto. KeyError or ValueError when the weights are not that network's."""
    shapes = {key: array.shape for key, array in weights.items()}
    builder = Builder(weights)
    x, side = builder.conv_bn("image", "_conv_stem", "_bn0", size, 2, True)
    channels = shapes["_conv_stem.weight"][0]
    for index, (kernel, stride, expansion) in enumerate(blocks_of(name)):
        prefix = "_blocks.%d." % index
        if shapes[prefix + "_depthwise_conv.weight"] != (channels * expansion, 1, kernel, kernel):
            raise ValueError("%s: the depthwise convolution of block %d does not fit" % (name, index))
        y, side = builder.block(x, prefix, side, stride)
        out = shapes[prefix + "_project_conv.weight"][0]
        if stride == 1 and out == channels:
            y = builder.node("Add", [y, x], prefix + "add")
        x, channels = y, out
    x, side = builder.conv_bn(x, "_conv_head", "_bn1", side, 1, True)
    x = builder.node("GlobalAveragePool", [x], "pool")
    x = builder.node("Flatten", [x], "embedding", axis=1)
    builder.node("Gemm", [x, builder.take("_fc.weight"), builder.take("_fc.bias")], "logits", transB=1)
    if builder.weights:
        raise ValueError("%s: weights left over: %s" % (name, ", ".join(sorted(builder.weights))))

    concepts, dimensions = shapes["_fc.weight"]
    graph = helper.make_graph(
        builder.nodes, name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, size, size])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", concepts]),
         helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", dimensions])],
        builder.constants)
    model = helper.make_model(graph, producer_name="fovea", opset_imports=[helper.make_opsetid("", OPSET)],
                              ir_version=IR_VERSION)
    helper.set_model_props(model, metadata)
    return model
