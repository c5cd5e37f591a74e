"""Rates and labels as the functions of this package take them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pffspike.errors import ValidationError
from pffspike.typing import Floats, Integers


def checked_rates(rates: npt.ArrayLike) -> Floats:
    """Return rates as (images, neurons) of float64; raise `ValidationError` if they are none."""
    values = np.asarray(rates, np.float64)
    if values.ndim != 2 or values.shape[0] < 1 or values.shape[1] < 2:
        raise ValidationError(
            f"rates have shape {values.shape}; give (images, neurons), with two neurons or more"
        )
    if not np.isfinite(values).all() or values.min() < 0:
        raise ValidationError("rates hold a value that is negative or not finite; give rates")
    return values


def checked_labels(values: Floats, labels: npt.ArrayLike) -> Integers:
    """Return a class for each image, from 0 without a gap; raise `ValidationError` if not so."""
    found = np.asarray(labels)
    if found.shape != (len(values),) or found.dtype.kind not in "iu":
        raise ValidationError(
            f"labels have shape {found.shape} and type {found.dtype}; give {len(values)} whole "
            f"numbers, one an image"
        )
    missing = np.setdiff1d(np.arange(found.max() + 1), found)
    if found.min() < 0 or len(missing):
        named = found.min() if found.min() < 0 else missing[0]
        raise ValidationError(
            f"class {named} has no image; number the classes of the images from 0 without a gap"
        )
    return found.astype(np.int64)


def class_means(values: Floats, labels: Integers) -> Floats:
    """Return the mean rates of the images of each class, (classes, neurons)."""
    one_hot = (np.arange(labels.max() + 1)[:, None] == labels).astype(np.float64)
    return np.asarray(one_hot @ values / one_hot.sum(axis=1, keepdims=True))
