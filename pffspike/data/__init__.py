"""Labelled images: the embedded digits, the MNIST family from IDX files, any other arrays."""

from pffspike.data.augmentation import shifted
from pffspike.data.dataset import Dataset, from_arrays, probabilities
from pffspike.data.datasets import NAMES, load
from pffspike.data.idx import read_idx

__all__ = ["NAMES", "Dataset", "from_arrays", "load", "probabilities", "read_idx", "shifted"]
