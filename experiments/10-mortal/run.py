"""What dies with a chip: copies, training and adaptation on imperfect chips, see README.md."""

import argparse
import dataclasses
import functools
import json
import statistics
from pathlib import Path

import backpropagation
import numpy as np
import spiking

import pffspike
from pffspike import Mismatch, draw_specimen, intervals, plots
from pffspike.files import write_whole
from pffspike.plots.canvas import FALSE, NEUTRAL, OTHERS, PAGE, TRUE, figure, styled
from pffspike.studies.resumed import begun
from pffspike.studies.script import run_script

LEVELS = {
    "gains 0.2": Mismatch(gain=0.2, slope=0.2),
    "gains 0.4": Mismatch(gain=0.4, slope=0.4),
    "thresholds 0.1": Mismatch(threshold=0.1),
    "dead neurons 20 %": Mismatch(dead=0.2),
    "stuck neurons 2 %": Mismatch(stuck=0.02),
    "broken synapses 30 %": Mismatch(broken=0.3),
    "all": Mismatch(gain=0.2, slope=0.2, threshold=0.05, dead=0.05, stuck=0.01, broken=0.1),
}
STAGES = (0, 30, 100, 300, 1000, 3000, 10000)  #: labelled presentations
PARTS, PART = 10, 500  #: of the drift: parts, and presentations of each
INJURY, DRIFT = Mismatch(dead=0.1), Mismatch(gain=0.1)
INJURED, DRIFTING = 1000, 2000  #: first seeds of injuries and drifts
TICKS = (2, 5, 10, 20, 50)  #: per cent
PFF, BP = "spiking PFF", "backpropagation"
IDEAL, COPY, OTHER, OWN = "ideal chip", "copied", "copied from another chip", "trained there"
DISTILLED, COARSE, ADAPTED = "taught by another chip", "copied, 8 bits", "copied, then adapted"
SETTLED = "copied, then homeostasis"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="two chips of one kind, 3 epochs")
    parser.add_argument("--chips", type=int, default=5)
    parser.add_argument("--resume", action="store_true", help="keep what results.json has")
    parser.add_argument("-o", "--output", type=Path, default=Path("results/10-mortal"))
    return parser.parse_args()


