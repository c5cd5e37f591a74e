"""Minutes to an accuracy on one core: this package's network, rate-coded PFF, backpropagation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from pffspike import inference, schedules, training
from pffspike.arithmetic import counter
from pffspike.baselines import perceptron, rate_pff
from pffspike.baselines.perceptron import Perceptron
from pffspike.baselines.rate_pff_circuit import RatePFF
from pffspike.baselines.rates import normalized
from pffspike.baselines.result import cpu_seconds, scaled
from pffspike.data import Dataset
from pffspike.execution import Execution
from pffspike.inputs import first_samples
from pffspike.network.spec import Network
from pffspike.trained import TrainedNetwork

GOALS = (0.95, 0.97, 0.98)  #: accuracies whose time is told
_GROWTH = 1.25  #: of the images shown, between two looks at the accuracy
_JUDGES = 2000  #: test images at most, evenly spread: judging by all takes longer than learning
_GROUPS = (10, 8, 5, 4, 2, 1)  #: units that compete in rate-coded PFF; the authors have 10


@dataclass(frozen=True)
class Learning:
    """What is learned, and for how long.

    Parameters
    ----------
    network : Network
        This package's.
    hidden : tuple of two int
        Sizes of its hidden populations, and of the hidden layers of the others.
    dataset : Dataset
        All learn from its training images; some of its test images judge.
    seed : int
        Of everything random.
    part : int
        Images before the first look at the accuracy, and between two looks at the clock.
    minutes : float
        For each learner, at most.
    """

    network: Network
    hidden: tuple[int, int]
    dataset: Dataset
    seed: int
    part: int
    minutes: float


@dataclass
class _Stopwatch:
    """Clock of one learner: processor time of its learning, and accuracies on the way."""

    part: int
    seconds: float
    spent: float = 0.0
    images: int = 0
    curve: list[tuple[int, float, float]] = field(default_factory=list)
    _next: float = 0.0
    _begun: float = 0.0

    def start(self) -> None:
        """Begin to count, when all is prepared."""
        self._begun = cpu_seconds()

    def __call__(self, images: int, accuracy: Callable[[], float]) -> bool:
        """Look at the clock, and now and then at the accuracy; whether this is the end."""
        self.spent += cpu_seconds() - self._begun
        self.images, over = images, self.spent >= self.seconds
        if over or images >= max(self._next, self.part):
            self.curve.append((images, self.spent, accuracy()))
            self._next = _GROWTH * images
            over = over or self.curve[-1][2] >= max(GOALS)
        self.start()  # judging does not count
        return over


def time_learning(task: Learning, engine: str, say: Callable[[str], None]) -> dict[str, Any]:
    """Let all learn, one after the other, each on one core.

    Parameters
    ----------
    task : Learning
        What is learned, and for how long.
    engine : str
        Of this package's network; what it compiles has been compiled before.
    say : callable
        Told which one learns.

    Returns
    -------
    dict
        By learner: ``images_per_second``, ``minutes_to`` by per cent, ``not_reached`` with the
        reason for each None there, and ``curve`` of (images, seconds, accuracy).
    """
    learners: dict[str, Callable[[Learning, _Stopwatch], None]] = {
        f"spiking PFF, {engine}": lambda task, clock: _spiking(task, engine, clock),
        "rate-coded PFF": _rate_pff,
        "backpropagation, scikit-learn": _backpropagation,
    }
    data = task.dataset
    spread = slice(None, None, -(-len(data.test_images) // _JUDGES))
    judged = dataclasses.replace(
        data, test_images=data.test_images[spread], test_labels=data.test_labels[spread]
    )
    found = {}
    for name, learn in learners.items():
        say(f"minutes to an accuracy: {name}")
        clock = _Stopwatch(task.part, 60 * task.minutes)
        with threadpool_limits(1):
            learn(dataclasses.replace(task, dataset=judged), clock)
        found[name] = _described(clock, task.minutes)
    return found


def _described(clock: _Stopwatch, minutes: float) -> dict[str, Any]:
    reached = {
        f"{100 * goal:.0f}": next((s / 60 for _, s, found in clock.curve if found >= goal), None)
        for goal in GOALS
    }
    best = max(accuracy for _, _, accuracy in clock.curve)
    reason = f"{100 * best:.1f} % at best after {clock.spent / 60:.2g} of {minutes:g} minutes"
    return {
        "images_per_second": clock.images / clock.spent,
        "minutes_to": reached,
        "not_reached": {goal: reason for goal, value in reached.items() if value is None},
        "curve": clock.curve,
    }


def _spiking(task: Learning, engine: str, clock: _Stopwatch) -> None:
    data = task.dataset
    shown = schedules.begin(task.network, data, seed=task.seed).coding.encode(
        data.test_images, data.levels
    )

    def look(state: TrainedNetwork) -> bool:
        def accuracy() -> float:
            numbers = np.arange(len(shown))
            answer = inference.classify(
                state, shown, "goodness", samples=numbers, execution=Execution(engine)
            )
            return answer.accuracy(data.test_labels)

        return clock(state.samples_done, accuracy)

    execution = Execution(engine, task.seed)
    one = first_samples(data, train=1)
    training.train(task.network, one, epochs=1, execution=execution)  # what is loaded once is
    clock.start()
    training.train(
        task.network,
        data,
        checkpoint_every=task.part,
        callbacks=[look],
        execution=execution,
    )


def _rate_pff(task: Learning, clock: _Stopwatch) -> None:
    data, (first, second) = task.dataset, task.hidden
    group = next(n for n in _GROUPS if not first % n and not second % n)
    config = RatePFF(task.hidden, group=group)
    test = normalized(scaled(data)[1])
    learner = rate_pff.Learner(config, data, task.seed)

    def accuracy() -> float:
        scores, _ = rate_pff.goodness_scores(
            config, learner.progress.parameters, test, data.classes
        )
        return float(np.mean(scores.argmax(axis=1) == data.test_labels))

    clock.start()
    for epoch in range(config.epochs):
        for shown in learner.epoch(epoch):
            if clock(epoch * len(data.train_images) + shown, accuracy):
                return


def _backpropagation(task: Learning, clock: _Stopwatch) -> None:
    data = task.dataset
    config = Perceptron(task.hidden)
    train, test = scaled(data)
    model, classes = perceptron.make_model(config, len(train), task.seed), np.arange(data.classes)

    def accuracy() -> float:
        return float(model.score(test, data.test_labels))

    clock.start()
    for epoch in range(config.epochs):
        order = counter.permutation(len(train), counter.derive_key(task.seed, counter.ORDER, epoch))
        shown = epoch * len(train)
        for part in np.array_split(order, max(1, len(train) // task.part)):
            model.partial_fit(train[part], data.train_labels[part], classes=classes)
            shown += len(part)
            if clock(shown, accuracy):
                return
