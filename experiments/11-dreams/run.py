"""Negatives that the network makes itself: does it learn from its own dreams? See README.md."""

import argparse
import json
import statistics
from pathlib import Path

import learning
import numpy as np

import pffspike
from pffspike import Execution, intervals, plots
from pffspike.arithmetic import counter
from pffspike.files import write_whole
from pffspike.generation.judge import Judge
from pffspike.plots.canvas import NEUTRAL, PAGE, TRUE, figure, styled
from pffspike.studies.resumed import begun
from pffspike.studies.script import run_script

EPOCHS = 12
DREAMS = 3  #: times an epoch that dreams are made anew
LATE = 5  #: epochs of real negatives before the dreams of one condition
BASE = "real image, most convincing wrong label"
CONDITIONS = {
    BASE: "base",
    "real image, any wrong label": "uniform",
    "another real image of the class, convincing wrong label": "other",
    "mean of the class, convincing wrong label": "means",
    "dream, convincing wrong label": "dreams",
    "dream, any wrong label": "dreams_uniform",
    "dream, anew 12 times as often": "dreams_often",
    "dream of a finished network": "frozen",
    "dream after five epochs of real images": "late",
    "half real images, half dreams": "half",
    "real negatives, half of the positives dreams": "positives",
}
SHORT = ("base", "dreams", "half", "positives")  #: of the fast variant


class Conditions:
    """What each condition shows; dreams are of the class of the sample that they stand beside."""

    def __init__(self, data, seed, finished):
        self.data, self.seed, self.finished = data, seed, finished
        images, labels = data.train_images.astype(np.float64), data.train_labels
        self.means = np.array(
            [np.rint(images[labels == c].mean(axis=0)) for c in range(data.classes)]
        ).astype(data.train_images.dtype)

    def base(self, _learner, _part):
        return learning.Shown()

    def uniform(self, _learner, part):
        return learning.Shown(negative_labels=self._any(part))

    def other(self, learner, part):
        labels, data = part.labels, self.data
        found = np.empty(len(labels), np.int64)
        for c in range(data.classes):
            own, places = np.flatnonzero(data.train_labels == c), np.flatnonzero(labels == c)
            key = counter.derive_key(self.seed, 5, part.number, c)
            found[places] = own[counter.integers(key, np.arange(len(places)), len(own))]
        return self._convincing(learner, data.train_images[found], labels)

    def means_(self, learner, part):
        return self._convincing(learner, self.means[part.labels], part.labels)

    def dreams(self, learner, part):
        return self._convincing(learner, learner.dream(part.labels, part.number), part.labels)

    def dreams_uniform(self, learner, part):
        return learning.Shown(learner.dream(part.labels, part.number), self._any(part))

    dreams_often = dreams

    def frozen(self, learner, part):
        source = (self.finished.state, self.finished.prior)
        images = learner.dream(part.labels, part.number, source)
        return self._convincing(learner, images, part.labels)

    def late(self, learner, part):
        return learning.Shown() if part.epoch < LATE else self.dreams(learner, part)

    def half(self, learner, part):
        shown = self.dreams(learner, part)
        real = np.arange(len(part.labels)) % 2 == 0
        shown.negative[real] = part.images[real]
        shown.negative_labels[real] = -1
        return shown

    def positives(self, learner, part):
        images = part.images.copy()
        dreamed = np.arange(len(images)) % 2 == 1
        images[dreamed] = learner.dream(part.labels, part.number)[dreamed]
        return learning.Shown(positive=images)

    def _convincing(self, learner, images, labels):
        return learning.Shown(images, learner.convincing(images, labels))

    def _any(self, part):
        key = counter.derive_key(self.seed, 6, part.number)
        away = 1 + counter.integers(key, np.arange(len(part.labels)), self.data.classes - 1)
        return (part.labels + away) % self.data.classes


def judged(data, seed):
    """Share of images that a perceptron, which learned real ones, takes for their class."""
    scale = float(data.levels)
    judge = Judge(data.train_images / scale, data.train_labels, data.test_images / scale, seed=seed)
    return lambda images, labels: judge.judge(images / scale, labels).accuracy


