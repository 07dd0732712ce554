"""Channels as tiles of one 8-bit grey picture, in WebP; the smallest and largest value in front take eight bytes."""
import importlib.metadata
import io
import math
import struct

import numpy as np
from PIL import Image, features


def about():
    return f"WebP {features.version('webp')} (PyPI pillow {importlib.metadata.version('pillow')}), method 6, channels tiled"


def columns(channels):
    return math.ceil(math.sqrt(channels))


def encode(x, setting):
    """setting: quality; clip: largest magnitude kept, in multiples of the root mean square (none without it)."""
    if "clip" in setting:
        edge = setting["clip"] * math.sqrt(float(np.mean(np.square(x, dtype=np.float64))))
        x = np.clip(x, -edge, edge)
    low, high = float(x.min()), float(x.max())
    scaled = np.round((x - low) * (255 / max(high - low, 1e-30))).astype(np.uint8)
    planes = scaled.reshape(scaled.shape[0], -1, scaled.shape[-1])
    wide = columns(len(planes))
    tall = math.ceil(len(planes) / wide)
    padded = np.zeros((tall * wide, *planes.shape[1:]), np.uint8)
    padded[: len(planes)] = planes
    picture = padded.reshape(tall, wide, *planes.shape[1:]).transpose(0, 2, 1, 3).reshape(tall * planes.shape[1], -1)
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "WEBP", quality=setting["quality"], method=6)
    return struct.pack("<ff", low, high) + out.getvalue()


def decode(data, shape):
    low, high = struct.unpack_from("<ff", data)
    picture = np.asarray(Image.open(io.BytesIO(data[8:])).convert("L"))
    rows, width = int(np.prod(shape[1:-1])), shape[-1]
    wide = columns(shape[0])
    planes = picture.reshape(-1, rows, wide, width).transpose(0, 2, 1, 3).reshape(-1, rows, width)[: shape[0]]
    return (low + planes.astype(np.float32) * ((high - low) / 255)).reshape(shape).astype(np.float32)
