"""How many positive presentations may come before their negative ones, see README.md."""

import argparse
import functools
import itertools
import json
import math
import statistics
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import schedules

import pffspike
from pffspike import intervals, plots
from pffspike.files import write_whole
from pffspike.plots.canvas import FALSE, NEUTRAL, OTHERS, PAGE, TRUE, figure, styled
from pffspike.studies.resumed import begun
from pffspike.studies.script import run_script

EPOCHS = 10
FALLEN = 0.05  #: of the accuracy: what a critical block costs
BLOCKS = (1, 10, 30, 100, 300, 0)  #: 0: a whole epoch
SHUFFLED = -1  #: in place of a block: signs in random order


@dataclass(frozen=True)
class Condition:
    """A row of figures: all schedules at one learning rate."""

    rate: float
    longer: int = 1  #: times as many epochs
    homeostasis: bool = True
    blocks: tuple[int, ...] = (*BLOCKS, SHUFFLED)


CONDITIONS = {
    "rate x 1": Condition(1.0),
    "rate x 1/4": Condition(0.25),
    "rate x 1/16": Condition(0.0625),
    "rate x 1, no homeostasis": Condition(1.0, homeostasis=False, blocks=BLOCKS),
    "rate x 1/4, 4 times the epochs": Condition(0.25, longer=4, blocks=(1, 30, 100, 300, 0)),
}
FAST = {
    "rate x 1": Condition(1.0, blocks=(1, 30, 300, SHUFFLED)),
    "rate x 1/4": Condition(0.25, blocks=(1, 300)),
    "rate x 1, no homeostasis": Condition(1.0, homeostasis=False, blocks=(1, 300)),
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="one seed, few schedules and epochs")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--card", default="digits", help="a card of the circuit pff")
    parser.add_argument("--images", type=int, help="of the training part, the first ones")
    parser.add_argument("--epochs", type=int, help=f"{EPOCHS} by default")
    parser.add_argument("--workers", type=int, default=1, help="trainings at a time")
    parser.add_argument("--resume", action="store_true", help="keep what results.json has")
    parser.add_argument("-o", "--output", type=Path, default=Path("results/09-phases"))
    return parser.parse_args()


def trained(task):
    """One training: what is measured of it."""
    variant, title, block, seed = task
    condition = variant["conditions"][title]
    network = schedules.separated(pffspike.load_network(variant["card"], schedules.PLAIN))
    if not condition.homeostasis:
        network = schedules.without_homeostasis(network)
    data = pffspike.load_data(network.training.dataset)
    data = pffspike.first_samples(data, train=variant["images"])
    size = {0: len(data.train_labels), SHUFFLED: None}.get(block, block)
    learned, recording, signs = schedules.learn(
        network, data, size, condition.rate, variant["epochs"], seed, condition.longer
    )
    found = schedules.measured(learned, data, seed)
    found["swing"] = schedules.swing(recording, signs, size) if size and size > 1 else None
    return found


def interval(values):
    """Mean and half the width of the 95 % interval (None with one value)."""
    if len(values) < 2:
        return [statistics.fmean(values), None]
    found = intervals.of_mean(values)
    half = found.high - statistics.fmean(values)
    return [statistics.fmean(values), 0.0 if math.isnan(half) else half]


def critical(blocks, accuracies):
    """Block at which the accuracy has fallen by `FALLEN`; None if none of them has.

    Between two blocks it is interpolated along the logarithm of the block.
    """
    wanted = accuracies[0] - FALLEN
    pairs = list(zip(blocks, accuracies, strict=True))
    for (shorter, before), (longer, after) in itertools.pairwise(pairs):
        if after < wanted <= before:
            part = (before - wanted) / (before - after)
            return math.exp(math.log(shorter) + part * math.log(longer / shorter))
    return None


def summary(runs, conditions, count):
    """Figures over seeds: by condition and block, and the critical blocks."""
    table: dict[str, dict] = {}
    critical_blocks = {}
    for title, condition in conditions.items():
        seeds = sorted(set.intersection(*(set(runs[title][str(b)]) for b in condition.blocks)))
        by_seed = {b: [runs[title][str(b)][seed] for seed in seeds] for b in condition.blocks}
        first = [run["accuracy"] for run in by_seed[1]]
        table[title] = {}
        for block, found in by_seed.items():
            accuracy = [run["accuracy"] for run in found]
            row = {key: interval([r[key] for r in found]) for key in ("silent", "saturated")}
            row["accuracy"] = interval(accuracy)
            row["lost"] = interval([b - a for a, b in zip(accuracy, first, strict=True)])
            if found[0]["swing"]:
                row["swing"] = {
                    name: interval([r["swing"][name] for r in found]) for name in found[0]["swing"]
                }
            table[title][str(block)] = row
        sizes = [b for b in condition.blocks if b != SHUFFLED]
        lengths = [b or count for b in sizes]
        critical_blocks[title] = [
            critical(lengths, [by_seed[b][k]["accuracy"] for b in sizes]) for k in range(len(seeds))
        ]
    return {"table": table, "critical": critical_blocks, "ratios": ratios(critical_blocks)}


def geometric(values):
    """Geometric mean and its 95 % interval; None if a value is missing."""
    if not values or None in values:
        return None
    mean, half = interval([math.log(value) for value in values])
    low, high = (math.exp(mean - half), math.exp(mean + half)) if half is not None else (None, None)
    return [math.exp(mean), low, high]


