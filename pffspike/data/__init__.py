"""Labelled images: the embedded digits, the MNIST family from IDX files, any other arrays."""

from pffspike.data.augmentation import shifted
from pffspike.data.coding import Coding, make_coding, neurons
from pffspike.data.dataset import Dataset, from_arrays, probabilities
from pffspike.data.datasets import NAMES, load
from pffspike.data.idx import read_idx

__all__ = [
    "NAMES",
    "Coding",
    "Dataset",
    "from_arrays",
    "load",
    "make_coding",
    "neurons",
    "probabilities",
    "read_idx",
    "shifted",
]
