"""A uniform quantiser and rANS (constriction), with a table of frequencies or with one scale a channel in front."""
import importlib.metadata
import struct

import constriction
import numpy as np

Ans = constriction.stream.stack.AnsCoder
LIMIT = 2000


def about():
    return f"constriction {importlib.metadata.version('constriction')} (PyPI), rANS of uniform levels"


def encode(x, setting):
    """setting: step; round; model: table (u16 a symbol) or laplace (a byte a channel for its scale, quarter octaves)."""
    step = setting["step"]
    levels = (np.sign(x) * np.floor(np.abs(x) / step + setting.get("round", 0.5))).astype(np.int32)
    coder = Ans()
    if setting["model"] == "table":
        low, high = int(levels.min()), int(levels.max())
        counts = np.bincount((levels - low).reshape(-1), minlength=high - low + 1)
        # Sixteen bits hold every share; what occurs must not become nought.
        counts = np.where(counts > 0, np.maximum(1, np.round(counts * (65535 / counts.max()))), 0).astype(np.uint16)
        coder.encode_reverse((levels - low).reshape(-1).astype(np.int32), table(counts))
        head = struct.pack("<fBhH", step, 0, low, len(counts)) + counts.tobytes()
    else:
        rows = levels.reshape(levels.shape[0], -1).clip(-LIMIT, LIMIT)
        mean = np.maximum(np.abs(rows).mean(1), 0.02)
        codes = np.clip(np.round(4 * np.log2(mean)) + 64, 0, 255).astype(np.uint8)
        coder.encode_reverse(rows.reshape(-1), laplace(), *laplace_parameters(codes, rows.shape[1]))
        head = struct.pack("<fB", step, 1) + codes.tobytes()
    return head + coder.get_compressed().tobytes()


def table(counts):
    return constriction.stream.model.Categorical(counts.astype(np.float32), perfect=False)


def laplace():
    return constriction.stream.model.QuantizedLaplace(-LIMIT, LIMIT)


def laplace_parameters(codes, width):
    scales = 2.0 ** ((codes.astype(np.float64) - 64) / 4)
    scales = np.repeat(scales, width)
    return np.zeros_like(scales), scales


def decode(data, shape):
    step, model = struct.unpack_from("<fB", data)
    if model == 0:
        low, size = struct.unpack_from("<hH", data, 5)
        counts = np.frombuffer(data, np.uint16, size, 9)
        coder = Ans(np.frombuffer(data[9 + 2 * size :], np.uint32))
        levels = coder.decode(table(counts), int(np.prod(shape))) + low
    else:
        rows = shape[0]
        codes = np.frombuffer(data, np.uint8, rows, 5)
        coder = Ans(np.frombuffer(data[5 + rows :], np.uint32))
        levels = coder.decode(laplace(), *laplace_parameters(codes, int(np.prod(shape)) // rows))
    return (levels.astype(np.float32) * np.float32(step)).reshape(shape)
