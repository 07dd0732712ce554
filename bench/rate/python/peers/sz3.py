"""SZ3 under an absolute error bound, by its Python binding pysz."""
import importlib.metadata

import numpy as np
import pysz

ALGORITHMS = {
    "interpolation-lorenzo": pysz.szAlgorithm.INTERP_LORENZO,
    "lorenzo-regression": pysz.szAlgorithm.LORENZO_REG,
    "no-prediction": pysz.szAlgorithm.NOPRED,
}


def about():
    return f"SZ3 (PyPI pysz {importlib.metadata.version('pysz')}), absolute error bound"


def encode(x, setting):
    """setting: bound; algorithm; flat: as one line instead of channels x height x width."""
    values = np.ascontiguousarray(x.reshape(-1) if setting.get("flat") else x)
    config = pysz.szConfig(values.shape)
    config.errorBoundMode = pysz.szErrorBoundMode.ABS
    config.absErrorBound = setting["bound"]
    config.cmprAlgo = ALGORITHMS[setting["algorithm"]]
    data, _ = pysz.sz.compress(values, config)
    return data.tobytes()


def decode(data, shape):
    # The stream knows the dims it was made with; only their product matters here.
    values, _ = pysz.sz.decompress(np.frombuffer(data, np.uint8), np.float32, (int(np.prod(shape)),))
    return values.reshape(shape)
