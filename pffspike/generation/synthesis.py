"""Synthesis: the generative circuit alone, in spikes, from a label and a latent state."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from pffspike.engines.base import Engine
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.recording import Probes
from pffspike.typing import Progress

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def synthesize(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    labels: Integers,
    latents: Floats | None = None,
    *,
    seed: int,
    window: int = 64,
    progress: Progress | None = None,
) -> Floats:
    """Run the generative circuit down to the image.

    Parameters
    ----------
    network : Network
        With the program ``synthesize``.
    parameters : Parameters
    engine : Engine
    labels : (samples,) ndarray of int64
    latents : (samples, latent) ndarray of float64 or None
        For a network with a latent population; zeros by default, which leaves all to the label.
    seed : int
    window : int
        Steps over which the image's spikes are averaged, a power of two.
    progress : callable or None

    Returns
    -------
    (samples, pixels) ndarray of float64
        Rates of the image's prediction.
    """
    program = dataclasses.replace(network.program("synthesize"), window=window)
    others = tuple(p for p in network.programs if p.name != program.name)
    network = network.replace(programs=(*others, program))
    signals: dict[str, npt.NDArray] = {"label": labels}
    if "latent" in program.phases[0].inputs:
        size = network.population("latent").size
        signals["latent"] = np.zeros((len(labels), size)) if latents is None else latents
    probes = Probes(counts=("image_prediction",))
    with engine.compile(network, "synthesize", parameters, seed=seed, probes=probes) as session:
        recording = session.run(signals, np.arange(len(labels)), progress=progress)
    return recording.counts["image_prediction"] / window
