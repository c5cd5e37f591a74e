"""What a data set gives to a network: spike probabilities, labels, and whether they fit."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pffspike.data import (
    NAMES,
    Dataset,
    check_kind,
    form_of,
    known_levels,
    load,
    neurons,
    read_npy,
    read_parts,
    read_recordings,
)
from pffspike.errors import ValidationError
from pffspike.network import signals, structure
from pffspike.network.events import Events, Stimulus
from pffspike.network.spec import Network
from pffspike.own import own_data
from pffspike.trained import TrainedNetwork


def dataset_of(target: Network | TrainedNetwork, dataset: str | Dataset | None = None) -> Dataset:
    """Data set by its name, checked to fit a network.

    Parameters
    ----------
    target : Network or TrainedNetwork
        Names the data set that is taken by default, or the files of the user's own that it was read
        from. Data meet a trained network only if they are of the kind that it was trained on.
    dataset : str, Dataset or None
        Instead of that one.

    Returns
    -------
    Dataset

    Raises
    ------
    ValidationError
        If there is no such data set, or it does not fit.

    Examples
    --------
    >>> import pffspike
    >>> dataset_of(pffspike.load_network("digits")).name
    'digits'
    """
    network = target.network if isinstance(target, TrainedNetwork) else target
    found = dataset
    source = target.data.source if isinstance(target, TrainedNetwork) and target.data else None
    if found is None and source and isinstance(target, TrainedNetwork):
        found = own_data(target)
    if not isinstance(found, Dataset):
        found = load(found or network.training.dataset)
    check_fit(network, found)
    if isinstance(target, TrainedNetwork) and target.data:
        check_kind(target.data, found)
    return found


def check_fit(network: Network, dataset: Dataset) -> None:
    """Raise `ValidationError` if a data set's images or classes do not fit a network."""
    moved = network.training.shift or network.training.flip
    if moved and dataset.scaling and dataset.scaling.by_feature:
        raise ValidationError(
            f"network {network.name!r} learns from pictures shifted or mirrored (shift, flip), but "
            f"data set {dataset.name!r} is a table; choose a card without"
        )
    if dataset.steps:
        _check_time(network, dataset)
    pixels = neurons(network.training.coding, dataset.train_images.shape[-1])
    for population, needed, given in (
        (network.role("input"), "pixels", pixels),
        (network.role("label"), "classes", dataset.classes),
    ):
        if population.size != given:
            raise ValidationError(
                f"data set {dataset.name!r} has {given} {needed}, but population "
                f"{population.name!r} of network {network.name!r} has {population.size} neurons; "
                f"choose data and network that fit"
            )


def _check_time(network: Network, dataset: Dataset) -> None:
    """Raise `ValidationError` if a network can't learn from samples in time as they are."""
    training = network.training
    if training.coding != "grey" or training.encoding != "rates" or training.shift or training.flip:
        raise ValidationError(
            f"network {network.name!r} learns from pictures that it encodes or moves (coding, "
            f"encoding, shift, flip), but data set {dataset.name!r} is events; choose a card "
            f"without"
        )
    longest = max(program.steps for program in network.programs)
    if longest > dataset.steps:
        raise ValidationError(
            f"presentations of network {network.name!r} have {longest} steps, but samples of data "
            f"set {dataset.name!r} only {dataset.steps}; size the network to the data by "
            f"pffspike.network_for, or bin them into more steps"
        )


def check_programs(network: Network, *names: str) -> None:
    """Raise `ValidationError` if a network lacks one of the programs of a generative circuit."""
    for name in names:
        if name not in {p.name for p in network.programs}:
            raise ValidationError(
                f"network {network.name!r} has no program {name!r}; train one with a generative "
                f"circuit"
            )


def first_samples(
    dataset: Dataset, *, train: int | None = None, test: int | None = None
) -> Dataset:
    """Cut a data set to its first samples.

    Parameters
    ----------
    dataset : Dataset
        The whole.
    train, test : int or None
        Samples to keep of the training and of the test part; None: all.

    Returns
    -------
    Dataset

    Raises
    ------
    ValidationError
        If there are not so many.

    Examples
    --------
    >>> import pffspike
    >>> len(first_samples(pffspike.load_data("digits"), test=5).test_images)
    5
    """
    for kind, asked, images in (
        ("training", train, dataset.train_images),
        ("test", test, dataset.test_images),
    ):
        if asked is not None and not 1 <= asked <= len(images):
            raise ValidationError(
                f"{asked} {kind} samples are none or more than the {len(images)} of data set "
                f"{dataset.name!r}; give from 1 to {len(images)}"
            )
    return dataclasses.replace(
        dataset,
        train_images=dataset.train_images[:train],
        train_labels=dataset.train_labels[:train],
        test_images=dataset.test_images[:test],
        test_labels=dataset.test_labels[:test],
    )