class Lab:
    """Ideal networks of all seeds, and the chips of a level.

    Parameters
    ----------
    data : Dataset
        The digits.
    chips : int
        How many there are of each kind; network and chip of the same number are tried together.
    epochs : int
        Of every training.
    stages : tuple of int
        Presentations after which an adaptation is judged.
    """

    def __init__(self, data, chips, epochs, stages):
        self.data, self.numbers, self.epochs, self.stages = data, range(chips), epochs, stages
        self.network = spiking.card()
        self.pff = [spiking.trained(self.network, data, i, epochs) for i in self.numbers]
        self.bp = [backpropagation.Network(data, i, epochs).train() for i in self.numbers]

    def chips(self, mismatch):
        """The chips of a kind."""
        return [
            draw_specimen(self.network, mismatch, i, populations=spiking.HIDDEN)
            for i in self.numbers
        ]

    def ideal(self):
        """Accuracies of both without any chip."""
        return {
            f"{PFF}: {IDEAL}": [spiking.accuracy(state, self.data) for state in self.pff],
            f"{BP}: {IDEAL}": [network.accuracy() for network in self.bp],
        }

    def level(self, mismatch):
        """Accuracies of every condition, and curves of adaptation, chip by chip."""
        chips, data = self.chips(mismatch), self.data
        own = [
            spiking.trained(self.network, data, i, self.epochs, chip)
            for i, chip in enumerate(chips)
        ]
        found: dict[str, list] = {}

        def add(system, condition, value):
            found.setdefault(f"{system}: {condition}", []).append(value)

        for i, chip in enumerate(chips):
            j = (i + 1) % len(chips)
            copy = spiking.programmed(self.pff[i], chip)
            moved = spiking.programmed(own[j], chip, chips[j].nominal(own[j].parameters))
            taught = spiking.trained(
                self.network, spiking.labelled(own[j], data), i, self.epochs, chip
            )
            add(PFF, COPY, spiking.accuracy(copy, data))
            add(PFF, OTHER, spiking.accuracy(moved, data))
            add(PFF, OWN, spiking.accuracy(own[i], data))
            add(PFF, DISTILLED, spiking.accuracy(taught, data))
            add(PFF, ADAPTED, self.recovery(copy))
            add(PFF, SETTLED, self.recovery(copy, labels=False))
            network = self.bp[i]
            loop = backpropagation.Network(data, i, self.epochs).train(chip)
            add(BP, COPY, network.accuracy(chip))
            add(BP, COARSE, network.rounded(8).accuracy(chip))
            add(BP, OWN, loop.accuracy(chip))
            add(BP, ADAPTED, self.recovery_in_the_loop(network.copy(), chip))
        return found

    def life(self, mismatch):
        """Trained on a chip, then a tenth of the neurons dies, or gains drift."""
        found: dict[str, list] = {}
        for i, chip in enumerate(self.chips(mismatch)):
            own = spiking.trained(self.network, self.data, i, self.epochs, chip)
            loop = backpropagation.Network(self.data, i, self.epochs).train(chip)
            injury = draw_specimen(self.network, INJURY, INJURED + i, populations=spiking.HIDDEN)
            injured = spiking.programmed(own, injury)
            worse = dataclasses.replace(
                chip, dead={name: mask | injury.dead[name] for name, mask in chip.dead.items()}
            )
            rows = {
                f"{PFF}: before": spiking.accuracy(own, self.data),
                f"{BP}: before": loop.accuracy(chip),
                f"{PFF}: injured": self.recovery(injured),
                f"{PFF}: injured, homeostasis": self.recovery(injured, labels=False),
                f"{BP}: injured": self.recovery_in_the_loop(loop.copy(), worse),
                f"{PFF}: drift, learning": self.drift(own, i, "labels"),
                f"{PFF}: drift, homeostasis": self.drift(own, i, "homeostasis"),
                f"{PFF}: drift, off": self.drift(own, i, None),
                f"{BP}: drift, learning": self.drift_in_the_loop(loop.copy(), chip, i, True),
                f"{BP}: drift, off": self.drift_in_the_loop(loop.copy(), chip, i, False),
            }
            for name, value in rows.items():
                found.setdefault(name, []).append(value)
        return found

    def where(self, mismatch):
        """Accuracy of the copy if synapses of one projection alone are broken."""
        found: dict[str, list] = {}
        for i, chip in enumerate(self.chips(mismatch)):
            for name in (n for n, mask in chip.broken.items() if mask.any()):
                broken = {n: mask & (n == name) for n, mask in chip.broken.items()}
                copy = spiking.programmed(self.pff[i], dataclasses.replace(chip, broken=broken))
                row = found.setdefault(f"{PFF}: {name}", [])
                row.append(spiking.accuracy(copy, self.data))
        return found

    def recovery(self, state, labels=True):
        """Accuracy after each stage."""
        curve = [spiking.accuracy(state, self.data)]
        for first, end in zip(self.stages, self.stages[1:], strict=False):
            state = spiking.adapted(state, self.data, first, end, labels=labels)
            curve.append(spiking.accuracy(state, self.data))
        return curve

    def recovery_in_the_loop(self, network, chip):
        """The same of backpropagation."""
        curve = [network.accuracy(chip)]
        for first, end in zip(self.stages, self.stages[1:], strict=False):
            curve.append(network.adapt(chip, first, end).accuracy(chip))
        return curve

    def drift(self, state, i, how):
        """Accuracy before and after each part of a random walk of the gains."""
        curve = [spiking.accuracy(state, self.data)]
        for k in range(PARTS):
            state = spiking.programmed(state, self._walk(i, k))
            if how:
                first = k * PART
                state = spiking.adapted(
                    state, self.data, first, first + PART, labels=how == "labels"
                )
            curve.append(spiking.accuracy(state, self.data))
        return curve

    def drift_in_the_loop(self, network, chip, i, learning):
        """The same of backpropagation."""
        curve = [network.accuracy(chip)]
        for k in range(PARTS):
            walk = self._walk(i, k)
            gains = {name: g * walk.gains[name] for name, g in chip.gains.items()}
            chip = dataclasses.replace(chip, gains=gains)
            if learning:
                network.adapt(chip, k * PART, (k + 1) * PART)
            curve.append(network.accuracy(chip))
        return curve

    def _walk(self, i, k):
        seed = DRIFTING + PARTS * i + k
        return draw_specimen(self.network, DRIFT, seed, populations=spiking.HIDDEN)


