"""The rows of study 09: which network learns, at which rate, how long, in which blocks."""

import dataclasses
from dataclasses import dataclass

import schedules

import pffspike
from pffspike.circuits import without_latents
from pffspike.network import structure

SHUFFLED = -1  #: in place of a block: signs in random order


@dataclass(frozen=True)
class Condition:
    """All schedules of one network at one learning rate.

    Parameters
    ----------
    rate : float
        Times the learning rates of the card.
    blocks : tuple of int
        Lengths of the blocks; 0: a whole epoch; `SHUFFLED`.
    longer : int
        Times as many epochs.
    circuit : {"pff", "ff"}
        With feedback and lateral synapses, or without.
    positive : {"low", "high"}
        Goodness of positive samples.
    homeostasis : bool
        Whether the target rate acts.
    same_images : bool
        Whether the negatives of a block are of its own images.
    hard : bool
        Whether wrong labels are those that the read-out mistakes for right, or drawn evenly.
    """

    rate: float
    blocks: tuple[int, ...]
    longer: int = 1
    circuit: str = "pff"
    positive: str = "low"
    homeostasis: bool = True
    same_images: bool = True
    hard: bool = True


SHORT, LONG = (1, 10, 30, 100, 300, 1000), (1, 100, 300, 1000)
CONDITIONS = {
    "PFF": Condition(1.0, (1, 3, 10, 30, 100, 300, 1000, 0, SHUFFLED)),
    "PFF, negatives of other images": Condition(1.0, (1, 30, 100, 300), same_images=False),
    "PFF, uniform negatives": Condition(1.0, SHORT, hard=False),
    "PFF, no homeostasis": Condition(1.0, (1, 10, 30, 100), homeostasis=False),
    "PFF, rate x 1/2": Condition(0.5, (1, 30, 100, 300, 1000)),
    "PFF, rate x 1/4": Condition(0.25, (1, 30, 100, 300, 1000)),
    "PFF, epochs x 4": Condition(1.0, LONG, 4),
    "PFF, rate x 1/2, epochs x 2": Condition(0.5, (1, 30, 100, 300, 1000), 2),
    "PFF, rate x 1/4, epochs x 4": Condition(0.25, LONG, 4),
    "PFF, high goodness": Condition(1.0, SHORT, positive="high"),
    "PFF, high goodness, rate x 1/4, epochs x 4": Condition(0.25, LONG, 4, positive="high"),
    "FF, high goodness": Condition(1.0, SHORT, 1, "ff", "high"),
    "FF, high goodness, rate x 1/4, epochs x 4": Condition(0.25, LONG, 4, "ff", "high"),
    "FF, low goodness": Condition(1.0, SHORT, 1, "ff"),
}
FAST = {
    "PFF": Condition(1.0, (1, 30, 1000, SHUFFLED)),
    "PFF, negatives of other images": Condition(1.0, (1, 30), same_images=False),
    "PFF, no homeostasis": Condition(1.0, (1, 300), homeostasis=False),
    "PFF, rate x 1/4, epochs x 4": Condition(0.25, (1, 300), 4),
    "PFF, high goodness": Condition(1.0, (1, 300), positive="high"),
    "FF, high goodness": Condition(1.0, (1, 300), 1, "ff", "high"),
}


def network_of(card, condition):
    """The network that learns: the card's, or FF of the same sizes and data as study 14 has it."""
    changes = without_latents()
    changes["pff"]["positive"] = condition.positive
    network = pffspike.load_network(card, changes)
    if condition.circuit == "ff":
        network = pffspike.load_network("mnist-ff", ff_changes(network, condition.positive))
    network = schedules.separated(network)
    if not condition.hard:
        network = network.replace(
            training=dataclasses.replace(network.training, hard_negatives=0.0)
        )
    return network if condition.homeostasis else schedules.without_homeostasis(network)


def ff_changes(network, positive):
    """What turns the card of FF into one of the sizes, data and schedule of another network."""
    hidden = structure.goodness_thresholds(network)
    sizes = {name: network.population(name).size for name in ("image", "label", *hidden)}
    return {
        "ff": {
            "image": sizes["image"],
            "classes": sizes["label"],
            "hidden": [sizes[name] for name in hidden],
            "positive": positive,
        },
        "training": {"dataset": network.training.dataset, "decay": network.training.decay},
    }
