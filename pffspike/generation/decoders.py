"""Reference decoders: what others make of the same spikes, to measure a reconstruction by."""

from __future__ import annotations

import numpy as np

from pffspike.typing import Floats

_RIDGE = 1.0  #: penalty of the decoder, in squared rate times images


def linear_decoder(rates: Floats, images: Floats, new_rates: Floats) -> Floats:
    """Images that ridge regression reads from rates (scikit-learn), within [0, 1].

    Parameters
    ----------
    rates : (samples, size) ndarray of float64
        To fit on.
    images : (samples, pixels) ndarray of float64
        What the decoder learns to give.
    new_rates : (n, size) ndarray of float64
        Rates to decode.

    Returns
    -------
    (n, pixels) ndarray of float64
    """
    from sklearn.linear_model import Ridge

    return np.clip(Ridge(alpha=_RIDGE).fit(rates, images).predict(new_rates), 0.0, 1.0)


def principal_components(images: Floats, new: Floats, components: int, seed: int) -> Floats:
    """Images rebuilt from their principal components (scikit-learn), within [0, 1].

    Parameters
    ----------
    images : (samples, pixels) ndarray of float64
        To fit on.
    new : (n, pixels) ndarray of float64
        Images to reconstruct.
    components, seed : int
        Number of components, and the seed of their search.

    Returns
    -------
    (n, pixels) ndarray of float64
    """
    from sklearn.decomposition import PCA

    fitted = PCA(components, random_state=seed).fit(images)
    return np.clip(fitted.inverse_transform(fitted.transform(new)), 0.0, 1.0)
