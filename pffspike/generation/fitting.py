"""The prior of a trained network: latent states are learned, and mixtures fitted to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.data import Dataset
from pffspike.errors import ValidationError
from pffspike.execution import Execution, made
from pffspike.generation.latent import check_latent, learn_latents
from pffspike.generation.prior import fit_mixtures, fit_neighbourhoods
from pffspike.inputs import dataset_of, encoded_training
from pffspike.trained import TrainedNetwork

PASSES = 3  #: times that every image is learned, where the latent population has not learned yet


@dataclass(frozen=True, eq=False)
class FittedPrior:
    """A trained network with a prior, and how well latent states explain what they predict.

    Parameters
    ----------
    trained : TrainedNetwork
        With its prior, and with what its latent population has learned.
    samples : int
        Training images that it learned from.
    errors : (presentations,) ndarray of float64
        Mean summed squared error of the predicted populations' rates, by presentation.
    """

    trained: TrainedNetwork
    samples: int
    errors: npt.NDArray[np.float64]

    def __repr__(self) -> str:
        return f"FittedPrior({self.trained!r}, error {self.errors[-1]:.3g})"


def fit_prior(
    trained: TrainedNetwork,
    dataset: str | Dataset | None = None,
    *,
    samples: int = 10000,
    passes: int | None = None,
    components: int = 3,
    neighbours: int | None = None,
    execution: Execution = Execution(),
) -> FittedPrior:
    """Learn what the latent population predicts, and fit the prior of its states.

    What the representation circuit has learned stays as it is; `pffspike.sample` then draws from
    the prior.

    Parameters
    ----------
    trained : TrainedNetwork
        Trained to the end, with a latent population.
    dataset : str, Dataset or None
        That of the card by default.
    samples : int
        The first so many training images, or all if there are fewer.
    passes : int or None
        Times that every image is learned; None: 3, or 0 where the latent population has learned
        with the rest (``latent_images`` of the card).
    components : int
        Gaussians a class.
    neighbours : int or None
        Put the Gaussians around the states of the first images of each class, with the covariance
        of so many neighbours, in place of a mixture that is fitted by expectation maximization:
        samples are more diverse, of many components (say, 500 and 5 neighbours).
    execution : Execution
        Engine, seed, progress.

    Returns
    -------
    FittedPrior

    Raises
    ------
    ValidationError
        If the network has no latent population or is not trained to the end, or a class has fewer
        images than components.

    Examples
    --------
    >>> import pffspike
    >>> network = pffspike.load_network("digits", {"pff": {"latent": 4}})
    >>> trained = pffspike.train(network, epochs=1)
    >>> pffspike.fit_prior(trained, samples=200, passes=1, components=1).trained.prior
    Prior(10 classes, 1 components, 4 latent neurons)
    """
    if not trained.finished:
        raise ValidationError(
            f"network {trained.network.name!r} is a checkpoint, and its training would go on from "
            f"other weights; finish it first (pffspike train --resume FILE)"
        )
    check_latent(trained.network)
    data = dataset_of(trained, dataset)
    images = encoded_training(trained, data)[:samples]
    labels = data.train_labels[:samples]
    if passes is None:
        passes = 0 if trained.network.training.latent_images else PASSES
    execution = execution.replace(engine=made(execution.engine))
    learned, states = learn_latents(trained, images, labels, passes=passes, execution=execution)
    if neighbours is None:
        prior = fit_mixtures(states.values, labels, data.classes, components, execution.seed)
    else:
        prior = fit_neighbourhoods(states.values, labels, data.classes, components, neighbours)
    return FittedPrior(learned.replace(prior=prior), len(images), states.errors)
