"""Accuracy while a network learns on-line from a stream that drifts, see README.md."""

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import streams
import systems

import pffspike
from pffspike import intervals, plots
from pffspike.arithmetic import counter
from pffspike.files import write_whole
from pffspike.plots.canvas import FALSE, NEUTRAL, OTHERS, PAGE, TRUE, figure, styled
from pffspike.studies.resumed import begun
from pffspike.studies.script import run_script

PASSES = 2  #: over the images of a segment
BINS = 12  #: of a segment, in the curves
EARLY = 100  #: samples at the begin of a segment
PFF, BEST = "spiking PFF", "backpropagation, rate 0.001"
OFF, BEST_OFF = f"{PFF}, learning off", f"{BEST}, learning off"
AT_RANDOM, PERMUTED = f"{PFF}, random negatives", f"{PFF}, permuted labels"
PRESENT, OF_OLD = f"{PFF}, negatives of present classes", f"{PFF}, negatives of old classes"
RATES = {f"backpropagation, rate {rate}": rate for rate in (0.0001, 0.001, 0.01)}
SYSTEMS = (PFF, OFF, AT_RANDOM, PRESENT, OF_OLD, PERMUTED, *RATES, BEST_OFF)
KEPT = {  #: after the second segment, on test images
    "old classes": "old",
    "old classes among old ones": "old_among_own",
    "new classes": "other",
}
ONLY = {  #: drift that it is for
    PRESENT: "new classes",
    OF_OLD: "new classes",
    PERMUTED: "none",
    **{title: "none" for title in RATES if title != BEST},  # where the best of them is chosen
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="one seed, one pass, two drifts")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--resume", action="store_true", help="keep what results.json has")
    parser.add_argument("-o", "--output", type=Path, default=Path("results/13-online"))
    return parser.parse_args()


def negatives(title, segments, k, seed):
    """Wrong labels of a segment; None: those that the network finds most convincing."""
    segment = segments[k]
    if title == AT_RANDOM:
        allowed = np.arange(10)
    elif title == PRESENT or (title == OF_OLD and k != 1):
        allowed = np.array(segment.classes)
    elif title == OF_OLD:
        allowed = np.array(segments[0].classes)
    else:
        return None
    chosen = np.empty(len(segment.labels), np.int64)
    key = counter.derive_key(seed, counter.NEGATIVES, k)
    draws = counter.uniform(key, np.arange(len(chosen)))
    for n, label in enumerate(segment.labels):
        wrong = allowed[allowed != label]
        chosen[n] = wrong[int(draws[n] * len(wrong))]
    return chosen


