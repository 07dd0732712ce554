"""The network's input itself as a picture, in JPEG or WebP: what sending no features at all takes."""
import importlib.metadata
import io

import numpy as np
from PIL import Image, features

OPTIONS = {"JPEG": {"optimize": True, "progressive": False}, "WEBP": {"method": 6}}


def about():
    webp = features.version("webp")
    return f"JPEG and WebP {webp} (PyPI pillow {importlib.metadata.version('pillow')}); tables optimised, method 6"


def encode(x, setting):
    """setting: format; quality; side: scaled down to that many pixels before, and up again by the decoder."""
    pixels = np.clip(np.round(x * 128 + 127), 0, 255).astype(np.uint8).transpose(1, 2, 0)
    picture = Image.fromarray(pixels)
    if "side" in setting:
        picture = picture.resize((setting["side"], setting["side"]), Image.BICUBIC)
    out = io.BytesIO()
    picture.save(out, setting["format"], quality=setting["quality"], **OPTIONS[setting["format"]])
    return out.getvalue()


def decode(data, shape):
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    if picture.size != (shape[2], shape[1]):
        picture = picture.resize((shape[2], shape[1]), Image.BICUBIC)
    return ((np.asarray(picture, np.float32) - 127) / 128).transpose(2, 0, 1)
