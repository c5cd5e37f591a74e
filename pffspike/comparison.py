"""Results of inferences side by side: their rows, means over seeds, paired differences."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from pffspike import intervals
from pffspike.cards.networks import network_hash
from pffspike.data import Dataset
from pffspike.energies import Energy
from pffspike.errors import ValidationError
from pffspike.execution import Execution
from pffspike.inference import Classification
from pffspike.trained import TrainedNetwork

T = TypeVar("T")

_MEANS = ("steps", "spikes", "synaptic_operations")  #: columns whose means over seeds stand alone


@dataclass(frozen=True)
class Subject:
    """What inferences are of: which network, trained how, on which images, run how.

    Parameters
    ----------
    network, network_hash : str
        Name and hash of the specification.
    trained_seed : int
        Seed of the training.
    trained_samples : int
        Samples that it has learned from.
    dataset : str
        Name of the data set.
    images : int
        Test images.
    engine : str
        What ran the network.
    seed : int
        Of the noise of the inferences.

    Examples
    --------
    >>> Subject("digits", "ab12", 0, 28740, "digits", 360, "numpy", 0).images
    360
    """

    network: str
    network_hash: str
    trained_seed: int
    trained_samples: int
    dataset: str
    images: int
    engine: str
    seed: int

    @staticmethod
    def of(trained: TrainedNetwork, data: Dataset, engine: str, execution: Execution) -> Subject:
        """Name what is run.

        Parameters
        ----------
        trained : TrainedNetwork
            The network.
        data : Dataset
            Its test images are answered.
        engine : str
            Name of the engine.
        execution : Execution
            Its seed.

        Returns
        -------
        Subject
        """
        network, images = trained.network, len(data.test_images)
        return Subject(
            network.name,
            network_hash(network),
            trained.seed,
            trained.samples_done,
            data.name,
            images,
            engine,
            execution.seed,
        )


class Inferences(Protocol):
    """What can be compared: `pffspike.Evaluation` and `pffspike.InferenceEnergy`."""

    @property
    def subject(self) -> Subject:
        """What was run."""

    @property
    def classification(self) -> Classification:
        """The answers."""

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Whether the answer to each image is right: ``(images,)``."""

    @property
    def energies(self) -> tuple[Energy, ...]:
        """Energies per inference, by device."""


def inference_rows(found: Inferences) -> list[dict[str, Any]]:
    """Give the tidy rows of inferences, one a device.

    Parameters
    ----------
    found : Evaluation or InferenceEnergy
        Of one network in one mode on one engine.

    Returns
    -------
    list of dict
        ``accuracy`` is a fraction, with Wilson's interval. Events and energies are means over the
        images: ``energy_j`` is that of the events and of the cores in use, with Student's
        interval of the mean (``_low_j``, ``_high_j``) and the standard deviation over images
        (``_sd_j``); ``energy_events_j`` and ``energy_whole_chip_j`` contain no static power, and
        that of the whole chip.
    """
    right, answers = found.right, found.classification
    low, high = intervals.of_fraction(int(right.sum()), len(right))
    head = {
        **dataclasses.asdict(found.subject),
        "mode": answers.mode,
        "candidates": answers.candidates,
        "accuracy": float(right.mean()) if len(right) else math.nan,
        "accuracy_low": low,
        "accuracy_high": high,
    }
    return [head | _events(energy) | _energies(energy) for energy in found.energies]


def _events(energy: Energy) -> dict[str, float]:
    counts = dataclasses.asdict(energy.counts)
    del counts["spread"]
    return counts


def _energies(energy: Energy) -> dict[str, Any]:
    low, high = energy.interval
    return {
        "device": energy.device,
        "profile": energy.default,
        "energy_j": energy.total,
        "energy_low_j": low,
        "energy_high_j": high,
        "energy_sd_j": energy.spread.deviation if energy.spread else math.nan,
        "energy_events_j": energy.events,
        "energy_whole_chip_j": energy.whole_chip,
    }


