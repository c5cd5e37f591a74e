"""``pffspike quality``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

import pffspike
from pffspike import files, text
from pffspike.choices import STATES
from pffspike.cli import options, output, written
from pffspike.cli.output import Printed

_SHOWN = 20  #: rebuilt images in the picture
_SHEET = 100  #: samples in the picture
_WIDEST = 20  #: of them in a row


def quality(
    trained: options.Trained,
    out: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for pictures, made if missing.")
    ] = None,
    count: Annotated[int, typer.Option(help="Synthesized images.", min=1, max=10**6)] = 1000,
    state_names: options.States = None,
    window: options.Window = None,
    samples: options.Samples = None,
    engine: options.EngineName = "fastest",
    jobs: options.Jobs = None,
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataPlace = None,
    labels: options.Labels = None,
    download: options.Download = False,
    json: options.JsonFile = None,
    csv: options.CsvFile = None,
    latex: options.LatexFile = None,
    plot: options.PlotFile = None,
) -> None:
    """Measure what the generative circuit makes: reconstructions and synthesized images.

    Reconstruction errors stand beside those of reference decoders, in every state of the label.
    Samples are judged by a classifier that learned by backpropagation, by their distance to the
    training images, and by their diversity: variance within classes against real images, precision
    and recall, and what a classifier learns from them. --samples cuts the test images; --plot
    draws reconstructions with their errors, --latex has all tables.

    Example: pffspike quality mnist.h5 --output mnist-quality
    """
    state = options.load_trained(trained)
    found = options.load_dataset(
        state, dataset, data, download, labels=labels, test_samples=samples
    )
    with output.progress() as progress:
        result = pffspike.quality(
            state,
            found,
            states=state_names or STATES,
            window=window,
            count=count,
            execution=options.execution(engine, seed, jobs, progress),
        )
    title = f"{trained}: {len(found.test_images)} test images of {found.name}"
    tables = [_errors(title, result), *_samples(f"{count} synthesized images", result)]
    for printed in tables:
        output.table(*printed)
    if out is not None:
        _draw(out, result, found.shape)
    content: dict[str, Any] = {
        "summed_squared_error": dict(result.errors),
        "samples": {name: asdict(j) | asdict(d) for name, (j, d) in result.judgements.items()},
        "count": count,
        "test_images": len(found.test_images),
        "seed": seed,
        "dataset": found.name,
        "network": pffspike.network_hash(state.network),
        "versions": pffspike.info()["versions"],
    }
    output.write_json(json, content)
    written.write_csv(csv, result.tidy_rows())
    written.write_latex(latex, *tables)
    if plot is not None:
        pffspike.plots.save(_rebuilt(result, found.shape), plot)
        output.console.print(f"wrote {plot}")


def _errors(title: str, result: pffspike.Quality) -> Printed:
    rows = [(name, f"{error:.4g}") for name, error in result.errors.items()]
    return Printed(title, ("rebuilt", "summed squared error an image"), rows)


def _samples(title: str, result: pffspike.Quality) -> tuple[Printed, Printed]:
    columns = ("taken for their class", "entropy, nat", "distance to training", "copies")
    rows = [
        (
            name,
            text.percent(j.accuracy),
            *(f"{value:.4g}" for value in (j.entropy, j.distance)),
            text.percent(j.copies),
        )
        for name, (j, _) in result.judgements.items()
    ]
    diverse = Printed(
        f"{title}: diversity",
        ("", "variance within classes", "precision", "recall", "classifier taught by them"),
        [
            (name, *map(text.percent, (d.variance, d.precision, d.recall, d.teaching)))
            for name, (_, d) in result.judgements.items()
        ],
    )
    return Printed(title, ("", *columns), rows), diverse


def _draw(folder: Path, result: pffspike.Quality, shape: tuple[int, int]) -> None:
    from pffspike import plots

    files.make_folder(folder)
    plots.save_all(_rebuilt(result, shape), folder / "reconstructions.png")
    columns = min(_WIDEST, int(result.samples.labels.max()) + 1)  # classes follow in turn
    heads = [str(label) for label in result.samples.labels[:columns]]
    images = result.samples.images[: columns * max(1, _SHEET // columns)]
    sheet = plots.image_sheet(images, shape, columns, heads=heads if columns < _WIDEST else ())
    plots.save_all(sheet, folder / "samples.png")
    output.console.print(f"wrote {folder / 'reconstructions.png'} and {folder / 'samples.png'}")


def _rebuilt(result: pffspike.Quality, shape: tuple[int, int]) -> Any:
    """Figure of test images, what was made of them, and the error of each row."""
    rows = {name: images[:_SHOWN] for name, images in result.rebuilt.items()}
    notes = {name: f"error {error:.2f}" for name, error in result.errors.items()}
    return pffspike.plots.image_rows(rows, shape, notes=notes)
