"""Keys and values as CacheGen (arXiv 2310.07240) codes them: differences to the first token of a group, arithmetic coding.

Own implementation: groups of ten tokens; the first with 8 bits by channel, the others as differences with one step; rANS with a
Laplace distribution for every channel, whose scales come from calibration and are not sent.
"""
import importlib.metadata
import struct

import constriction
import numpy as np

Ans = constriction.stream.stack.AnsCoder
GROUP, LIMIT = 10, 4000


def about():
    return f"own implementation, rANS by constriction {importlib.metadata.version('constriction')} (PyPI)"


def split(tokens):
    first = np.arange(tokens) % GROUP == 0
    return first, np.maximum.accumulate(np.where(first, np.arange(tokens), 0))


def model():
    return constriction.stream.model.QuantizedLaplace(-LIMIT, LIMIT)


def scales(setting, count):
    one = np.maximum(np.asarray(setting["scales"], np.float64) / setting["step"], 0.05)
    return np.zeros(count * len(one)), np.tile(one, count)


def encode(x, setting):
    """setting: step of the differences; scales: mean magnitude of a difference by channel, known to both sides."""
    first, anchor = split(len(x))
    low, high = x[first].min(0), x[first].max(0)
    step = np.maximum((high - low) / 255, 1e-9).astype(np.float16)
    low = low.astype(np.float16)
    heads = np.clip(np.round((x[first] - low.astype(np.float32)) / step.astype(np.float32)), 0, 255).astype(np.uint8)
    known = np.zeros_like(x)
    known[first] = low.astype(np.float32) + heads * step.astype(np.float32)
    levels = np.round((x - known[anchor])[~first] / setting["step"]).astype(np.int32).clip(-LIMIT, LIMIT)
    coder = Ans()
    coder.encode_reverse(levels.reshape(-1), model(), *scales(setting, len(levels)))
    return struct.pack("<f", setting["step"]) + low.tobytes() + step.tobytes() + heads.tobytes() + coder.get_compressed().tobytes()


def decode(data, shape, setting):
    tokens, width = shape
    first, anchor = split(tokens)
    half = struct.unpack_from("<f", data)[0]
    low, step = (np.frombuffer(data, np.float16, width, at).astype(np.float32) for at in (4, 4 + 2 * width))
    at = 4 + 4 * width
    count = int(first.sum())
    known = np.zeros(shape, np.float32)
    known[first] = low + np.frombuffer(data, np.uint8, count * width, at).reshape(count, width) * step
    coder = Ans(np.frombuffer(data[at + count * width :], np.uint32))
    rest = tokens - count
    levels = coder.decode(model(), *scales(setting, rest)).reshape(rest, width)
    result = known.copy()
    result[~first] = known[anchor][~first] + levels * np.float32(half)
    return result
