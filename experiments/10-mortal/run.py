"""What dies with a chip: copies, training and adaptation on imperfect chips, see README.md."""

import argparse
import functools
import json
import statistics
from pathlib import Path

import pictures
import spiking
from lab import (
    ADAPTED,
    BP,
    COARSE,
    COPY,
    DISTILLED,
    IDEAL,
    LEVELS,
    OTHER,
    OWN,
    PFF,
    SETTLED,
    STAGES,
    Lab,
    last,
)

import pffspike
from pffspike import intervals, plots
from pffspike.files import write_whole
from pffspike.studies.resumed import begun
from pffspike.studies.script import run_script


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="two chips of one kind, 3 epochs")
    parser.add_argument("--chips", type=int, default=5)
    parser.add_argument("--resume", action="store_true", help="keep what results.json has")
    parser.add_argument("-o", "--output", type=Path, default=Path("results/10-mortal"))
    return parser.parse_args()


def interval(values):
    """Mean, and half the width of the 95 % interval over chips."""
    mean = statistics.fmean(values)
    return [mean, intervals.of_mean(values).high - mean if len(values) > 1 else None]


def differences(runs):
    """What the study asks, paired chip by chip."""
    ideal = runs["ideal"]

    def paired(one, other):
        return interval([last(a) - last(b) for a, b in zip(one, other, strict=True)])

    found = {}
    for level in (name for name in LEVELS if name in runs):
        rows = runs[level]
        found[level] = {
            f"{system}, {condition} less ideal": paired(
                rows[f"{system}: {condition}"], ideal[f"{system}: {IDEAL}"]
            )
            for system in (PFF, BP)
            for condition in (COPY, ADAPTED, OWN)
        } | {
            f"{PFF}, {OTHER} less {COPY}": paired(rows[f"{PFF}: {OTHER}"], rows[f"{PFF}: {COPY}"]),
            f"{PFF}, {DISTILLED} less {OWN}": paired(
                rows[f"{PFF}: {DISTILLED}"], rows[f"{PFF}: {OWN}"]
            ),
            f"{PFF}, {SETTLED} less {COPY}": paired(
                rows[f"{PFF}: {SETTLED}"], rows[f"{PFF}: {COPY}"]
            ),
            f"copied, {PFF} less {BP}": paired(rows[f"{PFF}: {COPY}"], rows[f"{BP}: {COPY}"]),
            f"trained there less ideal, {PFF} less {BP}": interval(
                [
                    a - b - (c - d)
                    for a, b, c, d in zip(
                        rows[f"{PFF}: {OWN}"],
                        ideal[f"{PFF}: {IDEAL}"],
                        rows[f"{BP}: {OWN}"],
                        ideal[f"{BP}: {IDEAL}"],
                        strict=True,
                    )
                ]
            ),
        }
    return found


def until(curves, before, stages):
    """Presentations until within a point of before, chip by chip; None: not within the stages."""
    return [
        next((n for n, a in zip(stages, curve, strict=True) if a >= aim - 0.01), None)
        for curve, aim in zip(curves, before, strict=True)
    ]


def number(pair):
    mean, half = pair
    return f"{100 * mean:.1f}" + ("" if half is None else f" ± {100 * half:.1f}")


