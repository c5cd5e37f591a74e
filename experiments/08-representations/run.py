"""Sparsity and ensembles of hidden activity, and what is emergent about them, see README.md."""

import argparse
import copy
import functools
import json
import math
import statistics
from pathlib import Path

import numpy as np
import systems

import pffspike
from pffspike import intervals, plots
from pffspike.arithmetic import counter
from pffspike.files import write_whole
from pffspike.plots.canvas import FALSE, NEUTRAL, OTHERS, PAGE, TRUE, figure, styled
from pffspike.representations import describe, ensembles
from pffspike.studies.resumed import begun
from pffspike.studies.script import run_script

HIDDEN = (250, 250)
UNSEEN = 4  #: the class that some networks never learn
CONDITIONS = ("true", "wrong", "free")
RATES = {"0.02": 5, "0.10": 26, "0.20": 51}  #: other target rates of homeostasis, in 1/256
WINDOW = 64  #: steps over which spikes are counted
SYSTEMS = {
    "spiking PFF": "pff",
    "spiking PFF, high goodness": "pff",
    "spiking PFF, no homeostasis": "pff",
    **{f"spiking PFF, target rate {rate}": "pff" for rate in RATES},
    "spiking PFF, untrained": "untrained",
    "rate-coded PFF": "rate",
    "rate-coded FF": "rate",
    "backpropagation on FF's objective": "rate",
    "backpropagation, rate 0.0001": "rate",
    "backpropagation, rate 0.001": "rate",
    "backpropagation, rate 0.01": "rate",
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="one seed, few epochs")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--resume", action="store_true", help="keep what results.json has")
    parser.add_argument("-o", "--output", type=Path, default=Path("results/08-representations"))
    return parser.parse_args()


def card(title, epochs):
    """The card of the digits without latent states, and what the title changes."""
    changes = copy.deepcopy(systems.PLAIN)
    if "high" in title:
        changes["pff"]["positive"] = "high"
    if "no homeostasis" in title:
        changes["pff"]["homeostasis"] = 0
    for rate, steps in RATES.items():
        if title.endswith(f"target rate {rate}"):
            changes["pff"]["target_rate"] = steps / 256
    if epochs:
        changes["training"]["epochs"] = epochs
    return pffspike.load_network("digits", changes)


