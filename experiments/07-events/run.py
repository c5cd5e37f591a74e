"""Images seen in saccades, as events, beside the images: accuracy and energy, see README.md."""

import argparse
import dataclasses
import functools
import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import eye
import numpy as np

import pffspike
from pffspike import Binning, Events, Execution, plots
from pffspike.arithmetic import counter
from pffspike.errors import unknown
from pffspike.files import write_whole
from pffspike.plots.canvas import FALSE, PAGE, TRUE, figure, styled
from pffspike.studies.resumed import begun
from pffspike.studies.script import run_script

STEPS = 10  #: of a presentation: 2 of burn-in and a window of 8
OTHER_STEPS = (6, 18, 34)
MODES = ("goodness", "one_pass")
TITLE = "# Digits seen in saccades, as events, beside the digits"  #: of table.md
AMPLITUDE = {"digits": 2, "mnist": 3}  #: of the saccades, in pixels


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--fast", action="store_true", help="digits, 2 epochs, one seed, no variants"
    )
    parser.add_argument("--no-variants", action="store_true", help="events, images, two controls")
    parser.add_argument("--only", action="append", default=[], help="this input; repeatable")
    parser.add_argument("--dataset", default="digits", choices=sorted(AMPLITUDE))
    parser.add_argument("--data", type=Path, help="folder with MNIST")
    parser.add_argument("--samples", type=int, help="training images")
    parser.add_argument("--test-images", type=int, default=None)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--resume", action="store_true", help="keep what runs.json has")
    parser.add_argument("-o", "--output", type=Path, default=Path("results/07-events"))
    return parser.parse_args()


def seen(data, steps):
    """Data set of the events of another one's images."""
    binning = Binning(steps, eye.LOOKS * eye.LOOK / steps, (2, *data.shape))
    train, test = (
        binning.events(eye.recordings(images, data.shape, data.levels, AMPLITUDE[data.name]))
        for images in (data.train_images, data.test_images)
    )
    return dataclasses.replace(
        data, train_images=train, test_images=test, shape=binning.shape, levels=1, binning=binning
    )


def shuffled(data, first=0, end=None):
    """The same steps, or those from ``first`` to ``end``, in an order of their own a sample."""
    places = np.arange(data.steps)[first:end]

    def mixed(events, key):
        raster = events.raster()
        for k, sample in enumerate(raster):
            order = counter.permutation(len(places), counter.derive_key(7, key, k))
            raster[k, places] = sample[places[order]]
        return Events.from_raster(raster)

    return dataclasses.replace(
        data, train_images=mixed(data.train_images, 0), test_images=mixed(data.test_images, 1)
    )


def counted(data):
    """Static images: of each neuron the share of the steps in which it has an event."""
    train, test = (
        images.totals().astype(np.uint8) for images in (data.train_images, data.test_images)
    )
    return dataclasses.replace(
        data, train_images=train, test_images=test, levels=data.steps, binning=None
    )


def conditions(data, variants):
    """By title what gives data set, sizes of hidden populations, steps, and coding of images."""
    events = functools.cache(lambda: seen(data, STEPS))
    made: dict[str, Callable[[], tuple[Any, tuple[int, ...], int, str]]] = {
        "images": lambda: (data, (250,), STEPS, "grey"),
        "events": lambda: (events(), (250,), STEPS, "grey"),
        "events, steps shuffled": lambda: (shuffled(events()), (250,), STEPS, "grey"),
        "counts of events": lambda: (counted(events()), (250,), STEPS, "grey"),
    }
    if variants:
        made["images, ON and OFF"] = lambda: (data, (250,), STEPS, "on_off")
        # Of the steps that count, the last is not seen by the hidden neurons: they are a step late.
        first = STEPS - (1 << STEPS.bit_length() - 1)
        inside = "events, steps that count shuffled"
        made[inside] = lambda: (shuffled(events(), first, -1), (250,), STEPS, "grey")
        for n in OTHER_STEPS:
            made[f"events, {n} steps"] = functools.partial(
                lambda n: (seen(data, n), (250,), n, "grey"), n
            )
        made["images, 2 x 250"] = lambda: (data, (250, 250), STEPS, "grey")
        made["events, 2 x 250"] = lambda: (events(), (250, 250), STEPS, "grey")
    return made


