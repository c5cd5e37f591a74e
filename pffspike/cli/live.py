"""``pffspike live``."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

import pffspike
from pffspike.cli import options, output
from pffspike.errors import FileError


def live(
    trained: options.Trained,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0: any that is free.", min=0, max=65535)
    ] = 8250,
    open_page: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in a browser.")
    ] = True,
    allow_others: Annotated[
        bool,
        typer.Option(
            "--allow-others",
            help="Let --host be an address that other machines reach; there is no password.",
        ),
    ] = False,
    device: Annotated[str, typer.Option(help="Device card to begin with.")] = "loihi1",
    tolerance: options.Tolerance = 0.01,
    calibration_samples: options.CalibrationSamples = 500,
    engine: options.EngineName = "fastest",
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataPlace = None,
    labels: options.Labels = None,
    download: options.Download = False,
) -> None:
    """Serve a page to draw on and watch the network answer, step by step, until Ctrl-C.

    Only this machine can open it. Without the data set's files, images can be drawn, but not
    chosen, and modes early and late, which are calibrated on it, are not offered.

    Example: pffspike live digits.h5
    """
    state = options.load_trained(trained)
    page = pffspike.LiveNetwork(
        state,
        _data(state, dataset, data, labels, download),
        pffspike.Execution(engine, seed),
        device,
        tolerance,
        calibration_samples or 500,
        str(trained),
    )

    def ready(address: str) -> None:
        output.console.print(f"{trained} is on {address} until Ctrl-C")
        if open_page:
            webbrowser.open(address)

    pffspike.serve(page, host, port, others=allow_others, ready=ready)


def _data(
    state: pffspike.TrainedNetwork,
    name: str | None,
    place: Path | None,
    labels: str | None,
    download: bool,
) -> pffspike.Dataset | None:
    """The data set; None, and a note, if none was asked for and its files are not here."""
    try:
        return options.load_dataset(state, name, place, download, labels=labels, judged=False)
    except FileError as error:
        if name or place:
            raise
        output.note(f"{error}; without, images can be drawn, but not chosen")
        return None
