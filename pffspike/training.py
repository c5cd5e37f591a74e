"""Training: the order of samples, negative labels, learning rates, checkpoints, history."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.cards import load_network
from pffspike.data import Dataset, augmented, check_same, hybrids
from pffspike.deprecation import former_keywords
from pffspike.engines.base import Session
from pffspike.errors import ValidationError
from pffspike.execution import Execution, counting, made, open_session
from pffspike.generation.latent import check_latent, learn_latents_once
from pffspike.inputs import dataset_of
from pffspike.network import constants, signals, structure
from pffspike.network.events import Events, Stimulus
from pffspike.network.spec import Network
from pffspike.recording import Probes, Recording
from pffspike.schedules import begin, lengthened
from pffspike.trained import TrainedNetwork
from pffspike.typing import Progress

Checkpoint = Callable[[TrainedNetwork], None]
Callback = Callable[[TrainedNetwork], object]  #: a true value ends the training
_ROWS = 10  #: rows of history between checkpoints


@former_keywords
def train(
    network: str | Path | Network | TrainedNetwork,
    dataset: str | Dataset | None = None,
    *,
    epochs: int | None = None,
    checkpoint: Checkpoint | None = None,
    checkpoint_every: int = 2000,
    callbacks: Sequence[Callback] = (),
    execution: Execution = Execution(),
) -> TrainedNetwork:
    """Train a network to the end of its schedule.

    Parameters
    ----------
    network : str, Path, Network or TrainedNetwork
        Name or path of a card, or a specification, which begins with initial weights; or a
        checkpoint, whose training goes on with its own seed, to the same weights, bit for bit; or a
        network that has finished its schedule, which learns for some epochs more (`lengthened`).
    dataset : str, Dataset or None
        That of the card by default.
    epochs : int or None
        Instead of the card's; of a finished network: so many more; not for a checkpoint.
    checkpoint : callable or None
        Called with the trained network before the first part of the training, so that a place where
        nothing can be written is found at once, and after each.
    checkpoint_every : int
        Samples between checkpoints; an epoch's end always is one. No effect on the weights.
    callbacks : sequence of callable
        Called with the network after each part too, after ``checkpoint``; where one of them gives a
        true value, the training ends; one with a method ``close`` is closed. See
        `pffspike.callbacks`.
    execution : Execution
        Engine, seed, progress. All exact engines give the same weights, bit for bit.

    Returns
    -------
    TrainedNetwork
        If a callback has ended the training and has a ``best`` network, that one.

    Raises
    ------
    ValidationError
        If the data do not fit the network, or are not those that the training began with.

    Examples
    --------
    >>> import pffspike
    >>> pffspike.train("digits", epochs=1, execution=pffspike.Execution(seed=1))
    TrainedNetwork('digits', seed 1, 1,437 of 1,437 samples)
    """
    if checkpoint_every < 1:
        raise ValidationError(f"checkpoint_every = {checkpoint_every} must be at least 1")
    if isinstance(network, TrainedNetwork):
        state, data = network, dataset_of(network.network, dataset)
        if epochs is not None:
            state = lengthened(state, data, epochs=epochs, seed=execution.seed)
    else:
        spec = network if isinstance(network, Network) else load_network(network)
        data = dataset_of(spec, dataset)
        state = begin(spec, data, seed=execution.seed, epochs=epochs)
    _check_continuation(state, data)
    known = (signals.IMAGE, signals.LABEL, signals.NEGATIVE, signals.HYBRID)
    structure.check_signals(state.network, "train", *known)
    _check_hybrids(state.network, data)
    hard_negative = state.network.program("train").hard_negative
    probes = Probes(counts=(hard_negative.population,)) if hard_negative else Probes()
    own = execution.replace(engine=made(execution.engine), seed=state.seed, probes=probes)
    state = state.replace(engine=made(own.engine).name)
    follow = _Followers(checkpoint, callbacks)
    with contextlib.ExitStack() as stack:
        for callback in callbacks:
            stack.callback(getattr(callback, "close", _nothing))
        while True:
            state = _train_stretch(state, data, own, follow, checkpoint_every)
            if state.network.training.latent_images and not follow.ended:
                follow.tell(state)
            if state.finished or follow.ended:
                break
    kept = (getattr(callback, "best", None) for callback in callbacks)
    return next((best for best in kept if best is not None), state)


def _nothing() -> None:
    """What a callback without an end does in the end."""


@dataclasses.dataclass
class _Followers:
    """Who is told of a training: a checkpoint before its first part and after each, callbacks."""

    checkpoint: Checkpoint | None
    callbacks: Sequence[Callback]
    ended: bool = False  #: by a callback
    begun: bool = False

    def begin(self, state: TrainedNetwork) -> None:
        """Tell of the beginning, once."""
        if self.checkpoint and not self.begun:
            self.checkpoint(state)
        self.begun = True

    def tell(self, state: TrainedNetwork) -> None:
        """Tell all of a part that is done."""
        if self.checkpoint:
            self.checkpoint(state)
        told = [bool(callback(state)) for callback in self.callbacks]
        self.ended = any(told)


def _train_stretch(
    state: TrainedNetwork,
    dataset: Dataset,
    execution: Execution,
    follow: _Followers,
    checkpoint_every: int,
) -> TrainedNetwork:
    """Train to the end, or of the epoch if latent states are learned there by another program."""
    report = counting(execution, "training", state.samples_total, state.samples_done)
    per_epoch, end = state.samples_per_epoch, state.samples_total
    latents = state.network.training.latent_images > 0
    if latents:
        check_latent(state.network)
        end = min(end, state.samples_done - state.samples_done % per_epoch + per_epoch)
    with open_session(state, "train", execution) as session:
        if latents and not follow.begun:
            with open_session(state, "learn_latent", execution):
                pass  # or one sentence, before work is spent
        follow.begin(state)
        if state.finished:
            return state
        while state.samples_done < end:
            state = _train_part(state, dataset, session, checkpoint_every, report)
            ended = state.samples_done == end
            if follow.checkpoint or follow.callbacks or ended:
                state = state.replace(parameters=session.parameters)
            if not (ended and latents):
                follow.tell(state)
            if follow.ended:
                return state
    return _learn_latents(state, dataset, execution) if latents else state


def _check_continuation(state: TrainedNetwork, dataset: Dataset) -> None:
    if state.data:
        check_same(state.data, dataset)
    elif len(dataset.train_images) != state.samples_per_epoch:
        raise ValidationError(
            f"data set {dataset.name!r} has {len(dataset.train_images)} training samples, but the "
            f"training began with {state.samples_per_epoch}; give the same data"
        )


def _shown(
    state: TrainedNetwork,
    dataset: Dataset,
    chosen: npt.NDArray[np.int64],
    before: npt.NDArray[np.int64],
    numbers: npt.NDArray[np.int64],
) -> dict[str, Stimulus]:
    """Stimuli of samples: images and, if the network learns from them, hybrids with others."""
    images: npt.NDArray[np.generic] | Events = dataset.train_images
    if isinstance(images, Events):
        return {signals.IMAGE: state.coding.encode(images[chosen], dataset.levels)}
    shown, training = {signals.IMAGE: images[chosen]}, state.network.training
    if _asks_for_hybrids(state.network):
        others = images[before]
        shown[signals.HYBRID] = hybrids(
            shown[signals.IMAGE], others, dataset.shape, numbers, state.seed
        )
    return {
        name: state.coding.encode(
            augmented(
                part,
                dataset.shape,
                numbers,
                state.seed,
                shift=training.shift,
                flip=training.flip,
            ),
            dataset.levels,
        )
        for name, part in shown.items()
    }


def _asks_for_hybrids(network: Network) -> bool:
    return signals.HYBRID in structure.extent(network, network.program("train")).signals


def _check_hybrids(network: Network, dataset: Dataset) -> None:
    """Raise `ValidationError` if a network learns from hybrids of images that are no pictures."""
    table = dataset.scaling is not None and dataset.scaling.by_feature
    if _asks_for_hybrids(network) and (table or dataset.steps):
        raise ValidationError(
            f"network {network.name!r} learns from hybrids of two pictures, but data set "
            f"{dataset.name!r} is {'a table' if table else 'events'}; choose a card without"
        )


def _train_part(
    state: TrainedNetwork,
    dataset: Dataset,
    session: Session,
    samples: int,
    report: Progress | None,
) -> TrainedNetwork:
    training = state.network.training
    per_epoch = state.samples_per_epoch
    epoch, position = divmod(state.samples_done, per_epoch)
    stop = min(position + samples, per_epoch)
    order = counter.permutation(per_epoch, counter.derive_key(state.seed, counter.ORDER, epoch))
    chosen = order[position:stop]
    numbers = np.arange(state.samples_done, state.samples_done + len(chosen))
    labels = dataset.train_labels[chosen]
    before = np.roll(order, 1)[position:stop]
    given = {
        **_shown(state, dataset, chosen, before, numbers),
        signals.LABEL: labels,
        signals.NEGATIVE: negatives(
            labels, numbers, dataset.classes, training.hard_negatives, state.seed
        ),
    }
    recording = session.run(
        given,
        numbers,
        learning_scale=constants.decayed(training.decay, epoch),
        progress=report,
    )
    return state.replace(
        samples_done=state.samples_done + len(chosen),
        history=_extended(state.history, _history(recording, labels, state.samples_done)),
    )


def _learn_latents(state: TrainedNetwork, dataset: Dataset, execution: Execution) -> TrainedNetwork:
    """Learn what latent states predict, from the first images of the epoch that has ended."""
    training, per_epoch = state.network.training, state.samples_per_epoch
    epoch = state.samples_done // per_epoch - 1
    order = counter.permutation(per_epoch, counter.derive_key(state.seed, counter.ORDER, epoch))
    chosen = order[: training.latent_images]
    return learn_latents_once(
        state,
        state.coding.encode(dataset.train_images[chosen], dataset.levels),
        dataset.train_labels[chosen],
        first_sample=epoch * len(chosen),
        learning_scale=constants.decayed(training.latent_decay, epoch),
        execution=execution,
    )


def negatives(
    labels: npt.NDArray[np.int64],
    samples: npt.NDArray[np.int64],
    classes: int,
    hard: float,
    seed: int,
) -> npt.NDArray[np.int64]:
    """Wrong labels for training: uniform over the wrong classes, or -1 for a hard negative.

    Parameters
    ----------
    labels, samples : (n,) ndarray of int64
        True classes, and numbers that key the choice.
    classes : int
        How many there are.
    hard : float
        Probability of -1, which leaves the choice to the network's own read-out.
    seed : int
        Of everything random.

    Returns
    -------
    (n,) ndarray of int64
    """
    keys = counter.derive_keys(counter.derive_key(seed, counter.NEGATIVES), samples)
    other = (labels + 1 + counter.integers(keys, 0, classes - 1)) % classes
    return np.where(counter.uniform(keys, 1) < hard, -1, other).astype(np.int64)


def _history(
    recording: Recording, labels: npt.NDArray[np.int64], before: int
) -> dict[str, npt.NDArray[np.float64]]:
    """Means over a few parts of a recording: goodness by phase, on-line accuracy, spikes."""
    network, program = recording.network, recording.program
    columns: dict[str, npt.NDArray[np.float64]] = {}
    for name in structure.goodness_thresholds(network):
        values = recording.by_phase(recording.goodness[name])
        for index, phase in enumerate(program.phases):
            columns[f"goodness.{phase.name}.{name}"] = values[:, index]
    if program.hard_negative:
        free = [phase.name for phase in program.phases].index(program.hard_negative.phase)
        votes = recording.by_phase(recording.counts[program.hard_negative.population])[:, free]
        columns["accuracy.online"] = (votes.argmax(axis=1) == labels).astype(np.float64)
    total = sum(recording.spikes[name] for name in recording.spikes)
    columns["spikes"] = recording.by_phase(np.asarray(total)).sum(axis=1).astype(np.float64)
    parts = np.array_split(np.arange(len(labels)), min(_ROWS, len(labels)))
    rows = {name: np.array([v[part].mean() for part in parts]) for name, v in columns.items()}
    rows["sample"] = np.array([before + part[-1] + 1.0 for part in parts])
    return rows


def _extended(
    old: Mapping[str, npt.NDArray[np.float64]], new: Mapping[str, npt.NDArray[np.float64]]
) -> dict[str, npt.NDArray[np.float64]]:
    return {
        name: np.concatenate([old.get(name, values[:0]), values]) for name, values in new.items()
    }
