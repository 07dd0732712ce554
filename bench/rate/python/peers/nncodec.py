"""Fraunhofer nncodec (ISO/IEC 15938-17): the coder of its tensor mode, called below the front end that needs PyTorch.

The tensor is given as a matrix, channels x positions: its scan and its contexts follow rows.
"""
import importlib.metadata
import sys
import types

import numpy as np

# The package imports adapters for whole PyTorch and TensorFlow models, which coding one tensor never uses.
framework = types.ModuleType("nncodec.framework")
for adapter in ("tensorflow_model", "pytorch_model", "use_case_init"):
    module = types.ModuleType(f"nncodec.framework.{adapter}")
    setattr(framework, adapter, module)
    sys.modules[module.__name__] = module
sys.modules[framework.__name__] = framework

from nncodec import nnc  # noqa: E402


def about():
    return f"nncodec {importlib.metadata.version('nncodec')} (PyPI), qp density 2, param_opt, row_skipping"


def rows_of(shape):
    return (shape[0], -1) if len(shape) > 1 else (1, -1)


def encode(x, setting):
    """setting: qp; dq (trellis) or not; lambda of its rate-distortion choice (0: none); transpose: positions x channels."""
    matrix = x.reshape(rows_of(x.shape))
    if setting.get("transpose"):
        matrix = matrix.T
    return nnc.compress(
        {"0": np.ascontiguousarray(matrix)},
        bitstream_path=None,
        qp=setting["qp"],
        nonweight_qp=setting["qp"],
        use_dq=setting.get("dq", True),
        lambda_scale=setting.get("lambda", 0),
        param_opt=True,
        row_skipping=True,
        return_bitstream=True,
    )


def decode(data, shape):
    matrix = nnc.decompress(bytearray(data))["0"]
    rows = int(np.prod(shape[:1])) if len(shape) > 1 else 1
    # A transposed matrix shows in its own dims, unless it is square; the sweep has no such case.
    return (matrix if matrix.shape[0] == rows else matrix.T).reshape(shape)
