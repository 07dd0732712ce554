"""zfp under an absolute error tolerance or at a fixed rate, by its Python binding zfpy; its full header is counted."""
import importlib.metadata

import numpy as np
import zfpy


def about():
    return f"zfp (PyPI zfpy {importlib.metadata.version('zfpy')}), tolerance or fixed precision"


def encode(x, setting):
    """setting: tolerance or precision; plane: channels merged into rows, so that blocks are 4 x 4 positions of one channel."""
    values = x.reshape(-1, x.shape[-1]) if setting.get("plane") else x
    kind = {key: setting[key] for key in ("tolerance", "precision") if key in setting}
    return zfpy.compress_numpy(np.ascontiguousarray(values), **kind)


def decode(data, shape):
    return zfpy.decompress_numpy(data).reshape(shape)