def stretch_of(data):
    """Samples between dreams."""
    return -(-len(data.train_labels) // DREAMS)


def measured(condition, data, seed, network, finished):
    """Learn under a condition; accuracies, separations, and what its dreams are worth."""
    make = getattr(Conditions(data, seed, finished), {"means": "means_"}.get(condition, condition))
    stretch = stretch_of(data) // 12 if condition == "dreams_often" else stretch_of(data)
    learner = learning.learn(network, data, seed, make, stretch, judged(data, seed))
    execution = Execution(seed=seed)
    found = {
        mode: pffspike.evaluate(learner.state, data, mode, execution=execution).accuracy
        for mode in ("goodness", "one_pass")
    }
    found |= {f"separation.{name}": v for name, v in learning.separations(learner).items()}
    return {**found, "recognized": learner.dreams}, learner


def row(runs, base):
    """Means over seeds, and paired differences to the base with their intervals."""
    found = {}
    for name in base[0]:
        if name == "recognized":
            found[name] = np.mean([run[name] for run in runs], axis=0).tolist()
            continue
        mine, theirs = [run[name] for run in runs], [run[name] for run in base]
        found[name] = statistics.fmean(mine)
        if len(mine) > 1 and mine != theirs:
            difference = intervals.of_mean(np.subtract(mine, theirs))
            found[f"{name}.difference"] = [
                float(np.subtract(mine, theirs).mean()),
                difference.low,
                difference.high,
            ]
    return found


def markdown(table):
    head = (
        "| negatives | label by label, % | difference (95 %) | one pass, % | difference (95 %) | "
        "separation, hidden_1 | hidden_2 | recognized dreams, first and last epoch, % |"
    )
    lines = ["# Negatives of one's own", "", head, "|" + " --- |" * 8]
    for title, figures in table.items():
        cells = [title]
        for mode in ("goodness", "one_pass"):
            cells += [f"{100 * figures[mode]:.1f}", _apart(figures.get(f"{mode}.difference"))]
        cells += [f"{figures[f'separation.hidden_{k}']:.3f}" for k in (1, 2)]
        cells.append(" and ".join(f"{100 * figures['recognized'][k]:.0f}" for k in (0, -1)))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _apart(difference):
    if difference is None:
        return ""
    mean, low, high = (100 * value for value in difference)
    return f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"


@styled
def picture(table):
    """Differences to the base in accuracy, label by label and in one pass."""
    rows = [(title, figures) for title, figures in table.items() if title != BASE]
    drawing = figure(PAGE, 0.28 * len(rows) + 1.2)
    axes = drawing.subplots()
    for mode, colour, offset, label in (
        ("goodness", TRUE, -0.15, "label by label"),
        ("one_pass", NEUTRAL, 0.15, "one pass"),
    ):
        pairs = [figures.get(f"{mode}.difference", [0, 0, 0]) for _, figures in rows]
        means = np.array([100 * mean for mean, _, _ in pairs])
        ends = np.array([[100 * (m - low), 100 * (high - m)] for m, low, high in pairs]).T
        axes.errorbar(
            means, np.arange(len(rows)) + offset, xerr=ends, fmt="o", color=colour, label=label
        )
    axes.axvline(0, color="0.6", linewidth=0.8)
    axes.set_yticks(range(len(rows)), [title for title, _ in rows])
    axes.invert_yaxis()
    axes.set_xlabel("accuracy, points above that with real images under convincing wrong labels")
    drawing.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return drawing


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="one seed, few epochs and conditions")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--card", default="digits", help="a card of the circuit pff")
    parser.add_argument("--images", type=int, help="of the training part, the first ones")
    parser.add_argument("--test-images", type=int, help="of the test part, the first ones")
    parser.add_argument(
        "--only",
        action="append",
        choices=CONDITIONS.values(),
        metavar="CONDITION",
        help="beside the base; may be repeated",
    )
    parser.add_argument("--resume", action="store_true", help="keep what results.json has")
    parser.add_argument("-o", "--output", type=Path, default=Path("results/11-dreams"))
    return parser.parse_args()


def main():
    options = arguments()
    seeds = range(1 if options.fast else options.seeds)
    epochs = {"digits": 3 if options.fast else EPOCHS}.get(options.card)
    network = learning.network_of(epochs, options.card)
    data = pffspike.load_data(network.training.dataset)
    data = pffspike.first_samples(data, train=options.images, test=options.test_images)
    options.output.mkdir(parents=True, exist_ok=True)
    results = options.output / "results.json"
    variant = {name: getattr(options, name) for name in ("fast", "card", "images", "test_images")}
    runs = begun(results, variant) if options.resume else {}
    wanted = options.only or (SHORT if options.fast else CONDITIONS.values())
    chosen = {title: c for title, c in CONDITIONS.items() if c == "base" or c in wanted}
    for seed in seeds:
        finished = None
        for title, condition in chosen.items():
            done = runs.setdefault(title, {})
            if str(seed) in done:
                continue
            if condition == "frozen":
                base = Conditions(data, seed, None).base
                finished = learning.learn(network, data, seed, base, stretch_of(data))
            done[str(seed)], _ = measured(condition, data, seed, network, finished)
            write_whole(results, json.dumps({**variant, "runs": runs}, indent=1) + "\n")
            print(f"seed {seed}, {title}: {done[str(seed)]['goodness']:.2%}", flush=True)
    columns = {t: [runs[t][str(seed)] for seed in seeds] for t in chosen}
    table = {title: row(found, columns[BASE]) for title, found in columns.items()}
    found = {**variant, "runs": runs, "table": table}
    write_whole(results, json.dumps(found, indent=1) + "\n")
    write_whole(options.output / "table.md", markdown(table))
    plots.save(picture(table), options.output / "dreams.png")


if __name__ == "__main__":
    run_script(main)
