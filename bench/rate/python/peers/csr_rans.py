"""arXiv 2511.11664 as far as its abstract says: asymmetric integers, sparse storage (CSR), rANS over what results.

Ours to decide, where the abstract is silent: the commonest level is what CSR leaves out; one table of frequencies each for
values, column steps and row counts.
"""
import importlib.metadata
import struct

import constriction
import numpy as np

Ans = constriction.stream.stack.AnsCoder


def about():
    return f"own implementation, rANS by constriction {importlib.metadata.version('constriction')} (PyPI)"


def put(symbols, top):
    """A table (u16 a symbol up to the largest) and a message."""
    if len(symbols) == 0:
        return struct.pack("<H", 0)
    counts = np.bincount(symbols, minlength=1)
    shares = np.where(counts > 0, np.maximum(1, np.round(counts * (65535 / counts.max()))), 0).astype(np.uint16)
    coder = Ans()
    coder.encode_reverse(symbols.astype(np.int32), model(shares))
    words = coder.get_compressed()
    return struct.pack("<HH", len(shares), len(words)) + shares.tobytes() + words.tobytes()


def model(shares):
    return constriction.stream.model.Categorical(shares.astype(np.float32), perfect=False)


def get(data, at, count):
    size = struct.unpack_from("<H", data, at)[0]
    if size == 0:
        return np.zeros(0, np.int64), at + 2
    words = struct.unpack_from("<H", data, at + 2)[0]
    shares = np.frombuffer(data, np.uint16, size, at + 4)
    at += 4 + 2 * size
    coder = Ans(np.frombuffer(data[at : at + 4 * words], np.uint32))
    return coder.decode(model(shares), count).astype(np.int64), at + 4 * words


def encode(x, setting):
    """setting: levels, the number of cells between the smallest and the largest value; sparse: with or without CSR."""
    cells = setting["levels"]
    low = float(x.min())
    step = np.float32((float(x.max()) - low) / (cells - 1))
    levels = np.round((x - low) / step).astype(np.int64).reshape(x.shape[0], -1)
    head = struct.pack("<ffHB", low, step, cells, bool(setting["sparse"]))
    if not setting["sparse"]:
        return head + put(levels.reshape(-1), cells)
    common = np.bincount(levels.reshape(-1)).argmax()
    rows, columns = np.nonzero(levels != common)
    counts = np.bincount(rows, minlength=len(levels))
    # Distance to the survivor before in the same row.
    jumps = np.where(np.r_[True, rows[1:] != rows[:-1]], columns, np.r_[0, np.diff(columns)] - 1) if len(rows) else columns
    return head + struct.pack("<H", common) + put(counts, 0) + put(jumps, 0) + put(levels[rows, columns], cells)


def decode(data, shape):
    low, step, _, sparse = struct.unpack_from("<ffHB", data)
    width = int(np.prod(shape[1:]))
    if not sparse:
        levels, _ = get(data, 11, shape[0] * width)
    else:
        common = struct.unpack_from("<H", data, 11)[0]
        counts, at = get(data, 13, shape[0])
        jumps, at = get(data, at, int(counts.sum()))
        values, at = get(data, at, int(counts.sum()))
        levels = np.full((shape[0], width), common, np.int64)
        done = 0
        for row, count in enumerate(counts):
            levels[row, np.cumsum(jumps[done : done + count] + 1) - 1] = values[done : done + count]
            done += count
    return (low + levels.astype(np.float32) * np.float32(step)).reshape(shape).astype(np.float32)
