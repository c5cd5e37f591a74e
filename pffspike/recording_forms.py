"""Recordings in the forms of other packages: a table of spikes, xarray, and Neo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pffspike.errors import ValidationError, imported
from pffspike.typing import Array

if TYPE_CHECKING:
    from pffspike.recording import Recording


def _require_rasters(recording: Recording) -> None:
    if not recording.rasters:
        names = tuple(recording.spikes)[:1]
        raise ValidationError(
            f"this recording holds no spike times, only totals; record with "
            f"Probes(rasters={names!r}) or other populations"
        )


def spike_table(recording: Recording) -> Array:
    """See `pffspike.recording.Recording.spike_table`."""
    _require_rasters(recording)
    length = max(len(name) for name in (*recording.rasters, *_phases(recording)))
    kind = np.dtype(
        [
            ("population", f"U{length}"),
            ("neuron", np.int64),
            ("presentation", np.int64),
            ("sample", np.int64),
            ("phase", f"U{length}"),
            ("step", np.int64),
        ]
    )
    parts = []
    for name, raster in recording.rasters.items():
        presentation, step, neuron = np.nonzero(raster.swapaxes(0, 1))
        part = np.zeros(len(step), kind)
        part["population"], part["neuron"], part["step"] = name, neuron, step
        part["presentation"] = presentation
        part["sample"] = np.repeat(recording.samples, len(recording.program.phases))[presentation]
        part["phase"] = np.array(_phases(recording), dtype=str)[presentation]
        parts.append(part)
    table = np.concatenate(parts)
    return table[np.argsort(table["presentation"], kind="stable")]


def _phases(recording: Recording) -> list[str]:
    """Name of the phase of every presentation."""
    return [phase.name for phase in recording.program.phases] * len(recording.samples)


def to_xarray(recording: Recording) -> Any:
    """See `pffspike.recording.Recording.to_xarray`."""
    xarray, phases = imported("xarray", "formats"), len(recording.program.phases)
    names = list(recording.spikes)
    variables: dict[str, Any] = {
        kind: (
            ("presentation", "population"),
            np.stack([values[name] for name in names], axis=1),
            {"long_name": label, "units": "1"},
        )
        for kind, values, label in (
            ("spikes", recording.spikes, "spikes over all steps"),
            ("goodness", recording.goodness, "sum of squared rates in the window"),
        )
    }
    for name, counts in recording.counts.items():
        variables[f"{name}_counts"] = (("presentation", f"{name}_neuron"), counts)
    for kind, title in (
        ("rasters", "raster"),
        ("drives", "drive"),
        ("probabilities", "probability"),
    ):
        for name, values in getattr(recording, kind).items():
            variables[f"{name}_{title}"] = (("step", "presentation", f"{name}_neuron"), values)
    for name, weights in recording.weights.items():
        projection = recording.network.projection(name)
        neurons = [f"{end}_neuron" for end in (projection.pre, projection.post)]
        if projection.pre == projection.post:
            neurons = [f"{name}_sender", f"{name}_receiver"]
        variables[f"{name}_weight"] = (("learned_sample", *neurons), weights)
    coordinates = {
        "population": names,
        "sample": ("presentation", np.repeat(recording.samples, phases)),
        "phase": ("presentation", _phases(recording)),
        "hard_negative": ("presentation", np.repeat(recording.hard_negatives, phases)),
    }
    attributes = {
        "network": recording.network.name,
        "program": recording.program.name,
        "burn_in": recording.program.burn_in,
        "window": recording.program.window,
    }
    return xarray.Dataset(variables, coordinates, attributes)


def to_neo(recording: Recording, dt: float) -> Any:
    """See `pffspike.recording.Recording.to_neo`."""
    _require_rasters(recording)
    if not dt > 0:
        raise ValidationError(f"dt = {dt} must be above 0 seconds")
    neo, quantities = imported("neo", "formats"), imported("quantities", "formats")
    stop = recording.program.steps * dt * quantities.s
    block = neo.Block(name=recording.network.name, program=recording.program.name)
    samples = np.repeat(recording.samples, len(recording.program.phases))
    for index, phase in enumerate(_phases(recording)):
        about = {"sample": int(samples[index]), "phase": phase}
        segment = neo.Segment(name=f"presentation {index}", index=index, **about)
        for name, raster in recording.rasters.items():
            for neuron, spikes in enumerate(raster[:, index].T):
                times = np.flatnonzero(spikes) * dt * quantities.s
                train = neo.SpikeTrain(
                    times, t_start=0 * quantities.s, t_stop=stop, population=name, neuron=neuron
                )
                segment.spiketrains.append(train)
        block.segments.append(segment)
    return block
