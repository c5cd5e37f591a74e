"""What quantization did to a projection and to the biases of a population."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WeightReport:
    """A projection.

    Parameters
    ----------
    projection : str
        Its name.
    tied : str or None
        The projection whose weights it uses; the other fields are that one's.
    bits : int
        Of a weight.
    exponent : int
        Weights are integers times 2 to this.
    low, high : int
        Range of the integers.
    clipped : float
        Share of the weights that lay outside the range.
    error : float
        Root of the expected squared error of a neuron's summed input; of a weight, where no
        activity was measured.
    snr : float
        Mean square of the summed input (or of a weight) over that of its error, in dB.
    measured : bool
        Whether real spikes weighed the errors.
    """

    projection: str
    tied: str | None
    bits: int
    exponent: int
    low: int
    high: int
    clipped: float
    error: float
    snr: float
    measured: bool


@dataclass(frozen=True)
class BiasReport:
    """The biases of a population.

    Parameters
    ----------
    population : str
        Its name.
    exponent : int
        Biases are integers times 2 to this.
    correction : float
        Largest change that makes up for the mean error of the incoming weights.
    error : float
        Largest change by rounding, or by clipping to the limit.
    """

    population: str
    exponent: int
    correction: float
    error: float
