"""Labelled samples: the embedded digits, the MNIST family, pictures and tables of any kind."""

from pffspike.data.arrays import read_npy
from pffspike.data.augmentation import augmented, displaced, mirrored
from pffspike.data.binning import Binning, binning_of
from pffspike.data.coding import Coding, coding_of, make_coding, neurons, pixel_means
from pffspike.data.dataset import Dataset, Images, from_arrays, grey_values, probabilities
from pffspike.data.datasets import NAMES, known_levels, load, write_dataset
from pffspike.data.encoders import delta, even, latency, saccades
from pffspike.data.event_files import read_events, read_recordings
from pffspike.data.form import Form, form_of
from pffspike.data.hybrids import hybrids
from pffspike.data.identity import (
    DataSource,
    Identity,
    check_kind,
    check_same,
    identify,
    is_same,
)
from pffspike.data.idx import read_idx
from pffspike.data.own import load_own, own_dataset, read_samples
from pffspike.data.readers import is_own, read_labels, read_parts
from pffspike.data.recordings import Recordings
from pffspike.data.scaling import Scaling

__all__ = [
    "NAMES",
    "Binning",
    "Coding",
    "DataSource",
    "Dataset",
    "Form",
    "Identity",
    "Images",
    "Recordings",
    "Scaling",
    "augmented",
    "binning_of",
    "check_kind",
    "check_same",
    "coding_of",
    "delta",
    "displaced",
    "even",
    "form_of",
    "from_arrays",
    "grey_values",
    "hybrids",
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
    "read_events",
    "read_idx",
    "read_labels",
    "read_npy",
    "read_parts",
    "read_recordings",
    "read_samples",
    "saccades",
    "write_dataset",
]