def over_seeds(results: Sequence[Inferences]) -> list[dict[str, Any]]:
    """Give means over networks that differ in the seed of their training alone.

    Parameters
    ----------
    results : sequence of Evaluation or InferenceEnergy
        Of networks of one or several kinds, in one or several modes, on one or several engines.

    Returns
    -------
    list of dict
        Tidy rows, one for each network, engine, mode and device: as those of `inference_rows`, but
        intervals and standard deviations are over seeds (Student's t; nan of a single seed), and
        ``seeds`` is their number.

    Raises
    ------
    ValidationError
        If two results are of the same network and seed.

    Examples
    --------
    >>> import pffspike
    >>> data = pffspike.first_samples(pffspike.load_data("digits"), train=200, test=20)
    >>> results = [
    ...     pffspike.evaluate(
    ...         pffspike.train("digits", data, epochs=1, execution=pffspike.Execution(seed=seed)),
    ...         data, "one_pass")
    ...     for seed in (0, 1)]
    >>> [row["seeds"] for row in over_seeds(results)]
    [2]
    """
    rows = []
    for same in _grouped(results, _kind_and_mode).values():
        _check_seeds(same)
        by_seed = [inference_rows(found) for found in same]
        rows += [_mean_row(per_seed) for per_seed in zip(*by_seed, strict=True)]
    return rows


