"""Reads the weights of a .pth file in PyTorch's older format (before 1.6) with numpy alone.

Such a file is five pickles in a row (magic number, protocol, system facts, the object, the keys of its storages) and then,
per storage, an element count as i64 and the raw little-endian elements. Only the few names that a dictionary of tensors
needs are let through the unpickler, so a file can run no code of its own.
"""

import collections
import pickle
import struct

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C

DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
}


class _Storage:
    """Elements of one or more tensors; they come after the pickles that refer to them."""

    def __init__(self, dtype):
        self.dtype = np.dtype(dtype)
        self.elements = None


class _Tensor:
    """A tensor by reference to its storage, with offset, size and strides in elements."""

    def __init__(self, storage, offset, size, strides, *_):
        self.storage, self.offset, self.size, self.strides = storage, offset, size, strides

    def array(self):
        elements = self.storage.elements[self.offset :]
        steps = [stride * elements.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(elements, self.size, steps).copy()


class _Unpickler(pickle.Unpickler):
    storages = {}

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name in DTYPES:
            return name
        raise pickle.UnpicklingError(f"a dictionary of tensors does not need {module}.{name}")

    def persistent_load(self, reference):
        _, kind, key = reference[:3]
        return self.storages.setdefault(str(key), _Storage(DTYPES[kind]))


def load(path):
    """The tensors of a file by name, as numpy arrays."""
    with open(path, "rb") as file:
        storages = {}

        def unpickle():
            unpickler = _Unpickler(file)
            unpickler.storages = storages
            return unpickler.load()

        if unpickle() != MAGIC:
            raise ValueError(f"{path} is not in the older PyTorch format")
        unpickle(), unpickle()
        tensors, keys = unpickle(), unpickle()
        for key in keys:
            storage = storages[str(key)]
            (count,) = struct.unpack("<q", file.read(8))
            storage.elements = np.frombuffer(file.read(count * storage.dtype.itemsize), storage.dtype)
        return {name: value.array() for name, value in tensors.items() if isinstance(value, _Tensor)}
