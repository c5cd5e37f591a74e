"""Accuracy against the bits of weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pffspike import inference
from pffspike.data import Dataset
from pffspike.devices import Device
from pffspike.engines.base import Engine
from pffspike.quantization.activity import activity
from pffspike.quantization.quantize import Rounding, quantize
from pffspike.trained import TrainedNetwork


@dataclass(frozen=True)
class Row:
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
    engine: Engine,
    bits: Sequence[int],
    *,
    device: Device | None = None,
    modes: Sequence[str] = ("goodness", "one_pass"),
    images: int = 128,
    seed: int = 0,
) -> list[Row]:
    """Quantize a network in every way and classify the test images.

    Parameters
    ----------
    trained : TrainedNetwork
    dataset : Dataset
    engine : Engine
    bits : sequence of int
    device : Device or None
    modes : sequence of str
    images : int
        Training images whose spikes weigh errors.
    seed : int

    Returns
    -------
    list of Row
        The network as trained first.
    """
    some = trained.coding.encode(dataset.train_images[:images], dataset.levels)
    moments = activity(
        trained.network,
        trained.parameters,
        engine,
        some,
        dataset.train_labels[:images],
        seed=seed,
    )
    test = trained.coding.encode(dataset.test_images, dataset.levels)

    def accuracy(state: TrainedNetwork) -> dict[str, float]:
        answers = {
            mode: inference.classify(
                state.network,
                state.parameters,
                engine,
                test,
                mode,
                seed=seed,
                samples=np.arange(len(test)),
            )
            for mode in modes
        }
        return {mode: found.accuracy(dataset.test_labels) for mode, found in answers.items()}

    ways: tuple[tuple[str, Rounding, bool], ...] = (
        ("feedback", "feedback", True),
        ("nearest", "nearest", True),
        ("nearest, weights only", "nearest", False),
    )
    rows = [Row(None, "", accuracy(trained))]
    for number in bits:
        for name, rounding, measured in ways:
            result = quantize(trained, number, device, moments if measured else None, rounding)
            rows.append(Row(number, name, accuracy(result.trained)))
    return rows
