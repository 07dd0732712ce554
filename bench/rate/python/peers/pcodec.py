"""pcodec, lossless for numbers, after a uniform quantiser; the step in front takes four bytes."""
import importlib.metadata
import struct

import numpy as np
from pcodec import ChunkConfig, standalone

LEVEL = 12


def about():
    return f"pcodec {importlib.metadata.version('pcodec')} (PyPI), level {LEVEL}, after a uniform quantiser"


def encode(x, setting):
    """setting: step; round: share of a step that is added before the magnitude is cut off (0.5: nearest)."""
    magnitude = np.floor(np.abs(x) / setting["step"] + setting.get("round", 0.5))
    levels = (np.sign(x) * magnitude).astype(np.int16).reshape(-1)
    return struct.pack("<f", setting["step"]) + standalone.simple_compress(levels, ChunkConfig(compression_level=LEVEL))


def decode(data, shape):
    levels = standalone.simple_decompress(data[4:])
    return (levels.astype(np.float32) * struct.unpack("<f", data[:4])[0]).reshape(shape)