def interval(values):
    """Mean, and half the width of the 95 % interval over chips."""
    mean = statistics.fmean(values)
    return [mean, intervals.of_mean(values).high - mean if len(values) > 1 else None]


def last(value):
    """Accuracy at the end of a curve, or of what has none."""
    return value[-1] if isinstance(value, list) else value


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


@styled
def by_level(runs):
    """Errors by condition, a panel a kind of chip."""
    levels = [name for name in LEVELS if name in runs]
    rows = [(PFF, COPY), (PFF, OTHER), (PFF, OWN), (PFF, DISTILLED), (PFF, ADAPTED)]
    rows += [(BP, COPY), (BP, OWN), (BP, ADAPTED)]
    across = min(4, len(levels))
    down = -(-len(levels) // across)
    drawing = figure(PAGE, 1.9 * down + 0.5)
    panels = np.atleast_1d(drawing.subplots(down, across, sharex=True, sharey=True)).ravel()
    for axes in panels[len(levels) :]:
        axes.set_visible(False)
    for axes, level in zip(panels, levels, strict=False):
        for y, (system, condition) in enumerate(rows):
            values = [100 * (1 - last(v)) for v in runs[level][f"{system}: {condition}"]]
            colour = TRUE if system == PFF else FALSE
            axes.plot(values, [y] * len(values), "o", color=colour, markersize=2.5, alpha=0.5)
            axes.plot([statistics.median(values)] * 2, [y - 0.35, y + 0.35], color=colour)
        for system, colour in ((PFF, TRUE), (BP, FALSE)):
            mean = statistics.fmean(runs["ideal"][f"{system}: {IDEAL}"])
            axes.axvline(100 * (1 - mean), color=colour, linewidth=0.5, linestyle=":")
        axes.set_title(level)
        axes.set_yticks(range(len(rows)), [condition for _, condition in rows])
        axes.set_xlabel("error (%)")
        axes.label_outer()
    for axes in panels[len(levels) - across : len(panels) - across]:  # above those that are hidden
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("error (%)")
    panels[0].invert_yaxis()
    panels[0].set_xscale("log")
    panels[0].set_xticks(TICKS, [str(tick) for tick in TICKS])
    panels[0].minorticks_off()
    drawing.legend(
        [panels[0].lines[0], panels[0].lines[2 * [system for system, _ in rows].index(BP)]],
        [f"{PFF}, label by label", f"{BP}, one pass"],
        loc="outside upper right",
        ncols=2,
    )
    return drawing


@styled
def life_of(runs, stages):
    """After an injury, and in a drift."""
    drawing = figure(PAGE, 2.6)
    panels = drawing.subplots(1, 2, sharey=True)
    places = np.arange(len(stages))
    for name, label, colour in (
        (f"{PFF}: injured", f"{PFF}, learning", TRUE),
        (f"{PFF}: injured, homeostasis", f"{PFF}, homeostasis only", OTHERS[0]),
        (f"{BP}: injured", f"{BP}, learning", FALSE),
    ):
        panels[0].plot(places, _mean(runs[name]), "o-", color=colour, label=label, markersize=3)
    panels[0].set_xticks(places, [f"{n:,}" for n in stages], rotation=45)
    panels[0].set(xlabel="presentations since", ylabel="accuracy (%)")
    panels[0].set_title("a tenth of the neurons died")
    for name, shown, colour in (
        (f"{PFF}: drift, learning", None, TRUE),
        (f"{PFF}: drift, homeostasis", None, OTHERS[0]),
        (f"{PFF}: drift, off", f"{PFF}, off", NEUTRAL),
        (f"{BP}: drift, learning", None, FALSE),
        (f"{BP}: drift, off", f"{BP}, off", OTHERS[1]),
    ):
        times = PART * np.arange(PARTS + 1)
        panels[1].plot(times, _mean(runs[name]), "-", color=colour, label=shown)
    panels[1].set(xlabel="presentations")
    panels[1].set_title("gains drift")
    handles, labels = panels[0].get_legend_handles_labels()
    more, others = panels[1].get_legend_handles_labels()
    drawing.legend([*handles, *more], [*labels, *others], loc="outside upper right", ncols=3)
    return drawing


def _mean(curves):
    return 100 * np.mean(curves, axis=0)


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
    plots.save(by_level(runs), options.output / "errors.png")
    plots.save(life_of(runs["life"], stages), options.output / "life.png")


if __name__ == "__main__":
    run_script(main)
