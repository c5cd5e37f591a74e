"""Schedules: a training before its first sample, and epochs added to one that is finished."""

from __future__ import annotations

import dataclasses

import numpy as np

from pffspike.arithmetic import counter
from pffspike.cards import network_hash
from pffspike.data import Dataset, identify, is_same, make_coding
from pffspike.errors import ValidationError
from pffspike.inputs import check_fit
from pffspike.network import constants, initial
from pffspike.network.spec import Network
from pffspike.trained import TrainedNetwork

_MOST_EPOCHS = 10**9  #: more would take longer than anyone waits


def begin(
    network: Network, dataset: Dataset, *, seed: int, epochs: int | None = None
) -> TrainedNetwork:
    """Network with its initial weights, before the first sample.

    Parameters
    ----------
    network : Network
        Specification of the network.
    dataset : Dataset
        What it will learn.
    seed : int
        Of everything random: weights, spikes, rounding, order, negative labels.
    epochs : int or None
        Instead of the card's.

    Returns
    -------
    TrainedNetwork
        Its network names the data set, whatever the card says.

    Raises
    ------
    ValidationError
        If the data do not fit the network.

    Examples
    --------
    >>> import pffspike
    >>> data = pffspike.load_data("digits")
    >>> begin(pffspike.load_network("digits"), data, seed=0).samples_done
    0
    """
    check_fit(network, dataset)
    counter.check_seed(seed)
    network = network.replace(training=dataclasses.replace(network.training, dataset=dataset.name))
    epochs = _checked_epochs(network.training.epochs if epochs is None else epochs)
    per_epoch = len(dataset.train_images)
    return TrainedNetwork(
        network,
        initial(network, seed),
        seed,
        samples_total=epochs * per_epoch,
        samples_per_epoch=per_epoch,
        coding=make_coding(network, dataset),
        data=identify(dataset),
        scaling=dataset.scaling,
    )


def _checked_epochs(epochs: int) -> int:
    whole = isinstance(epochs, (int, np.integer)) and not isinstance(epochs, bool)
    if not whole or not 1 <= epochs <= _MOST_EPOCHS:
        raise ValidationError(
            f"epochs = {epochs!r} must be a whole number from 1 to {_MOST_EPOCHS}"
        )
    return int(epochs)


def lengthened(
    trained: TrainedNetwork, dataset: Dataset, *, epochs: int, seed: int = 0
) -> TrainedNetwork:
    """Network that has finished its schedule, with epochs added that it has not learned yet.

    On the data that it has learned from, its schedule goes on: seed, order, noise and the decay of
    learning rates (a power of the number of epochs before, whatever their number in all) are those
    of a training that was longer from the beginning, and so are the weights, bit for bit. On other
    data a schedule of its own begins with these weights. Either stands in the provenance.

    Parameters
    ----------
    trained : TrainedNetwork
        A network whose schedule has been run.
    dataset : Dataset
        What it will learn.
    epochs : int
        To add.
    seed : int
        Of everything random in a schedule that begins; one that goes on keeps its own.

    Returns
    -------
    TrainedNetwork
        Without its prior, which is that of the former weights.

    Raises
    ------
    ValidationError
        If the schedule has not been finished, or the data do not fit the network.

    Examples
    --------
    >>> import pffspike
    >>> data = pffspike.load_data("digits")
    >>> trained = pffspike.train("digits", data, epochs=1)
    >>> lengthened(trained, data, epochs=1)
    TrainedNetwork('digits', seed 0, 1,437 of 2,874 samples)
    """
    if not trained.finished:
        raise ValidationError(
            f"epochs = {epochs} can't be added to a training that has done {trained.samples_done} "
            f"of {trained.samples_total} samples; finish it first"
        )
    added, done, per_epoch = (
        _checked_epochs(epochs),
        trained.samples_done,
        len(dataset.train_images),
    )
    known = trained.data is not None and is_same(trained.data, dataset)
    if done and known and per_epoch == trained.samples_per_epoch:
        scale = constants.decayed(trained.network.training.decay, done // per_epoch)
        stage = {
            "samples": done,
            "engine": trained.engine,
            "epochs": added,
            "learning_scale": scale,
        }
        before = trained.provenance.get("continued", [])
        return trained.replace(
            samples_total=done + added * per_epoch,
            prior=None,
            provenance={**trained.provenance, "continued": [*before, stage]},
        )
    begun = begin(trained.network, dataset, seed=seed, epochs=added)
    origin = {
        "network": network_hash(trained.network),
        "data": trained.data.name if trained.data else trained.network.training.dataset,
        "train": trained.data.train if trained.data else "",
        "samples": done,
        "seed": str(trained.seed),
        "engine": trained.engine,
        "provenance": dict(trained.provenance),
    }
    return begun.replace(
        parameters=trained.parameters,
        coding=trained.coding,
        scaling=trained.scaling,
        provenance={"started_from": origin},
    )
