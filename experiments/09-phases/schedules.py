"""Schedules of positive and negative presentations, and networks that learn by them."""

import dataclasses

import numpy as np

import pffspike
from pffspike import Execution, Probes
from pffspike.arithmetic import counter
from pffspike.network import constants, signals, structure
from pffspike.network.spec import HardNegative, Phase, Program
from pffspike.training import negatives

PROGRAM = "separated"
SIGN, SHOWN = "sign", "shown"  #: signals: of the presentation, and the label that is shown
NEAR = 10  #: presentations at an end of a block that count as near to it


def separated(network):
    """The network with a program whose presentations are positive or negative, as data say.

    Each presentation is preceded by one without a label, from which the read-out learns, and which
    chooses the hard negative. Only the representation circuit takes part.
    """
    train = network.program("train")
    free, positive, negative = train.phases
    shown = Phase(
        "shown",
        {"image": signals.IMAGE, "label": SHOWN},
        negative.projections,
        sign=SIGN,
        learn=negative.learn,
        stream=positive.stream,
    )
    chosen = HardNegative(SHOWN, "readout", free.name, noise=train.hard_negative.noise)
    program = Program(PROGRAM, train.burn_in, train.window, (free, shown), chosen)
    return network.replace(programs=(*network.programs, program))


def without_homeostasis(network):
    """The network whose biases learn by the rules alone."""
    return network.replace(
        populations=tuple(
            dataclasses.replace(p, bias=dataclasses.replace(p.bias, homeostasis=0.0))
            for p in network.populations
        )
    )


def order(count, block, key, same=True):
    """Places and signs of the presentations of an epoch, two for each of ``count`` images.

    Parameters
    ----------
    count : int
        Number of images; they come in their order.
    block : int or None
        So many positive presentations, then as many negative ones; the first block may be shorter,
        so that a whole one comes last. None: all presentations are shuffled.
    key : int
        Of the shuffle.
    same : bool
        Whether negatives are of the images of their block, or of those half an epoch away.

    Returns
    -------
    places, signs : (2 count,) ndarray of int64
    """
    if block is None:
        shuffled = counter.permutation(2 * count, key)
        return shuffled % count, np.where(shuffled < count, 1, -1)
    parts = np.split(np.arange(count), np.arange(count % block or block, count, block))
    places = np.concatenate([np.concatenate([part, part]) for part in parts])
    signs = np.concatenate([np.repeat([1, -1], len(part)) for part in parts])
    return places if same else np.where(signs > 0, places, (places + count // 2) % count), signs


def given(network, data, images, epoch, block, seed, same=True):
    """Signals and sample numbers of an epoch; both presentations of an image have their own."""
    count = len(data.train_labels)
    chosen = counter.permutation(count, counter.derive_key(seed, counter.ORDER, epoch))
    places, signs = order(count, block, counter.derive_key(seed, counter.ORDER, epoch, 1), same)
    labels, numbers = data.train_labels[chosen], epoch * count + np.arange(count)
    hard = network.training.hard_negatives
    wrong = negatives(labels, numbers, data.classes, hard, seed)
    found = {
        signals.IMAGE: images[chosen][places],
        signals.LABEL: labels[places],
        SHOWN: np.where(signs > 0, labels[places], wrong[places]),
        SIGN: signs,
    }
    return found, 2 * numbers[places] + (signs < 0)


def learn(network, data, block, condition, epochs, seed):
    """Train by a schedule; the trained network, and recording and signs of the last epoch.

    ``condition.longer`` times as many epochs; the learning rate decays so many times more slowly.
    """
    longer, same = condition.longer, condition.same_images
    start = pffspike.begin(network, data, seed=seed, epochs=longer * epochs)
    images = start.coding.encode(data.train_images, data.levels)
    with pffspike.open_session(start, PROGRAM, Execution("numba", seed=seed)) as session:
        for epoch in range(longer * epochs):
            shown, numbers = given(network, data, images, epoch, block, seed, same)
            scale = condition.rate * constants.decayed(network.training.decay, epoch // longer)
            recording = session.run(shown, numbers, learning_scale=scale)
        parameters = session.parameters
    return start.replace(parameters=parameters), recording, shown[SIGN]


def swing(recording, signs, block):
    """How far the goodness of positives moves within their block, by threshold of the population.

    Parameters
    ----------
    recording : Recording
        Of an epoch.
    signs : (presentations,) ndarray of int64
        Its schedule.
    block : int
        Of the schedule, at least 2.

    Returns
    -------
    dict of str to float
        By population: mean goodness of the first positives of all whole blocks, which follow
        negative ones, minus that of the last; of high goodness, the other way round.
    """
    near, found = min(NEAR, block // 2), {}
    for name, threshold in structure.goodness_thresholds(recording.network).items():
        values = recording.by_phase(recording.goodness[name])[:, 1][signs > 0]
        whole = values[len(values) % block :].reshape(-1, block)
        difference = whole[:, :near].mean() - whole[:, -near:].mean()
        found[name] = float(direction(recording.network, name) * difference / threshold)
    return found


def direction(network, name):
    """1 where learning lowers the goodness of positives, -1 where it raises it."""
    return 1 if network.population(name).rule.positive == "low" else -1


def measured(trained, data, seed):
    """Accuracy label by label on test images; hidden neurons that never or always spike."""
    hidden = tuple(structure.goodness_thresholds(trained.network))
    images = trained.coding.encode(data.test_images, data.levels)
    execution = Execution("numba", seed=seed, probes=Probes(counts=hidden))
    found = pffspike.run(trained, "goodness", {signals.IMAGE: images}, execution=execution)
    goodness = np.sum([found.by_phase(found.goodness[name]) for name in hidden], axis=0)
    scores = -direction(trained.network, hidden[0]) * goodness
    window = found.program.window
    rates = np.concatenate([found.counts[name].mean(axis=0) / window for name in hidden])
    return {
        "accuracy": float(np.mean(scores.argmax(axis=1) == data.test_labels)),
        "silent": float(np.mean(rates == 0)),
        "saturated": float(np.mean(rates > 0.9)),
    }
