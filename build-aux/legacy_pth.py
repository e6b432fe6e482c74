# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads PyTorch's old (pre-zip) state dictionaries without PyTorch and without trusting them.

The file is a row of pickles (magic number, protocol, system dictionary, the OrderedDict, the list of storage keys)
followed by the raw little-endian storages, each an 8-byte element count and its data. Only four global names are
let through, and none of them is called as what it says it is: a pickle from outside runs no code here.
"""
import collections
import io
import pickle
import struct

import numpy

MAGIC = 0x1950a86a20f9469cfc6c
PROTOCOL = 1001
STORAGE_TYPES = {"FloatStorage": numpy.dtype("<f4"), "LongStorage": numpy.dtype("<i8")}
MAX_TENSORS = 10000


class Damaged(Exception):
    pass


class Storage:
    def __init__(self, dtype, count):
        self.dtype, self.count, self.data = dtype, count, None


class LazyTensor:
    """What _rebuild_tensor_v2 stands for until the storages are read."""

    def __init__(self, storage, offset, size, stride, *_ignored):
        self.storage, self.offset, self.size, self.stride = storage, offset, tuple(size), tuple(stride)

    def array(self):
        extents = self.size + self.stride + (self.offset,)
        if len(self.size) != len(self.stride) or not all(isinstance(e, int) and e >= 0 for e in extents):
            raise Damaged("a tensor's shape is not made of whole numbers")
        last = self.offset + sum((extent - 1) * step for extent, step in zip(self.size, self.stride))
        if 0 in self.size or last >= self.storage.count:
            raise Damaged("a tensor reaches beyond its storage")
        steps = [step * self.storage.dtype.itemsize for step in self.stride]
        view = numpy.lib.stride_tricks.as_strided(self.storage.data[self.offset:], self.size, steps, writeable=False)
        return numpy.ascontiguousarray(view).reshape(self.size)


class RestrictedUnpickler(pickle.Unpickler):
    def __init__(self, stream, storages):
        super().__init__(stream)
        self.storages = storages

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return LazyTensor
        if module == "torch" and name in STORAGE_TYPES:
            return STORAGE_TYPES[name]
        raise Damaged("the file asks for %s.%s, which is not let through" % (module, name))

    def persistent_load(self, pid):
        if not (isinstance(pid, tuple) and len(pid) == 6 and pid[0] == "storage" and isinstance(pid[1], numpy.dtype)
                and isinstance(pid[2], str) and isinstance(pid[4], int) and pid[4] >= 0 and pid[5] is None):
            raise Damaged("a storage is not described as expected")
        known = self.storages.setdefault(pid[2], Storage(pid[1], pid[4]))
        if known.count != pid[4] or known.dtype != pid[1]:
            raise Damaged("storage %r is described in two ways" % pid[2])
        return known


def read_storage(stream, key, storage):
    head = stream.read(8)
    size = storage.count * storage.dtype.itemsize
    raw = stream.read(size)
    if len(head) != 8 or struct.unpack("<q", head)[0] != storage.count or len(raw) != size:
        raise Damaged("storage %r is cut off" % key)
    storage.data = numpy.frombuffer(raw, storage.dtype)


def load(data):
    """bytes of the file → {name: array}. Raises Damaged."""
    stream = io.BytesIO(data)
    storages = {}

    def unpickle():
        try:
            return RestrictedUnpickler(stream, storages).load()
        except Damaged:
            raise
        except Exception as error:  # a broken pickle raises whatever it likes
            raise Damaged("the pickle is broken: %s" % error) from error

    if unpickle() != MAGIC or unpickle() != PROTOCOL:
        raise Damaged("not a state dictionary in the old form")
    system = unpickle()
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise Damaged("not little-endian")
    state, keys = unpickle(), unpickle()
    if not isinstance(state, dict) or len(state) > MAX_TENSORS:
        raise Damaged("not a dictionary of tensors")
    if not isinstance(keys, list) or set(keys) != set(storages) or len(keys) != len(storages):
        raise Damaged("the list of storages does not fit the tensors")
    if not all(isinstance(tensor, LazyTensor) for tensor in state.values()):
        raise Damaged("the dictionary holds something that is not a tensor")
    for key in keys:
        read_storage(stream, key, storages[key])
    if stream.read(1):
        raise Damaged("there is more after the last storage")
    return {str(name): tensor.array() for name, tensor in state.items()}
