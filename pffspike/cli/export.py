"""``pffspike export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from pffspike import mapping, quantization
from pffspike.cards import toml
from pffspike.cli import options, output
from pffspike.data import Dataset
from pffspike.deployment import Deployment, deploy, extra_files
from pffspike.devices import Device, load_device
from pffspike.engines import make_engine
from pffspike.errors import PffspikeError, ValidationError
from pffspike.exchange import write_export
from pffspike.mapping.demand import format_bits
from pffspike.network import structure
from pffspike.trained import TrainedNetwork

_EXAMPLES = 4  #: test images of the example
_IMAGES = 128  #: training images that inputs are measured with


def export(
    trained: options.Trained,
    out: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder to write; must not exist.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Device card to place the network on.")] = None,
    bits: Annotated[
        int, typer.Option(help="Bits of a weight, if the device can't hold those of the network.")
    ] = 8,
    learning: Annotated[
        bool, typer.Option("--learning", help="Leave room for learning on the device.")
    ] = False,
    placement: Annotated[
        str,
        typer.Option(help=f"Objective of the placement: one of {', '.join(mapping.OBJECTIVES)}."),
    ] = "cores",
    nir: Annotated[Path | None, typer.Option(help="Also, or only, write this NIR file.")] = None,
    dataset: options.DatasetName = None,
    data: options.DataFolder = None,
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Export a trained network as integers for neuromorphic targets.

    The folder is described by its README.txt, runs itself on Lava (run_lava.py), and every command
    takes it in place of the file. With --device it holds the placement and what the design rules
    say; weights that the device can't hold are quantized first. No silicon is reached.

    Example: pffspike export digits.h5 --device loihi1 -o out && python out/run_lava.py
    """
    mapping.check_objective(placement)
    if out is None and nir is None:
        raise ValidationError("there is nothing to write; give --output FOLDER, --nir FILE or both")
    if out is None and device is not None:
        raise ValidationError(f"--device {device} needs a folder to write; give --output FOLDER")
    if out is not None and out.exists():
        raise ValidationError(f"{out} exists; remove it or choose another folder")
    state = options.load_trained(trained)
    images = _dataset(state, dataset, data, download) if out is not None else None
    deployment = None
    if device is not None:
        card = load_device(device)
        state = _fitting(state, card, bits, images)
        deployment = deploy(
            state,
            card,
            learning=learning,
            placement=placement,
            images=_examples(state, images) if placement != "cores" else None,
        )
    if out is not None:
        write_export(out, state, extra_files(state, _examples(state, images), deployment))
        _show(out, state, json, deployment)
    if nir is not None:
        from pffspike.deployment.nir import write_nir

        lost = write_nir(nir, state)
        output.console.print(f"wrote {nir}; what it does not say: {lost}", highlight=False)


def _dataset(
    state: TrainedNetwork, name: str | None, folder: Path | None, download: bool
) -> Dataset | None:
    """Data set of the network; None if it is not at hand and was not asked for."""
    try:
        return options.load_dataset(state, name, folder, download)
    except PffspikeError:
        if name is None and folder is None and not download:
            return None
        raise


def _examples(state: TrainedNetwork, dataset: Dataset | None) -> npt.NDArray[np.float64] | None:
    if dataset is None:
        output.console.print("no data set at hand, so there is no example; see --data", style="dim")
        return None
    return state.coding.encode(dataset.test_images[:_EXAMPLES], dataset.levels)


def _fitting(
    state: TrainedNetwork, device: Device, bits: int, dataset: Dataset | None
) -> TrainedNetwork:
    """Quantize the network if the device can't hold its weights."""
    quantization.check_bits(bits, device)
    most = device.formats.weight_bits.value if device.formats else 0
    if all(format_bits(p) <= most for p in state.network.projections):
        return state
    moments = None
    if dataset is not None:
        moments = quantization.activity(
            state.network,
            state.parameters,
            make_engine("fastest"),
            state.coding.encode(dataset.train_images[:_IMAGES], dataset.levels),
            dataset.train_labels[:_IMAGES],
            seed=0,
        )
    how = "by the spikes of training images" if moments else "without data, by the weights alone"
    output.console.print(f"weights are rounded to {bits} bits, {how}", highlight=False)
    return quantization.quantize(state, bits, device, moments).trained


def _show(
    out: Path, state: TrainedNetwork, json: Path | None, deployment: Deployment | None
) -> None:
    network = state.network
    rows = [
        (
            p.name,
            f"{network.population(p.pre).size} x {network.population(p.post).size}",
            int(structure.mask(network, p).sum()),
            p.grid,
            format_bits(p),
            p.tied or "",
        )
        for p in network.projections
    ]
    columns = ("projection", "size", "synapses", "exponent", "bits", "tied to")
    output.table(f"{out}: {network.name}", columns, rows)
    content: object = [dict(zip(columns, row, strict=True)) for row in rows]
    if deployment is not None:
        summary = mapping.summary(deployment.placement, deployment.violations, deployment.device)
        _show_placement(summary)
        content = {"projections": content, "placement": toml.plain(summary)}
    output.write_json(json, content)


def _show_placement(summary: dict[str, object]) -> None:
    available, cores = summary["available"], summary["cores"]
    assert isinstance(available, dict)
    assert isinstance(cores, list)
    rows = []
    for name, most in available.items():
        used = [core["usage"][name] for core in cores]
        total = most * len(cores)
        rows.append((name, sum(used), total, output.percent(sum(used) / total), max(used), most))
    columns = ("resource", "used", "available", "share", "most on a core", "of a core")
    title = f"{summary['cores_used']} cores on {summary['chips']} chip(s) of {summary['device']}"
    output.table(title, columns, rows)
    violations = summary["violations"]
    assert isinstance(violations, list)
    for violation in violations:
        output.console.print(
            f"{violation['severity']} ({violation['rule']}): {violation['message']}",
            highlight=False,
        )
