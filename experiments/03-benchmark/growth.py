"""How cost grows with width, depth, classes and images, see README.md."""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import pffspike
from pffspike import Execution, plots
from pffspike.arithmetic import counter
from pffspike.circuits import without_latents
from pffspike.files import write_whole
from pffspike.plots.canvas import FALSE, OTHERS, PAGE, TRUE, figure, styled
from pffspike.studies.script import run_script

BASE: dict[str, Any] = {"hidden": [500, 500], "classes": 10}
THRESHOLDS = (
    14,
    10,
)  #: of the goodness of 500 neurons; more or fewer have more or less in proportion
AXES: dict[str, list[dict[str, Any]]] = {
    "width": [{"hidden": [n, n]} for n in (250, 500, 1000, 2000, 4000)],
    "depth": [{"hidden": [500] * n} for n in (1, 2, 3, 4)],
    "classes": [{"classes": n} for n in (2, 10, 26, 47)],
}
X = {
    "width": ("neurons of a hidden population", lambda found: found["hidden"][0]),
    "depth": ("hidden populations", lambda found: len(found["hidden"])),
    "classes": ("classes", lambda found: found["classes"]),
}
MODES = ("goodness", "proposal", "one_pass")
PIXELS, SAMPLES, SECONDS = 784, 100, 0.5
FEW, MORE = 10, 40  #: images of a call that is timed, and how many more of the next
IMAGES = (1_000, 10_000, 60_000)
FIGURES = (
    ("train", "a training presentation", TRUE),
    ("goodness", "an answer, label by label", FALSE),
    ("proposal", "an answer, three candidates", OTHERS[0]),
    ("one_pass", "an answer in one pass", OTHERS[1]),
)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="the smallest of each, once")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("-o", "--output", type=Path, default=Path("results/03-growth"))
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    return parser.parse_args()


def network(hidden, classes):
    """The card of MNIST in another size, without its generative half."""
    thresholds = [THRESHOLDS[min(k, 1)] * n / 500 for k, n in enumerate(hidden)]
    changes = without_latents()
    changes["pff"] |= {
        "hidden": hidden,
        "classes": classes,
        "threshold": thresholds,
        "scale": [2] + [4] * (len(hidden) - 1),
        "learning_rate": [0.25] + [0.0625] * (len(hidden) - 1),
        "homeostasis_free": [False] + [True] * (len(hidden) - 1) if len(hidden) > 1 else [True],
        "generative": False,
    }
    return pffspike.load_network("mnist-light", changes)


def shown(samples, classes):
    """Random images of which a fifth of the pixels is lit, as in handwriting, and labels."""
    grey = counter.integers(1, np.arange(samples * PIXELS), 256).reshape(samples, PIXELS)
    grey[grey < 205] = 0
    return pffspike.probabilities(grey, 255), np.arange(samples) % classes


def measure(found):
    """Times of one size, in seconds, and the memory of this process, in megabytes."""
    spec = network(found["hidden"], found["classes"])
    base = network(**BASE)
    images, labels = shown(SAMPLES, found["classes"])
    _training(base, images[:2], labels[:2] % 10)  # compiled, or read from the cache
    before = _peak()
    start = time.perf_counter()
    trained = pffspike.TrainedNetwork(spec, pffspike.initial(spec, 0), 0)
    ready = time.perf_counter() - start
    train, opened, trained = _training(spec, images, labels, trained)
    row = {
        **found,
        "synapses": sum(int(np.count_nonzero(w)) for w in trained.parameters.weights.values()),
        "start_up": ready + opened,
        "train": train,
        "megabytes": _peak() - before,
        **{mode: _answering(trained, mode, images) for mode in MODES},
    }
    train, _, trained = _training(base, images, labels % 10)
    row["base"] = {"train": train, **{mode: _answering(trained, mode, images) for mode in MODES}}
    return row


def _training(spec, images, labels, trained=None):
    """Seconds of a core a training sample, seconds until the session is open, and what was learned.

    The first presentations of all samples, in which homeostasis finds its rates, are not counted.
    """
    trained = trained or pffspike.TrainedNetwork(spec, pffspike.initial(spec, 0), 0)
    given = {"image": images, "label": labels, "negative": np.full(len(labels), -1)}
    start = time.process_time()
    with pffspike.open_session(trained, "train", Execution("numba")) as session:
        opened = time.process_time() - start
        session.run(given, np.arange(len(labels)))
        start = time.process_time()
        session.run(given, len(labels) + np.arange(len(labels)))
        took = (time.process_time() - start) / len(labels)
        return took, opened, trained.replace(parameters=session.parameters)


def _answering(trained, mode, images):
    """Seconds of a core an answer takes, without what a call takes however many images it has."""
    execution = Execution("numba", jobs=1)
    found: list[float] = []

    def took(count):
        start = time.process_time()
        pffspike.classify(trained, images[:count], mode, execution=execution)
        return time.process_time() - start

    took(1)
    begin = time.process_time()
    while not found or time.process_time() - begin < SECONDS:
        found.append((took(FEW + MORE) - took(FEW)) / MORE)
    return statistics.median(found)


