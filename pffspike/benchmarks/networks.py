"""The networks of the benchmark: predictive forward-forward learning in several sizes."""

from __future__ import annotations

from pffspike.circuits.pff import pff
from pffspike.circuits.pff_parameters import PFF
from pffspike.network.spec import Network, Training

BURN_IN = 2  #: steps before the window, as in the MNIST cards
TARGET_RATE = 0.05078125  #: spikes a neuron and step that homeostasis aims at: 13/256
THRESHOLDS = (14.0, 10.0)  #: of the goodness of 500 neurons at that rate


def benchmark_network(
    pixels: int,
    hidden: tuple[int, int],
    *,
    window: int = 16,
    target_rate: float = TARGET_RATE,
    classes: int = 10,
    dataset: str = "mnist",
) -> Network:
    """Network of the benchmark.

    Both circuits with lateral competition, read-out and homeostasis, with settings that learn
    MNIST at 784-500-500. Thresholds grow with the width and the target rate, so that a neuron is
    as active in a wide population as in a narrow one.

    Parameters
    ----------
    pixels : int
        Neurons of the image population.
    hidden : tuple of two int
        Multiples of 2.
    window : int
        Steps of the window of the traces.
    target_rate : float
        Spikes a neuron and step that homeostasis aims at; the threshold of goodness follows.
    classes : int
        Neurons of the label population.
    dataset : str
        Name of the data set that it says it learns.

    Returns
    -------
    Network
    """
    busy = target_rate / TARGET_RATE
    circuit = PFF(
        image=pixels,
        classes=classes,
        hidden=hidden,
        burn_in=BURN_IN,
        window=window,
        threshold=tuple(
            busy * threshold * size / 500
            for threshold, size in zip(THRESHOLDS, hidden, strict=True)
        ),
        slope=0.125,
        scale=(2.0, 4.0),
        label_scale=1.0,
        top_down_scale=2.0,
        learning_rate=(0.25, 0.125),
        top_down_factor=0.125,
        lateral_factor=0.0625,
        bias=0.15625,
        homeostasis=0.00390625,
        target_rate=target_rate,
        lateral=next(group for group in (10, 8, 5, 4, 2) if not any(n % group for n in hidden)),
        lateral_inhibition=0.0,
        self_excitation=0.0,
        lateral_normalized=True,
        readout_rate=0.5,
        readout_bias_rate=0.0625,
        generative_rate=0.25,
        generative_bias_rate=0.03125,
        generative_free=False,
    )
    name = f"benchmark_{pixels}_{hidden[0]}_{hidden[1]}"
    return pff(circuit, name, Training(dataset, epochs=1, hard_negatives=1.0))
