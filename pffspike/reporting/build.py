"""What the report says, and the runs that it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike import evaluation, generation, inference, mapping
from pffspike.data import Dataset, probabilities
from pffspike.devices import Device
from pffspike.energies import energy
from pffspike.errors import ValidationError
from pffspike.execution import Execution, made
from pffspike.inference import Mode
from pffspike.inputs import encoded_test
from pffspike.network import structure
from pffspike.network.spec import Network
from pffspike.recording import NOTHING, Probes
from pffspike.reporting import sections
from pffspike.reporting.answered import Answered
from pffspike.reporting.energies import energies
from pffspike.reporting.page import Section, page
from pffspike.trained import TrainedNetwork

_WINDOWS = (4, 8, 16, 32)  #: of the curve of accuracy against energy
_TOLERANCE = 0.002  #: of answers that mode early may change
_SAMPLES = 50  #: synthesized images


def report(
    trained: TrainedNetwork,
    dataset: Dataset,
    devices: Sequence[Device],
    *,
    execution: Execution = Execution(),
) -> str:
    """Run a trained network on test images and describe it.

    Parameters
    ----------
    trained : TrainedNetwork
        A trained network, whole.
    dataset : Dataset
        Its test images are answered, all of them.
    devices : sequence of Device
        At least one; the curves are of the first.
    execution : Execution
        Engine, seed, progress.

    Returns
    -------
    str
        An HTML page that needs no other file.

    Raises
    ------
    ValidationError
        If the network can't classify, or Matplotlib or Jinja2 is missing.

    Examples
    --------
    >>> import pffspike
    >>> network = pffspike.load_network("digits", {"pff": {"hidden": [20, 20]}})
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)
    >>> data = pffspike.first_samples(pffspike.load_data("digits"), test=20)
    >>> page = report(trained, data, [pffspike.load_device("loihi1")])  # doctest: +SKIP
    """
    execution = execution.replace(engine=made(execution.engine))
    runner = _Runner(trained, dataset, tuple(devices), execution)
    answered = runner.modes()
    parts: list[Section] = [
        sections.result(answered),
        sections.curve(devices[0], answered + runner.windows()),
        sections.mistakes(answered[0]),
        sections.activity(trained, dataset, answered[0].evaluation),
    ]
    images = probabilities(dataset.test_images, dataset.levels)
    if _can(inference.check_reconstruction, trained.network):
        rebuilt = inference.reconstruct(
            trained,
            encoded_test(trained, dataset),
            samples=np.arange(len(images)),
            execution=execution,
        )
        parts.append(sections.reconstruction(rebuilt, images, dataset.shape))
    if trained.prior is not None and _can(generation.check_synthesis, trained.network):
        parts.append(sections.samples(*runner.samples(), dataset.shape))
    parts += [
        energies(devices, answered),
        sections.network(trained.network),
        sections.provenance(trained, dataset, execution),
    ]
    title = f"{trained.network.name}: spiking network, its accuracy and its energy"
    return page(title, sections.lead(trained, dataset, answered), parts)


def _can(check: Callable[..., object], *arguments: object) -> bool:
    """Whether a network passes a check; not every circuit can do everything."""
    try:
        check(*arguments)
    except ValidationError:
        return False
    return True


def _fits(network: Network, dataset: Dataset) -> bool:
    """Whether samples in time are long enough for all presentations."""
    return all(program.steps <= dataset.steps for program in network.programs)


@dataclass(frozen=True)
class _Runner:
    """The runs of a report."""

    trained: TrainedNetwork
    dataset: Dataset
    devices: tuple[Device, ...]
    execution: Execution

    def modes(self) -> list[Answered]:
        """The ways that the network has, goodness first and with the spikes of all."""
        network = self.trained.network
        inference.check_mode(network, "goodness")
        everyone = structure.extent(network, network.program("goodness")).populations
        rasters = Probes(rasters=tuple(p.name for p in everyone))
        found = [self.answer(network, "goodness", probes=rasters)]
        for mode in ("one_pass", "proposal", "early"):
            if _can(inference.check_mode, network, mode):
                found.append(self.answer(network, mode))
        return found

    def windows(self) -> list[Answered]:
        """The same weights, answering after other numbers of steps."""
        found = []
        for window in _WINDOWS:
            network = structure.with_window(self.trained.network, window)
            if self.dataset.steps and not _fits(network, self.dataset):
                continue
            for mode in ("one_pass", "goodness"):
                known = _can(inference.check_mode, network, mode)
                if known and self.trained.network.program(mode).window != window:
                    found.append(self.answer(network, mode, f"window of {window}"))
        return found

    def answer(
        self, network: Network, mode: str, setting: str = "", probes: Probes = NOTHING
    ) -> Answered:
        """Answer the test images."""
        result = evaluation.evaluate(
            self.trained.replace(network=network),
            self.dataset,
            Mode(mode, tolerance=_TOLERANCE),
            device=self.devices[0],
            execution=self.execution.replace(probes=probes),
        )
        recordings = result.classification.recordings
        others = tuple(
            energy(recordings, d, traffic=mapping.traffic(recordings, d)) for d in self.devices[1:]
        )
        return Answered(mode, setting, result, (result.energy, *others))

    def samples(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Images from the prior, label after label."""
        network, prior = self.trained.network, self.trained.prior
        labels = np.arange(_SAMPLES, dtype=np.int64) % network.role("label").size
        labels.sort()
        latents = generation.draw_latents(prior, labels, self.execution.seed) if prior else None
        images = generation.synthesize(self.trained, labels, latents, execution=self.execution)
        return self.trained.coding.decode(images), labels
