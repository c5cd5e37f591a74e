"""Specimens of an imperfect chip: what one of them makes of a network's weights and biases.

No two analogue chips are the same: gains of synapses and neurons and thresholds differ, some
neurons are dead or stuck, some synapses do not conduct. All of it is a change of parameters, so
every engine runs a specimen as it runs any network: effective weights and biases lie on the grids
of the ideal ones, and what is defect is fixed (`pffspike.Parameters`), so learning can't mend it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from pffspike.arithmetic import counter, grids
from pffspike.errors import ValidationError, unknown
from pffspike.network import structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.typing import Array, Bools, Floats

_GAIN_GRID = -8
_OF_GAINS, _OF_BROKEN, _OF_SLOPES, _OF_THRESHOLDS, _OF_DEFECTS = range(5)


@dataclass(frozen=True)
class Mismatch:
    """How much specimens of a chip differ from the ideal one.

    Parameters
    ----------
    gain : float
        Standard deviation of the binary logarithm of a synapse's gain: 0.2 means that two thirds of
        the synapses are within 15 % of their weight.
    slope : float
        The same of a neuron's gain, by which its whole drive is multiplied, the bias included.
    threshold : float
        Standard deviation of a neuron's threshold, in spike probability.
    dead, stuck : float
        Probabilities that a neuron never spikes, and that it spikes in every step.
    broken : float
        Probability that a synapse's weight is 0.

    Raises
    ------
    ValidationError
        If a number is negative or not finite, or probabilities are above 1.

    Examples
    --------
    >>> Mismatch(gain=0.2, dead=0.05)
    Mismatch(gain=0.2, slope=0.0, threshold=0.0, dead=0.05, stuck=0.0, broken=0.0)
    """

    gain: float = 0.0
    slope: float = 0.0
    threshold: float = 0.0
    dead: float = 0.0
    stuck: float = 0.0
    broken: float = 0.0

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            most = 1.0 if name in ("dead", "stuck", "broken") else 4.0
            if not 0 <= value <= most:
                raise ValidationError(f"mismatch: {name} = {value} must be from 0 to {most:g}")
        if self.dead + self.stuck > 1:
            raise ValidationError(
                f"mismatch: dead + stuck = {self.dead + self.stuck:g} must be at most 1; a neuron "
                f"is one or the other"
            )


@dataclass(frozen=True, eq=False)
class Specimen:
    """One chip: its gains and thresholds, and what of it is defect.

    Parameters
    ----------
    network : Network
        The network that it holds.
    gains : mapping of str to (n_pre, n_post) ndarray of float64
        By projection; the gain of the receiving neuron is a factor of it.
    slopes, thresholds : mapping of str to (size,) ndarray of float64
        By population: gains of neurons, and what their thresholds are too high.
    dead, stuck : mapping of str to (size,) ndarray of bool
        By population: neurons that never spike, and that spike in every step.
    broken : mapping of str to (n_pre, n_post) ndarray of bool
        By projection: synapses of weight 0.
    """

    network: Network
    gains: Mapping[str, Floats]
    slopes: Mapping[str, Floats]
    thresholds: Mapping[str, Floats]
    dead: Mapping[str, Bools]
    stuck: Mapping[str, Bools]
    broken: Mapping[str, Bools]

    def __repr__(self) -> str:
        dead, stuck, broken = (
            sum(int(mask.sum()) for mask in masks.values())
            for masks in (self.dead, self.stuck, self.broken)
        )
        return (
            f"Specimen({self.network.name!r}, {dead:,} dead and {stuck:,} stuck neurons, "
            f"{broken:,} broken synapses)"
        )

    def programmed(self, nominal: Parameters) -> Parameters:
        """Effective weights and biases of this chip, if it is programmed with nominal ones.

        Parameters
        ----------
        nominal : Parameters
            What an ideal chip would hold; what is fixed there is fixed here, too.

        Returns
        -------
        effective : Parameters
            ``gain * w`` and ``slope * (b - threshold)``, on the grids and within the limits of the
            network; a dead neuron has no weight and bias 0, a stuck one no weight and bias 1, and
            both are fixed, as broken synapses are. A tied projection has the weights of the one
            that it is tied to, and hence its defects.

        Examples
        --------
        >>> import pffspike
        >>> network = pffspike.load_network("digits")
        >>> chip = pffspike.draw_specimen(network, pffspike.Mismatch(gain=0.2, dead=0.1), seed=7)
        >>> pffspike.TrainedNetwork(network, chip.programmed(pffspike.initial(network, 0)), seed=0)
        TrainedNetwork('digits', seed 0, 0 of 0 samples)
        """
        weights, fixed_weights = dict(nominal.weights), dict(nominal.fixed_weights)
        biases, fixed_biases = dict(nominal.biases), dict(nominal.fixed_biases)
        for name, gains in self.gains.items():
            projection = self.network.projection(name)
            w = grids.nearest(nominal.weights[name] * gains, projection.grid)
            w = grids.saturate(w, projection.low, projection.high)
            absent = self.broken[name] | self._defect(projection.post)
            weights[name] = np.where(absent, 0.0, w)
            _mark(fixed_weights, name, absent)
        for name, slopes in self.slopes.items():
            limit = self.network.population(name).bias.limit
            b = grids.nearest(
                (nominal.biases[name] - self.thresholds[name]) * slopes, grids.DRIVE_GRID
            )
            b = grids.saturate(b, -limit, limit)
            biases[name] = np.where(self._defect(name), self.stuck[name].astype(np.float64), b)
            _mark(fixed_biases, name, self._defect(name))
        return Parameters(weights, biases, fixed_weights, fixed_biases)

    def nominal(self, effective: Parameters) -> Parameters:
        """Weights and biases to program into another chip, so that it does what this one does.

        Parameters
        ----------
        effective : Parameters
            As this chip has them, after it has learned, say.

        Returns
        -------
        nominal : Parameters
            ``w / gain`` and ``b / slope + threshold``, on the grids and within the limits of the
            network; those of defects as they are. Nothing is fixed.

        Examples
        --------
        >>> import pffspike
        >>> network = pffspike.load_network("digits")
        >>> spread = pffspike.Mismatch(gain=0.2)
        >>> one, other = (pffspike.draw_specimen(network, spread, seed) for seed in (1, 2))
        >>> learned = one.programmed(pffspike.initial(network, 0))
        >>> copied = other.programmed(one.nominal(learned))
        """
        weights, biases = dict(effective.weights), dict(effective.biases)
        for name, gains in self.gains.items():
            projection = self.network.projection(name)
            w = grids.nearest(weights[name] / gains, projection.grid)
            weights[name] = grids.saturate(w, projection.low, projection.high)
        for name, slopes in self.slopes.items():
            limit, defect = self.network.population(name).bias.limit, self._defect(name)
            b = grids.nearest(biases[name] / slopes + self.thresholds[name], grids.DRIVE_GRID)
            biases[name] = np.where(defect, biases[name], grids.saturate(b, -limit, limit))
        return Parameters(weights, biases)

    def _defect(self, population: str) -> Bools:
        return self.dead[population] | self.stuck[population]


def _mark(fixed: dict[str, Array], name: str, more: Bools) -> None:
    """Fix some more weights or biases."""
    if more.any():
        fixed[name] = fixed.get(name, np.False_) | more


def draw_specimen(
    network: Network,
    mismatch: Mismatch,
    seed: int,
    *,
    populations: Collection[str] | None = None,
) -> Specimen:
    """Draw a chip: the same one from the same seed.

    Parameters
    ----------
    network : Network
        The network that it shall hold.
    mismatch : Mismatch
        How much chips differ.
    seed : int
        Which chip. A larger ``dead``, ``stuck`` or ``broken`` leaves what was defect defect, and a
        larger deviation moves gains and thresholds further in the same direction, so series of a
        seed can be compared pair by pair.
    populations : collection of str or None
        Whose neurons and incoming synapses differ; all but inputs by default.

    Returns
    -------
    Specimen

    Raises
    ------
    ValidationError
        If a population does not exist or is an input, or neurons can be stuck whose limit of the
        bias is below 1.

    Examples
    --------
    >>> import pffspike
    >>> network = pffspike.load_network("digits")
    >>> pffspike.draw_specimen(
    ...     network, pffspike.Mismatch(dead=0.1), seed=7, populations=["hidden_1"]
    ... )
    Specimen('digits', 21 dead and 0 stuck neurons, 0 broken synapses)
    """
    counter.check_seed(seed)
    neurons = [p for p in network.populations if not p.input]
    names = [p.name for p in neurons]
    for name in populations or ():
        if name not in names:
            raise unknown("population of a specimen", name, names)
    chosen = [p for p in neurons if populations is None or p.name in populations]
    for p in chosen:
        if mismatch.stuck and p.bias.limit < 1:
            raise ValidationError(
                f"neurons of {p.name!r} can't be stuck: their bias would be 1, and its limit is "
                f"{p.bias.limit:g}; raise the limit, or choose other populations"
            )
    key = counter.derive_key(seed, counter.SPECIMENS)
    slopes, thresholds, dead, stuck = {}, {}, {}, {}
    for p in chosen:
        slope, threshold, defect = (
            counter.derive_key(key, purpose, network.index(p.name))
            for purpose in (_OF_SLOPES, _OF_THRESHOLDS, _OF_DEFECTS)
        )
        slopes[p.name] = _gains(mismatch.slope * counter.normal(slope, p.size))
        thresholds[p.name] = mismatch.threshold * counter.normal(threshold, p.size)
        u = counter.uniform(defect, np.arange(p.size))
        dead[p.name], stuck[p.name] = u < mismatch.dead, u >= 1 - mismatch.stuck
    gains, broken = {}, {}
    for index, q in enumerate(network.projections):
        if q.post not in slopes or q.tied is not None:
            continue
        present = structure.mask(network, q)
        gain, break_ = (counter.derive_key(key, of, index) for of in (_OF_GAINS, _OF_BROKEN))
        spread = counter.normal(gain, present.size).reshape(present.shape)
        gains[q.name] = _gains(mismatch.gain * spread) * slopes[q.post]
        u = counter.uniform(break_, np.arange(present.size)).reshape(present.shape)
        broken[q.name] = present & (u < mismatch.broken)
    return Specimen(network, gains, slopes, thresholds, dead, stuck, broken)


def _gains(logarithms: Floats) -> Floats:
    return grids.nearest(np.exp2(logarithms), _GAIN_GRID)
