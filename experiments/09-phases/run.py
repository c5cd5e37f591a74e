"""How many positive presentations may come before their negative ones, see README.md."""

import argparse
import functools
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import schedules
from conditions import CONDITIONS, FAST, SHUFFLED, network_of
from summary import summary

import pffspike
from pffspike import plots
from pffspike.files import write_whole
from pffspike.plots.canvas import FALSE, NEUTRAL, OTHERS, PAGE, TRUE, figure, styled
from pffspike.studies.resumed import begun
from pffspike.studies.script import run_script

EPOCHS = 5
#: Conditions in the picture.
DRAWN = {
    "PFF": TRUE,
    "PFF, rate x 1/4": OTHERS[0],
    "PFF, rate x 1/4, epochs x 4": OTHERS[1],
    "PFF, high goodness": NEUTRAL,
    "FF, high goodness": FALSE,
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="one seed, few schedules and epochs")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--card", default="digits", help="a card of the circuit pff")
    parser.add_argument("--images", type=int, help="of the training part, the first ones")
    parser.add_argument("--epochs", type=int, help=f"{EPOCHS} by default")
    parser.add_argument(
        "--only", action="append", choices=CONDITIONS, metavar="LEARNING", help="may be repeated"
    )
    parser.add_argument("--jobs", type=int, default=1, help="trainings at a time")
    parser.add_argument("--resume", action="store_true", help="keep what results.json has")
    parser.add_argument("-o", "--output", type=Path, default=Path("results/09-phases"))
    return parser.parse_args()


def trained(task):
    """One training: what is measured of it."""
    variant, title, block, seed = task
    condition = (FAST if variant["fast"] else CONDITIONS)[title]
    network = network_of(variant["card"], condition)
    data = pffspike.load_data(network.training.dataset)
    data = pffspike.first_samples(data, train=variant["images"])
    size = {0: len(data.train_labels), SHUFFLED: None}.get(block, block)
    learned, recording, signs = schedules.learn(
        network, data, size, condition, variant["epochs"], seed
    )
    found = schedules.measured(learned, data, seed)
    found["swing"] = schedules.swing(recording, signs, size) if size and size > 1 else None
    return found


def cell(pair, digits=1, scale=100):
    """Mean and half of the interval, as text."""
    mean, half = pair
    spread = "" if half is None else f" ± {scale * half:.{digits}f}"
    return f"{scale * mean:.{digits}f}{spread}"


def range_cell(value, digits):
    """Geometric mean and the ends of its interval, as text."""
    if value is None:
        return "not in every seed"
    if value[1] is None:
        return f"{value[0]:.{digits}f}"
    low, high = (f"{each:.{digits}f}" for each in value[1:])
    return f"{value[0]:.{digits}f} ({low} to {high})"


def name_of(block):
    return {0: "an epoch", SHUFFLED: "random order"}.get(block, str(block))


def markdown(found, conditions):
    """The tables of all conditions and schedules, of critical blocks, and of tuned rates."""
    lines = [
        "# Blocks of positive presentations, then their negative ones\n",
        "| learning | block | accuracy, % | points lost | swing of goodness, hidden_1, % of the "
        "threshold | hidden_2 | silent, % | saturated, % |",
        "|" + " --- |" * 8,
    ]
    for title, condition in conditions.items():
        for block in condition.blocks:
            row = found["table"][title][str(block)]
            swings = [cell(pair, 0) for pair in row.get("swing", {}).values()]
            cells = [title, name_of(block), cell(row["accuracy"]), cell(row["lost"])]
            cells += swings or ["", ""]
            cells += [cell(row["silent"]), cell(row["saturated"])]
            lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "\n| learning | critical block | times that of the card's rate | times the rate | "
        "blocks of positives learned then |",
        "|" + " --- |" * 5,
    ]
    for title, row in found["ratios"].items():
        digits = {"block": 0, "times": 2, "product": 2, "alternations": 0}
        parts = (range_cell(row[key], places) for key, places in digits.items())
        lines.append(f"| {title} | {' | '.join(parts)} |")
    lines += ["\n| the critical block goes with | to the power |", "| --- | --- |"]
    for name, pair in found["exponents"].items():
        lines.append(f"| {name.replace('rate,', '1 / rate,')} | {cell(pair, 2, 1)} |")
    if found["tuned"]:
        lines += [
            "\n| block | accuracy with the best rate, % | points lost |",
            "| --- | --- | --- |",
        ]
        for block, pair in found["tuned"]["accuracy"].items():
            lines.append(f"| {block} | {cell(pair)} | {cell(found['tuned']['lost'][block])} |")
        lines.append(f"\nCritical block: {range_cell(found['tuned']['block'], 0)}.")
    return "\n".join(lines) + "\n"


@styled
def picture(found, conditions, count):
    """Accuracy and swing of goodness against the length of a block."""
    drawing = figure(PAGE, 3.0)
    left, right = drawing.subplots(1, 2)
    for title in (title for title in DRAWN if title in conditions):
        sizes = [b for b in conditions[title].blocks if b != SHUFFLED]
        rows = [(b or count, found["table"][title][str(b)]) for b in sizes]
        line(left, [b for b, _ in rows], [row["accuracy"] for _, row in rows], title)
        swings = [(b, next(iter(row["swing"].values()))) for b, row in rows if "swing" in row]
        line(right, [b for b, _ in swings], [pair for _, pair in swings], title)
    left.set_ylabel("accuracy, %")
    right.set_ylabel("swing of goodness in hidden_1,\n% of the threshold")
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xlabel("positive presentations in a row")
        axes.set_ylim(bottom=0)
    drawing.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return drawing


def line(axes, places, pairs, title):
    axes.errorbar(
        places,
        [100 * mean for mean, _ in pairs],
        yerr=[100 * (half or 0) for _, half in pairs],
        color=DRAWN[title],
        marker="o",
        markersize=3,
        label=title,
    )


def main():
    options = arguments()
    conditions = FAST if options.fast else CONDITIONS
    if options.only:
        conditions = {t: c for t, c in conditions.items() if t in options.only}
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
        (variant, title, block, seed)
        for seed in range(1 if options.fast else options.seeds)
        for title, condition in conditions.items()
        for block in condition.blocks
        if str(seed) not in runs[title][str(block)]
    ]
    write = functools.partial(json.dumps, indent=1)
    with ProcessPoolExecutor(options.jobs) as pool:
        for (_, title, block, seed), found in zip(tasks, pool.map(trained, tasks), strict=True):
            runs[title][str(block)][str(seed)] = found
            write_whole(results, write({"variant": variant, "runs": runs}) + "\n")
            accuracy = f"{found['accuracy']:.3f}"
            print(f"seed {seed}, {title}, block {name_of(block)}: {accuracy}", flush=True)
    network = pffspike.load_network(options.card)
    count = options.images or len(pffspike.load_data(network.training.dataset).train_labels)
    found = summary(runs, conditions, count, variant["epochs"])
    write_whole(results, write({"variant": variant, "runs": runs, **found}) + "\n")
    write_whole(options.output / "table.md", markdown(found, conditions))
    plots.save(picture(found, conditions, count), options.output / "phases.png")


if __name__ == "__main__":
    run_script(main)
