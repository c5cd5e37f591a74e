"""The form of samples that a network learns from: shape, grey values, names of the classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pffspike.data.binning import Binning
from pffspike.data.dataset import Images
from pffspike.data.identity import Identity
from pffspike.data.scaling import Scaling
from pffspike.errors import ValidationError
from pffspike.network.events import Events
from pffspike.typing import Array, Floats, Integers

_SHOWN = 10  #: names of classes in an error


@dataclass(frozen=True, eq=False)
class Form:
    """How samples become grey values, and labels numbers.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of a picture; of a table features and pixels of a feature.
    levels : int
        The grey value that stands for white.
    class_names : tuple of str
        Of the labels, in the order of their numbers.
    scaling : Scaling or None
        None if samples are whole grey values, or spikes.
    binning : Binning or None
        How recorded events become spikes, if samples are in time.
    """

    shape: tuple[int, int]
    levels: int
    class_names: tuple[str, ...]
    scaling: Scaling | None = None
    binning: Binning | None = None

    def images(self, values: Array | Events, name: str = "the samples") -> Images:
        """Samples of a data set: grey values, or spikes as they are.

        Parameters
        ----------
        values : (n, features) or (n, rows, columns) ndarray, or Events
            Events if, and only if, samples are in time.
        name : str
            What errors call them.

        Returns
        -------
        (n, pixels) ndarray of uint8, or Events

        Raises
        ------
        ValidationError
            If they have another shape, or are not of the kind of the training.
        """
        if not isinstance(values, Events):
            if self.binning:
                raise ValidationError(
                    f"{name} do not change in time, but the network was trained on events; give "
                    f"pffspike.Events, or a file of events"
                )
            return self.grey(values, name)
        known = (self.binning.steps, self.binning.units) if self.binning else ()
        if values.shape[1:] != known:
            needed = f"{known[0]} steps of {known[1]} neurons" if known else "grey values"
            raise ValidationError(
                f"{name} are {values.steps} steps of {values.units} neurons, but the network was "
                f"trained on {needed}; give such samples"
            )
        return values

    @property
    def features(self) -> int:
        """Numbers of a sample, before they are scaled."""
        pixels = self.shape[0] * self.shape[1]
        return pixels // (self.scaling.units if self.scaling else 1)

    def grey(self, values: Array, name: str = "the samples") -> npt.NDArray[np.uint8]:
        """Grey values of samples.

        Parameters
        ----------
        values : (n, features) or (n, rows, columns) ndarray
            Of one sample also without the first axis.
        name : str
            What errors call them.

        Returns
        -------
        (n, pixels) ndarray of uint8

        Raises
        ------
        ValidationError
            If they have another shape, or are no finite numbers, or no grey values if such are
            needed.
        """
        x = checked_values(values, name)
        ends: set[tuple[int, ...]] = {(self.features,)}
        if not (self.scaling and self.scaling.by_feature):
            ends.add(self.shape)
        if x.shape in ends:
            x = x[np.newaxis]
        if x.shape[1:] not in ends:
            needed = " or ".join(f"(n, {', '.join(map(str, end))})" for end in sorted(ends))
            raise ValidationError(
                f"{name} have shape {x.shape}, but the network was trained on {needed}; give as "
                f"many features"
            )
        flat = x.reshape(len(x), self.features)
        if self.scaling:
            return self.scaling.grey(flat)
        if np.any(flat != np.floor(flat)) or flat.min(initial=0) < 0 or flat.max() > self.levels:
            raise ValidationError(
                f"{name} must hold whole grey values from 0 to {self.levels}, as the training's did"
            )
        return flat.astype(np.uint8)

    def numbers(self, labels: Array, name: str = "the labels") -> Integers:
        """Numbers of labels.

        Parameters
        ----------
        labels : (n,) ndarray
            Whole numbers or texts.
        name : str
            What errors call them.

        Returns
        -------
        (n,) ndarray of int64

        Raises
        ------
        ValidationError
            If a label is none of the classes.
        """
        index = {text: k for k, text in enumerate(self.class_names)}
        texts = [_label_text(label) for label in labels.tolist()]
        for text in texts:
            if text not in index:
                known = ", ".join(self.class_names[:_SHOWN])
                more = ", ..." if len(self.class_names) > _SHOWN else ""
                raise ValidationError(
                    f"{name} hold {text!r}, which is no class of the training part; its classes "
                    f"are {known}{more}"
                )
        return np.array([index[text] for text in texts], np.int64)


def checked_values(values: npt.ArrayLike, name: str = "the samples") -> Floats:
    """Samples as floating-point numbers.

    Parameters
    ----------
    values : array_like
        Of any shape with at least one axis.
    name : str
        What errors call them.

    Returns
    -------
    ndarray of float64

    Raises
    ------
    ValidationError
        If they are no numbers, not finite, or none.

    Examples
    --------
    >>> checked_values([[1, 2]])
    array([[1., 2.]])
    """
    array = np.asarray(values)
    if array.dtype.kind not in "buif":
        raise ValidationError(f"{name} have the type {array.dtype}; give numbers")
    if not array.size or not array.ndim:
        raise ValidationError(f"{name} are empty, of shape {array.shape}; give at least one sample")
    found = array.astype(np.float64)
    foreign = np.argwhere(~np.isfinite(found))
    if len(foreign):
        place = ", ".join(map(str, foreign[0]))
        raise ValidationError(
            f"{name} hold {found[tuple(foreign[0])]} at [{place}]; fill in or leave out what is "
            f"missing"
        )
    return found


def class_names(labels: Array) -> tuple[str, ...]:
    """Names of the classes that labels name, in their order.

    Parameters
    ----------
    labels : (n,) ndarray
        Whole numbers or texts.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> class_names(np.array([10, 9, 10]))
    ('9', '10')
    """
    if labels.dtype.kind == "f" and not np.all(labels == np.floor(labels)):
        raise ValidationError(
            f"the labels hold {labels[labels != np.floor(labels)][0]}; give whole numbers or texts"
        )
    return tuple(_label_text(label) for label in np.unique(labels).tolist())


def _label_text(label: Any) -> str:
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return str(label)


def form_of(identity: Identity, scaling: Scaling | None) -> Form:
    """Form of samples that a network was trained on.

    Parameters
    ----------
    identity : Identity
        Of its data.
    scaling : Scaling or None
        Of its data, if they had one.

    Returns
    -------
    Form
        Classes without names are called by their numbers.

    Examples
    --------
    >>> form_of(Identity("digits", 16, (8, 8), 10), None).class_names[:3]
    ('0', '1', '2')
    """
    rows, columns = identity.shape
    names = identity.class_names or tuple(map(str, range(identity.classes)))
    return Form((rows, columns), identity.levels, names, scaling, identity.binning)
