"""Quality of what a generative circuit makes: reconstructions and samples, beside references."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pffspike import inference
from pffspike.choices import STATES
from pffspike.data import Dataset, probabilities
from pffspike.execution import Execution, counting, made
from pffspike.generation.decoders import principal_components
from pffspike.generation.diversity import Diversity, diversity
from pffspike.generation.judge import Judge, Judgement, class_means
from pffspike.generation.prior import draw_latents
from pffspike.generation.rebuilding import rebuild
from pffspike.generation.sampling import Samples
from pffspike.generation.synthesis import check_synthesis, synthesize
from pffspike.inputs import dataset_of
from pffspike.tabular import Tabular
from pffspike.trained import TrainedNetwork
from pffspike.typing import Floats

_EPOCHS = 10  #: of the classifier that judges samples
_UNITS = {"entropy": "entropy_nat"}  #: columns that have a unit
_REAL = 2000  #: test images whose distances to training images are the scale


@dataclass(frozen=True, eq=False)
class Quality(Tabular):
    """How good reconstructions and samples are.

    Parameters
    ----------
    errors : mapping of str to float
        Mean summed squared error of an image, by what rebuilt it.
    judgements : mapping of str to (Judgement, Diversity)
        Of samples, real images and means of classes.
    rebuilt : mapping of str to (samples, pixels) ndarray of float64
        The images behind the errors, the originals first.
    samples : Samples
        The images behind the judgements.
    """

    errors: Mapping[str, float]
    judgements: Mapping[str, tuple[Judgement, Diversity]]
    rebuilt: Mapping[str, Floats]
    samples: Samples

    def tidy_rows(self) -> list[dict[str, Any]]:
        """Give a row for each reconstruction and each set of samples; nan: not measured of it.

        ``summed_squared_error`` is that of an image with grey values in [0, 1], ``entropy_nat`` in
        nat, ``distance`` in grey values; all else are fractions, see `Judgement` and `Diversity`.
        """
        measured: list[tuple[str, str, dict[str, float]]] = [
            ("reconstruction", name, {"summed_squared_error": error})
            for name, error in self.errors.items()
        ]
        measured += [
            ("samples", name, {**vars(judgement), **vars(diversity)})
            for name, (judgement, diversity) in self.judgements.items()
        ]
        columns = dict.fromkeys(key for *_, values in measured for key in values)
        return [
            {"kind": kind, "name": name}
            | {_UNITS.get(key, key): values.get(key, math.nan) for key in columns}
            for kind, name, values in measured
        ]

    def __repr__(self) -> str:
        errors = ", ".join(f"{name}: {error:.3g}" for name, error in self.errors.items())
        return f"Quality({errors})"


def quality(
    trained: TrainedNetwork,
    dataset: str | Dataset | None = None,
    *,
    states: Sequence[str] = STATES,
    window: int | None = None,
    count: int = 1000,
    execution: Execution = Execution(),
) -> Quality:
    """Measure what the generative circuit makes: reconstructions and synthesized images.

    Reconstruction errors stand beside those of reference decoders, in every state of the label.
    Samples are judged by a classifier that learned by backpropagation, by their distance to the
    training images, and by their diversity: variance within classes against real images, precision
    and recall, and what a classifier learns from them.

    Parameters
    ----------
    trained : TrainedNetwork
        Its network has the programs ``reconstruct`` and ``synthesize``.
    dataset : str, Dataset or None
        That of the card by default; its test images are rebuilt.
    states : sequence of str
        States of the label under which test images are rebuilt, see
        `pffspike.inference.label_state`.
    window : int or None
        Steps over which their spikes are averaged, a power of two; the program's by default.
    count : int
        Synthesized images.
    execution : Execution
        Engine, seed, progress.

    Returns
    -------
    Quality

    Raises
    ------
    ValidationError
        If the network has no generative circuit, or the data do not fit it.

    Examples
    --------
    >>> import pffspike
    >>> trained = pffspike.train("digits", epochs=1)
    >>> sorted(pffspike.quality(trained, states=["free"], count=200).judgements)
    ['40 principal components of them', 'mean of the class', 'real training images', 'synthesized']
    """
    inference.check_reconstruction(trained.network, labelled=True)
    check_synthesis(trained.network)
    data = dataset_of(trained, dataset)
    execution = execution.replace(engine=made(execution.engine))
    original = probabilities(data.test_images, data.levels)
    rebuilt = rebuild(trained, data, states, window=window, execution=execution)
    errors = {
        name: float(np.square(images - original).sum(axis=1).mean())
        for name, images in rebuilt.items()
    }
    samples = _synthesize(trained, count, execution)
    judged = _judge(trained, data, samples, execution)
    return Quality(errors, judged, {"original": original, **rebuilt}, samples)


def _synthesize(trained: TrainedNetwork, count: int, execution: Execution) -> Samples:
    """Samples of all classes in turn, from the prior if there is one."""
    labels = np.arange(count, dtype=np.int64) % trained.network.role("label").size
    latents = draw_latents(trained.prior, labels, execution.seed) if trained.prior else None
    rates = synthesize(trained, labels, latents, execution=execution)
    return Samples(trained.coding.decode(rates), labels)


def _judge(
    trained: TrainedNetwork, dataset: Dataset, samples: Samples, execution: Execution
) -> dict[str, tuple[Judgement, Diversity]]:
    train = probabilities(dataset.train_images, dataset.levels)
    test = probabilities(dataset.test_images, dataset.levels)
    judge = Judge(
        train,
        dataset.train_labels,
        test[:_REAL],
        seed=execution.seed,
        epochs=_EPOCHS,
        progress=counting(execution, "classifier", _EPOCHS),
    )
    n, labels = len(samples.images), samples.labels
    if n >= len(train):  # of small data a half each
        n = len(train) // 2
    # Other real images than those that samples are compared with.
    others, other_labels = train[n : 2 * n], dataset.train_labels[n : 2 * n]
    sets = {
        "synthesized": (samples.images, labels),
        "real training images": (others, other_labels),
        "mean of the class": (class_means(train, dataset.train_labels, labels), labels),
    }
    if trained.network.has_role("latent"):
        size = trained.network.role("latent").size
        kept = principal_components(train, others, size, execution.seed)
        sets[f"{size} principal components of them"] = (kept, other_labels)
    compared = (train[:n], dataset.train_labels[:n])
    asked = (test, dataset.test_labels)
    return {
        name: (judge.judge(x, y), diversity(x, y, compared, asked, seed=execution.seed))
        for name, (x, y) in sets.items()
    }