def ratios(found):
    """Critical blocks as geometric means, and how many times longer than at the full rate."""
    base, rows = found["rate x 1"], {}
    for title, values in found.items():
        both = len(values) == len(base) and None not in values and None not in base
        longer = [v / b for v, b in zip(values, base, strict=True)] if both else []
        rows[title] = {"block": geometric(values), "times": geometric(longer)}
    return rows


def cell(pair, digits=1, scale=100):
    """Mean and half of the interval, as text."""
    mean, half = pair
    spread = "" if half is None else f" ± {scale * half:.{digits}f}"
    return f"{scale * mean:.{digits}f}{spread}"


def name_of(block):
    return {0: "an epoch", SHUFFLED: "random order"}.get(block, str(block))


def markdown(found, conditions):
    """The table of all conditions and schedules."""
    lines = [
        "# Blocks of positive presentations, then their negative ones\n",
        "| learning | block | accuracy, % | points lost | swing of goodness, hidden_1, % of the "
        "threshold | hidden_2 | silent, % | saturated, % |",
        "|" + " --- |" * 8,
    ]
    for title, condition in conditions.items():
        for block in condition.blocks:
            row = found["table"][title][str(block)]
            swings = [cell(pair, 0) for pair in row.get("swing", {}).values()] or ["", ""]
            cells = [title, name_of(block), cell(row["accuracy"]), cell(row["lost"]), *swings]
            cells += [cell(row["silent"]), cell(row["saturated"])]
            lines.append("| " + " | ".join(cells) + " |")
    lines += ["\n| learning | critical block | times that of rate x 1 |", "| --- | --- | --- |"]
    for title, row in found["ratios"].items():
        cells = []
        for key, digits in (("block", 0), ("times", 2)):
            value = row[key]
            if value is None:
                cells.append("not in every seed")
            elif value[1] is None:
                cells.append(f"{value[0]:.{digits}f}")
            else:
                low, high = (f"{each:.{digits}f}" for each in value[1:])
                cells.append(f"{value[0]:.{digits}f} ({low} to {high})")
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


@styled
def picture(found, conditions, count):
    """Accuracy and swing of goodness against the length of a block."""
    drawing = figure(PAGE, 3.0)
    left, right = drawing.subplots(1, 2)
    colours = (TRUE, OTHERS[0], FALSE, NEUTRAL, OTHERS[1])
    for (title, condition), colour in zip(conditions.items(), colours, strict=False):
        sizes = [b for b in condition.blocks if b != SHUFFLED]
        rows = [found["table"][title][str(b)] for b in sizes]
        places = [b or count for b in sizes]
        line(left, places, [row["accuracy"] for row in rows], colour, title)
        swings = [(b, row["swing"]) for b, row in zip(places, rows, strict=True) if "swing" in row]
        pairs = [next(iter(swung.values())) for _, swung in swings]
        line(right, [b for b, _ in swings], pairs, colour, title)
    left.set_ylabel("accuracy, %")
    right.set_ylabel("swing of goodness in hidden_1,\n% of the threshold")
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xlabel("positive presentations in a row")
        axes.set_ylim(bottom=0)
    drawing.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return drawing


def line(axes, places, pairs, colour, label):
    axes.errorbar(
        places,
        [100 * mean for mean, _ in pairs],
        yerr=[100 * (half or 0) for _, half in pairs],
        color=colour,
        marker="o",
        markersize=3,
        label=label,
    )


def main():
    options = arguments()
    conditions = FAST if options.fast else CONDITIONS
    variant = {
        "card": options.card,
        "images": options.images,
        "epochs": options.epochs or (2 if options.fast else EPOCHS),
        "fast": options.fast,
    }
    options.output.mkdir(parents=True, exist_ok=True)
    results = options.output / "results.json"
    kept = begun(results, {"variant": variant}) if options.resume else {}
    runs = {
        title: {str(b): kept.get(title, {}).get(str(b), {}) for b in condition.blocks}
        for title, condition in conditions.items()
    }
    tasks = [
        ({**variant, "conditions": conditions}, title, block, seed)
        for seed in range(1 if options.fast else options.seeds)
        for title, condition in conditions.items()
        for block in condition.blocks
        if str(seed) not in runs[title][str(block)]
    ]
    write = functools.partial(json.dumps, indent=1)
    with ProcessPoolExecutor(options.workers) as pool:
        for (_, title, block, seed), found in zip(tasks, pool.map(trained, tasks), strict=True):
            runs[title][str(block)][str(seed)] = found
            write_whole(results, write({"variant": variant, "runs": runs}) + "\n")
            accuracy = f"{found['accuracy']:.3f}"
            print(f"seed {seed}, {title}, block {name_of(block)}: {accuracy}", flush=True)
    network = pffspike.load_network(options.card)
    count = options.images or len(pffspike.load_data(network.training.dataset).train_labels)
    found = summary(runs, conditions, count)
    write_whole(results, write({"variant": variant, "runs": runs, **found}) + "\n")
    write_whole(options.output / "table.md", markdown(found, conditions))
    plots.save(picture(found, conditions, count), options.output / "phases.png")


if __name__ == "__main__":
    run_script(main)
