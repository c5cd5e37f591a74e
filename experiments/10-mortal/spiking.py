"""Spiking PFF on a chip: copied, taught there, adapted, with labels and without."""

import dataclasses

import numpy as np

import pffspike
from pffspike import Execution
from pffspike.arithmetic import counter
from pffspike.circuits import without_latents
from pffspike.devices import load_device
from pffspike.energies import energy
from pffspike.network import constants

HIDDEN = ("hidden_1", "hidden_2")
FIRST = 1 << 32  #: number of the first sample that is presented after the training


def card():
    """The card of the digits, without its generative half."""
    changes = without_latents()
    changes["pff"]["generative"] = False
    return pffspike.load_network("digits", changes)


def trained(network, data, seed, epochs, chip=None):
    """Train from initial weights, on a chip or an ideal one."""
    state = pffspike.begin(network, data, seed=seed, epochs=epochs)
    if chip is not None:
        state = state.replace(parameters=chip.programmed(state.parameters))
    return pffspike.train(state, data, execution=Execution(seed=seed))


def programmed(state, chip, parameters=None):
    """The same network with other weights, on a chip."""
    found = state.parameters if parameters is None else parameters
    return state.replace(parameters=chip.programmed(found))


def accuracy(state, data):
    """Share of the test images answered rightly, label by label."""
    answers = pffspike.classify(state, _encoded(state, data, data.test_images)).predicted
    return float(np.mean(answers == data.test_labels))


def labelled(state, data):
    """The same data with the labels that a network answers, in place of the true ones."""
    answers = pffspike.classify(state, _encoded(state, data, data.train_images)).predicted
    return dataclasses.replace(data, train_labels=answers)


def adapted(state, data, first, end, *, labels=True):
    """Learn presentations ``first`` to ``end``, at the learning rate that the training ended with.

    Without labels only homeostasis goes on, in the presentation without a label.
    """
    numbers = np.arange(first, end)
    chosen = _order(len(data.train_images), end, state.seed)[first:]
    images = _encoded(state, data, data.train_images[chosen])
    if labels:
        return pffspike.learn_online(
            state,
            images,
            data.train_labels[chosen],
            first_sample=FIRST + first,
            learning_scale=last_scale(state),
            execution=Execution(seed=state.seed),
        ).trained
    network = settling(state.network)
    engine = pffspike.make_engine(pffspike.resolve_engine("fastest"))
    with engine.compile(network, "settle", state.parameters, seed=state.seed) as session:
        session.run({"image": images}, FIRST + numbers)
        return state.replace(parameters=session.parameters)


def settling(network):
    """A program of the presentation without a label, in which only homeostasis is left."""
    train = network.program("train")
    free = next(phase for phase in train.phases if "label" not in phase.inputs)
    free = dataclasses.replace(free, learn=tuple(n for n in free.learn if n in HIDDEN))
    program = dataclasses.replace(train, name="settle", phases=(free,), hard_negative=None)
    return network.replace(
        programs=(*network.programs, program),
        populations=tuple(
            dataclasses.replace(p, bias=dataclasses.replace(p.bias, learning_rate=0.0))
            for p in network.populations
        ),
        projections=tuple(dataclasses.replace(p, learning_rate=0.0) for p in network.projections),
    )


def last_scale(state):
    """Factor of the learning rates at the end of the training."""
    epochs = max(1, state.samples_total // state.samples_per_epoch)
    return constants.decayed(state.network.training.decay, epochs - 1)


def energy_of_learning(state, data, samples=100):
    """Energy of a learned presentation on Loihi 1 by the card's values, J, without static power."""
    images = _encoded(state, data, data.train_images[:samples])
    given = {
        "image": images,
        "label": data.train_labels[:samples],
        "negative": np.full(samples, -1),
    }
    engine = pffspike.make_engine(pffspike.resolve_engine("fastest"))
    names = tuple(p.name for p in state.network.populations)
    with engine.compile(
        state.network, "train", state.parameters, seed=0, probes=pffspike.Probes(counts=names)
    ) as session:
        recording = session.run(given, np.arange(samples), learning_scale=last_scale(state))
    return energy([recording], load_device("loihi1")).events


def _encoded(state, data, images):
    return state.coding.encode(images, data.levels)


def _order(images, presentations, seed):
    """Images in the order in which they are presented, all of them once, then again."""
    passes = -(-presentations // images)
    return np.concatenate(
        [
            counter.permutation(images, counter.derive_key(seed, counter.ORDER, 1 << 16, k))
            for k in range(passes)
        ]
    )[:presentations]
