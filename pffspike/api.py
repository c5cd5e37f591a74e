"""The library: one function for each command, on objects or on names.

Every function takes an engine by its name (see `pffspike.engines.engine_names`) or as an object, a
data set by its name or as a `Dataset`, and a network by the name of its card, by a path or as a
`Network`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pffspike import evaluation, exchange, inference, training
from pffspike.cards import load_network
from pffspike.data import Dataset, check_kind, load
from pffspike.devices import load_device
from pffspike.engines import available_engines, make_engine
from pffspike.engines.base import Engine
from pffspike.network.spec import Network
from pffspike.recording import NOTHING, Probes, Recording
from pffspike.trained import TrainedNetwork, versions
from pffspike.typing import Progress, Signals

Floats = npt.NDArray[np.float64]


def _engine(engine: str | Engine) -> Engine:
    return make_engine(engine) if isinstance(engine, str) else engine


def _dataset(dataset: str | Dataset | None, trained: TrainedNetwork) -> Dataset:
    if not isinstance(dataset, Dataset):
        dataset = load(dataset or trained.network.training.dataset)
    training.check_fit(trained.network, dataset)
    if trained.data:
        check_kind(trained.data, dataset)
    return dataset


def train(
    network: str | Path | Network,
    dataset: str | Dataset | None = None,
    engine: str | Engine = "fastest",
    *,
    seed: int = 0,
    epochs: int | None = None,
    checkpoint: training.Checkpoint | None = None,
    progress: Progress | None = None,
) -> TrainedNetwork:
    """Train a network from its initial weights.

    Parameters
    ----------
    network : str, Path or Network
    dataset : str, Dataset or None
        The card's by default.
    engine : str or Engine
        All engines that learn give the same weights, bit for bit.
    seed : int
    epochs : int or None
        The card's by default.
    checkpoint, progress : callable or None
        See `pffspike.training.train`.

    Returns
    -------
    TrainedNetwork
    """
    spec = network if isinstance(network, Network) else load_network(network)
    images = dataset if isinstance(dataset, Dataset) else load(dataset or spec.training.dataset)
    start = training.begin(spec, images, seed=seed, epochs=epochs)
    return training.train(start, images, _engine(engine), checkpoint=checkpoint, progress=progress)


def evaluate(
    trained: TrainedNetwork,
    dataset: str | Dataset | None = None,
    engine: str | Engine = "fastest",
    mode: str = "goodness",
    *,
    seed: int = 0,
    device: str | Path = "loihi1",
    candidates: int | None = None,
    budget: float = 0.001,
    trials: int | None = None,
) -> evaluation.Evaluation:
    """Classify the test images: accuracy, confusion, events and energy per inference.

    Modes ``early`` and ``late`` are calibrated on the training images first, see `calibrate`.

    Parameters
    ----------
    trained : TrainedNetwork
    dataset : str, Dataset or None
        The card's by default.
    engine : str or Engine
    mode : {"goodness", "one_pass", "feedback", "proposal", "early", "late"}
        See `pffspike.inference.classify`.
    seed : int
    device : str or Path
        Device card that prices the events.
    candidates : int or None
        Labels that the read-out proposes in ``proposal`` (3 by default), ``early`` and ``late``
        (all).
    budget : float
        Of answers that ``early`` and ``late`` may change.
    trials : int or None
        Presentations whose scores are averaged: 1 by default, of ``late`` up to 5. If the network
        has learned from shifted images, all but the first are shifted, see
        `pffspike.inference.ShiftedViews`.

    Returns
    -------
    Evaluation
    """
    images, chosen = _dataset(dataset, trained), _engine(engine)
    evaluation.check_mode(trained.network, mode, candidates)
    stopping = None
    if mode in inference.CALIBRATED:
        stopping = calibrate(
            trained,
            images,
            chosen,
            budget=budget,
            candidates=candidates,
            mode=mode,
            trials=trials,
            seed=seed,
        )
    return evaluation.evaluate(
        trained.network,
        trained.parameters,
        chosen,
        trained.coding.encode(images.test_images, images.levels),
        images.test_labels,
        mode,
        seed=seed,
        device=load_device(device),
        candidates=candidates,
        stopping=stopping,
        trials=1 if stopping else trials or 1,
        views=inference.views_of(
            trained.network, trained.coding, images.test_images, images.shape, images.levels
        ),
    )


def calibrate(
    trained: TrainedNetwork,
    dataset: str | Dataset | None = None,
    engine: str | Engine = "fastest",
    *,
    budget: float = 0.001,
    candidates: int | None = None,
    draws: int | None = None,
    mode: str = "early",
    trials: int | None = None,
    seed: int = 0,
) -> inference.Stopping:
    """Find the rule of mode ``early`` or ``late`` on training images.

    See `pffspike.inference.calibrate`.

    Parameters
    ----------
    trained : TrainedNetwork
    dataset : str, Dataset or None
        The card's by default.
    engine : str or Engine
        All give the same rule.
    budget : float
        Greatest probability that an answer differs from the one of all trials in full.
    candidates : int or None
        Labels that the read-out proposes; all by default.
    draws : int or None
        Images to present, ``5 / budget`` by default, at least 2000.
    mode : {"early", "late"}
    trials : int or None
        Presentations of an image under a label, at most; 1 of ``early`` by default, 5 of ``late``.
    seed : int

    Returns
    -------
    Stopping
    """
    images = _dataset(dataset, trained)
    return inference.calibrate(
        trained.network,
        trained.parameters,
        _engine(engine),
        trained.coding.encode(images.train_images, images.levels),
        budget=budget,
        candidates=candidates,
        draws=draws,
        mode=mode,
        trials=trials,
        views=inference.views_of(
            trained.network, trained.coding, images.train_images, images.shape, images.levels
        ),
        seed=seed,
    )


def classify(
    trained: TrainedNetwork,
    images: Floats,
    mode: str = "goodness",
    engine: str | Engine = "fastest",
    *,
    seed: int = 0,
    candidates: int | None = None,
    stopping: inference.Stopping | None = None,
    trials: int = 1,
    samples: npt.ArrayLike | None = None,
    views: inference.Views | None = None,
) -> inference.Classification:
    """Classify images given as ``(samples, neurons)`` spike probabilities.

    See `pffspike.inference.classify`; ``trained.coding.encode`` makes them of grey values, and
    `calibrate` the stopping rule of modes ``early`` and ``late``. Unless ``samples``
    numbers the images, their noise comes from their content: the answer to an image does not depend
    on its place. `pffspike.inference.views_of` makes the ``views`` of several trials.
    """
    return inference.classify(
        trained.network,
        trained.parameters,
        _engine(engine),
        images,
        mode,
        seed=seed,
        candidates=candidates,
        stopping=stopping,
        trials=trials,
        samples=samples,
        views=views,
    )


def reconstruct(
    trained: TrainedNetwork,
    images: Floats,
    engine: str | Engine = "fastest",
    *,
    seed: int = 0,
    labels: npt.NDArray[np.int64] | Floats | None = None,
    window: int | None = None,
    samples: npt.ArrayLike | None = None,
) -> inference.Reconstruction:
    """Reconstruct images from the spikes that they cause, see `pffspike.inference.reconstruct`.

    ``images`` as for `classify`; what comes back are grey values from 0 to 1.
    """
    return inference.reconstruct(
        trained.network,
        trained.parameters,
        _engine(engine),
        images,
        seed=seed,
        labels=labels,
        window=window,
        samples=samples,
    ).decoded(trained.coding)


def run(
    trained: TrainedNetwork,
    program: str,
    signals: Signals,
    engine: str | Engine = "fastest",
    *,
    seed: int = 0,
    probes: Probes = NOTHING,
) -> Recording:
    """Run any program of a network on any signals.

    Parameters
    ----------
    trained : TrainedNetwork
    program : str
    signals : mapping of str to ndarray
        See `pffspike.engines.base.Session.run`.
    engine : str or Engine
    seed : int
    probes : Probes

    Returns
    -------
    Recording
    """
    samples = np.arange(len(next(iter(signals.values()))))
    with _engine(engine).compile(
        trained.network, program, trained.parameters, seed=seed, probes=probes
    ) as session:
        return session.run(signals, samples)


def export(trained: TrainedNetwork, folder: str | Path) -> None:
    """Write a trained network as integers, see `pffspike.exchange.write_export`."""
    exchange.write_export(folder, trained)


def info() -> dict[str, Any]:
    """Versions, and engines with whether they can be used here.

    Returns
    -------
    dict
        ``versions``: by package; ``engines``: list of `pffspike.engines.registry.Availability`.
    """
    return {"versions": versions(), "engines": available_engines()}
