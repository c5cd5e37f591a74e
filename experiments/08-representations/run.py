"""Sparsity and ensembles of hidden activity, and what is emergent about them, see README.md."""

import argparse
import functools
import json
import math
import statistics
from pathlib import Path

from catalogue import SYSTEMS, epochs_of, learn
from measures import at_equal_accuracy, controls, lesions, measured, unseen
from pictures import picture, unseen_picture
from tables import markdown, number, probes, sizes

import pffspike
from pffspike import intervals, plots
from pffspike.files import write_whole
from pffspike.studies.resumed import begun
from pffspike.studies.script import run_script

NEVER = 4  #: the class that some networks never learn
#: Systems of which more is asked: lesions of ensembles, a class never learned, equal accuracy.
LESIONED = UNSEEN = (
    "spiking PFF",
    "spiking PFF, high goodness",
    "rate-coded FF",
    "backpropagation, rate 0.001",
)
EQUAL = (
    *LESIONED,
    "spiking PFF, no homeostasis",
    "backpropagation on FF's objective",
    "backpropagation, rate 0.0001",
)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="one seed, few epochs")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--resume", action="store_true", help="keep what results.json has")
    parser.add_argument(
        "--unseen", type=int, choices=range(10), help="ask of this class only, in place of the 4"
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("results/08-representations"))
    return parser.parse_args()


def over_seeds(runs):
    """Mean over seeds, and half the width of the 95 % interval, of every figure."""
    first = runs[0]
    if isinstance(first, dict):
        return {key: over_seeds([run[key] for run in runs]) for key in first}
    values = [float(value) for value in runs if value is not None]
    if not values:
        return [None, None]
    half = (intervals.of_mean(values).high - statistics.fmean(values)) if len(values) > 1 else None
    return [statistics.fmean(values), None if half is None or math.isnan(half) else half]


def asked(title, data, seed, fast):
    """All that is asked of a system, by part."""
    learned = learn(title, data, seed, epochs_of(title, fast))
    found = {"table": measured(learned, data, seed)}
    if title in LESIONED:
        found["lesions"] = lesions(learned, data.test_labels, seed)
    if title in UNSEEN:
        found["unseen"] = unseen(title, learned, data, NEVER, seed, fast)
    if title in EQUAL and not fast:
        found["equal"] = at_equal_accuracy(title, data, seed)
    return found


def another(which, seeds, options):
    """What is asked of a class that was never learned, of another class."""
    data, path = pffspike.load_data("digits"), options.output / f"unseen-{which}.json"
    variant = {"fast": options.fast, "class": which}
    runs = begun(path, variant) if options.resume else {}
    for title in UNSEEN:
        runs[title] = runs.get(title, [])[: len(seeds)]
        for seed in seeds[len(runs[title]) :]:
            whole = learn(title, data, seed, epochs_of(title, options.fast))
            runs[title].append(unseen(title, whole, data, which, seed, options.fast))
            write_whole(path, json.dumps({**variant, "runs": runs}, indent=1) + "\n")
            print(f"{title}, without {which}, seed {seed}", flush=True)
    found = {title: over_seeds(runs[title]) for title in UNSEEN}
    known = over_seeds([controls(data, which, seed) for seed in seeds])
    content = {**variant, "runs": runs, "unseen": found, "controls": known}
    write_whole(path, json.dumps(content, indent=1) + "\n")
    lines = [
        f"# A class that was never learned, {which}: ensembles without a label\n",
        *sizes(found),
    ]
    lines += ["\n## Linear probes, F1 in %\n", *probes(found, known)]
    write_whole(path.with_suffix(".md"), "\n".join(lines) + "\n")


def main():
    options = arguments()
    seeds = range(1 if options.fast else options.seeds)
    data = pffspike.load_data("digits")
    options.output.mkdir(parents=True, exist_ok=True)
    if options.unseen is not None:
        another(options.unseen, seeds, options)
        return
    results = options.output / "results.json"
    kept = begun(results, {"fast": options.fast}) if options.resume else {}
    runs: dict[str, list] = {}
    found: dict[str, dict] = {"table": {}, "lesions": {}, "unseen": {}, "equal": {}}
    write = functools.partial(json.dumps, indent=1)
    for title in SYSTEMS:
        runs[title] = kept.get(title, [])[: len(seeds)]
        for seed in seeds[len(runs[title]) :]:
            runs[title].append(asked(title, data, seed, options.fast))
            write_whole(results, write({"fast": options.fast, "runs": {**kept, **runs}}) + "\n")
        for part, figures in over_seeds(runs[title]).items():
            found[part][title] = figures
        print(f"{title}: {number(found['table'][title]['accuracy'], 1, 100)} %", flush=True)
    found["controls"] = over_seeds([controls(data, NEVER, seed) for seed in seeds])
    write_whole(results, write({"fast": options.fast, "runs": runs, **found}) + "\n")
    write_whole(options.output / "table.md", markdown(found))
    plots.save(picture(found["table"]), options.output / "representations.png")
    plots.save(unseen_picture(found["unseen"]), options.output / "unseen.png")


if __name__ == "__main__":
    run_script(main)
