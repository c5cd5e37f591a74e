"""``pffspike quantize``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import pffspike
from pffspike.choices import ROUNDINGS
from pffspike.cli import options, output

_IMAGES = 128  #: images that inputs are measured with


def quantize(
    trained: options.Trained,
    out: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
    bits: Annotated[int, typer.Option(help="Bits of a weight.")] = 8,
    device: Annotated[str | None, typer.Option(help="Device card with number formats.")] = None,
    rounding: Annotated[str, typer.Option(help=f"One of {', '.join(ROUNDINGS)}.")] = "feedback",
    samples: Annotated[
        int,
        typer.Option(
            "--samples",
            "-n",
            help="Training images whose spikes weigh errors; 0: all inputs count alike.",
            min=0,
        ),
    ] = _IMAGES,
    engine: options.EngineName = "fastest",
    jobs: options.Jobs = None,
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataPlace = None,
    labels: options.Labels = None,
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Round the weights of a trained network to few bits, as a device holds them.

    The result is a trained network like any other.

    Example: pffspike quantize digits.h5 --bits 8 --device loihi1 -o digits-8.h5
    """
    state = options.load_trained(trained)
    chosen = next((r for r in ROUNDINGS if r == rounding), None)
    if chosen is None:
        raise pffspike.unknown("--rounding", rounding, ROUNDINGS)
    card = pffspike.load_device(device) if device else None
    pffspike.check_bits(bits, card)
    images = (
        options.load_dataset(state, dataset, data, download, labels=labels, judged=False)
        if samples
        else None
    )
    with output.progress() as progress:
        result = pffspike.quantize(
            state,
            bits,
            card,
            samples,
            chosen,
            dataset=images,
            execution=options.execution(engine, seed, jobs, progress),
        )
    pffspike.save(out, result.trained)
    show(f"{out}: {state.network.name}, weights of {bits} bits", result)
    output.write_json(
        json,
        {
            "weights": [vars(report) for report in result.weights],
            "biases": [vars(report) for report in result.biases],
        },
    )


def show(title: str, result: pffspike.Quantized) -> None:
    """Print what happened to each projection and to the biases."""
    rows = [
        (
            w.projection,
            w.exponent,
            f"{w.low} to {w.high}",
            f"{100 * w.clipped:.2f} %",
            w.error,
            w.snr,
            w.tied or "",
        )
        for w in result.weights
    ]
    columns = ("projection", "exponent", "integers", "clipped", "error", "SNR (dB)", "tied to")
    output.table(title, columns, rows)
    biases = [(b.population, b.exponent, b.correction, b.error) for b in result.biases]
    output.table(
        "biases", ("population", "exponent", "largest correction", "largest error"), biases
    )
    if not all(w.measured for w in result.weights):
        names = ", ".join(w.projection for w in result.weights if not w.measured)
        output.remark(f"errors of weights, not of summed inputs, for: {names}")
