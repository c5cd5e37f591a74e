"""The prior of the latent state: a mixture of Gaussians for each class.

Ororbia and Mali (arXiv 2301.01452) fit one mixture to the latent states of all training images.
Here the label predicts the top population as well, so that the latent state holds what the label
leaves open, and every class has a mixture of its own. It is fitted by expectation maximization, or
stands on training images: a Gaussian around the state of each, which reaches as far as its
neighbours, and in their directions only.
"""

from __future__ import annotations

import numpy as np

from pffspike.arithmetic import counter, grids
from pffspike.errors import ValidationError
from pffspike.trained import Prior
from pffspike.typing import Floats, Integers

_SPREAD = 1e-4  #: least variance of a component, in squared spike probability


def fit_mixtures(
    latents: Floats, labels: Integers, classes: int, components: int, seed: int
) -> Prior:
    """Fit mixtures by expectation maximization (scikit-learn).

    Parameters
    ----------
    latents : (samples, latent) ndarray of float64
        Latent states.
    labels : (samples,) ndarray of int64
        The class of each.
    classes, components : int
        Classes, and components of the mixture of each.
    seed : int
        Of the start of the fit.

    Returns
    -------
    Prior

    Raises
    ------
    ValidationError
        If a class has fewer samples than there are components.
    """
    from sklearn.mixture import GaussianMixture  # takes a second to import

    fitted = []
    for label in range(classes):
        own = latents[labels == label]
        if len(own) < max(2, components):
            raise ValidationError(
                f"class {label} has {len(own)} images, too few for {components} components; give "
                f"more images (--samples) or fewer --components"
            )
        mixture = GaussianMixture(components, reg_covar=_SPREAD, random_state=seed)
        fitted.append(mixture.fit(own))
    return Prior(
        np.bincount(labels, minlength=classes) / len(labels),
        np.array([mixture.weights_ for mixture in fitted]),
        np.array([mixture.means_ for mixture in fitted]),
        np.array([np.linalg.cholesky(mixture.covariances_) for mixture in fitted]),
    )


def fit_neighbourhoods(
    latents: Floats, labels: Integers, classes: int, components: int, neighbours: int
) -> Prior:
    """Put a Gaussian around the states of images, with the covariance of their neighbours.

    A sample stays near states that occur, where one of a few wide Gaussians often lies between
    them. Source: manifold Parzen windows, Vincent and Bengio, NIPS 15 (2002).

    Parameters
    ----------
    latents : (samples, latent) ndarray of float64
        Latent states.
    labels : (samples,) ndarray of int64
        The class of each.
    classes, components : int
        Classes, and states of each that are centres: the first ones.
    neighbours : int
        Nearest states of the same class whose differences from the centre make its covariance.

    Returns
    -------
    Prior

    Raises
    ------
    ValidationError
        If a class has fewer samples than there are components, or no more than neighbours.
    """
    from sklearn.neighbors import NearestNeighbors  # takes a second to import

    means, factors = [], []
    for label in range(classes):
        own = latents[labels == label]
        if len(own) < max(components, neighbours + 1):
            raise ValidationError(
                f"class {label} has {len(own)} images, too few for {components} components and "
                f"{neighbours} neighbours; give more images (--samples), or fewer --components or "
                f"--neighbours"
            )
        centres = own[:components]
        found = NearestNeighbors(n_neighbors=neighbours + 1).fit(own)
        near = own[found.kneighbors(centres, return_distance=False)[:, 1:]]
        means.append(centres)
        factors.append((near - centres[:, None]).transpose(0, 2, 1) / np.sqrt(neighbours))
    return Prior(
        np.bincount(labels, minlength=classes) / len(labels),
        np.full((classes, components), 1 / components),
        np.array(means),
        np.array(factors),
    )


def draw_labels(prior: Prior, count: int, seed: int) -> Integers:
    """Draw classes with their frequencies: ``(count,)`` ndarray of int64."""
    numbers = counter.uniform(counter.derive_key(seed, counter.LATENTS, 0), np.arange(count))
    return _choose(np.broadcast_to(prior.shares, (count, len(prior.shares))), numbers)


def draw_latents(prior: Prior, labels: Integers, seed: int) -> Floats:
    """Draw latent states for classes.

    Parameters
    ----------
    prior : Prior
        Mixtures of the classes.
    labels : (samples,) ndarray of int64
        The class of each.
    seed : int
        Of everything random.

    Returns
    -------
    (samples, latent) ndarray of float64
        Spike probabilities on the grid 2^-24.
    """
    key = counter.derive_key(seed, counter.LATENTS, 1)
    components = _choose(prior.weights[labels], counter.uniform(key, np.arange(len(labels))))
    rank = prior.factors.shape[-1]
    noise = counter.normal(counter.derive_key(key, 0), len(labels) * rank)
    scaled = np.einsum(
        "nij,nj->ni", prior.factors[labels, components], noise.reshape(len(labels), rank)
    )
    drawn = grids.nearest(prior.means[labels, components] + scaled, grids.DRIVE_GRID)
    return grids.saturate(drawn, 0.0, 1.0)


def _choose(shares: Floats, numbers: Floats) -> Integers:
    """Index into each row of shares that a uniform number falls on."""
    ends = np.cumsum(shares, axis=1)
    chosen = (numbers[:, None] * ends[:, -1:] >= ends).sum(axis=1)
    return np.minimum(chosen, shares.shape[1] - 1).astype(np.int64)
