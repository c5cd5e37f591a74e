"""A classification as it goes on: who spiked when, what the scores were, and what it had cost."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pffspike import mapping
from pffspike.devices import Device
from pffspike.energies import EventCount, count_events, energy, energy_of_events
from pffspike.energies.events import Traffic
from pffspike.energies.steps import step_time
from pffspike.inference import Classification
from pffspike.inference.goodness import prefix_scores
from pffspike.network import structure
from pffspike.network.spec import Network
from pffspike.recording import Recording
from pffspike.typing import Floats

_MOMENTS = 32  #: at which costs are computed, at most
_COUNTED = {"steps": "step", "spikes": "spike", "operations": "synaptic_operation"}


@dataclass(frozen=True, eq=False)
class Pass:
    """Presentations of one image that begin together and are equally long.

    Parameters
    ----------
    recording : Recording
        Of one image, with the rasters of all its populations.
    begin : int
        Step, from the beginning of the classification, before which nothing is presented.
    trial : int
        From 0.
    labels : tuple of int or None
        The label of each presentation; None: without a label.
    """

    recording: Recording
    begin: int
    trial: int
    labels: tuple[int | None, ...]

    @property
    def end(self) -> int:
        """Step after which nothing is presented."""
        return self.begin + self.recording.program.steps

    def upto(self, step: int) -> int:
        """Steps of its presentations that have been presented up to a step."""
        return min(max(step - self.begin, 0), self.recording.program.steps)


def passes(answer: Classification) -> tuple[Pass, ...]:
    """Order what led to an answer in time.

    Presentations under several labels begin together; those that stopping ended early are shorter.
    What the read-out proposed comes before, and a trial after the one before it.

    Parameters
    ----------
    answer : Classification
        Of one image, with the rasters of all populations.

    Returns
    -------
    tuple of Pass
    """
    found = [(recording, _labels(recording)) for recording in answer.recordings]
    windows = [r.program.window for r, labels in found if labels and labels[0] is not None]
    result: list[Pass] = []
    begin = trial = 0
    for recording, labels in found:
        if labels:
            result.append(Pass(recording, begin, trial, labels))
        if (labels and labels[0] is None) or recording.program.window == max(windows, default=0):
            begin += recording.program.steps
            trial += bool(labels) and (labels[0] is not None or not windows)
    return tuple(result)


def _labels(recording: Recording) -> tuple[int | None, ...]:
    """Label of each presentation: the neuron of the label population that spikes."""
    name = recording.network.role("label").name
    phases = recording.program.phases * len(recording.samples)
    spikes = recording.rasters[name].sum(axis=0) if name in recording.rasters else None
    return tuple(
        int(spikes[k].argmax()) if spikes is not None and name in phase.inputs else None
        for k, phase in enumerate(phases)
    )


def scores(found: Sequence[Pass], classes: int) -> tuple[Floats, Floats]:
    """Scores of every label after each step, as they would be had all ended there.

    Parameters
    ----------
    found : sequence of Pass
        Of `passes`.
    classes : int
        How many labels there are.

    Returns
    -------
    goodness : (steps + 1, classes) ndarray of float64
        The mean over trials of the score by goodness, see `pffspike.classify`; nan before a label
        has been in a window, and the last value after its presentations have ended.
    readout : (steps + 1, classes) ndarray of float64
        The mean over trials of the spikes of the read-out; nan before it is in a window.
    """
    last = max(p.end for p in found)
    goodness, readout = np.full((2, last + 1, classes), np.nan)
    before = np.zeros((2, classes))
    for one in found:
        recording, burn_in = one.recording, one.recording.program.burn_in
        free = one.labels[0] is None
        kind, every = int(free), np.arange(classes) if free else np.array(one.labels)
        now = np.zeros(0)
        for window in range(1, recording.program.window + 1):
            score = _readout_spikes if free else prefix_scores
            now = before[kind, every] + score(recording, window).reshape(-1)
            at = one.begin + burn_in + window
            (readout if free else goodness)[at:, every] = now / (one.trial + 1)
        before[kind, every] = now
    return goodness, readout


def _readout_spikes(recording: Recording, window: int) -> Floats:
    raster = recording.rasters[recording.network.role("readout").name]
    start = recording.program.burn_in
    return raster[start : start + window, 0].sum(axis=0).astype(np.float64)


def costs(found: Sequence[Pass], device: Device) -> dict[str, Any]:
    """Events and energy of the classification after each of some steps.

    Parameters
    ----------
    found : sequence of Pass
        Of `passes`.
    device : Device
        The card.

    Returns
    -------
    dict
        ``moments``: the steps; by moment ``steps``, ``spikes`` and ``operations``, and energies in
        J (None: no value): ``events``, ``total`` with the static power of the cores in use, and
        ``whole_chip``. At the last moment they are those of `pffspike.energies.energy`.

    Notes
    -----
    Each moment is an inference of its own, of the presentations as far as they have come. A step
    lasts as long as in the whole inference.
    """
    last = max(p.end for p in found)
    moments = np.unique(np.linspace(1, last, min(last, _MOMENTS)).round().astype(int))
    whole = [p.recording for p in found]
    placed = mapping.traffic(whole, device)
    result = energy(whole, device, traffic=placed)
    parts = [_prefix(p.recording, p.upto(t), t) for t in moments for p in found if p.upto(t)]
    counted = count_events(parts)
    numbers = {
        name: sum((c.by_inference for c in counted if c.event == event), np.zeros(len(moments)))
        for name, event in _COUNTED.items()
    }
    growing = _energies(counted, numbers["steps"], result.counts.steps, device, placed, parts)
    return {
        "device": device.name,
        "moments": moments.tolist(),
        **{name: values.tolist() for name, values in numbers.items()},
        **growing,
    }


def _energies(
    counted: Sequence[EventCount],
    steps: Floats,
    all_steps: float,
    device: Device,
    placed: Traffic | None,
    parts: Sequence[Recording],
) -> dict[str, Any]:
    """Three energies by moment; static power is proportional to the steps."""
    lasting = None
    if device.static:
        lasting = step_time(device.static, all_steps, None, placed or Traffic(0.0, 0.0)).si
    messages = mapping.traffic(parts, device)
    grown = energy_of_events(counted, device, traffic=messages, step=lasting)
    if grown.total is None or grown.events is None or grown.whole_chip is None:
        return {"events": None, "total": None, "whole_chip": None}
    used, whole = grown.total - grown.events, grown.whole_chip - grown.events
    share = steps / steps.mean()  # the static terms are those of the mean of the moments
    events = grown.by_inference - used * share
    return {
        "events": events.tolist(),
        "total": grown.by_inference.tolist(),
        "whole_chip": (events + whole * share).tolist(),
    }


def _prefix(recording: Recording, steps: int, number: int) -> Recording:
    """The presentations as far as they have come after some steps, as another inference."""
    program = dataclasses.replace(recording.program, burn_in=steps - 1, window=1)
    rasters = {name: raster[:steps] for name, raster in recording.rasters.items()}
    return dataclasses.replace(
        recording,
        program=program,
        samples=np.full(len(recording.samples), number),
        rasters=rasters,
        spikes={name: raster.sum(axis=(0, 2)) for name, raster in rasters.items()},
        goodness={},
        counts={},
    )


def spikes(found: Sequence[Pass]) -> list[dict[str, Any]]:
    """Every spike of every presentation.

    Parameters
    ----------
    found : sequence of Pass
        Of `passes`.

    Returns
    -------
    list of dict
        ``under`` (the label, or None), ``trial``, ``begin``, ``steps``, ``burn_in``, and
        ``spikes``: by population, in base64, one bit for each step and neuron, step by step, the
        first in the highest bit.
    """
    return [
        {
            "under": label,
            "trial": one.trial,
            "begin": one.begin,
            "steps": one.recording.program.steps,
            "burn_in": one.recording.program.burn_in,
            "spikes": {
                p.name: _packed(one.recording.rasters[p.name][:, k])
                for p in structure.extent(one.recording.network, one.recording.program).populations
            },
        }
        for one in found
        for k, label in enumerate(one.labels)
    ]


def _packed(raster: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(np.packbits(raster).tobytes()).decode("ascii")


def populations(network: Network, names: Sequence[str]) -> list[dict[str, Any]]:
    """Name, size and role of populations, in the order of the network.

    Parameters
    ----------
    network : Network
        Specification of the network.
    names : sequence of str
        Which of its populations.

    Returns
    -------
    list of dict
    """
    roles = {name: role for role, name in structure.roles(network).items()}
    return [
        {"name": p.name, "size": p.size, "role": roles.get(p.name)}
        for p in network.populations
        if p.name in names
    ]