def markdown(runs, contrasts, energy, stages):
    ideal, levels = runs["ideal"], [name for name in LEVELS if name in runs]
    conditions = [(PFF, c) for c in (COPY, OTHER, OWN, DISTILLED, ADAPTED, SETTLED)]
    conditions += [(BP, c) for c in (COPY, COARSE, OWN, ADAPTED)]
    lines = ["# Mortal hardware", "", "Accuracy in percent, and the worst chip.", ""]
    lines += ["| system | " + " | ".join(levels) + " |", "|" + " --- |" * (len(levels) + 1)]
    for system, condition in conditions:
        cells = []
        for level in levels:
            values = [last(v) for v in runs[level][f"{system}: {condition}"]]
            cells.append(f"{number(interval(values))} ({100 * min(values):.1f})")
        lines.append(f"| {system}, {condition} | " + " | ".join(cells) + " |")
    lines += [
        "",
        f"On an ideal chip: {PFF} {number(interval(ideal[f'{PFF}: {IDEAL}']))}, "
        f"{BP} {number(interval(ideal[f'{BP}: {IDEAL}']))}. Adapted: after "
        f"{stages[-1]:,} presentations.",
        "",
        "Presentations until within a point of before, chip by chip:",
        "",
        "| system | " + " | ".join([*levels, "a tenth of the neurons dies"]) + " |",
        "|" + " --- |" * (len(levels) + 2),
    ]
    life = runs["life"]
    for system in (PFF, BP):
        cells = [
            until(runs[level][f"{system}: {ADAPTED}"], ideal[f"{system}: {IDEAL}"], stages)
            for level in levels
        ]
        cells.append(until(life[f"{system}: injured"], life[f"{system}: before"], stages))
        texts = [", ".join("-" if n is None else f"{n:,}" for n in cell) for cell in cells]
        lines.append(f"| {system} | " + " | ".join(texts) + " |")
    lines += ["", "Trained on a chip with all defects, then:", ""]
    lines += ["| | at once | at the end |", "| --- | --- | --- |"]
    for name, values in life.items():
        if isinstance(values[0], list):
            first, end = ([v[k] for v in values] for k in (0, -1))
            lines.append(f"| {name} | {number(interval(first))} | {number(interval(end))} |")
        else:
            lines.append(f"| {name} | {number(interval(values))} | |")
    lines += ["", "Copied, if synapses of one projection alone are broken:", ""]
    lines += ["| projection | accuracy |", "| --- | --- |"]
    lines += [
        f"| {name.partition(': ')[2]} | {number(interval(values))} |"
        for name, values in runs["where"].items()
    ]
    for level, rows in contrasts.items():
        lines += ["", f"Differences, {level}, in points:", "", "| difference | points |"]
        lines += ["| --- | --- |", *(f"| {n} | {number(pair)} |" for n, pair in rows.items())]
    lines += [
        "",
        f"A learned presentation takes {1e6 * energy:.2f} µJ on Loihi 1, without static power.",
    ]
    return "\n".join(lines) + "\n"


def main():
    options = arguments()
    chips, epochs = (2, 3) if options.fast else (options.chips, 30)
    stages = STAGES[:4] if options.fast else STAGES
    levels = {"all": LEVELS["all"]} if options.fast else LEVELS
    options.output.mkdir(parents=True, exist_ok=True)
    results = options.output / "results.json"
    variant = {"fast": options.fast, "chips": chips}
    runs = begun(results, variant) if options.resume else {}
    lab = Lab(pffspike.load_data("digits"), chips, epochs, stages)
    parts = {"ideal": lab.ideal}
    parts |= {name: functools.partial(lab.level, mismatch) for name, mismatch in levels.items()}
    parts["where"] = lambda: lab.where(LEVELS["all" if options.fast else "broken synapses 30 %"])
    parts["life"] = lambda: lab.life(LEVELS["all"])
    for name, measure in parts.items():
        if name not in runs:
            runs[name] = measure()
            write_whole(results, json.dumps({**variant, "runs": runs}) + "\n")
        means = {key: number(interval([last(v) for v in row])) for key, row in runs[name].items()}
        print(name, means, flush=True)
    contrasts, energy = differences(runs), spiking.energy_of_learning(lab.pff[0], lab.data)
    found = {**variant, "runs": runs, "differences": contrasts, "joule_a_presentation": energy}
    write_whole(results, json.dumps(found) + "\n")
    write_whole(options.output / "table.md", markdown(runs, contrasts, energy, stages))
    plots.save(pictures.by_level(runs), options.output / "errors.png")
    plots.save(pictures.life_of(runs["life"], stages), options.output / "life.png")


if __name__ == "__main__":
    run_script(main)
