"""Evaluation: accuracy, events and energy of an inference mode on an engine."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pffspike import inference, mapping
from pffspike.devices import Device
from pffspike.energy import Energy, energy, totals
from pffspike.engines.base import Engine
from pffspike.errors import ValidationError
from pffspike.inference import Classification, Stopping
from pffspike.inference.views import Views
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.recording import NOTHING, Probes
from pffspike.typing import Progress


@dataclass(frozen=True)
class Evaluation:
    """How an inference mode did on labelled images.

    Parameters
    ----------
    engine, mode : str
    accuracy : float
        Fraction of right answers.
    confusion : (classes, classes) ndarray of int64
        Images by true class (row) and answer (column).
    energy : Energy
        Per inference, with the counts behind it.
    seconds : float
        Wall time, building included.
    classification : Classification
    coverage : dict of float to float
        Accuracy by the share of images that are answered, the surest ones first: see
        `pffspike.inference.coverage`.
    """

    engine: str
    mode: str
    accuracy: float
    confusion: npt.NDArray[np.int64]
    energy: Energy
    seconds: float
    classification: Classification
    coverage: dict[float, float]


def check_mode(network: Network, mode: str, candidates: int | None = None) -> str:
    """Return an inference mode that a network has (`ValidationError` if it has not)."""
    try:
        inference.check_mode(network, mode, candidates)
    except ValueError as error:
        raise ValidationError(f"network {network.name!r} can't classify so: {error}") from None
    return mode


def evaluate(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    images: npt.NDArray[np.float64],
    labels: npt.NDArray[np.int64],
    mode: str,
    *,
    seed: int,
    device: Device,
    candidates: int | None = None,
    stopping: Stopping | None = None,
    trials: int = 1,
    views: Views | None = None,
    probes: Probes = NOTHING,
    progress: Progress | None = None,
    engine_name: str = "",
) -> Evaluation:
    """Classify labelled images, see `pffspike.inference.classify`; image ``k`` is sample ``k``.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    engine : Engine
    images : (samples, pixels) ndarray of float64
    labels : (samples,) ndarray of int64
    mode : str
    seed : int
    device : Device
        Prices the events.
    candidates : int or None
        For mode ``proposal``.
    stopping : Stopping or None
        For modes ``early`` and ``late``.
    trials : int
        For the other modes, see `pffspike.inference.classify`.
    views : callable or None
        What trials after the first present, see `pffspike.inference.classify`.
    probes : Probes
    progress : callable or None
    engine_name : str
        Name in the result; the engine's own by default.

    Returns
    -------
    Evaluation
    """
    start = time.perf_counter()
    answer = inference.classify(
        network,
        parameters,
        engine,
        images,
        mode,
        seed=seed,
        candidates=candidates,
        stopping=stopping,
        trials=trials,
        views=views,
        samples=np.arange(len(images)),
        probes=probes,
        progress=progress,
    )
    seconds = time.perf_counter() - start
    classes = answer.scores.shape[1]
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (labels, answer.predicted), 1)
    return Evaluation(
        engine_name or engine.name,
        mode,
        answer.accuracy(labels),
        confusion,
        energy(answer.recordings, device, traffic=mapping.traffic(answer.recordings, device)),
        seconds,
        answer,
        inference.coverage(answer.leads, answer.predicted == labels) if len(labels) else {},
    )


def summary(results: Sequence[Evaluation]) -> dict[str, Any]:
    """Nest the values of evaluations as ``accuracy.<engine>.<mode>`` and so on."""
    content: dict[str, Any] = {}
    for r in results:
        by_engine = (
            ("accuracy", r.accuracy),
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
            content.setdefault("stopping", {})[r.mode] = stopping_rule(r.classification.stopping)
        found = content.setdefault("energy", {}).setdefault(r.energy.device, {})
        for key, value in totals(r.energy).items():
            found.setdefault(key, {})[r.mode] = value
        found["not_counted"] = list(r.energy.not_counted)
        found["unpriced"] = list(r.energy.unpriced)
    return content


def stopping_rule(rule: Stopping) -> dict[str, Any]:
    """Give the rule of mode ``early`` or ``late`` as plain values; a lead of None: never."""
    return {
        "budget": rule.budget,
        "confidence": rule.confidence,
        "draws": rule.draws,
        "candidates": rule.candidates,
        "trials": rule.trials,
        "lead_by_window": {
            str(window): lead if math.isfinite(lead) else None
            for window, lead in rule.thresholds.items()
        },
    }