def run(condition, epochs, seed):
    """Train and answer: accuracy and energy by mode."""
    data, hidden, steps, coding = condition
    window = 1 << steps.bit_length() - 1
    time = {"burn_in": steps - window, "window": window}
    changes = {
        "pff": time | {f"inference_{key}": value for key, value in time.items()},
        "training": {"coding": coding},
    }
    network = pffspike.network_for(data, "own", hidden=hidden, changes=changes)
    execution = Execution(seed=seed)
    trained = pffspike.train(network, data, epochs=epochs, execution=execution)
    found: dict[str, Any] = {"density": density(trained, data)}
    for mode in MODES:
        result = pffspike.evaluate(trained, data, mode, execution=execution)
        found[mode] = {"accuracy": result.accuracy, "joule": result.energy.total}
    return found


def summary(runs):
    """Mean and standard deviation over seeds."""
    return {
        mode: {
            key: [
                statistics.fmean(found[mode][key] for found in runs),
                statistics.stdev(found[mode][key] for found in runs) if len(runs) > 1 else None,
            ]
            for key in ("accuracy", "joule")
        }
        for mode in MODES
    }


def markdown(table):
    lines = [
        "| input | density | " + " | ".join(f"{mode} | energy" for mode in MODES) + " |",
        "|" + " --- |" * (2 + 2 * len(MODES)),
    ]
    for title, row in table.items():
        cells = [title, f"{100 * row['density']:.1f} %"]
        for mode in MODES:
            mean, deviation = row[mode]["accuracy"]
            spread = "" if deviation is None else f" ± {100 * deviation:.1f}"
            cells += [f"{100 * mean:.1f}{spread} %", f"{1e6 * row[mode]['joule'][0]:.2f} µJ"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


@styled
def picture(table):
    """Accuracy of the conditions as points with the deviation over seeds."""
    drawing = figure(PAGE, 0.35 * len(table) + 1.0)
    axes = drawing.subplots()
    for mode, colour, offset in zip(MODES, (TRUE, FALSE), (-0.12, 0.12), strict=True):
        means, deviations = zip(*(row[mode]["accuracy"] for row in table.values()), strict=True)
        axes.errorbar(
            [100 * mean for mean in means],
            np.arange(len(table)) + offset,
            xerr=[100 * (deviation or 0) for deviation in deviations],
            fmt="o",
            color=colour,
            label=mode.replace("_", " "),
        )
    axes.set_yticks(range(len(table)), list(table))
    axes.invert_yaxis()
    axes.set_xlabel("accuracy (%)")
    drawing.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return drawing


def density(trained, data):
    """Mean spike probability of an input neuron in a step, over the test images."""
    drive = trained.coding.encode(data.test_images, data.levels)
    return float((drive.raster() if isinstance(drive, Events) else drive).mean())


def main():
    options = arguments()
    epochs, seeds = (2, 1) if options.fast else (options.epochs, options.seeds)
    variant = {
        "dataset": options.dataset,
        "epochs": epochs,
        "samples": options.samples,
        "test_images": options.test_images,
    }
    kept = options.output / "runs.json"
    done = begun(kept, {"variant": variant}) if options.resume else {}
    options.output.mkdir(parents=True, exist_ok=True)
    data = pffspike.load_data(options.dataset, options.data)
    data = pffspike.first_samples(data, train=options.samples, test=options.test_images)
    table, made = {}, conditions(data, not (options.fast or options.no_variants))
    for title in options.only:
        if title not in made:
            raise unknown("input", title, made)
    for title in (title for title in made if title in (options.only or made)):
        runs = done.setdefault(title, [])
        condition = made[title]() if len(runs) < seeds else None
        for seed in range(len(runs), seeds):
            runs.append(run(condition, epochs, seed))
            write_whole(kept, json.dumps({"variant": variant, "runs": done}, indent=1) + "\n")
        runs = runs[:seeds]
        table[title] = {"density": runs[0]["density"], **summary(runs)}
        print(markdown({title: table[title]}).splitlines()[-1], flush=True)
        write_whole(options.output / "results.json", json.dumps(table, indent=1) + "\n")
    write_whole(options.output / "table.md", f"{TITLE}\n\n{markdown(table)}")
    plots.save(picture(table), options.output / "accuracy.png")


if __name__ == "__main__":
    run_script(main)