def encoded_test(trained: TrainedNetwork, dataset: Dataset) -> Stimulus:
    """What a data set's test images are coded as, see `pffspike.Coding.encode`."""
    return trained.coding.encode(dataset.test_images, dataset.levels)


def encoded_training(trained: TrainedNetwork, dataset: Dataset) -> Stimulus:
    """What a data set's training images are coded as, see `pffspike.Coding.encode`."""
    return trained.coding.encode(dataset.train_images, dataset.levels)


def read_images(
    path: str | Path, trained: TrainedNetwork, levels: int | None = None
) -> npt.NDArray[np.int64] | Events:
    """Read images, samples of a table, or events.

    Parameters
    ----------
    path : str or Path
        Of one array, ``(n, pixels)`` or ``(n, rows, columns)``: whole grey values, or values that
        the network scales as it did in training. ``.npz``, ``.csv`` and folders of pictures, too.
        For a network that was trained on events: any form of them, binned as in training.
    trained : TrainedNetwork
        Says which shape an image must have.
    levels : int or None
        Grey value that stands for white; by default that of the training.

    Returns
    -------
    (n, pixels) ndarray of int64, or Events
        Grey values, or spikes; ``trained.coding.encode`` makes of them what the network is given.

    Raises
    ------
    FileError, ValidationError
        If the file is missing or does not hold such images.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pffspike
    >>> trained = pffspike.begin(
    ...     pffspike.load_network("digits"), pffspike.load_data("digits"), seed=0
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "images.npy"
    ...     np.save(path, np.zeros((2, 8, 8), np.uint8))
    ...     read_images(path, trained).shape
    (2, 64)
    """
    form = form_of(trained.data, trained.scaling) if trained.data else None
    if form and form.binning:
        recordings, test = read_recordings(path)
        return form.binning.events(test or recordings)
    if form and (Path(path).is_dir() or Path(path).suffix.lower() in (".csv", ".npz")):
        values = np.asarray(read_parts(path, None, form.features)[0].values)
    else:
        values = read_npy(path)
    if form and form.scaling:
        return form.grey(values, str(path)).astype(np.int64)
    white = levels or trained_levels(trained)
    pixels = trained.coding.pixels(trained.network.role("input").size)
    shape = trained.data.shape if trained.data else (pixels,)
    known = {(pixels,), shape}
    if values.shape in known:  # a single image
        values = values[np.newaxis]
    if values.shape[1:] not in known or not len(values):
        needed = " or ".join(f"(n, {', '.join(map(str, end))})" for end in sorted(known))
        raise ValidationError(
            f"{path} has shape {values.shape}, but the network was trained on images of shape "
            f"{needed}; give such an array"
        )
    flat = values.reshape(len(values), pixels).astype(np.float64)
    whole = np.all(flat == np.floor(flat))
    if not whole or flat.min() < 0 or flat.max() > white:
        raise ValidationError(f"{path} must hold whole grey values from 0 to {white} (see levels)")
    return flat.astype(np.int64)


def trained_levels(trained: TrainedNetwork) -> int:
    """Grey value that stood for white in the training.

    Parameters
    ----------
    trained : TrainedNetwork
        A trained network, whole.

    Returns
    -------
    int

    Raises
    ------
    ValidationError
        If it is not known: files of version 1 do not say it.

    Examples
    --------
    >>> import pffspike
    >>> network = pffspike.load_network("digits")
    >>> trained_levels(pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0))
    16
    """
    if trained.data:
        return trained.data.levels
    name = trained.network.training.dataset
    if name not in NAMES:
        raise ValidationError(
            f"the network was trained by a former version on {name!r}, and which grey value stands "
            f"for white is not known; give --levels, for example 255"
        )
    return known_levels(name)


def signals_of(trained: TrainedNetwork, program: str, dataset: Dataset) -> dict[str, Stimulus]:
    """Inputs of a program from the test part of a data set.

    Parameters
    ----------
    trained : TrainedNetwork
        The network, and the coding of its images.
    program : str
        Name of one of its programs.
    dataset : Dataset
        Its test images, their labels, and as negatives the next label of each.

    Returns
    -------
    dict of str to ndarray or Events

    Raises
    ------
    ValidationError
        If the program needs another input.

    Examples
    --------
    >>> import pffspike
    >>> network = pffspike.load_network("digits")
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)
    >>> sorted(signals_of(trained, "train", pffspike.load_data("digits")))
    ['image', 'label', 'negative']
    """
    labels = dataset.test_labels
    known: dict[str, Stimulus] = {
        signals.IMAGE: encoded_test(trained, dataset),
        signals.LABEL: labels,
        signals.NEGATIVE: (labels + 1) % dataset.classes,
    }
    chosen = trained.network.program(program)
    for name in structure.extent(trained.network, chosen).signals:
        if name not in known:
            raise ValidationError(
                f"program {program!r} needs the input {name!r}, which a data set does not have; "
                f"run it from the library"
            )
    return known
