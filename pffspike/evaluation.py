"""Evaluation: accuracy, events and energy of an inference mode on an engine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pffspike import inference, mapping
from pffspike.choices import CALIBRATED
from pffspike.comparison import Subject, inference_rows
from pffspike.data import Dataset
from pffspike.deprecation import former_keywords
from pffspike.devices import Device, load_device
from pffspike.energies import Energy, energy, totals
from pffspike.execution import Execution, made
from pffspike.inference import AnyMode, Classification, Stopping, as_mode
from pffspike.inference.views import views_of_test
from pffspike.inputs import dataset_of, encoded_test
from pffspike.intervals import Interval, of_fraction
from pffspike.tabular import Tabular
from pffspike.text import html_table, joule, joule_within, percent_within
from pffspike.trained import TrainedNetwork


@dataclass(frozen=True, eq=False)
class Evaluation(Tabular):
    """How an inference mode did on labelled images.

    Parameters
    ----------
    engine, mode : str
        Their names.
    accuracy : float
        Fraction of right answers.
    confusion : (classes, classes) ndarray of int64
        Images by true class (row) and answer (column).
    energy : Energy
        Per inference, with the counts behind it.
    seconds : float
        Wall time, building included.
    classification : Classification
        The answers, and what was presented.
    coverage : dict of float to float
        Accuracy by the share of images that are answered, the surest ones first: see
        `pffspike.inference.coverage`.
    subject : Subject
        The network, the images, the engine and the seed.
    right : (images,) ndarray of bool
        Whether the answer to each image is right.
    """

    engine: str
    mode: str
    accuracy: float
    confusion: npt.NDArray[np.int64]
    energy: Energy
    seconds: float
    classification: Classification
    coverage: dict[float, float]
    subject: Subject
    right: npt.NDArray[np.bool_]

    @property
    def accuracy_interval(self) -> Interval:
        """Wilson's interval of ``accuracy``, over the images."""
        return of_fraction(int(self.right.sum()), len(self.right))

    @property
    def energies(self) -> tuple[Energy, ...]:
        """The energy per inference, by device: of one device."""
        return (self.energy,)

    def tidy_rows(self) -> list[dict[str, Any]]:
        """Give one row, see `pffspike.comparison.inference_rows`; ``time_s`` is wall time."""
        return [row | {"time_s": self.seconds} for row in inference_rows(self)]

    @property
    def class_accuracy(self) -> npt.NDArray[np.float64]:
        """Fraction of right answers of each class: ``(classes,)``, nan where it has no image."""
        images = self.confusion.sum(axis=1)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.diag(self.confusion) / images)

    @property
    def balanced_accuracy(self) -> float:
        """Mean of the accuracies of the classes that have images, however many each has."""
        found = self.class_accuracy
        return float(found[~np.isnan(found)].mean()) if np.any(~np.isnan(found)) else np.nan

    def _repr_html_(self) -> str:
        counts = self.energy.counts
        rows = [
            ("images", f"{len(self.right):,} of {self.subject.dataset}"),
            ("accuracy (95 %)", percent_within(self.accuracy, *self.accuracy_interval)),
            ("steps, spikes", f"{counts.steps:,.0f}, {counts.spikes:,.0f}"),
            ("synaptic operations", f"{counts.synaptic_operations:,.0f}"),
            (f"energy on {self.energy.device} (95 %)", _within(self.energy)),
        ]
        return html_table(f"{self.subject.network}, {self.mode}, engine {self.engine}", rows)

    def __repr__(self) -> str:
        return (
            f"Evaluation(engine {self.engine!r}, mode {self.mode!r}, accuracy {self.accuracy:.3f}, "
            f"{joule(self.energy.total)} an inference on {self.energy.device})"
        )


def _within(energy: Energy) -> str:
    return joule_within(energy.total, *energy.interval)


