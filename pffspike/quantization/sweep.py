"""Accuracy against the bits of weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pffspike import inference
from pffspike.choices import Rounding
from pffspike.data import Dataset
from pffspike.devices import Device
from pffspike.execution import Execution
from pffspike.inputs import encoded_test
from pffspike.quantization.activity import activity
from pffspike.quantization.weights import quantize
from pffspike.trained import TrainedNetwork


@dataclass(frozen=True)
class SweepRow:
    """Accuracy of a network with weights of some bits.

    Parameters
    ----------
    bits : int or None
        None: as trained.
    rounding : str
        ``feedback`` or ``nearest``, with ``, weights only`` behind it where no activity weighed
        the errors; empty for the network as trained.
    accuracy : mapping of str to float
        By mode of inference.
    """

    bits: int | None
    rounding: str
    accuracy: dict[str, float]


def sweep(
    trained: TrainedNetwork,
    dataset: Dataset,
    bits: Sequence[int],
    *,
    device: Device | None = None,
    modes: Sequence[str] = ("goodness", "one_pass"),
    images: int = 128,
    execution: Execution = Execution(),
) -> list[SweepRow]:
    """Quantize a network in every way and classify the test images.

    Parameters
    ----------
    trained : TrainedNetwork
        The network and its weights.
    dataset : Dataset
        Its test images are classified.
    bits : sequence of int
        Of a weight.
    device : Device or None
        Says how many bits a weight may have.
    modes : sequence of str
        Ways to answer, see `pffspike.Mode`.
    images : int
        Training images whose spikes weigh errors.
    execution : Execution
        Engine, seed.

    Returns
    -------
    list of SweepRow
        The network as trained first.
    """
    some = trained.coding.encode(dataset.train_images[:images], dataset.levels)
    moments = activity(trained, some, dataset.train_labels[:images], execution=execution)
    test = encoded_test(trained, dataset)

    def accuracy(state: TrainedNetwork) -> dict[str, float]:
        answers = {
            mode: inference.classify(
                state, test, mode, samples=np.arange(len(test)), execution=execution
            )
            for mode in modes
        }
        return {mode: found.accuracy(dataset.test_labels) for mode, found in answers.items()}

    ways: tuple[tuple[str, Rounding, bool], ...] = (
        ("feedback", "feedback", True),
        ("nearest", "nearest", True),
        ("nearest, weights only", "nearest", False),
    )
    rows = [SweepRow(None, "", accuracy(trained))]
    for number in bits:
        for name, rounding, measured in ways:
            result = quantize(trained, number, device, moments if measured else None, rounding)
            rows.append(SweepRow(number, name, accuracy(result.trained)))
    return rows