def _peak():
    """Megabytes of memory that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1000 if os.name == "posix" else 1)


def asked(found):
    """`measure` in a process of its own, for its memory."""
    command = [sys.executable, __file__, "--measure", json.dumps(found)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def relative(rows):
    """Medians over rounds: times over those of 2 x 500 with ten classes, measured right after."""
    first = rows[0]
    return {
        **{key: first[key] for key in ("hidden", "classes", "synapses")},
        **{
            key: statistics.median(row[key] / row["base"][key] for row in rows)
            for key in ("train", *MODES)
        },
        "start_up": statistics.median(row["start_up"] for row in rows),
        "megabytes": statistics.median(row["megabytes"] for row in rows),
    }


def reading(count):
    """Seconds until so many images of a file are ready, and megabytes that they take."""
    code = (
        "import resource, sys, time, numpy as np, pffspike\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "start = time.perf_counter()\n"
        "data = pffspike.load_own(pffspike.DataSource(sys.argv[1], sys.argv[2]))\n"
        "print(time.perf_counter() - start,"
        " (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        images, labels = Path(folder) / "x.npy", Path(folder) / "y.npy"
        grey = counter.integers(1, np.arange(count * PIXELS), 256).reshape(count, PIXELS)
        np.save(images, grey.astype(np.uint8))
        np.save(labels, np.arange(count) % 10)
        done = subprocess.run(
            [sys.executable, "-c", code, images, labels], capture_output=True, text=True, check=True
        )
    seconds, megabytes = map(float, done.stdout.split())
    return {"images": count, "seconds": seconds, "megabytes": megabytes}


def scheduling(runs):
    """Seconds of a study of runs that take no time: in this process, by two, by Dask."""
    from distributed import LocalCluster

    seeds = list(range(runs))
    config = f'title = "runs that take no time"\ndatasets = ["digits"]\nseeds = {seeds}\n'
    config += f'[systems.knn]\nkind = "neighbours"\nneighbours = 3\nseeds = {seeds}\n'

    def took(**where):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "config.toml").write_text(config)
            start = time.perf_counter()
            pffspike.study(folder, resources=pffspike.Resources(**where))
            return time.perf_counter() - start

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        dask = {"scheduler": cluster.scheduler_address}
        took(jobs=1), took(**dask)  # packages are imported
        return {
            "runs": runs,
            "this process": took(jobs=1),
            "two processes": took(jobs=2),
            "Dask": took(**dask),
        }


def markdown(table, images, scheduled):
    head = "training | label by label | three candidates | one pass | start-up | memory"
    lines = ["# Growth", ""]
    for axis, rows in table.items():
        lines += ["", f"| {axis} | synapses | {head} |", "|" + " --- |" * 8]
        for row in rows:
            cells = [f"{X[axis][1](row)}", f"{row['synapses']:,}"]
            cells += [f"{row[key]:.2f}" for key in ("train", *MODES)]
            cells += [f"{row['start_up']:.2f} s", f"{row['megabytes']:.0f} MB"]
            lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "| images | ready after | memory |", "| --- | --- | --- |"]
    lines += [
        f"| {row['images']:,} | {row['seconds']:.2f} s | {row['megabytes']:.0f} MB |"
        for row in images
    ]
    runs = scheduled["runs"]
    lines += ["", f"| {runs} runs that take no time | seconds |", "| --- | --- |"]
    lines += [f"| {name} | {value:.2f} |" for name, value in scheduled.items() if name != "runs"]
    return "\n".join(lines) + "\n"


@styled
def curves(table):
    """Times over those of 2 x 500 with ten classes, a panel an axis."""
    drawing = figure(PAGE, 2.6)
    panels = drawing.subplots(1, len(table), sharey=True)
    for axes, (axis, rows) in zip(panels, table.items(), strict=True):
        title, place = X[axis]
        places = [place(row) for row in rows]
        for key, label, colour in FIGURES:
            values = [row[key] for row in rows]
            axes.plot(places, values, "o-", color=colour, label=label, markersize=3)
        axes.set_xlabel(title)
        axes.set_yscale("log")
        if axis != "depth":
            axes.set_xscale("log")
        axes.set_xticks(places, [f"{n:,}" for n in places])
        axes.minorticks_off()
    panels[0].set_ylabel("time, over that of 2 x 500, 10 classes")
    drawing.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=4)
    return drawing


def main():
    options = arguments()
    if options.measure:
        print(json.dumps(measure(json.loads(options.measure))))
        return
    options.output.mkdir(parents=True, exist_ok=True)
    scheduled = scheduling(2 if options.fast else 20)  # first: it needs a package more
    axes = {axis: sizes[:2] if options.fast else sizes for axis, sizes in AXES.items()}
    rounds: dict[str, list[list[dict[str, Any]]]] = {
        axis: [[] for _ in sizes] for axis, sizes in axes.items()
    }
    for _ in range(1 if options.fast else options.rounds):
        for axis, sizes in axes.items():
            for rows, size in zip(rounds[axis], sizes, strict=True):
                rows.append(asked({**BASE, **size}))
                print(
                    axis, size, f"{rows[-1]['train'] / rows[-1]['base']['train']:.2f}", flush=True
                )
    table = {axis: [relative(rows) for rows in sizes] for axis, sizes in rounds.items()}
    images = [reading(count) for count in IMAGES[: 1 if options.fast else None]]
    found = {"rounds": rounds, "table": table, "images": images, "scheduling": scheduled}
    write_whole(options.output / "growth.json", json.dumps(found) + "\n")
    write_whole(options.output / "growth.md", markdown(table, images, scheduled))
    plots.save(curves(table), options.output / "scaling.png")


if __name__ == "__main__":
    run_script(main)
