"""Data of a user's own: samples and labels of any kind become a data set."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.data.binning import Binning, binning_of
from pffspike.data.dataset import MAX_LEVELS, Dataset
from pffspike.data.digits import stratified
from pffspike.data.event_files import holds_recordings, read_recordings
from pffspike.data.form import Form, checked_values, class_names
from pffspike.data.identity import DataSource
from pffspike.data.readers import Part, read_parts
from pffspike.data.scaling import picture_scaling, table_scaling
from pffspike.errors import ValidationError
from pffspike.network.events import Events, Stimulus
from pffspike.typing import Array, Floats

_ORDER_KEY = 2026  #: any fixed number; it has nothing to do with the seed of a training
_LEAST_SAMPLES = 2  #: of a training part


def own_dataset(
    values: npt.ArrayLike | Events,
    labels: npt.ArrayLike,
    test: tuple[npt.ArrayLike | Events, npt.ArrayLike] | float | None = None,
    *,
    name: str = "own",
    shape: tuple[int, int] | None = None,
    levels: int | None = None,
    form: Form | None = None,
) -> Dataset:
    """Make a data set of any numbers and any labels.

    Pictures are ``(n, rows, columns)``, or rows of an array together with their ``shape``. Whole
    numbers from 0 to 255 are their grey values; others are scaled, all pixels alike
    (`picture_scaling`). `Events` are samples in time, which stay as they are. Everything else is a
    table, whose features are scaled one by one (`table_scaling`). What is learned from the training
    part, scaling, classes and white, holds for the test part too. The training part is put into an
    order of its own, the same every time, so that any first part of it is a fair sample.

    Parameters
    ----------
    values : (n, features) or (n, rows, columns) array_like, or Events
        Finite numbers, or spikes.
    labels : (n,) array_like
        Whole numbers, texts or truth values: the classes.
    test : tuple of two array_like, float or None
        Samples and labels of a test part; or the share of the samples that become one, each class
        by its share; or none, which leaves the test part empty.
    name : str
        What reports call the data.
    shape : tuple of two int or None
        Rows and columns of pictures that are rows of an array, or of the neurons of events.
    levels : int or None
        The grey value that stands for white; the largest of the training part by default.
    form : Form or None
        Of the samples that a network was trained on, instead of one of these samples.

    Returns
    -------
    Dataset

    Raises
    ------
    ValidationError
        If values are no finite numbers, there is a single class, or the parts do not fit each
        other.

    Examples
    --------
    >>> flowers = [[5.1, 3.5], [6.3, 2.8], [4.9, 3.0], [7.1, 3.0]]
    >>> own_dataset(flowers, ["setosa", "virginica", "setosa", "virginica"])
    Dataset('own', 4 training and 0 test images of 2 x 16, 2 classes)
    """
    x = values if isinstance(values, Events) else checked_values(values, "the samples")
    y = np.asarray(labels)
    if y.ndim != 1 or len(y) != len(x):
        raise ValidationError(
            f"{len(x)} samples have labels of shape {y.shape}; give one label a sample"
        )
    order = counter.permutation(len(y), _ORDER_KEY)
    x, y = x[order], y[order]
    if isinstance(test, tuple):
        held = test[0] if isinstance(test[0], Events) else np.asarray(test[0])
        judged = (held, np.asarray(test[1]))
    else:
        drawn = _drawn(y, test) if test else np.zeros(len(y), np.bool_)
        x, y, judged = x[~drawn], y[~drawn], (x[drawn], y[drawn])
    return _made(name, (x, y), judged, form or _form(x, y, shape, levels))


def _drawn(labels: Array, share: float) -> npt.NDArray[np.bool_]:
    """Choose a share of the samples, of every class its part."""
    if not 0 < share < 1:
        raise ValidationError(f"test = {share} must be a share between 0 and 1")
    numbers = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    return stratified(numbers, round(share * len(labels)))


def _made(
    name: str, train: tuple[Stimulus, Array], test: tuple[Stimulus, Array], form: Form
) -> Dataset:
    images, numbers = form.images(train[0]), form.numbers(train[1])
    judged, known = images[:0], np.zeros(0, np.int64)
    if len(test[0]):
        judged = form.images(test[0], "the test samples")
        known = form.numbers(test[1], "the test labels")
    if len(judged) != len(known):
        raise ValidationError(
            f"{len(judged)} test samples have {len(known)} labels; give one label a sample"
        )
    for part in (images, numbers, judged, known):
        if not isinstance(part, Events):
            part.flags.writeable = False
    names = form.class_names
    return Dataset(
        name,
        images,
        numbers,
        judged,
        known,
        len(names),
        form.shape,
        form.levels,
        names,
        form.scaling,
        binning=form.binning,
    )


def _form(
    x: Floats | Events,
    y: Array,
    shape: tuple[int, int] | None,
    levels: int | None,
) -> Form:
    """What the training part says about all samples."""
    names = class_names(y)
    if len(names) < 2 or len(x) < _LEAST_SAMPLES:
        raise ValidationError(
            f"{len(x)} training samples are of {len(names)} class{'' if len(names) == 1 else 'es'}"
            f"{f', {names[0]}' if len(names) == 1 else ''}; give samples of two classes at least"
        )
    if isinstance(x, Events):
        rows, columns = shape or (1, x.units)
        if rows * columns != x.units:
            raise ValidationError(
                f"{rows} x {columns} are not the {x.units} neurons of the events; give a shape of "
                f"as many, or none"
            )
        return _form_of_events(Binning(x.steps, 1.0, (1, rows, columns)), names)
    if x.ndim == 3 and shape is None:
        shape = (x.shape[1], x.shape[2])
    if x.ndim not in (2, 3) or (shape and shape[0] * shape[1] != np.prod(x.shape[1:])):
        raise ValidationError(
            f"the samples have shape {x.shape}; give (n, features), or (n, rows, columns) or their "
            f"rows with the shape of a picture"
        )
    if shape is None:
        scaling = table_scaling(x)
        return Form((x.shape[1], scaling.units), MAX_LEVELS, names, scaling)
    whole = np.all(x == np.floor(x)) and x.min() >= 0 and x.max() <= (levels or MAX_LEVELS)
    if whole and 1 <= (levels or x.max()) <= MAX_LEVELS:
        return Form(shape, int(levels or x.max()), names)
    if levels is not None:
        raise ValidationError(
            f"the samples are not all whole grey values from 0 to levels = {levels}; leave levels "
            f"away, or give white's value, at most {MAX_LEVELS}"
        )
    return Form(shape, MAX_LEVELS, names, picture_scaling(x.reshape(len(x), -1)))


def _form_of_events(binning: Binning, names: tuple[str, ...]) -> Form:
    return Form(binning.shape, 1, names, binning=binning)


def load_own(source: DataSource, name: str | None = None, form: Form | None = None) -> Dataset:
    r"""Data set of a user's own files.

    Parameters
    ----------
    source : DataSource
        Where they are.
    name : str or None
        What reports call the data; the name of the file or folder by default.
    form : Form or None
        Of the samples that a network was trained on, instead of one of these samples.

    Returns
    -------
    Dataset
        Its source has absolute paths.

    Raises
    ------
    FileError, ValidationError
        If a file can't be read, or what it holds does not fit.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "flowers.csv"
    >>> _ = path.write_text("5.1,a\n6.3,b\n5.2,a\n6.1,b\n")
    >>> load_own(DataSource(str(path), test_share=0.5))
    Dataset('flowers', 2 training and 2 test images of 1 x 16, 2 classes)
    """
    train, test, form = read_samples(source, form)
    judged: tuple[Stimulus, Array] | float | None = source.test_share or None
    if test:
        judged = (test.values, _needed(test, source.test_samples or source.samples))
    found = own_dataset(
        train.values,
        _needed(train, source.samples),
        judged,
        name=name or _title(source.samples),
        shape=(source.shape[0], source.shape[1]) if source.shape else None,
        levels=source.levels,
        form=form,
    )
    return dataclasses.replace(found, source=_absolute(source))


def read_samples(
    source: DataSource, form: Form | None = None
) -> tuple[Part, Part | None, Form | None]:
    """Read the parts of a user's own files: numbers, or spikes of recorded events.

    Parameters
    ----------
    source : DataSource
        Where they are.
    form : Form or None
        Of the samples that a network was trained on: it says how events become spikes, and whether
        an array holds rasters.

    Returns
    -------
    train : Part
    test : Part or None
    form : Form or None
        That of the events, if there was none before.

    Raises
    ------
    FileError, ValidationError
        If a file can't be read, or is of another form.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "raster.npy"
    >>> np.save(path, np.ones((4, 100, 6), bool))
    >>> read_samples(DataSource(str(path), steps=10))[0].values
    Events(4 samples of 10 steps and 6 units, 240 events)
    """
    given = (source.samples, source.labels or None)
    judged = (source.test_samples, source.test_labels or None)
    if not (form.binning if form else in_time(source)):
        features = form.features if form else None
        train, test = read_parts(*given, features)
        return train, read_parts(*judged, features)[0] if judged[0] else test, form
    held = read_recordings(*given)
    recorded = (held[0], read_recordings(*judged)[0] if judged[0] else held[1])
    binning = form.binning if form else None
    if binning is None:
        binning = binning_of(
            [part for part in recorded if part is not None],
            steps=source.steps,
            duration=source.step_duration,
            downsample=source.downsample,
        )
    parts = [Part(binning.events(part), part.labels) for part in recorded if part is not None]
    train = parts[0]
    if form is None and train.labels is not None:
        form = _form_of_events(binning, class_names(train.labels))
    return train, parts[1] if len(parts) > 1 else None, form


def in_time(source: DataSource) -> bool:
    """Whether files hold recorded events, by what they hold, or because steps are asked for.

    Parameters
    ----------
    source : DataSource
        Where they are.

    Returns
    -------
    bool

    Examples
    --------
    >>> in_time(DataSource("x.npy")), in_time(DataSource("x.npy", steps=18))
    (False, True)
    """
    return bool(source.steps or source.step_duration) or holds_recordings(source.samples)


def _needed(part: Part, path: str) -> Array:
    if part.labels is None:
        raise ValidationError(f"{path} holds no labels; name their file with --labels")
    return part.labels


def _title(path: str) -> str:
    kept = "".join(c if c.isalnum() or c in "_-" else "-" for c in Path(path).resolve().stem)
    return kept.lower().strip("-_") or "own"


def _absolute(source: DataSource) -> DataSource:
    def placed(path: str) -> str:
        return str(Path(path).resolve()) if path and Path(path).exists() else path

    return dataclasses.replace(
        source,
        samples=placed(source.samples),
        labels=placed(source.labels),
        test_samples=placed(source.test_samples),
        test_labels=placed(source.test_labels),
    )
