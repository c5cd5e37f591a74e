"""Energy of inferences: a trained network answers test images, and its events are priced."""

from __future__ import annotations

import dataclasses
import math
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
from pffspike.devices import Device, load_device
from pffspike.energies import Energy, Metrics, metrics, plain
from pffspike.energies import energy as energy_of
from pffspike.energies.host import HostEnergy, measure
from pffspike.errors import ValidationError
from pffspike.execution import Execution, made
from pffspike.inference import AnyMode, Classification, Stopping, as_mode
from pffspike.inference.views import views_of_test
from pffspike.inputs import dataset_of, encoded_test
from pffspike.network import structure
from pffspike.recording import Probes
from pffspike.tabular import Tabular
from pffspike.text import html_table, joule, percent, three_energies
from pffspike.trained import TrainedNetwork


@dataclass(frozen=True)
class Pricing:
    """How events are priced.

    Parameters
    ----------
    devices : tuple of str, Path or Device
        Device cards.
    placement : {"cores", "speed", "energy"}
        Objective of the placement on cores, see `pffspike.mapping.arrange`.
    step_time : float or None
        Seconds that a step lasts, instead of the card's.
    host : bool
        Whether to measure this machine too, where it has counters (RAPL).

    Raises
    ------
    ValidationError
        If there is no such objective, or the time is not a number of seconds.
    """

    devices: tuple[str | Path | Device, ...] = ("loihi1",)
    placement: str = "cores"
    step_time: float | None = None
    host: bool = False

    def __post_init__(self) -> None:
        mapping.check_objective(self.placement)
        if self.step_time is not None and not (0 <= self.step_time < math.inf):
            raise ValidationError(f"step time {self.step_time} must be a number of seconds")


@dataclass(frozen=True, eq=False)
class InferenceEnergy(Tabular):
    """Energy of an inference on devices, and what led to it.

    Parameters
    ----------
    classification : Classification
        The answers, with recordings of all that was presented.
    accuracy : float
        Fraction of right answers.
    metrics : Metrics
        NeuroBench's metrics.
    energies : tuple of Energy
        Of each device, per inference.
    subject : Subject
        The network, the images, the engine and the seed.
    right : (images,) ndarray of bool
        Whether the answer to each image is right.
    host : HostEnergy or None
        Measured on this machine; None if it was not asked for or has no counters.
    """

    classification: Classification
    accuracy: float
    metrics: Metrics
    energies: tuple[Energy, ...]
    subject: Subject
    right: npt.NDArray[np.bool_]
    host: HostEnergy | None = None

    def tidy_rows(self) -> list[dict[str, Any]]:
        """Give a row for each device, see `pffspike.comparison.inference_rows`."""
        return inference_rows(self)

    def plain(self) -> dict[str, Any]:
        """Give all counts and energies, with the source of each value, as plain values."""
        stopping = self.classification.stopping
        return {
            "accuracy": self.accuracy,
            "stopping": stopping.plain() if stopping else None,
            "metrics": dataclasses.asdict(self.metrics),
            "counts": dataclasses.asdict(self.energies[0].counts),
            "devices": {found.device: plain(found) for found in self.energies},
        }

    def _repr_html_(self) -> str:
        mode, columns = self.classification.mode, ("device", "energy (events; whole chip)")
        rows = [
            (found.device, three_energies(found.events, found.total, found.whole_chip))
            for found in self.energies
        ]
        title = f"{self.subject.network}, {mode}, {percent(self.accuracy)} right, per inference"
        return html_table(title, rows, columns)

    def __repr__(self) -> str:
        totals = ", ".join(f"{found.device}: {joule(found.total)}" for found in self.energies)
        return f"InferenceEnergy(mode {self.classification.mode!r}, {totals})"


def energy(
    trained: TrainedNetwork,
    dataset: str | Dataset | None = None,
    mode: AnyMode = "goodness",
    *,
    pricing: Pricing | Sequence[str] = Pricing(),
    execution: Execution = Execution(),
) -> InferenceEnergy:
    """Count the events of an inference and compute its energy on devices.

    Parameters
    ----------
    trained : TrainedNetwork
        The network and its weights.
    dataset : str, Dataset or None
        That of the card by default; its test images are answered.
    mode : str, Mode or Stopping
        See `pffspike.Mode`; ``early`` and ``late`` are calibrated first, unless a rule is given.
    pricing : Pricing or sequence of str
        Devices and how events are priced on them; names of cards stand for ``Pricing(names)``.
    execution : Execution
        Engine, seed, progress.

    Returns
    -------
    InferenceEnergy

    Raises
    ------
    ValidationError
        If the network can't answer in the mode, the data do not fit, or there is no such device.

    Examples
    --------
    >>> import pffspike
    >>> trained = pffspike.train("digits", epochs=1)
    >>> few = pffspike.first_samples(pffspike.load_data("digits"), test=3)
    >>> found = pffspike.energy(trained, few, "one_pass", pricing=["loihi1", "spinnaker2"])
    >>> [energy.device for energy in found.energies]
    ['loihi1', 'spinnaker2']
    """
    how = pricing if isinstance(pricing, Pricing) else Pricing(tuple(pricing))
    cards = [d if isinstance(d, Device) else load_device(d) for d in how.devices]
    inference.check_mode(trained.network, mode)
    data = dataset_of(trained, dataset)
    name = execution.engine_name
    execution = execution.replace(engine=made(execution.engine))
    if not isinstance(mode, Stopping) and as_mode(mode).name in CALIBRATED:
        mode = inference.calibrate(trained, data, mode, execution=execution)
    execution = execution.replace(probes=Probes(rasters=_senders(trained)))
    images = encoded_test(trained, data)

    def classify() -> Classification:
        return inference.classify(
            trained,
            images,
            mode,
            samples=range(len(images)),
            views=views_of_test(trained, data),
            execution=execution,
        )

    answer = classify()
    energies = tuple(
        energy_of(
            answer.recordings,
            card,
            traffic=mapping.traffic(answer.recordings, card, placement=how.placement),
            step=how.step_time,
        )
        for card in cards
    )
    return InferenceEnergy(
        answer,
        answer.accuracy(data.test_labels),
        metrics(answer.recordings, len(images), trained.parameters),
        energies,
        Subject.of(trained, data, name, execution),
        answer.predicted == data.test_labels,
        measure(classify, len(images)) if how.host else None,
    )


def _senders(trained: TrainedNetwork) -> tuple[str, ...]:
    """Populations that send by weights of which some are 0: NeuroBench asks who spiked."""
    network = trained.network
    found = {
        p.pre: None
        for p in network.projections
        if not trained.parameters.weights[structure.weights_of(p)].all()
    }
    programs = [p for p in network.programs if p.name in ("one_pass", "goodness")]
    used = {p.name for program in programs for p in structure.extent(network, program).populations}
    return tuple(name for name in found if name in used)
