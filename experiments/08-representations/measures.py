"""What is measured of a system of study 08."""

import statistics

import numpy as np
import systems
from catalogue import SYSTEMS, WINDOW, card, epochs_of, learn

from pffspike.arithmetic import counter
from pffspike.representations import describe, ensembles, few_shot, information_per_spike

CONDITIONS = ("true", "wrong", "free")
SHOTS, DRAWS = (1, 5, 20), 10  #: of a class, and how often they are drawn
LEVEL = 0.9  #: accuracy at which systems are compared
LONGER = (*range(1, 17), *range(20, 61, 4))  #: epochs that are tried to reach it


def measured(learned, data, seed):
    """Accuracy and, by condition and layer, what `pffspike.representations` says."""
    truth = data.test_labels
    key = counter.derive_key(seed, counter.NEGATIVES)
    others = 1 + counter.integers(key, np.arange(len(truth)), data.classes - 1)
    shown = {"true": truth, "wrong": (truth + others) % data.classes, "free": None}
    found = {"accuracy": learned.accuracy}
    for condition in CONDITIONS:
        for k, rates in enumerate(learned.rates(shown[condition]), start=1):
            found[f"{condition}.hidden_{k}"] = described(rates, truth, seed)
    if learned.weights is not None:
        found["weights"] = weights_between(learned, truth, seed)
    return found


def described(rates, truth, seed):
    """Figures of the rates of a layer, and what exceeds chance: paired within a seed."""
    seen = describe(rates, truth, seed=seed)
    told = information_per_spike(rates, truth, permutations=20, seed=seed)
    none, one, several = seen.shares
    return {
        "rate": seen.rate,
        "sparsity": seen.sparsity,
        "permuted_sparsity": seen.permuted_sparsity,
        "size": float(seen.sizes.mean()),
        "permuted_size": seen.permuted_size,
        "in_none": none,
        "in_one": one,
        "in_several": several,
        "information": told.per_spike,
        "permuted_information": told.permuted,
        "excess_sparsity": seen.sparsity - seen.permuted_sparsity,
        "excess_size": float(seen.sizes.mean()) - seen.permuted_size,
        "excess_information": told.excess,
    }


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


def unseen(title, whole, data, which, seed, fast):
    """Ensembles of the class ``which``, never learned, without a label, against random images.

    And what linear probes learn of it, beside those of the network that has learned it.
    """
    epochs = epochs_of(title, fast)
    learned = learn(title, systems.without(data, which), seed, epochs).rates(None)
    truth, found = data.test_labels, {}
    for k, (rates, all_classes) in enumerate(zip(learned, whole.rates(None), strict=True), start=1):
        figures = ensemble_of_unseen(rates, truth, which, counter.derive_key(seed, 3, k))
        never, learned_too = (probes(r, truth, which, seed) for r in (rates, all_classes))
        found[f"hidden_{k}"] = {**figures, "shots": compared(never, learned_too)}
    return found


def ensemble_of_unseen(rates, truth, which, key):
    """Size of its ensemble, of those of learned classes, and of one of random images."""
    own, rest = np.flatnonzero(truth == which), np.flatnonzero(truth != which)
    by_chance = [
        together(rates[rest[counter.permutation(len(rest), counter.derive_key(key, n))]], own)
        for n in range(100)
    ]
    members = ensembles(rates, truth)
    shared = (members & members[which]).sum(axis=1)
    shared[which] = 0
    return {
        "size": int(members[which].sum()),
        "seen_size": float(np.delete(members.sum(axis=1), which).mean()),
        "random_size": statistics.fmean(by_chance),
        "nearest": int(shared.argmax()),
        "shared_with_nearest": int(shared.max()),
    }


def together(rates, own):
    """Size of the ensemble of the first images, as many as there are of a class."""
    part = rates[: len(own)]
    return int(ensembles(part, np.zeros(len(part), np.int64)).sum())


def probes(rates, truth, which, seed):
    """Linear probes with a few shots: of the class ``which``, and the mean of the others."""
    found = {}
    for shots in SHOTS:
        probe = few_shot(rates, truth, shots, draws=DRAWS, seed=seed)
        found[str(shots)] = {
            "f1": float(probe.f1[which]),
            "other_f1": float(np.delete(probe.f1, which).mean()),
            "accuracy": float(probe.accuracy.mean()),
        }
    return found


def compared(never, learned):
    """Probes of a network that has never learned the class, and what they lack."""
    return {
        shots: {
            **figures,
            "learned_f1": learned[shots]["f1"],
            "lacking": learned[shots]["f1"] - figures["f1"],
        }
        for shots, figures in never.items()
    }


def controls(data, which, seed):
    """Probes of pixels, and of an untrained network."""
    truth = data.test_labels
    pixels = data.test_images.reshape(len(truth), -1)
    hidden = learn("spiking PFF, untrained", data, seed, 0).rates(None)
    named = {"pixels": pixels}
    named |= {f"untrained hidden_{k}": rates for k, rates in enumerate(hidden, start=1)}
    return {name: probes(rates, truth, which, seed) for name, rates in named.items()}


def lesions(learned, truth, seed):
    """What falls if an ensemble is removed: recall of its own class, of the others, in points.

    Beside it what as many random neurons do, the mean over all classes.
    """
    found = {}
    for condition, ask in learned.answers.items():
        for k, rates in enumerate(learned.rates(truth if condition == "true" else None)):
            members = ensembles(rates, truth)
            none = np.zeros(members.shape[1], bool)
            whole = recall(ask(k, none), truth)
            lost = np.stack([whole - recall(ask(k, mask), truth) for mask in members])
            orders = (
                counter.permutation(len(none), counter.derive_key(seed, 4, k, c))
                for c in range(len(members))
            )
            random = [
                whole - recall(ask(k, mask[order]), truth)
                for mask, order in zip(members, orders, strict=True)
            ]
            own = float(np.diagonal(lost).mean())
            others = float((lost.sum() - np.trace(lost)) / (lost.size - len(lost)))
            found[f"{condition}.hidden_{k + 1}"] = {
                "size": float(members.sum(axis=1).mean()),
                "own": own,
                "others": others,
                "more": own - others,
                "random": float(np.mean(random)),
            }
    return found


def recall(answers, truth):
    """Share of the images of each class that are answered right."""
    return np.array([np.mean(answers[truth == c] == c) for c in range(truth.max() + 1)])


def at_equal_accuracy(title, data, seed):
    """Figures under the true label, as soon as the accuracy is `LEVEL`."""
    if SYSTEMS[title] == "pff":
        card_of_all = card(title, epochs_of(title, False))
        learned, epochs = systems.spiking_until(card_of_all, data, seed, WINDOW, LEVEL)
    else:
        for epochs in LONGER:
            learned = learn(title, data, seed, epochs)
            if learned.accuracy >= LEVEL:
                break
    found = {"accuracy": learned.accuracy, "epochs": epochs}
    for k, rates in enumerate(learned.rates(data.test_labels), start=1):
        found[f"hidden_{k}"] = described(rates, data.test_labels, seed)
    return found
