"""What the runs of study 09 say: figures over seeds, critical blocks, exponents of the rate."""

import itertools
import math
import statistics

import numpy as np
from conditions import SHUFFLED

from pffspike import intervals

FALLEN = 0.05  #: of the accuracy: what a critical block costs


def interval(values):
    """Mean and half the width of the 95 % interval (None with one value)."""
    if len(values) < 2:
        return [statistics.fmean(values), None]
    found = intervals.of_mean(values)
    half = found.high - statistics.fmean(values)
    return [statistics.fmean(values), 0.0 if math.isnan(half) else half]


def critical(blocks, accuracies):
    """Block beyond which the accuracy stays fallen by `FALLEN`; None if it does not fall so far.

    Between two blocks it is interpolated along the logarithm of the block.
    """
    wanted = accuracies[0] - FALLEN
    pairs = list(zip(blocks, accuracies, strict=True))
    for (shorter, before), (longer, after) in reversed(list(itertools.pairwise(pairs))):
        if after < wanted <= before:
            part = (before - wanted) / (before - after)
            return math.exp(math.log(shorter) + part * math.log(longer / shorter))
        if after >= wanted:
            return None
    return None


def summary(runs, conditions, count, epochs):
    """Figures by condition and block; critical blocks by seed; ratios, exponents, tuned rates.

    ``count`` images an epoch, ``epochs`` of them where a condition is not longer.
    """
    table, blocks, accuracies = {}, {}, {}
    for title, condition in conditions.items():
        seeds = sorted(set.intersection(*(set(runs[title][str(b)]) for b in condition.blocks)))
        by_seed = {b: [runs[title][str(b)][seed] for seed in seeds] for b in condition.blocks}
        table[title] = {str(b): row(found, by_seed[1]) for b, found in by_seed.items()}
        accuracies[title] = {
            b or count: [run["accuracy"] for run in found]
            for b, found in by_seed.items()
            if b != SHUFFLED
        }
        blocks[title] = critical_blocks(accuracies[title])
    return {
        "table": table,
        "critical": blocks,
        "ratios": ratios(blocks, conditions, count * epochs),
        "exponents": exponents(blocks, conditions),
        "tuned": tuned(accuracies, conditions),
    }


def row(found, first):
    """Figures of a schedule over seeds; ``first``: the runs of B = 1."""
    accuracy = [run["accuracy"] for run in found]
    figures = {key: interval([r[key] for r in found]) for key in ("silent", "saturated")}
    figures["accuracy"] = interval(accuracy)
    figures["lost"] = interval([b["accuracy"] - a for a, b in zip(accuracy, first, strict=True)])
    if found[0]["swing"]:
        figures["swing"] = {
            name: interval([r["swing"][name] for r in found]) for name in found[0]["swing"]
        }
    return figures


def critical_blocks(accuracies):
    """Critical block of each seed, of accuracies by block and seed."""
    return [critical(list(accuracies), values) for values in zip(*accuracies.values(), strict=True)]


def geometric(values):
    """Geometric mean and its 95 % interval; None if a value is missing."""
    if not values or None in values:
        return None
    mean, half = interval([math.log(value) for value in values])
    low, high = (math.exp(mean - half), math.exp(mean + half)) if half is not None else (None, None)
    return [math.exp(mean), low, high]


def base_of(title, conditions):
    """The first condition of the same circuit and polarity: at the card's rate."""
    kind = conditions[title].circuit, conditions[title].positive
    return next(name for name, c in conditions.items() if (c.circuit, c.positive) == kind)


def ratios(blocks, conditions, presentations):
    """Critical blocks as geometric means; by that of the card's rate; the same times the rate.

    And how many blocks of positives there are then in the whole of the learning.
    """
    rows = {}
    for title, values in blocks.items():
        base = blocks[base_of(title, conditions)]
        both = len(values) == len(base) and None not in values and None not in base
        times = [v / b for v, b in zip(values, base, strict=True)] if both else []
        condition = conditions[title]
        positives = presentations * condition.longer
        rows[title] = {
            "block": geometric(values),
            "times": geometric(times),
            "product": geometric([condition.rate * t for t in times]),
            "alternations": geometric([v and positives / v for v in values]),
        }
    return rows


def exponents(blocks, conditions):
    """``a`` in "critical block ~ rate^-a" and "~ presentations^a": lines in logarithms.

    By circuit and polarity. Of the rate: where presentations are as many, are 4 times as many, or
    are as many more as the rate is lower; block times rate is constant if ``a`` is 1.
    """
    found = {}
    plain = {t: c for t, c in conditions.items() if c.homeostasis and c.same_images and c.hard}
    for base in dict.fromkeys(base_of(title, plain) for title in plain):
        kin = {t: c for t, c in plain.items() if base_of(t, plain) == base}
        for name, among in {
            "rate, as many presentations": {t: 1 / c.rate for t, c in kin.items() if c.longer == 1},
            "rate, 4 times as many": {t: 1 / c.rate for t, c in kin.items() if c.longer == 4},
            "rate, as many times the rate": {
                t: 1 / c.rate for t, c in kin.items() if c.rate * c.longer == 1
            },
            "presentations, same rate": {t: c.longer for t, c in kin.items() if c.rate == 1},
        }.items():
            values = [blocks[t] for t in among]
            if len(among) > 1 and all(v is not None for of in values for v in of):
                x = np.log(list(among.values()))
                slopes = [float(np.polyfit(x, np.log(v), 1)[0]) for v in zip(*values, strict=True)]
                found[f"{base}: {name}"] = interval(slopes)
    return found


def tuned(accuracies, conditions):
    """Accuracy of PFF with the best rate for each block, at equal presentations.

    For each seed the rate is the one that the other seeds answer best with.
    """
    among = [t for t in conditions if t in ("PFF", "PFF, rate x 1/2", "PFF, rate x 1/4")]
    shared = [b for b in accuracies["PFF"] if all(b in accuracies[t] for t in among)]
    seeds = range(len(accuracies["PFF"][1]))
    if len(among) < 2 or len(seeds) < 2:
        return {}
    found, chosen = {}, {}
    for block in shared:
        values = np.array([accuracies[t][block] for t in among])
        best = [int(np.delete(values, seed, axis=1).mean(axis=1).argmax()) for seed in seeds]
        chosen[block] = [among[k] for k in best]
        found[block] = [float(values[k, seed]) for seed, k in enumerate(best)]
    return {
        "accuracy": {str(block): interval(values) for block, values in found.items()},
        "lost": {
            str(block): interval([a - b for a, b in zip(found[1], values, strict=True)])
            for block, values in found.items()
        },
        "chosen": {str(block): titles for block, titles in chosen.items()},
        "block": geometric(critical_blocks(found)),
    }
