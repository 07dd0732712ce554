"""Writes SmolLM2-135M-Instruct in two parts with caches of keys and values, for answering token by token across a cut.

    python smollm2_cache.py OUT.onnx --part head|tail --after BLOCKS [--positions 2048]

The head takes `input_ids` [1, T] and gives `hidden` [1, T, 576], the residual stream after that many blocks; the tail takes `hidden`
and gives `logits` [1, 1, 49152] of the last token. Each has, for its own blocks, `past.{i}.key` and `past.{i}.value` [1, 3, P, 64]
(keys after their rotation; P is 0 at first) and `present.{i}.key` and `.value` [1, 3, P + T, 64] to hand in at the next call.
"""

import argparse
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper

from smollm2 import BLOCKS, FLOAT, HEAD, HEADS, KV_HEADS, WIDTH, WORDS, Builder, halves, load_weights, weights_file


class CachedBuilder(Builder):
    """The same network for any number of tokens behind any number of earlier ones."""

    def positions(self, source, first):
        """Rotations and the mask from how many tokens come in and how many are in the cache."""
        pick = lambda shape_of, axis, out: self.node(
            "Gather", [self.node("Shape", [shape_of], f"{out}.shape"), self.constant(f"axis{axis}", axis, np.int64)], out
        )
        self.constant("zero", 0, np.int64)
        self.constant("one", 1, np.int64)
        past, new = pick(f"past.{first}.key", 2, "past"), pick(source, 1, "new")
        total = self.node("Add", [past, new], "total")
        now = self.node("Range", [past, total, "one"], "now")
        self.tables = [self.node("Gather", [table, now], f"{table}.now") for table in ("cos", "sin")]
        column = self.node("Unsqueeze", [now, self.constant("last", [1], np.int64)], "column")
        every = self.node("Unsqueeze", [self.node("Range", ["zero", total, "one"], "all"), self.constant("first", [0], np.int64)], "row")
        later = self.node("Less", [column, every], "later")
        self.node("Where", [later, self.constant("never", -1e9), self.constant("always", 0)], "causal")

    def rotate(self, x, out):
        cos, sin = self.tables
        self.constant("halves", [HEAD // 2, HEAD // 2], np.int64)
        first, second = self.node("Split", [x, "halves"], f"{out}.half", 2, axis=-1)
        mul = lambda a, b, name: self.node("Mul", [a, b], f"{out}.{name}")
        left = self.node("Sub", [mul(first, cos, "fc"), mul(second, sin, "ss")], f"{out}.left")
        right = self.node("Add", [mul(second, cos, "sc"), mul(first, sin, "fs")], f"{out}.right")
        return self.node("Concat", [left, right], out, axis=-1)

    def append(self, i, kind, new):
        return self.node("Concat", [f"past.{i}.{kind}", new], f"present.{i}.{kind}", axis=2)

    def attend(self, i):
        b = f"b{i}"
        q = self.rotate(self.heads(self.linear(f"{b}.attn_in", f"blk.{i}.attn_q.weight", f"{b}.q", halves(HEADS)), HEADS, f"{b}.qh"), f"{b}.qr")
        k = self.append(i, "key", self.rotate(self.heads(f"k{i}", KV_HEADS, f"{b}.kh"), f"{b}.kr"))
        v = self.append(i, "value", self.heads(f"v{i}", KV_HEADS, f"{b}.vh"))
        # Three query heads share a key head: an axis of their own, along which keys and values are repeated.
        queries = self.node("Reshape", [q, self.shape(1, KV_HEADS, HEADS // KV_HEADS, -1, HEAD)], f"{b}.grouped")
        spread = lambda x, out: self.node("Unsqueeze", [x, self.constant("shared", [2], np.int64)], out)
        turned = spread(self.node("Transpose", [k], f"{b}.kt", perm=[0, 1, 3, 2]), f"{b}.ks")
        scores = self.node("Mul", [self.node("MatMul", [queries, turned], f"{b}.dot"), "scale"], f"{b}.scaled")
        shares = self.node("Softmax", [self.node("Add", [scores, "causal"], f"{b}.masked")], f"{b}.shares", axis=-1)
        read = self.node("MatMul", [shares, spread(v, f"{b}.vs")], f"{b}.read")
        apart = self.node("Reshape", [read, self.shape(1, HEADS, -1, HEAD)], f"{b}.heads")
        turned_back = self.node("Transpose", [apart], f"{b}.back", perm=[0, 2, 1, 3])
        return self.node("Reshape", [turned_back, self.shape(0, 0, WIDTH)], f"{b}.merged")

    def last_token(self):
        """Only it is answered: a prefill would make a row of 49152 numbers of every token."""
        x = self.node("Gather", [f"h{BLOCKS}", self.constant("last_index", [-1], np.int64)], "last_hidden", axis=1)
        self.norm(x, "output_norm.weight", "final")
        table = self.constant("token_embd.weight.T", self.weights["token_embd.weight"].T)
        self.node("MatMul", ["final", table], "logits")


def save(b, path, name, inputs, outputs):
    """Writes a model of the builder's nodes and of the constants that they read."""
    used = {name for node in b.nodes for name in node.input}
    constants = [c for name, c in b.constants.items() if name in used]
    model = helper.make_model(
        helper.make_graph(b.nodes, name, inputs, outputs, constants),
        opset_imports=[helper.make_opsetid("", 17)],
        producer_name="slicer-bench",
    )
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, path)


def write(weights, path, part, after, positions):
    b = CachedBuilder(weights, positions)
    first, last = (0, after) if part == "head" else (after, BLOCKS)
    source, result = ("input_ids", "hidden") if part == "head" else ("hidden", "logits")
    b.positions(source, first)
    if part == "head":
        b.embed()
    else:
        b.node("Identity", ["hidden"], f"h{after}")
    b.run_blocks(first, last)
    if part == "head":
        b.node("Identity", [f"h{after}"], "hidden")
    else:
        b.last_token()
    info = helper.make_tensor_value_info
    ids, rows = info("input_ids", TensorProto.INT64, [1, "T"]), info("hidden", FLOAT, [1, "T", WIDTH])
    answer = info("logits", FLOAT, [1, 1, WORDS])
    names = [f"{i}.{kind}" for i in range(first, last) for kind in ("key", "value")]
    caches = lambda when, length: [info(f"{when}.{name}", FLOAT, [1, KV_HEADS, length, HEAD]) for name in names]
    ends = {"input_ids": ids, "hidden": rows, "logits": answer}
    inputs, outputs = [ends[source], *caches("past", "P")], [ends[result], *caches("present", "S")]
    save(b, path, f"smollm2_{part}_{after}", inputs, outputs)


def command(write):
    """Reads the arguments of a program that writes one part of the network."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--part", choices=["head", "tail"], required=True)
    parser.add_argument("--after", type=int, required=True)
    parser.add_argument("--positions", type=int, default=2048)
    options = parser.parse_args()
    if not 1 <= options.after < BLOCKS:
        parser.error(f"--after must be 1 … {BLOCKS - 1}")
    write(load_weights(weights_file()), options.out, options.part, options.after, options.positions)


if __name__ == "__main__":
    command(write)
