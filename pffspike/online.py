"""Learning on-line: every sample of a stream is answered first, and learned then."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pffspike.errors import ValidationError
from pffspike.execution import Execution, counting, made, open_session
from pffspike.inference.proposal import ranking
from pffspike.network import signals, structure
from pffspike.network.events import Stimulus
from pffspike.network.spec import Network
from pffspike.recording import Probes
from pffspike.tabular import Tabular
from pffspike.trained import TrainedNetwork
from pffspike.training import negatives as drawn_negatives
from pffspike.typing import Integers


@dataclass(frozen=True, eq=False)
class OnlineLearning(Tabular):
    """A stream that was answered and learned, and the network afterwards.

    Parameters
    ----------
    trained : TrainedNetwork
        With the weights after the last sample.
    answers : (samples,) ndarray of int64
        Answer of each sample before it was learned, with the weights that those before it left.
    labels : (samples,) ndarray of int64
        Right answers.
    negatives : (samples,) ndarray of int64
        Wrong labels that were learned.
    """

    trained: TrainedNetwork
    answers: Integers
    labels: Integers
    negatives: Integers

    def accuracy(self, first: int = 0, end: int | None = None) -> float:
        """Fraction of right answers (the prequential accuracy), or that of a part of the stream.

        Parameters
        ----------
        first, end : int or None
            Numbers of samples, as of a slice.

        Returns
        -------
        float
        """
        part = slice(first, end)
        return float(np.mean(self.answers[part] == self.labels[part]))

    def tidy_rows(self) -> list[dict[str, Any]]:
        """Give a row for each sample: its label, its answer, the wrong label that was learned."""
        columns = (self.labels, self.answers, self.negatives)
        return [
            {"sample": k, "truth": int(label), "answer": int(answer), "negative": int(negative)}
            for k, (label, answer, negative) in enumerate(zip(*columns, strict=True))
        ]

    def __repr__(self) -> str:
        return f"OnlineLearning({len(self.labels):,} samples, accuracy {self.accuracy():.3f})"


def learn_online(
    trained: TrainedNetwork,
    images: Stimulus,
    labels: npt.ArrayLike,
    *,
    negatives: npt.ArrayLike | None = None,
    first_sample: int = 0,
    learning_scale: float = 1.0,
    execution: Execution = Execution(),
) -> OnlineLearning:
    """Answer every sample of a stream, and learn it then.

    Inference is a part of learning: the presentation without a label, from which the read-out
    answers, is the one that a training begins each sample with. So an answer costs no presentation
    more, and a stream in several calls gives the weights of one call, bit for bit.

    Parameters
    ----------
    trained : TrainedNetwork
        Its network has the program ``train``. It stays as it is.
    images : (samples, neurons) or (samples, steps, neurons) ndarray, or Events
        In the order of the stream: spike probabilities; ``trained.coding.encode`` makes them.
    labels : (samples,) array_like of int
        True classes.
    negatives : (samples,) array_like of int, or None
        Wrong labels to learn, -1 for the one that the network finds most convincing; None: drawn as
        the card's training draws them.
    first_sample : int
        Number of the first sample, which keys its random numbers: those of a stream in several
        calls follow each other.
    learning_scale : float
        Factor of all learning rates; 0: learning is off, homeostasis included, and answers are
        given all the same.
    execution : Execution
        Engine, seed, progress.

    Returns
    -------
    OnlineLearning

    Raises
    ------
    ValidationError
        If the network's training has no presentation that is answered, or inputs do not fit.

    Examples
    --------
    >>> import pffspike
    >>> data = pffspike.load_data("digits")
    >>> begun = pffspike.begin(pffspike.load_network("digits"), data, seed=0)
    >>> images = begun.coding.encode(data.train_images[:600], data.levels)
    >>> found = learn_online(begun, images, data.train_labels[:600])
    >>> found.accuracy(500) > found.accuracy(0, 100)
    True
    """
    network, labels = trained.network, np.asarray(labels, np.int64)
    structure.check_signals(network, "train", signals.IMAGE, signals.LABEL, signals.NEGATIVE)
    choice = network.program("train").hard_negative
    if choice is None:
        raise ValidationError(
            f"network {network.name!r} has no presentation in training that its read-out answers; "
            f"take a card of the circuit pff"
        )
    numbers = first_sample + np.arange(len(labels))
    if negatives is None:
        classes, hard = network.role("label").size, network.training.hard_negatives
        negatives = drawn_negatives(labels, numbers, classes, hard, execution.seed)
    own = execution.replace(
        engine=made(execution.engine), probes=Probes(counts=(choice.population,))
    )
    asked = trained if learning_scale else trained.replace(network=_without_learning(network))
    with open_session(asked, "train", own) as session:
        recording = session.run(
            {signals.IMAGE: images, signals.LABEL: labels, signals.NEGATIVE: np.asarray(negatives)},
            numbers,
            learning_scale=learning_scale,
            progress=counting(own, "learning on-line", len(labels)),
        )
        learned = session.parameters
    free = [phase.name for phase in recording.program.phases].index(choice.phase)
    votes = recording.by_phase(recording.counts[choice.population])[:, free]
    stage = {
        "online": len(labels),
        "first_sample": first_sample,
        "learning_scale": learning_scale,
        "seed": str(execution.seed),
        "engine": made(own.engine).name,
    }
    before = trained.provenance.get("continued", [])
    changed = trained.replace(
        parameters=learned,
        prior=None,
        provenance={**trained.provenance, "continued": [*before, stage]},
    )
    answers = ranking(votes, numbers, execution.seed)[:, 0].astype(np.int64)
    chosen = np.where(recording.hard_negatives < 0, negatives, recording.hard_negatives)
    return OnlineLearning(changed, answers, labels, chosen.astype(np.int64))


def _without_learning(network: Network) -> Network:
    """The network whose training presents the same and changes nothing."""
    train = network.program("train")
    phases = tuple(dataclasses.replace(phase, learn=()) for phase in train.phases)
    still = dataclasses.replace(train, phases=phases)
    return network.replace(
        programs=tuple(still if p.name == "train" else p for p in network.programs)
    )
