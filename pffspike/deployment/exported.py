"""Export: a folder with a network as integers, an example, and its place on a device."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pffspike import mapping, quantization
from pffspike.cards import toml
from pffspike.data import Dataset
from pffspike.deployment.folder import Deployment, deploy, extra_files
from pffspike.devices import Device, load_device
from pffspike.errors import FileError, PffspikeError, ValidationError
from pffspike.exchange import write_export
from pffspike.execution import Execution
from pffspike.inputs import dataset_of
from pffspike.mapping.demand import format_bits
from pffspike.network import structure
from pffspike.trained import TrainedNetwork

_EXAMPLES = 4  #: test images of the example
_IMAGES = 128  #: training images that inputs are measured with
_TOLD = ("profile", "lost", "accuracy", "gains", "input", "neurons", "time")  #: metadata of a graph


@dataclass(frozen=True, eq=False)
class Exported:
    """What was written.

    Parameters
    ----------
    trained : TrainedNetwork
        As it was exported: quantized, if the device could not hold its weights.
    deployment : Deployment or None
        Its place on the device, if one was named.
    example : bool
        Whether there is an example of inputs and spikes.
    rounded : str
        How weights were rounded; empty if they were not.
    nir : mapping of str to str
        What the NIR file says of itself: ``profile``, what is ``lost``, ``accuracy``; empty if
        there is none.
    """

    trained: TrainedNetwork
    deployment: Deployment | None = None
    example: bool = False
    rounded: str = ""
    nir: Mapping[str, str] = field(default_factory=dict)

    @property
    def projections(self) -> list[dict[str, Any]]:
        """Rows of a table of the projections: sizes, synapses, bits."""
        network = self.trained.network
        return [
            {
                "projection": p.name,
                "size": f"{network.population(p.pre).size} x {network.population(p.post).size}",
                "synapses": int(structure.mask(network, p).sum()),
                "exponent": p.grid,
                "bits": format_bits(p),
                "tied to": p.tied or "",
            }
            for p in network.projections
        ]

    @property
    def placement(self) -> dict[str, Any] | None:
        """Placement and findings as plain values, if a device was named."""
        placed = self.deployment
        if placed is None:
            return None
        content = mapping.summary(placed.placement, placed.violations, placed.device)
        plain: dict[str, Any] = toml.plain(content)
        return plain

    def __repr__(self) -> str:
        device = f", on {self.deployment.device.name}" if self.deployment else ""
        return f"Exported({self.trained.network.name!r}{device})"


@dataclass(frozen=True)
class Target:
    """A device that a network is exported to.

    Parameters
    ----------
    device : str, Path or Device
        Device card to place the network on.
    bits : int
        Of a weight, if the device can't hold those of the network.
    learning : bool
        Whether to leave room for learning on the device.
    placement : {"cores", "speed", "energy"}
        Objective of the placement, see `pffspike.mapping.arrange`.
    """

    device: str | Path | Device
    bits: int = 8
    learning: bool = False
    placement: str = "cores"


def export(
    trained: TrainedNetwork,
    folder: str | Path | None = None,
    *,
    target: Target | str | None = None,
    nir: str | Path | None = None,
    profile: str = "lif",
    dataset: str | Dataset | None = None,
    execution: Execution = Execution(),
) -> Exported:
    """Write a trained network as integers for neuromorphic targets. No silicon is reached.

    The folder is described by its README.txt, runs itself on Lava (run_lava.py), and
    `pffspike.load` reads it back. With a target it holds the placement and what the design rules
    say; weights that the device can't hold are quantized first.

    Parameters
    ----------
    trained : TrainedNetwork
        The network and its weights.
    folder : str, Path or None
        To write; it must not exist.
    target : Target, str or None
        Device to place the network on; the name of a card stands for ``Target(name)``.
    nir : str, Path or None
        Also, or only, write this file in the Neuromorphic Intermediate Representation.
    profile : {"lif", "lif-noise", "native"}
        Of the NIR file: one pass for snnTorch and Norse, without or with an input for noise, or the
        whole network for `pffspike.from_nir`. See `pffspike.deployment.nir.graph_of`.
    dataset : str, Dataset or None
        For the example, for quantization, and for gains and accuracy of the NIR file; that of the
        card by default, if it is at hand.
    execution : Execution
        Engine and seed of what is measured, and who is told of it.

    Returns
    -------
    Exported

    Raises
    ------
    ValidationError
        If there is nothing to write, the device can't hold weights of so many bits, or the network
        has no such NIR graph.
    FileError
        If the folder exists or can't be written.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pffspike
    >>> trained = pffspike.train("digits", epochs=1)
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = pathlib.Path(place) / "export"
    ...     exported = pffspike.export(trained, folder)
    ...     pffspike.load(folder).network == trained.network
    True
    """
    target = Target(target) if isinstance(target, str) else target
    _check(folder, nir, profile, target)
    data, card = _dataset(trained, dataset), None
    if target is not None:
        card = target.device if isinstance(target.device, Device) else load_device(target.device)
        trained, rounded = _fitting(trained, card, target.bits, data)
    result = Exported(trained, rounded=rounded if target else "")
    if nir is not None:
        from pffspike.deployment.nir import graph_of, write_nir

        graph = graph_of(trained, profile, data, execution=execution)
        told = {key: graph.metadata[key] for key in _TOLD if key in graph.metadata}
        result = dataclasses.replace(result, nir=told)
    if folder is not None:
        result = _written(result, Path(folder), target, card, data)
    if nir is not None:
        write_nir(nir, graph)
    return result


def _check(
    folder: str | Path | None, nir: str | Path | None, profile: str, target: Target | None
) -> None:
    if folder is None and nir is None:
        raise ValidationError("there is nothing to write; give a folder, a NIR file or both")
    if nir is not None:
        from pffspike.deployment.nir import check_profile  # says what to install

        check_profile(profile)
    if target is not None:
        mapping.check_objective(target.placement)
        if folder is None:
            raise ValidationError(f"device {target.device} needs a folder to write; give one")
    if folder is not None and Path(folder).exists():
        raise FileError(f"{folder} exists; remove it or choose another folder")


def _dataset(trained: TrainedNetwork, dataset: str | Dataset | None) -> Dataset | None:
    """Data set of the network; None if it is not at hand and was not asked for."""
    try:
        return dataset_of(trained, dataset)
    except PffspikeError:
        if dataset is None:
            return None
        raise


def _written(
    result: Exported,
    folder: Path,
    target: Target | None,
    card: Device | None,
    dataset: Dataset | None,
) -> Exported:
    trained, images, deployment = result.trained, None, None
    if dataset is not None:
        images = trained.coding.encode(dataset.test_images[:_EXAMPLES], dataset.levels)
    if target is not None and card is not None:
        deployment = deploy(
            trained,
            card,
            learning=target.learning,
            placement=target.placement,
            images=images if target.placement != "cores" else None,
        )
    notes = {f"NIR {key}": value for key, value in result.nir.items()}
    write_export(folder, trained, extra_files(trained, images, deployment), notes)
    return dataclasses.replace(result, deployment=deployment, example=images is not None)


def _fitting(
    trained: TrainedNetwork, device: Device, bits: int, dataset: Dataset | None
) -> tuple[TrainedNetwork, str]:
    """Quantize the network if the device can't hold its weights; also how."""
    quantization.check_bits(bits, device)
    most = device.formats.weight_bits.value if device.formats else 0
    if all(format_bits(p) <= most for p in trained.network.projections):
        return trained, ""
    images = 0 if dataset is None else _IMAGES
    result = quantization.quantize(trained, bits, device, images, dataset=dataset)
    how = "by the spikes of training images" if images else "without data, by the weights alone"
    return result.trained, f"weights are rounded to {bits} bits, {how}"