def learn(title, data, seed, fast):
    """Train one system."""
    if SYSTEMS[title] == "pff":
        return systems.spiking(card(title, 3 if fast else None), data, seed, WINDOW)
    if SYSTEMS[title] == "untrained":
        return systems.untrained(card(title, None), data, seed, WINDOW)
    epochs = 10 if fast else 60
    if title == "rate-coded PFF":  # twelve updates an image
        return systems.rate_coded_pff(HIDDEN, epochs // 3, data, seed)
    if title == "rate-coded FF":
        return systems.rate_coded_ff(HIDDEN, epochs, data, seed)
    if title.startswith("backpropagation on"):
        return systems.backpropagated_goodness(HIDDEN, epochs, 0.001, data, seed)
    return systems.backpropagation(HIDDEN, epochs, float(title.rpartition(" ")[2]), data, seed)


def measured(learned, data, seed):
    """Accuracy and, by condition and layer, what `pffspike.representations` says."""
    truth = data.test_labels
    key = counter.derive_key(seed, counter.NEGATIVES)
    others = 1 + counter.integers(key, np.arange(len(truth)), data.classes - 1)
    shown = {"true": truth, "wrong": (truth + others) % data.classes, "free": None}
    found = {"accuracy": learned.accuracy}
    for condition in CONDITIONS:
        for k, rates in enumerate(learned.rates(shown[condition]), start=1):
            seen = describe(rates, truth, seed=seed)
            none, one, several = seen.shares
            found[f"{condition}.hidden_{k}"] = {
                "rate": seen.rate,
                "sparsity": seen.sparsity,
                "permuted_sparsity": seen.permuted_sparsity,
                "size": float(seen.sizes.mean()),
                "permuted_size": seen.permuted_size,
                "in_none": none,
                "in_one": one,
                "in_several": several,
            }
    if learned.weights is not None:
        found["weights"] = weights_between(learned, truth, seed)
    return found


def weights_between(learned, truth, seed):
    """Mean weight from hidden_1 to hidden_2 within ensembles and in all, and what shuffles give."""
    below, above = (ensembles(rates, truth) for rates in learned.rates(truth))
    w = learned.weights

    def within(members):
        shared = (below[:, :, None] & members[:, None, :]).any(axis=0)
        return (float(w[shared].mean()), float((w[shared] < 0).mean())) if shared.any() else None

    orders = [counter.permutation(w.shape[1], counter.derive_key(seed, 2, k)) for k in range(100)]
    shuffled = [found[0] for order in orders if (found := within(above[:, order]))]
    own = within(above)
    return {
        "within": own[0] if own else None,
        "negative_within": own[1] if own else None,
        "all": float(w.mean()),
        "negative": float((w < 0).mean()),
        "shuffled": statistics.fmean(shuffled) if shuffled else None,
        "shuffled_deviation": statistics.stdev(shuffled) if len(shuffled) > 1 else None,
    }


def unseen(title, data, seed, fast):
    """Ensembles of a class that was never learned, without a label, against random images."""
    learned = learn(title, systems.without(data, UNSEEN), seed, fast)
    truth, found = data.test_labels, {}
    own = np.flatnonzero(truth == UNSEEN)
    rest = np.flatnonzero(truth != UNSEEN)
    for k, rates in enumerate(learned.rates(None), start=1):
        key = counter.derive_key(seed, 3, k)
        by_chance = [
            together(rates[rest[counter.permutation(len(rest), counter.derive_key(key, n))]], own)
            for n in range(100)
        ]
        members = ensembles(rates, truth)
        shared = (members & members[UNSEEN]).sum(axis=1)
        shared[UNSEEN] = 0
        found[f"hidden_{k}"] = {
            "size": int(members[UNSEEN].sum()),
            "seen_size": float(np.delete(members.sum(axis=1), UNSEEN).mean()),
            "random_size": statistics.fmean(by_chance),
            "nearest": int(shared.argmax()),
            "shared_with_nearest": int(shared.max()),
        }
    return found


def together(rates, own):
    """Size of the ensemble of the first images, as many as there are of a class."""
    part = rates[: len(own)]
    return int(ensembles(part, np.zeros(len(part), np.int64)).sum())


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


def with_excess(run):
    """Add what exceeds chance: paired within a seed."""
    for figures in run.values():
        if isinstance(figures, dict) and "sparsity" in figures:
            figures["excess_sparsity"] = figures["sparsity"] - figures["permuted_sparsity"]
            figures["excess_size"] = figures["size"] - figures["permuted_size"]
    return run


def number(pair, digits=1, scale=1):
    mean, half = pair
    if mean is None:
        return ""
    spread = "" if half is None else f" ± {scale * half:.{digits}f}"
    return f"{scale * mean:.{digits}f}{spread}"


def markdown(table):
    lines = []
    for condition in CONDITIONS:
        lines += [
            f"\n{condition} label:\n" if condition != "free" else "\nwithout a label:\n",
            "| system | accuracy, % | rate | sparsity of hidden_2 | above permuted rates | "
            "ensembles, hidden_1 | above chance | ensembles, hidden_2 | above chance |",
            "|" + " --- |" * 9,
        ]
        for title, row in table.items():
            one, two = row[f"{condition}.hidden_1"], row[f"{condition}.hidden_2"]
            cells = [
                title,
                number(row["accuracy"], 1, 100),
                number(two["rate"], 3),
                number(two["sparsity"], 3),
                number(two["excess_sparsity"], 3),
                number(one["size"]),
                number(one["excess_size"]),
                number(two["size"]),
                number(two["excess_size"]),
            ]
            lines.append("| " + " | ".join(cells) + " |")
    title = "# Sparsity and ensembles of hidden activity, beside what chance gives\n"
    return title + "\n".join(lines) + "\n"


@styled
def picture(table):
    """Sparsity and ensembles of hidden_2 under the true label, each beside its value by chance."""
    drawing = figure(PAGE, 0.3 * len(table) + 1.2)
    left, right = drawing.subplots(1, 2, sharey=True)
    places = np.arange(len(table))
    for axes, own, chance, label in (
        (left, "sparsity", "permuted_sparsity", "Hoyer's sparsity of hidden_2"),
        (right, "size", "permuted_size", "neurons an ensemble, of 250"),
    ):
        for condition, colour, offset in zip(
            CONDITIONS, (TRUE, FALSE, NEUTRAL), (-0.2, 0, 0.2), strict=True
        ):
            rows = [row[f"{condition}.hidden_2"] for row in table.values()]
            axes.errorbar(
                [row[own][0] for row in rows],
                places + offset,
                xerr=[row[own][1] or 0 for row in rows],
                fmt="o",
                color=colour,
                markersize=4,
                label=f"{condition} label" if condition != "free" else "no label",
            )
            axes.plot(
                [row[chance][0] for row in rows],
                places + offset,
                linestyle="none",
                marker="|",
                color=colour,
                label="by chance" if condition == "free" else None,
            )
        axes.set_xlabel(label)
        axes.set_xlim(left=0)
    left.set_yticks(places, list(table))
    left.invert_yaxis()
    drawing.legend(*left.get_legend_handles_labels(), loc="outside upper right", ncols=4)
    return drawing


@styled
def unseen_picture(table):
    """Sizes of the ensemble of a class that was never learned."""
    drawing = figure(PAGE / 2, 2.2)
    axes = drawing.subplots()
    groups = [(title, layer) for title, row in table.items() for layer in row]
    for offset, key, label, colour in (
        (-0.25, "seen_size", "learned classes", OTHERS[0]),
        (0, "size", "the class never learned", TRUE),
        (0.25, "random_size", "random images", NEUTRAL),
    ):
        pairs = [table[title][layer][key] for title, layer in groups]
        axes.barh(
            np.arange(len(groups)) + offset,
            [mean for mean, _ in pairs],
            0.25,
            xerr=[half or 0 for _, half in pairs],
            color=colour,
            label=label,
        )
    axes.set_yticks(range(len(groups)), [f"{title}\n{layer}" for title, layer in groups])
    axes.invert_yaxis()
    axes.set_xlabel("neurons an ensemble, of 250")
    drawing.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return drawing


def main():
    options = arguments()
    seeds = range(1 if options.fast else options.seeds)
    data = pffspike.load_data("digits")
    options.output.mkdir(parents=True, exist_ok=True)
    results = options.output / "results.json"
    kept = begun(results, {"fast": options.fast}) if options.resume else {}
    runs, table, absent = {}, {}, {}
    write = functools.partial(json.dumps, indent=1)
    for title in SYSTEMS:
        runs[title] = kept.get(title, [])[: len(seeds)]
        for seed in seeds[len(runs[title]) :]:
            learned = learn(title, data, seed, options.fast)
            runs[title].append(with_excess(measured(learned, data, seed)))
            write_whole(results, write({"fast": options.fast, "runs": {**kept, **runs}}) + "\n")
        table[title] = over_seeds(runs[title])
        print(f"{title}: {number(table[title]['accuracy'], 1, 100)} %", flush=True)
    for title in ("spiking PFF", "backpropagation, rate 0.001"):
        absent[title] = over_seeds([unseen(title, data, seed, options.fast) for seed in seeds])
        print(f"{title}, without class {UNSEEN}", flush=True)
    found = {"fast": options.fast, "runs": runs, "table": table, "unseen": absent}
    write_whole(results, write(found) + "\n")
    write_whole(options.output / "table.md", markdown(table))
    plots.save(picture(table), options.output / "representations.png")
    plots.save(unseen_picture(absent), options.output / "unseen.png")


if __name__ == "__main__":
    run_script(main)
