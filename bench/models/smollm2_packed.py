"""Writes SmolLM2-135M-Instruct in two parts for judging texts: one pass over a context and all of its continuations.

    python smollm2_packed.py OUT.onnx --part head|tail --after BLOCKS [--positions 2048]

Both parts take `positions` [T] (the place of each token in its own text) and `mask` [T, T] (added to the attention scores: 0 where
the row's token sees the column's, -1e9 elsewhere), so that several continuations stand behind one context and none sees another.
The head takes `input_ids` [1, T] and gives `hidden` [1, T, 576], the residual stream after that many blocks; the tail takes `hidden`
and `rows` [R] and gives `logits` [R, 49152] of those tokens alone.
"""

import numpy as np
from onnx import TensorProto, helper

from smollm2 import BLOCKS, FLOAT, HEAD, HEADS, KV_HEADS, WIDTH, WORDS, halves
from smollm2_cache import CachedBuilder, command, save


class PackedBuilder(CachedBuilder):
    """The same network, told by its caller which token sees which."""

    def given_positions(self):
        self.tables = [self.node("Gather", [table, "positions"], f"{table}.now") for table in ("cos", "sin")]

    def attend(self, i):
        b = f"b{i}"
        q = self.rotate(self.heads(self.linear(f"{b}.attn_in", f"blk.{i}.attn_q.weight", f"{b}.q", halves(HEADS)), HEADS, f"{b}.qh"), f"{b}.qr")
        k = self.rotate(self.heads(f"k{i}", KV_HEADS, f"{b}.kh"), f"{b}.kr")
        v = self.heads(f"v{i}", KV_HEADS, f"{b}.vh")
        # Three query heads share a key head: an axis of their own, along which keys and values are repeated.
        queries = self.node("Reshape", [q, self.shape(1, KV_HEADS, HEADS // KV_HEADS, -1, HEAD)], f"{b}.grouped")
        spread = lambda x, out: self.node("Unsqueeze", [x, self.constant("shared", [2], np.int64)], out)
        turned = spread(self.node("Transpose", [k], f"{b}.kt", perm=[0, 1, 3, 2]), f"{b}.ks")
        scores = self.node("Mul", [self.node("MatMul", [queries, turned], f"{b}.dot"), "scale"], f"{b}.scaled")
        shares = self.node("Softmax", [self.node("Add", [scores, "mask"], f"{b}.masked")], f"{b}.shares", axis=-1)
        read = self.node("MatMul", [shares, spread(v, f"{b}.vs")], f"{b}.read")
        apart = self.node("Reshape", [read, self.shape(1, HEADS, -1, HEAD)], f"{b}.heads")
        turned_back = self.node("Transpose", [apart], f"{b}.back", perm=[0, 2, 1, 3])
        return self.node("Reshape", [turned_back, self.shape(0, 0, WIDTH)], f"{b}.merged")

    def chosen_tokens(self):
        flat = self.node("Reshape", [f"h{BLOCKS}", self.shape(-1, WIDTH)], "flat")
        self.norm(self.node("Gather", [flat, "rows"], "chosen"), "output_norm.weight", "final")
        self.node("MatMul", ["final", self.constant("token_embd.weight.T", self.weights["token_embd.weight"].T)], "logits")


def write(weights, path, part, after, positions):
    b = PackedBuilder(weights, positions)
    # The caller's, not the triangle of the base class.
    del b.constants["mask"]
    b.given_positions()
    first, last = (0, after) if part == "head" else (after, BLOCKS)
    if part == "head":
        b.embed()
    else:
        b.node("Identity", ["hidden"], f"h{after}")
    b.run_blocks(first, last)
    if part == "head":
        b.node("Identity", [f"h{after}"], "hidden")
    else:
        b.chosen_tokens()
    info = helper.make_tensor_value_info
    hidden = info("hidden", FLOAT, [1, "T", WIDTH])
    common = [info("positions", TensorProto.INT64, ["T"]), info("mask", FLOAT, ["T", "T"])]
    if part == "head":
        inputs, outputs = [info("input_ids", TensorProto.INT64, [1, "T"]), *common], [hidden]
    else:
        inputs, outputs = [hidden, *common, info("rows", TensorProto.INT64, ["R"])], [info("logits", FLOAT, ["R", WORDS])]
    save(b, path, f"smollm2_packed_{part}_{after}", inputs, outputs)


if __name__ == "__main__":
    command(write)
