"""Export: a folder with a network as integers, an example, and its place on a device."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pffspike import mapping, quantization
from pffspike.cards import toml
from pffspike.data import Dataset
from pffspike.deployment.folder import Deployment, deploy, extra_files
from pffspike.devices import Device, load_device
from pffspike.errors import FileError, PffspikeError, ValidationError
from pffspike.exchange import write_export
from pffspike.inputs import dataset_of
from pffspike.mapping.demand import format_bits
from pffspike.network import structure
from pffspike.network.events import Stimulus
from pffspike.trained import TrainedNetwork

_EXAMPLES = 4  #: test images of the example
_IMAGES = 128  #: training images that inputs are measured with


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
    lost : str
        What the NIR file does not say; empty if there is none.
    """

    trained: TrainedNetwork
    deployment: Deployment | None = None
    example: bool = False
    rounded: str = ""
    lost: str = ""

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
    dataset: str | Dataset | None = None,
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
    dataset : str, Dataset or None
        For the example and for quantization; that of the card by default, if it is at hand.

    Returns
    -------
    Exported

    Raises
    ------
    ValidationError
        If there is nothing to write, or the device can't hold weights of so many bits.
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
    _check(folder, nir, target)
    result = Exported(trained)
    if folder is not None:
        result = _written(trained, Path(folder), target, _dataset(trained, dataset))
    if nir is not None:
        from pffspike.deployment.nir import write_nir

        lost = write_nir(nir, result.trained)
        result = Exported(result.trained, result.deployment, result.example, result.rounded, lost)
    return result


def _check(folder: str | Path | None, nir: str | Path | None, target: Target | None) -> None:
    if folder is None and nir is None:
        raise ValidationError("there is nothing to write; give a folder, a NIR file or both")
    if nir is not None:
        import pffspike.deployment.nir  # noqa: F401  (says what to install)
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
    trained: TrainedNetwork, folder: Path, target: Target | None, dataset: Dataset | None
) -> Exported:
    images: Stimulus | None = None
    if dataset is not None:
        images = trained.coding.encode(dataset.test_images[:_EXAMPLES], dataset.levels)
    deployment, rounded = None, ""
    if target is not None:
        card = target.device
        if not isinstance(card, Device):
            card = load_device(card)
        trained, rounded = _fitting(trained, card, target.bits, dataset)
        deployment = deploy(
            trained,
            card,
            learning=target.learning,
            placement=target.placement,
            images=images if target.placement != "cores" else None,
        )
    write_export(folder, trained, extra_files(trained, images, deployment))
    return Exported(trained, deployment, images is not None, rounded)


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
