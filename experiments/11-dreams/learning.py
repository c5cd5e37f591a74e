"""Training with negative (and positive) images of one's own, and what it learned."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

import pffspike
from pffspike import Execution
from pffspike.arithmetic import counter
from pffspike.generation.latent import infer_latents, learn_latents_once
from pffspike.generation.prior import draw_latents, fit_mixtures
from pffspike.generation.synthesis import synthesize
from pffspike.network import constants, structure

STATES = 300  #: images whose latent states give the prior of the dreams
COMPONENTS = 1  #: Gaussians a class: mean and covariance
SHOWN = 10**6  #: number of the dreams that are judged, after those that are learned from
DREAM = 77  #: keys the random numbers of dreams


@dataclass
class Stretch:
    """Samples that are learned with one set of negatives: the images, and whose labels."""

    images: np.ndarray  #: (samples, pixels) grey values, as the data have them
    labels: np.ndarray  #: (samples,) true classes
    number: int  #: of the stretch, from 0 on
    epoch: int


@dataclass
class Shown:
    """What the phases of a stretch show; None: the real image, and the label it would have."""

    negative: np.ndarray | None = None  #: images
    negative_labels: np.ndarray | None = None  #: -1: the read-out's most convincing wrong answer
    positive: np.ndarray | None = None  #: images
    positive_labels: np.ndarray | None = None


@dataclass
class Learner:
    """A network that learns, stretch by stretch, and can dream meanwhile."""

    state: pffspike.TrainedNetwork
    data: pffspike.Dataset
    dreams: list = field(default_factory=list)  #: of each epoch: share that the judge recognizes
    prior: pffspike.Prior | None = None

    def encoded(self, images):
        """Spike probabilities of images as the network sees them."""
        return self.state.coding.encode(images, self.data.levels)

    def dream(self, labels, number, source=None):
        """Synthesize an image of each label, as grey values of the data."""
        dreamer, prior = source or (self.state, self.prior)
        key = counter.derive_key(self.state.seed, DREAM, number) >> 1
        latents = draw_latents(prior, labels, key) if prior else None
        rates = synthesize(dreamer, labels, latents, window=64, execution=Execution(seed=key))
        grey = dreamer.coding.decode(rates)
        return np.rint(np.clip(grey, 0, 1) * self.data.levels).astype(self.data.train_images.dtype)

    def convincing(self, images, labels):
        """Wrong labels that the read-out finds most convincing for images of given labels."""
        answer = pffspike.classify(self.state, self.encoded(images), "one_pass")
        scores = np.array(answer.scores, np.float64)
        scores[np.arange(len(labels)), labels] = -np.inf
        return scores.argmax(axis=1)


def network_of(epochs=None, card="digits"):
    """A card of the circuit pff whose phases may each show images and labels of their own."""
    changes = ({"decay": 0.9} if card == "digits" else {}) | ({"epochs": epochs} if epochs else {})
    network = pffspike.load_network(card, {"training": changes})
    program = network.program("train")
    own = {
        "positive": {"image": "positive_image", "label": "positive_label"},
        "negative": {"image": "negative_image", "label": "negative"},
    }
    phases = tuple(
        dataclasses.replace(phase, inputs=own.get(phase.name, phase.inputs))
        for phase in program.phases
    )
    changed = dataclasses.replace(program, phases=phases)
    others = tuple(p for p in network.programs if p.name != "train")
    return network.replace(programs=(changed, *others))


def learn(
    network, data, seed, make: Callable[[Learner, Stretch], Shown], stretch, judge=None
) -> Learner:
    """Train a network; ``make`` says what the phases of a stretch of samples show."""
    learner = Learner(pffspike.begin(network, data, seed=seed), data)
    training, per_epoch = network.training, len(data.train_images)
    number = 0
    for epoch in range(training.epochs):
        order = counter.permutation(per_epoch, counter.derive_key(seed, counter.ORDER, epoch))
        for first in range(0, per_epoch, stretch):
            chosen = order[first : first + stretch]
            part = Stretch(data.train_images[chosen], data.train_labels[chosen], number, epoch)
            _learn_stretch(learner, part, make(learner, part), epoch * per_epoch + first)
            number += 1
        _learn_latents(learner, order, epoch)
        if judge:
            labels = np.arange(100) % data.classes
            learner.dreams.append(judge(learner.dream(labels, SHOWN + epoch), labels))
    return learner


def _learn_stretch(learner, part, shown, first):
    state = learner.state
    numbers = first + np.arange(len(part.labels))
    hard = np.full(len(part.labels), -1)
    signals = {
        "image": learner.encoded(part.images),
        "label": part.labels,
        "positive_image": learner.encoded(_or(shown.positive, part.images)),
        "positive_label": _or(shown.positive_labels, part.labels),
        "negative_image": learner.encoded(_or(shown.negative, part.images)),
        "negative": _or(shown.negative_labels, hard),
    }
    scale = constants.decayed(state.network.training.decay, part.epoch)
    with pffspike.open_session(state, "train", Execution(seed=state.seed)) as session:
        session.run(signals, numbers, learning_scale=scale)
        learner.state = state.replace(
            parameters=session.parameters, samples_done=state.samples_done + len(numbers)
        )


def _or(given, otherwise):
    return otherwise if given is None else given


def _learn_latents(learner, order, epoch):
    """Latent states, their weights and their prior at the end of an epoch, as a training does."""
    state, data = learner.state, learner.data
    training = state.network.training
    chosen = order[: training.latent_images]
    images, labels = learner.encoded(data.train_images[chosen]), data.train_labels[chosen]
    learner.state = learn_latents_once(
        state,
        images,
        labels,
        first_sample=epoch * len(chosen),
        learning_scale=constants.decayed(training.latent_decay, epoch),
        execution=Execution(seed=state.seed),
    )
    some = slice(0, STATES)
    found = infer_latents(
        learner.state, images[some], labels[some], execution=Execution(seed=state.seed)
    )
    learner.prior = fit_mixtures(found.values, labels[some], data.classes, COMPONENTS, state.seed)


def separations(learner):
    """How well goodness tells a right label from wrong ones, by layer: area under the curve."""
    state, data = learner.state, learner.data
    recording = pffspike.run(
        state,
        "goodness",
        {"image": learner.encoded(data.test_images)},
        execution=Execution(seed=state.seed),
    )
    truth, found = data.test_labels, {}
    for name in structure.goodness_thresholds(state.network):
        scores = -recording.by_phase(recording.goodness[name]).astype(np.float64)  # low is good
        right = scores[np.arange(len(truth)), truth]
        wrong = np.delete(scores.ravel(), np.arange(len(truth)) * data.classes + truth)
        places = np.searchsorted(np.sort(wrong), right, side="left")
        ends = np.searchsorted(np.sort(wrong), right, side="right")
        found[name] = float(((places + ends) / 2 / len(wrong)).mean())
    return found