def _mean_row(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One row of rows of several seeds, on one device."""
    first = rows[0]
    dropped = ("trained_seed", "trained_samples", "accuracy", "neuron_updates", "dense_operations")
    about = {
        key: value
        for key, value in first.items()
        if key not in (*dropped, "random_numbers", "learning_updates", *_MEANS)
        and not key.startswith(("accuracy_", "energy_"))
    }
    accuracy = [row["accuracy"] for row in rows]
    low, high = intervals.of_mean(accuracy)
    made = about | {
        "seeds": len(rows),
        "accuracy": float(np.mean(accuracy)),
        "accuracy_low": low,
        "accuracy_high": high,
        "accuracy_sd": _deviation(accuracy),
    }
    made |= {name: float(np.mean([row[name] for row in rows])) for name in _MEANS}
    for kind in ("energy", "energy_events", "energy_whole_chip"):
        values = [row[f"{kind}_j"] for row in rows]
        known = None not in values
        low, high = intervals.of_mean(values) if known else intervals.UNKNOWN
        made |= {
            f"{kind}_j": float(np.mean(values)) if known else None,
            f"{kind}_low_j": low,
            f"{kind}_high_j": high,
        }
    return made


def _deviation(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan


def compare(results: Sequence[Inferences]) -> list[dict[str, Any]]:
    """Compare ways to answer with the first one, pair by pair.

    A way is a network in a mode. Where two ways share two seeds of training or more, values of the
    same seed are paired; else their answers to the same images are.

    Parameters
    ----------
    results : sequence of Evaluation or InferenceEnergy
        At least of two ways, on the same images; of the engines, those of the first count.

    Returns
    -------
    list of dict
        Tidy rows, one for each further way and device: ``accuracy_difference`` (a fraction) and
        ``energy_ratio`` to the first way with their intervals, ``paired_by`` images or seeds, and
        ``pairs``, their number. Intervals are those of `pffspike.intervals`.

    Raises
    ------
    ValidationError
        If two results are of the same network and seed, or the images are others.

    Examples
    --------
    >>> import pffspike
    >>> data = pffspike.first_samples(pffspike.load_data("digits"), train=200, test=20)
    >>> trained = pffspike.train("digits", data, epochs=1)
    >>> results = [pffspike.evaluate(trained, data, mode) for mode in ("goodness", "one_pass")]
    >>> [(row["mode"], row["than_mode"], row["paired_by"]) for row in compare(results)]
    [('one_pass', 'goodness', 'images')]
    """
    if not results:
        return []
    engine = results[0].subject.engine
    own = [found for found in results if found.subject.engine == engine]
    ways = list(_grouped(own, _kind_and_mode).values())
    for way in ways:
        _check_seeds(way)
        mine, first = way[0].subject, ways[0][0].subject
        if (mine.dataset, mine.images) != (first.dataset, first.images):
            raise ValidationError(
                f"{mine.images} images of {mine.dataset!r} and {first.images} of "
                f"{first.dataset!r} can't be compared; evaluate both on the same"
            )
    return [row for way in ways[1:] for row in _compared(way, ways[0])]


def _compared(way: Sequence[Inferences], first: Sequence[Inferences]) -> Iterable[dict[str, Any]]:
    pairs = _pairs(way, first)
    by_seed = len(pairs) > 1
    if by_seed:
        accuracy = [np.array([m.right.mean() for m in side]) for side in zip(*pairs, strict=True)]
    else:
        accuracy = [found.right for found in pairs[0]]
    difference = float(np.mean(accuracy[0]) - np.mean(accuracy[1]))
    low, high = intervals.of_difference(*accuracy)
    mine, other = way[0], first[0]
    for index, energy in enumerate(mine.energies):
        ratio, ratio_low, ratio_high = _ratio(pairs, index)
        yield {
            "network": mine.subject.network,
            "mode": mine.classification.mode,
            "candidates": mine.classification.candidates,
            "than_network": other.subject.network,
            "than_mode": other.classification.mode,
            "than_candidates": other.classification.candidates,
            "dataset": mine.subject.dataset,
            "engine": mine.subject.engine,
            "device": energy.device,
            "paired_by": "seeds" if by_seed else "images",
            "pairs": len(accuracy[0]),
            "accuracy_difference": difference,
            "accuracy_difference_low": low,
            "accuracy_difference_high": high,
            "energy_ratio": ratio,
            "energy_ratio_low": ratio_low,
            "energy_ratio_high": ratio_high,
        }


def _pairs(
    way: Sequence[Inferences], first: Sequence[Inferences]
) -> list[tuple[Inferences, Inferences]]:
    """Results of the same seed; without two of them, the first of each."""
    seeds = {found.subject.trained_seed: found for found in first}
    same = [(f, seeds[f.subject.trained_seed]) for f in way if f.subject.trained_seed in seeds]
    return same if len(same) > 1 else same or [(way[0], first[0])]


def _ratio(
    pairs: Sequence[tuple[Inferences, Inferences]], index: int
) -> tuple[float, float, float]:
    """Energies of the one over those of the other on a device, and the interval."""
    sides = [[found.energies[index] for found in side] for side in zip(*pairs, strict=True)]
    if any(energy.total is None for side in sides for energy in side):
        return math.nan, *intervals.UNKNOWN
    if len(pairs) > 1:
        values = [np.array([energy.total for energy in side], np.float64) for side in sides]
    else:
        values = [side[0].by_inference for side in sides]
    if not values[1].mean():
        return math.nan, *intervals.UNKNOWN
    return float(values[0].mean() / values[1].mean()), *intervals.of_ratio(*values)


def _kind_and_mode(found: Inferences) -> tuple[object, ...]:
    """What results have in common that differ in the seed of the training alone."""
    subject, answers = found.subject, found.classification
    shared = dataclasses.replace(subject, trained_seed=0)
    return (shared, answers.mode, answers.candidates)


def _grouped(results: Sequence[T], key: Callable[[T], object]) -> dict[object, list[T]]:
    groups: dict[object, list[T]] = {}
    for found in results:
        groups.setdefault(key(found), []).append(found)
    return groups


def _check_seeds(same: Sequence[Inferences]) -> None:
    """Refuse to take one network for two."""
    seeds = [found.subject.trained_seed for found in same]
    for seed in seeds:
        if seeds.count(seed) > 1:
            subject = same[0].subject
            raise ValidationError(
                f"two of the results are of {subject.network!r} trained from seed {seed} in mode "
                f"{same[0].classification.mode}; give networks of different seeds, or each once"
            )
