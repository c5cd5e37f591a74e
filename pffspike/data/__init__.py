"""Labelled images: the embedded digits, the MNIST family from IDX files, any other arrays."""

from pffspike.data.arrays import read_npy
from pffspike.data.augmentation import augmented, displaced, mirrored
from pffspike.data.coding import Coding, coding_of, make_coding, neurons, pixel_means
from pffspike.data.dataset import Dataset, from_arrays, probabilities
from pffspike.data.datasets import NAMES, known_levels, load, write_dataset
from pffspike.data.encoders import delta, even, latency, saccades
from pffspike.data.identity import Identity, check_kind, check_same, identify, is_same
from pffspike.data.idx import read_idx

__all__ = [
    "NAMES",
    "Coding",
    "Dataset",
    "Identity",
    "augmented",
    "check_kind",
    "check_same",
    "coding_of",
    "delta",
    "displaced",
    "even",
    "from_arrays",
    "identify",
    "is_same",
    "known_levels",
    "latency",
    "load",
    "make_coding",
    "mirrored",
    "neurons",
    "pixel_means",
    "probabilities",
    "read_idx",
    "read_npy",
    "saccades",
    "write_dataset",
]
