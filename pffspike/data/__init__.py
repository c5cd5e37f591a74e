"""Labelled samples: the embedded digits, the MNIST family, pictures and tables of any kind."""

from pffspike.data.arrays import read_npy
from pffspike.data.augmentation import augmented, displaced, mirrored
from pffspike.data.coding import Coding, coding_of, make_coding, neurons, pixel_means
from pffspike.data.dataset import Dataset, from_arrays, probabilities
from pffspike.data.datasets import NAMES, known_levels, load, write_dataset
from pffspike.data.encoders import delta, even, latency, saccades
from pffspike.data.form import Form, form_of
from pffspike.data.identity import (
    DataSource,
    Identity,
    check_kind,
    check_same,
    identify,
    is_same,
)
from pffspike.data.idx import read_idx
from pffspike.data.own import load_own, own_dataset
from pffspike.data.readers import is_own, read_labels, read_parts
from pffspike.data.scaling import Scaling

__all__ = [
    "NAMES",
    "Coding",
    "DataSource",
    "Dataset",
    "Form",
    "Identity",
    "Scaling",
    "augmented",
    "check_kind",
    "check_same",
    "coding_of",
    "delta",
    "displaced",
    "even",
    "form_of",
    "from_arrays",
    "identify",
    "is_own",
    "is_same",
    "known_levels",
    "latency",
    "load",
    "load_own",
    "make_coding",
    "mirrored",
    "neurons",
    "own_dataset",
    "pixel_means",
    "probabilities",
    "read_idx",
    "read_labels",
    "read_npy",
    "read_parts",
    "saccades",
    "write_dataset",
]
