"""``pffspike export``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

import pffspike
from pffspike import text
from pffspike.choices import OBJECTIVES
from pffspike.cli import options, output
from pffspike.errors import ValidationError


def export(
    trained: options.Trained,
    out: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder to write; must not exist.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Device card to place the network on.")] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--target", help="fpga: a core in Verilog, with the same spikes, for --device."
        ),
    ] = None,
    lanes: Annotated[
        int | None, typer.Option(help="Of the core: weights added in a cycle. [16]")
    ] = None,
    program: Annotated[
        list[str] | None,
        typer.Option(help="Of the core: a program it runs; may be repeated. [one_pass, goodness]"),
    ] = None,
    bits: Annotated[
        int | None,
        typer.Option(help="Bits of a weight, if the device can't hold those of the network. [8]"),
    ] = None,
    learning: Annotated[
        bool, typer.Option("--learning", help="Leave room for learning on the device.")
    ] = False,
    placement: Annotated[
        str | None,
        typer.Option(help=f"Objective of the placement: one of {', '.join(OBJECTIVES)}. [cores]"),
    ] = None,
    nir: Annotated[Path | None, typer.Option(help="Also, or only, write this NIR file.")] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            help="Of the NIR file: lif (one pass, for snnTorch and Norse), lif-noise (with an "
            "input for the noise) or native (the whole network, for pffspike.from_nir). [lif]"
        ),
    ] = None,
    dataset: options.DatasetName = None,
    data: options.DataPlace = None,
    labels: options.Labels = None,
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Export a trained network as integers for neuromorphic targets.

    The folder is described by its README.txt, runs itself on Lava (run_lava.py), and every command
    takes it in place of the file. With --device it holds the placement and what the design rules
    say; weights that the device can't hold are quantized first. No silicon is reached. With
    --target fpga it holds a core in Verilog instead (extra fpga), for networks of 8 bits or fewer.

    Example: pffspike export digits.h5 --device loihi1 -o out && python out/run_lava.py
    """
    if out is None and nir is None:
        raise ValidationError("there is nothing to write; give --output FOLDER, --nir FILE or both")
    if to not in (None, "fpga"):
        raise pffspike.unknown("--target", to, ["fpga"])
    if out is None and device is not None:
        raise ValidationError(f"--device {device} needs a folder to write; give --output FOLDER")
    if to is not None and (out is None or nir is not None):
        raise ValidationError(
            "--target fpga writes a folder and no NIR file; give --output, and --nir by itself"
        )
    _check_idle("without --target fpga", to is None, lanes=lanes, program=program or None)
    chip = {"bits": bits, "learning": learning or None, "placement": placement}
    _check_idle("without --device", device is None, **chip)
    _check_idle("with --target fpga", to is not None, **chip)
    _check_idle("without --nir", nir is None, profile=profile)
    state = options.load_trained(trained)
    images: pffspike.Dataset | None = None
    if dataset is not None or data is not None or download:
        images = options.load_dataset(state, dataset, data, download, labels=labels, judged=False)
    if to is not None and out is not None:
        core = pffspike.export_fpga(
            state,
            out,
            fabric=device or "ecp5-85",
            lanes=16 if lanes is None else lanes,
            programs=program or None,
            dataset=images,
        )
        _show_core(out, state.network.name, core, json)
        return
    target = None
    if device is not None:
        most = 8 if bits is None else bits
        target = pffspike.Target(device, most, learning, placement or "cores")
    with output.progress() as progress:
        result = pffspike.export(
            state,
            out,
            target=target,
            nir=nir,
            profile=profile or "lif",
            dataset=images,
            execution=pffspike.Execution(progress=progress),
        )
    if out is not None:
        _show(out, result, json)
    if nir is not None:
        _show_nir(nir, result.nir)


def _check_idle(when: str, idle: bool, **given: object) -> None:
    """Refuse options that would do nothing."""
    for name, value in given.items():
        if idle and value is not None:
            raise ValidationError(f"--{name} means nothing {when}; leave it out")


def _show_core(out: Path, name: str, result: pffspike.ExportedCore, json: Path | None) -> None:
    """Tell of a core for an FPGA."""
    rows = result.table
    title = f"{out}: {name} on {result.fabric.name}, before synthesis"
    output.table(title, list(rows[0]), [tuple(row.values()) for row in rows])
    for program, cycles in result.cycles.items():
        output.console.print(f"{program}: {cycles:,.0f} cycles an inference", highlight=False)
    output.console.print(f"recorded: {result.example}", highlight=False)
    output.console.print(f"next: python {out}/build.py simulate", highlight=False)
    output.write_json(json, {"usage": rows, "cycles": result.cycles, "example": result.example})


def _show(out: Path, result: pffspike.Exported, json: Path | None) -> None:
    if result.rounded:
        output.console.print(result.rounded, highlight=False)
    if not result.example:
        output.console.print("no data set at hand, so there is no example; see --data", style="dim")
    rows = result.projections
    output.table(
        f"{out}: {result.trained.network.name}", list(rows[0]), [tuple(r.values()) for r in rows]
    )
    content: dict[str, Any] = {"projections": rows}
    if result.placement is not None:
        _show_placement(result.placement)
        content["placement"] = result.placement
    output.write_json(json, content)


def _show_nir(path: Path, told: Mapping[str, str]) -> None:
    """Say what the graph answers and what it lacks."""
    output.console.print(f"wrote {path}, profile {told['profile']}", highlight=False)
    if "accuracy" in told:
        output.console.print(f"accuracy of the graph: {told['accuracy']}", highlight=False)
    output.console.print(f"not in the graph: {told['lost']}", highlight=False)


def _show_placement(summary: dict[str, Any]) -> None:
    available, cores = summary["available"], summary["cores"]
    assert isinstance(available, dict)
    assert isinstance(cores, list)
    rows = []
    for name, most in available.items():
        used = [core["usage"][name] for core in cores]
        total = most * len(cores)
        rows.append((name, sum(used), total, text.percent(sum(used) / total), max(used), most))
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
