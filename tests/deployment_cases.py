"""A small network of digits in a folder, and its export for a device."""

from pathlib import Path

import numpy as np
import pytest

from pffspike import storage
from pffspike.circuits import PFF, pff
from pffspike.cli.app import app
from pffspike.data import load, probabilities
from pffspike.engines.reference import ReferenceEngine
from pffspike.network import (
    Training,
    initial,
)
from pffspike.trained import TrainedNetwork


def with_network(folder: Path) -> Path:
    """The folder, with a network of digits, trained for a moment: ``net.h5``."""
    network = pff(PFF(64, 10, (30, 20), burn_in=1, window=4), "small", Training("digits", 1))
    data = load("digits")
    images = probabilities(data.train_images[:30], data.levels)
    signals = {"image": images, "label": data.train_labels[:30], "negative": np.full(30, -1)}
    with ReferenceEngine().compile(network, "train", initial(network, 1), seed=1) as session:
        session.run(signals, np.arange(30))
        parameters = session.parameters
    storage.save(folder / "net.h5", TrainedNetwork(network, parameters, 1))
    return folder


def run(folder, monkeypatch, *arguments) -> int:
    """Exit code of a command, in this process."""
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as stop:
        app([str(argument) for argument in arguments])
    return stop.value.code


def exported(folder: Path) -> Path:
    """The export of the network for ``loihi1``, in the folder ``out``."""
    with pytest.MonkeyPatch.context() as patch:
        arguments = ("export", "net.h5", "--device", "loihi1", "-o", "out", "--json", "out.json")
        assert run(folder, patch, *arguments) == 0
    return folder / "out"