def run(title, drift, data, seed, passes):
    """One system on one stream: on-line accuracy, and on test images after each segment."""
    segments = streams.stream(data, drift, seed, passes)
    rate = RATES.get(title.removesuffix(", learning off"))
    system = (
        systems.Spiking(data, seed) if rate is None else systems.Backpropagation(data, seed, rate)
    )
    found: dict[str, Any] = {
        "curve": [],
        "early": [],
        "late": [],
        "old": [],
        "old_among_own": [],
        "other": [],
    }
    for k, segment in enumerate(segments):
        labels = segment.labels
        if title == PERMUTED:
            order = counter.permutation(len(labels), counter.derive_key(seed, 14, k))
            labels = labels[order]
        wrong = negatives(title, segments, k, seed)
        right = labels == system.learn(segment.images, labels, not (k and "off" in title), wrong)
        found["curve"] += [round(float(part.mean()), 4) for part in np.array_split(right, BINS)]
        found["early"].append(float(right[:EARLY].mean()))
        found["late"].append(float(right[-len(right) // 4 :].mean()))
        old, other = segments[0], segments[1]
        scores, own = system.scores(old.test_images), np.array(old.classes)
        found["old"].append(float(np.mean(scores.argmax(axis=1) == old.test_labels)))
        among = own[scores[:, own].argmax(axis=1)]
        found["old_among_own"].append(float(np.mean(among == old.test_labels)))
        answers = system.scores(other.test_images).argmax(axis=1)
        found["other"].append(float(np.mean(answers == other.test_labels)))
    found["forgotten"] = found["old"][0] - found["old"][1]
    found["forgotten_among_own"] = found["old_among_own"][0] - found["old_among_own"][1]
    return found


def interval(values):
    """Mean, and half the width of the 95 % interval over seeds."""
    mean = statistics.fmean(values)
    return [mean, intervals.of_mean(values).high - mean if len(values) > 1 else None]


def over_seeds(runs):
    """Mean and half width of every value of a system on a stream."""
    return {
        key: interval([run[key] for run in runs])
        if isinstance(value, float)
        else [interval([run[key][k] for run in runs]) for k in range(len(value))]
        for key, value in runs[0].items()
    }


def differences(runs):
    """What the study asks, each a difference that is paired within a seed."""
    drifts = list(runs[PFF])

    def paired(one, other):
        return interval([a - b for a, b in zip(one, other, strict=True)])

    def of(title, drift, key, k=None):
        return [run[key] if k is None else run[key][k] for run in runs[title][drift]]

    found = {}
    for drift in drifts:
        found[drift] = {
            "learning on less off, PFF": paired(
                of(PFF, drift, "late", 1), of(OFF, drift, "late", 1)
            ),
            "learning on less off, backpropagation": paired(
                of(BEST, drift, "late", 1), of(BEST_OFF, drift, "late", 1)
            ),
            "PFF less backpropagation, on-line": paired(
                of(PFF, drift, "late", 1), of(BEST, drift, "late", 1)
            ),
            "forgotten less forgotten without drift, PFF": paired(
                of(PFF, drift, "forgotten"), of(PFF, "none", "forgotten")
            ),
            "forgotten, PFF less backpropagation": paired(
                of(PFF, drift, "forgotten"), of(BEST, drift, "forgotten")
            ),
            "forgotten among its own classes, PFF less backpropagation": paired(
                of(PFF, drift, "forgotten_among_own"), of(BEST, drift, "forgotten_among_own")
            ),
            "begin of the third segment less that of the first, PFF": paired(
                of(PFF, drift, "early", 2), of(PFF, drift, "early", 0)
            ),
        }
    arriving = "new classes"
    for what, key in KEPT.items():
        for title in (OF_OLD, AT_RANDOM, PFF):
            name = f"{what}, {title.partition(', ')[2] or 'hard negatives'} less of present classes"
            found[arriving][name] = paired(
                of(title, arriving, key, 1), of(PRESENT, arriving, key, 1)
            )
    return found


def number(pair):
    mean, half = pair
    return f"{100 * mean:.1f}" + ("" if half is None else f" ± {100 * half:.1f}")


def markdown(table, contrasts):
    lines = ["# On-line learning from a stream that drifts", "", "All values are percent."]
    for drift in contrasts:
        lines += [
            f"\n{drift}:\n",
            "| system | on-line, end of 1 | begin of 2 | end of 2 | begin of 3 | end of 3 | "
            "first kind, after 1 | after 2 | after 3 | among its own classes, after 2 | "
            "second kind, after 2 |",
            "|" + " --- |" * 11,
        ]
        for title, by_drift in table.items():
            if drift not in by_drift:
                continue
            row = by_drift[drift]
            early, late, old = row["early"], row["late"], row["old"]
            cells = [late[0], early[1], late[1], early[2], late[2], *old]
            cells += [row["old_among_own"][1], row["other"][1]]
            lines.append("| " + " | ".join([title, *map(number, cells)]) + " |")
    for drift, rows in contrasts.items():
        lines += [
            f"\nDifferences, {drift}, in points:\n",
            "| difference | points |",
            "| --- | --- |",
        ]
        lines += [f"| {name} | {number(pair)} |" for name, pair in rows.items()]
    return "\n".join(lines) + "\n"


@styled
def curves(table):
    """On-line accuracy along the stream, by drift."""
    drifts = list(table[PFF])
    drawing = figure(PAGE, 1.9 * ((len(drifts) + 1) // 2) + 0.6)
    panels = drawing.subplots((len(drifts) + 1) // 2, 2, sharex=True, sharey=True).ravel()
    for axes, drift in zip(panels, drifts, strict=False):
        for title, colour in (
            (PFF, TRUE),
            (OFF, OTHERS[0]),
            (BEST, FALSE),
            (PERMUTED, NEUTRAL),
        ):
            if drift in table[title]:
                means, halves = zip(*table[title][drift]["curve"], strict=True)
                places = (np.arange(len(means)) + 0.5) / BINS
                axes.errorbar(
                    places,
                    [100 * mean for mean in means],
                    yerr=[100 * (half or 0) for half in halves],
                    color=colour,
                    label=title,
                    linewidth=1,
                )
        for end in (1, 2):
            axes.axvline(end, color=NEUTRAL, linewidth=0.5)
        axes.set_title({"none": "no drift"}.get(drift, drift))
        axes.set_ylabel("on-line accuracy (%)")
        axes.set_xticks((0.5, 1.5, 2.5), ("first segment", "second", "third"))
        axes.tick_params(axis="x", length=0)
        axes.label_outer()
    panels[0].set(xlim=(0, 3), ylim=(0, 100))
    drawing.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return drawing


@styled
def old_classes(table):
    """Test images of the old classes after new ones were learned, by what negatives were."""
    titles = [title for title, row in table.items() if "new classes" in row and "off" not in title]
    drawing = figure(PAGE, 0.3 * len(titles) + 1.0)
    axes = drawing.subplots()
    for offset, key, label, colour in (
        (-0.15, "old", "among ten classes", TRUE),
        (0.15, "old_among_own", "among the five old ones", OTHERS[0]),
    ):
        pairs = [table[title]["new classes"][key][1] for title in titles]
        axes.errorbar(
            [100 * mean for mean, _ in pairs],
            np.arange(len(titles)) + offset,
            xerr=[100 * (half or 0) for _, half in pairs],
            fmt="o",
            color=colour,
            label=label,
        )
    axes.set_yticks(range(len(titles)), titles)
    axes.invert_yaxis()
    axes.set(xlabel="old classes answered right after new ones were learned (%)", xlim=(-2, 100))
    drawing.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return drawing


def main():
    options = arguments()
    seeds = range(1 if options.fast else options.seeds)
    drifts = ("none", "new classes") if options.fast else streams.DRIFTS
    data = pffspike.load_data("digits")
    options.output.mkdir(parents=True, exist_ok=True)
    results = options.output / "results.json"
    runs = begun(results, {"fast": options.fast}) if options.resume else {}
    for title in SYSTEMS:
        for drift in (drift for drift in drifts if ONLY.get(title, drift) == drift):
            done = runs.setdefault(title, {}).setdefault(drift, [])
            for seed in range(len(done), len(seeds)):
                done.append(run(title, drift, data, seed, 1 if options.fast else PASSES))
                found = {"fast": options.fast, "runs": runs}
                write_whole(results, json.dumps(found) + "\n")
            late = interval([one["late"][1] for one in done])
            print(f"{title}, {drift}: {number(late)} %", flush=True)
    table = {
        title: {drift: over_seeds(done[: len(seeds)]) for drift, done in by_drift.items()}
        for title, by_drift in runs.items()
    }
    contrasts = differences(runs)
    found = {"fast": options.fast, "runs": runs, "table": table, "differences": contrasts}
    write_whole(results, json.dumps(found) + "\n")
    write_whole(options.output / "table.md", markdown(table, contrasts))
    plots.save(curves(table), options.output / "online.png")
    plots.save(old_classes(table), options.output / "old-classes.png")


if __name__ == "__main__":
    run_script(main)