@former_keywords
def evaluate(
    trained: TrainedNetwork,
    dataset: str | Dataset | None = None,
    mode: AnyMode = "goodness",
    *,
    device: str | Path | Device = "loihi1",
    execution: Execution = Execution(),
) -> Evaluation:
    """Classify the test images of a data set: accuracy, events and energy per inference.

    Image ``k`` is sample ``k``. Modes ``early`` and ``late`` are calibrated on the training images
    first, unless the mode is given as a calibrated rule.

    Parameters
    ----------
    trained : TrainedNetwork
        The network and its weights.
    dataset : str, Dataset or None
        That of the card by default.
    mode : str, Mode or Stopping
        See `pffspike.Mode`.
    device : str, Path or Device
        Device card with the energies of events.
    execution : Execution
        Engine, seed, probes, progress.

    Returns
    -------
    Evaluation

    Raises
    ------
    ValidationError
        If the network can't answer in the mode, or the data do not fit it.

    Examples
    --------
    >>> import pffspike
    >>> trained = pffspike.train("digits", epochs=1)
    >>> pffspike.evaluate(trained, mode="one_pass").mode
    'one_pass'
    """
    inference.check_mode(trained.network, mode)
    card = device if isinstance(device, Device) else load_device(device)
    data = dataset_of(trained, dataset)
    name = execution.engine_name
    execution = execution.replace(engine=made(execution.engine))
    if not isinstance(mode, Stopping) and as_mode(mode).name in CALIBRATED:
        mode = inference.calibrate(trained, data, mode, execution=execution)
    start = time.perf_counter()
    n = len(data.test_images)
    answer = inference.classify(
        trained,
        encoded_test(trained, data),
        mode,
        samples=np.arange(n),
        views=views_of_test(trained, data),
        execution=execution,
    )
    seconds = time.perf_counter() - start
    right = answer.predicted == data.test_labels
    classes = answer.scores.shape[1]
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (data.test_labels, answer.predicted), 1)
    return Evaluation(
        name,
        answer.mode,
        answer.accuracy(data.test_labels),
        confusion,
        energy(answer.recordings, card, traffic=mapping.traffic(answer.recordings, card)),
        seconds,
        answer,
        inference.coverage(answer.margins, right) if n else {},
        Subject.of(trained, data, name, execution),
        right,
    )


def summary(results: Sequence[Evaluation]) -> dict[str, Any]:
    """Nest the values of evaluations as ``accuracy.<engine>.<mode>`` and so on.

    Parameters
    ----------
    results : sequence of Evaluation
        Of one network.

    Returns
    -------
    dict
        Plain values, ready for JSON.

    Examples
    --------
    >>> import pffspike
    >>> network = pffspike.load_network("digits", {"pff": {"hidden": [20, 20]}})
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)
    >>> data = pffspike.first_samples(pffspike.load_data("digits"), test=5)
    >>> run = pffspike.Execution("numpy")
    >>> list(summary([pffspike.evaluate(trained, data, "one_pass", execution=run)])["accuracy"])
    ['numpy']
    """
    content: dict[str, Any] = {}
    for r in results:
        by_engine = (
            ("accuracy", r.accuracy),
            ("accuracy_interval", list(r.accuracy_interval)),
            ("balanced_accuracy", r.balanced_accuracy),
            ("class_accuracy", [None if np.isnan(a) else float(a) for a in r.class_accuracy]),
            ("confusion", r.confusion.tolist()),
            ("seconds", r.seconds),
            ("coverage", {f"{share:g}": value for share, value in r.coverage.items()}),
        )
        for key, value in by_engine:
            content.setdefault(key, {}).setdefault(r.engine, {})[r.mode] = value
        for key, value in (
            ("synaptic_operations_per_inference", r.energy.counts.synaptic_operations),
            ("spikes_per_inference", r.energy.counts.spikes),
            ("steps_per_inference", r.energy.counts.steps),
            ("spread", {name: vars(found) for name, found in r.energy.counts.spread.items()}),
            ("candidates", r.classification.candidates),
        ):
            content.setdefault(key, {})[r.mode] = value
        if r.classification.stopping:
            content.setdefault("stopping", {})[r.mode] = r.classification.stopping.plain()
        found = content.setdefault("energy", {}).setdefault(r.energy.device, {})
        for key, value in totals(r.energy).items():
            found.setdefault(key, {})[r.mode] = value
        found["not_counted"] = list(r.energy.not_counted)
        found["unpriced"] = list(r.energy.unpriced)
    return content
