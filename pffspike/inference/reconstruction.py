"""Reconstruction: images that the generative circuit predicts from the spikes above them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.data import Coding
from pffspike.engines.base import Engine, Progress
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.recording import Probes, Recording

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reconstruction:
    """Images that the generative circuit predicts from the spikes above them.

    Parameters
    ----------
    images : mapping of str to (samples, pixels) ndarray of float64
        By phase: ``below`` from the lowest hidden population, ``chain`` from the highest one,
        down all predictions. Rates in the window.
    recording : Recording
    """

    images: dict[str, Floats]
    recording: Recording

    def decoded(self, coding: Coding) -> Reconstruction:
        """Give the images as grey values in [0, 1]."""
        grey = {phase: coding.decode(rates) for phase, rates in self.images.items()}
        return Reconstruction(grey, self.recording)

    def error(self, originals: Floats) -> dict[str, float]:
        """Mean over images of the summed squared error, by phase."""
        return {
            phase: float(np.square(images - originals).sum(axis=1).mean())
            for phase, images in self.images.items()
        }


def reconstruct(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    images: Floats,
    *,
    seed: int,
    progress: Progress | None = None,
) -> Reconstruction:
    """Reconstruct images from the activity that they cause, without a label.

    Parameters
    ----------
    network : Network
        With the program ``reconstruct`` and the population ``image_prediction``.
    parameters : Parameters
    engine : Engine
    images : (samples, pixels) ndarray of float64
    seed : int
    progress : callable or None

    Returns
    -------
    Reconstruction
    """
    probes = Probes(counts=("image_prediction",))
    with engine.compile(network, "reconstruct", parameters, seed=seed, probes=probes) as session:
        recording = session.run({"image": images}, np.arange(len(images)), progress=progress)
    rates = recording.by_phase(recording.counts["image_prediction"]) / recording.program.window
    names = [phase.name for phase in recording.program.phases]
    return Reconstruction({name: rates[:, index] for index, name in enumerate(names)}, recording)
