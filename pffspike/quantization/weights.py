"""From a trained network to the same network with weights of few bits."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pffspike import cards
from pffspike.arithmetic import grids
from pffspike.cards import toml
from pffspike.choices import ROUNDINGS, Rounding
from pffspike.data import Dataset
from pffspike.deprecation import former_keywords
from pffspike.devices import Device, load_device
from pffspike.errors import ValidationError, unknown
from pffspike.execution import Execution
from pffspike.inputs import dataset_of
from pffspike.network import exactness, structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Projection
from pffspike.quantization.activity import Moments, activity, means
from pffspike.quantization.report import BiasReport, WeightReport
from pffspike.quantization.rounding import Code, code, damped, error, feedback, nearest
from pffspike.trained import TrainedNetwork
from pffspike.typing import Floats

_LEAST_BITS, _MOST_BITS = 2, 16
_EXPONENTS = 5  #: candidates: the largest weight just fits, or is clipped to a half, a quarter, ...
_FINEST, _LARGEST = -24, 64.0  #: grid and weight of the specification
_SILENT = 1e-300  #: below this, a mean square is none


@dataclass(frozen=True, eq=False)
class Quantized:
    """A quantized network and what became of its parts.

    Parameters
    ----------
    trained : TrainedNetwork
        An ordinary one; its ``provenance`` says what it was made from.
    weights : tuple of WeightReport
        What was done to each projection.
    biases : tuple of BiasReport
        What was done to each population.
    """

    trained: TrainedNetwork
    weights: tuple[WeightReport, ...]
    biases: tuple[BiasReport, ...]

    def __repr__(self) -> str:
        bits = max(report.bits for report in self.weights)
        return f"Quantized({self.trained.network.name!r}, weights of {bits} bits)"


@former_keywords
def quantize(
    trained: TrainedNetwork,
    bits: int = 8,
    device: str | Path | Device | None = None,
    moments: Mapping[str, Moments] | int | None = 128,
    rounding: Rounding = "feedback",
    *,
    dataset: str | Dataset | None = None,
    execution: Execution = Execution(),
) -> Quantized:
    """Round weights to integers of a number of bits times a power of two a projection.

    The exponent of a projection is the one with the least expected squared error of the summed
    inputs, out of that at which no weight is clipped and the next lower ones. Means of errors
    that stay the same whatever is presented are made up for by the bias. Where no gain scales
    what a population receives, weights and biases are no finer than the random numbers that the
    device draws, so that its coarse numbers give exactly the spike probabilities of the network.

    Parameters
    ----------
    trained : TrainedNetwork
        The network and its weights.
    bits : int
        Of a weight, with its sign where a projection has weights of both signs.
    device : str, Path, Device or None
        Its card says how many bits a weight may have, how biases are held, and how fine random
        numbers are.
    moments : mapping of str to Moments, int or None
        How errors are weighed: by moments of `pffspike.quantization.activity`; by the spikes of the
        first so many training images, which are measured; or, with None or 0 and for projections
        that lack moments, all inputs count alike.
    rounding : {"feedback", "nearest"}
        See `pffspike.quantization.rounding`. Projections that are not dense, and those without
        moments, are rounded to the nearest.
    dataset : str, Dataset or None
        Whose training images are measured; that of the card by default.
    execution : Execution
        How they are measured: engine, seed, progress.

    Returns
    -------
    Quantized

    Raises
    ------
    ValidationError
        If the device does not have so many bits, or its card states no formats.

    Examples
    --------
    >>> import pffspike
    >>> trained = pffspike.train("digits", epochs=1)
    >>> result = pffspike.quantize(trained, 4, moments=20)
    >>> result.weights[0].bits
    4
    """
    if rounding not in ROUNDINGS:
        raise unknown("rounding", rounding, ROUNDINGS)
    device = load_device(device) if isinstance(device, (str, Path)) else device
    check_bits(bits, device)
    if isinstance(moments, int):
        moments = _measured(trained, moments, dataset, execution)
    network, measured = trained.network, moments or {}
    finest = _finest(network, device)
    parts = {
        name: _Matrix.make(
            network, name, trained.parameters.weights[name], measured.get(name), finest
        )
        for name in structure.trainable(network)
    }
    rounded = {name: part.rounded(bits, rounding) for name, part in parts.items()}
    owned = {p.name: rounded[structure.weights_of(p)] for p in network.projections}
    quantized = network.replace(
        projections=tuple(_formatted(p, owned[p.name]) for p in network.projections),
        description=f"{network.description} Weights of {bits} bits.".strip(),
    )
    exactness.check(quantized)
    weights = {name: found.values for name, found in rounded.items()}
    biases, bias_reports = _biases(trained, weights, measured, device, finest)
    reports = tuple(_report(p, bits, owned[p.name]) for p in network.projections)
    result = trained.replace(
        network=quantized,
        parameters=Parameters(weights, biases).fixed_as(trained.parameters),
        provenance=_provenance(trained, bits, device, bool(measured), rounding, reports),
    )
    return Quantized(result, reports, bias_reports)


def _measured(
    trained: TrainedNetwork, images: int, dataset: str | Dataset | None, execution: Execution
) -> dict[str, Moments]:
    if images == 0:
        return {}
    data = dataset_of(trained, dataset)
    some = trained.coding.encode(data.train_images[:images], data.levels)
    return activity(trained, some, data.train_labels[:images], execution=execution)


def check_bits(bits: int, device: Device | None) -> None:
    """Raise `ValidationError` if a device (None: any) does not have weights of so many bits.

    Parameters
    ----------
    bits : int
        Of a weight.
    device : Device or None
        Whose number formats count; None: any number of bits from 2 to 16 will do.

    Raises
    ------
    ValidationError
        If the device has no such weights.

    Examples
    --------
    >>> check_bits(8, None)
    """
    if device is not None and device.formats is None:
        raise ValidationError(
            f"device {device.name!r} states no number formats; leave --device out or add a table "
            f"[formats] to its card"
        )
    most = device.formats.weight_bits.value if device and device.formats else _MOST_BITS
    if not _LEAST_BITS <= bits <= most:
        where = f"device {device.name!r} has" if device else "the quantizer makes"
        raise ValidationError(
            f"bits = {bits} is not possible; {where} weights of {_LEAST_BITS} to {most} bits"
        )


def _finest(network: Network, device: Device | None) -> dict[str, int]:
    """Exponent, by population, below which weights and biases of its drive make no difference."""
    drawn = device.formats.random_bits if device and device.formats else None
    return {
        p.name: -drawn.value if drawn and not structure.scaled(network, p) else _FINEST
        for p in network.populations
    }


@dataclass(frozen=True)
class _Rounded:
    values: Floats
    grid: int
    allowed: Code
    error: float
    signal: float
    clipped: float
    measured: bool


@dataclass(frozen=True)
class _Matrix:
    """Weights of a projection, where its synapses are, and the moments that weigh errors."""

    weights: Floats
    mask: npt.NDArray[np.bool_]
    dense: bool
    moments: Floats
    measured: bool
    limits: tuple[float, float]
    finest: int

    @staticmethod
    def make(
        network: Network,
        name: str,
        weights: Floats,
        found: Moments | None,
        finest: Mapping[str, int],
    ) -> _Matrix:
        projection = network.projection(name)
        dense = projection.connectivity == "dense"
        if found is None:
            moments = np.ones(len(weights))
        else:
            moments = found.centred if dense else np.diagonal(found.second)
        return _Matrix(
            weights,
            structure.mask(network, projection),
            dense,
            damped(moments),
            found is not None,
            (projection.low, projection.high),
            finest[projection.post],
        )

    def rounded(self, bits: int, rounding: Rounding) -> _Rounded:
        allowed = code(bits, self.weights[self.mask])
        candidates = [self._at(grid, allowed, rounding) for grid in self._grids(allowed)]
        return min(candidates, key=lambda found: found.error)

    def _grids(self, allowed: Code) -> list[int]:
        """Exponents to try, the coarsest first: there, no weight is clipped."""
        reach = max(
            self.weights.max(initial=0.0) / max(1, allowed.high),
            self.weights.min(initial=0.0) / min(-1, allowed.low),
        )
        fit = math.ceil(math.log2(reach)) if reach > 0 else _FINEST
        steps = max(allowed.high, -allowed.low)
        highest = min(fit, math.floor(math.log2(_LARGEST / steps)))
        return sorted({max(self.finest, highest - n) for n in range(_EXPONENTS)}, reverse=True)

    def _at(self, grid: int, allowed: Code, rounding: Rounding) -> _Rounded:
        unit = 2.0**grid
        allowed = Code(
            max(allowed.low, math.ceil(self.limits[0] / unit)),
            min(allowed.high, math.floor(self.limits[1] / unit)),
        )
        if rounding == "feedback" and self.dense and self.measured:
            values = feedback(self.weights, grid, allowed, self.moments)
        else:
            values = nearest(self.weights, grid, allowed)
        values = np.where(self.mask, values, 0.0)
        some = self.weights[self.mask]
        outside = (some < (allowed.low - 0.5) * unit) | (some >= (allowed.high + 0.5) * unit)
        return _Rounded(
            values,
            grid,
            allowed,
            self._mean_square(values - self.weights),
            self._mean_square(self.weights),
            float(np.mean(outside)),
            self.measured,
        )

    def _mean_square(self, change: Floats) -> float:
        total = error(change, self.moments)
        return total if self.measured else total * change.shape[1] / max(1, self.mask.sum())


def _formatted(projection: Projection, found: _Rounded) -> Projection:
    unit = 2.0**found.grid
    return dataclasses.replace(
        projection, grid=found.grid, low=found.allowed.low * unit, high=found.allowed.high * unit
    )


def _report(projection: Projection, bits: int, found: _Rounded) -> WeightReport:
    return WeightReport(
        projection.name,
        projection.tied,
        bits,
        found.grid,
        found.allowed.low,
        found.allowed.high,
        found.clipped,
        math.sqrt(found.error),
        10 * math.log10(max(found.signal, _SILENT) / max(found.error, _SILENT)),
        found.measured,
    )


def _biases(
    trained: TrainedNetwork,
    weights: Mapping[str, Floats],
    moments: Mapping[str, Moments],
    device: Device | None,
    finest: Mapping[str, int],
) -> tuple[dict[str, Floats], tuple[BiasReport, ...]]:
    bits = device.formats.bias_bits if device and device.formats else None
    biases, reports = {}, []
    for population in trained.network.populations:
        if population.input:
            continue
        old = trained.parameters.biases[population.name]
        correction = np.zeros(population.size)
        for name, w in weights.items():
            mean = means(moments, name)
            if mean is not None and trained.network.projection(name).post == population.name:
                correction += mean @ (trained.parameters.weights[name] - w)
        wanted = old + correction
        limit = population.bias.limit
        grid = max(
            finest[population.name],
            _bias_grid(grids.saturate(wanted, -limit, limit), bits.value if bits else None),
        )
        last = math.floor(limit * 2.0**-grid) * 2.0**grid
        biases[population.name] = grids.saturate(grids.nearest(wanted, grid), -last, last)
        reports.append(
            BiasReport(
                population.name,
                grid,
                float(np.abs(correction).max(initial=0.0)),
                float(np.abs(biases[population.name] - wanted).max(initial=0.0)),
            )
        )
    return biases, tuple(reports)


def _bias_grid(values: Floats, bits: int | None) -> int:
    """Finest exponent at which integers of so many bits, with sign, hold all values."""
    largest = float(np.abs(values).max(initial=0.0))
    if bits is None or largest == 0:
        return grids.DRIVE_GRID
    return max(grids.DRIVE_GRID, math.ceil(math.log2(largest / (2 ** (bits - 1) - 1))))


def _provenance(
    trained: TrainedNetwork,
    bits: int,
    device: Device | None,
    measured: bool,
    rounding: Rounding,
    reports: tuple[WeightReport, ...],
) -> dict[str, Any]:
    digest = hashlib.sha256(cards.network_hash(trained.network).encode())
    for arrays in (trained.parameters.weights, trained.parameters.biases):
        for name in sorted(arrays):
            digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return {
        "quantized": {
            "from": digest.hexdigest(),
            "bits": bits,
            "device": device.name if device else None,
            "rounding": rounding,
            "activity_measured": measured,
            "projections": toml.plain(list(reports)),
        }
    }
