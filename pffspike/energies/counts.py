"""Events per inference: means, and how inferences differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pffspike.energies.events import EventCount, count_events
from pffspike.recording import Recording
from pffspike.typing import Floats

_CENTRAL = (2.5, 97.5)  #: percentiles between which 95 % of the inferences lie

#: fields of `Counts` by the event that they count
_EVENTS = {
    "synaptic_operation": "synaptic_operations",
    "neuron_update": "neuron_updates",
    "spike": "spikes",
    "step": "steps",
    "dense_operation": "dense_operations",
    "random_number": "random_numbers",
    "learning_update": "learning_updates",
}


@dataclass(frozen=True)
class Spread:
    """How a number differs between inferences.

    Parameters
    ----------
    deviation : float
        Standard deviation over the inferences (of a sample: over one less than their number).
    low, high : float
        Interval in which the central 95 % of the inferences lie.

    Examples
    --------
    >>> Spread.of(np.array([1.0, 2.0, 3.0])).deviation
    1.0
    """

    deviation: float
    low: float
    high: float

    @staticmethod
    def of(values: Floats) -> Spread | None:
        """Measure the spread of some values.

        Parameters
        ----------
        values : (inferences,) ndarray of float64
            One value for each inference.

        Returns
        -------
        Spread or None
            None of a single value.
        """
        if len(values) < 2:
            return None
        low, high = np.percentile(values, _CENTRAL)
        return Spread(float(values.std(ddof=1)), float(low), float(high))


@dataclass(frozen=True)
class Counts:
    """Events per inference, means over the inferences; see `pffspike.energies.events`.

    Parameters
    ----------
    synaptic_operations : float
        Spikes that arrive at synapses of enabled projections.
    neuron_updates : float
        Neurons of the program times steps.
    spikes : float
        Spikes of all populations.
    steps : float
        Sum over presentations, whether a device runs them side by side or one after the other.
    dense_operations : float
        What ``synaptic_operations`` were if every sender spiked in every step.
    random_numbers : float
        Draws of spikes and of rounding.
    learning_updates : float
        Changes of weights and biases.
    spread : mapping of str to Spread
        Of each of these over the inferences, by its name; of a single inference, none.

    Examples
    --------
    >>> Counts(synaptic_operations=4, neuron_updates=20, spikes=7, steps=10).spikes
    7
    """

    synaptic_operations: float
    neuron_updates: float
    spikes: float
    steps: float
    dense_operations: float = 0.0
    random_numbers: float = 0.0
    learning_updates: float = 0.0
    spread: Mapping[str, Spread] = field(default_factory=dict)


def counts(recordings: Sequence[Recording]) -> Counts:
    """Count the events of recordings per inference.

    Parameters
    ----------
    recordings : sequence of Recording
        All that some inferences presented; samples of the same number are one inference.

    Returns
    -------
    Counts
        Means and spreads over the inferences.

    Examples
    --------
    >>> import pffspike
    >>> network = pffspike.load_network("digits")
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), 0)
    >>> answer = pffspike.classify(
    ...     trained, np.full((2, 64), [[0.25], [0.5]]), "one_pass",
    ...     execution=pffspike.Execution("numpy"))
    >>> counts(answer.recordings).steps
    18.0
    """
    return counts_of(count_events(recordings))


def counts_of(counted: Sequence[EventCount]) -> Counts:
    """Sum counts of events over causes.

    Parameters
    ----------
    counted : sequence of EventCount
        All of the same inferences; none: no inference.

    Returns
    -------
    Counts
        Means and spreads over the inferences.

    Examples
    --------
    >>> found = [EventCount("spike", "input", "image", "run/one", np.array([1.0, 3.0]))]
    >>> counts_of(found).spikes
    2.0
    """
    inferences = len(counted[0].by_inference) if counted else 0
    totals = {name: np.zeros(inferences) for name in _EVENTS.values()}
    for count in counted:
        if count.event in _EVENTS:
            totals[_EVENTS[count.event]] += count.by_inference
    spreads = {name: Spread.of(values) for name, values in totals.items()}
    return Counts(
        **{name: float(values.sum()) / max(1, inferences) for name, values in totals.items()},
        spread={name: spread for name, spread in spreads.items() if spread is not None},
    )
