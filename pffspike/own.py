"""A user's own data and networks that fit each other: which files, which form, which sizes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pffspike.cards.networks import changed, sized_network
from pffspike.data import Dataset, DataSource, form_of, load_own, own_dataset, read_samples
from pffspike.errors import FileError, ValidationError
from pffspike.network.spec import Network
from pffspike.trained import TrainedNetwork

_LONGEST = 32  #: window that the shipped cards may learn with, see `pffspike.network.exactness`


def own_data(
    trained: TrainedNetwork, samples: str | Path | None = None, labels: str | None = None
) -> Dataset:
    r"""Read a user's own files as data for a network that was trained on such.

    Scaling, white and classes are those of the training.

    Parameters
    ----------
    trained : TrainedNetwork
        Knows the files of its training and the form of its samples.
    samples : str, Path or None
        What becomes the test part, see `pffspike.data.read_parts`; None: the files of the training.
    labels : str or None
        File or column of the labels of ``samples``.

    Returns
    -------
    Dataset
        Its training part is that of the training, or, where those files are gone, the samples.

    Raises
    ------
    FileError, ValidationError
        If a file can't be read, or does not hold such samples.

    Examples
    --------
    >>> import pathlib, tempfile, pffspike
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "flowers.csv"
    >>> _ = path.write_text("5.1,a\n6.3,b\n5.2,a\n6.1,b\n" * 3)
    >>> data = pffspike.load_own(pffspike.DataSource(str(path), test_share=0))
    >>> trained = pffspike.begin(pffspike.network_for(data, hidden=[20, 20]), data, seed=0)
    >>> own_data(trained, path)
    Dataset('flowers', 12 training and 12 test images of 1 x 16, 2 classes)
    """
    if trained.data is None:
        raise ValidationError("what the network was trained on is not known; train it again")
    form = form_of(trained.data, trained.scaling)
    source, name = trained.data.source, trained.data.name
    known = None
    try:
        known = load_own(source, name, form) if source else None
    except FileError as error:
        if samples is None:
            reason = str(error).partition(";")[0]
            raise FileError(f"{reason}; give --data FILE, and --labels if it has none") from None
    if samples is None:
        if known is None:
            raise ValidationError("the network was not trained on files of your own; name them")
        return known
    part, test, _ = read_samples(DataSource(str(samples), labels or ""), form)
    part = test or part
    if part.labels is None:
        raise ValidationError(f"{samples} holds no labels; name their file with --labels")
    given = (part.values, part.labels)
    judged = own_dataset(*given, given, name=name, form=form)
    if known is None:
        return judged
    return dataclasses.replace(
        known, test_images=judged.test_images, test_labels=judged.test_labels
    )


def own_training(trained: TrainedNetwork, source: DataSource) -> Dataset:
    """Read a user's own files as data for a network to learn further.

    Parameters
    ----------
    trained : TrainedNetwork
        Says the form of its samples: scaling, white and classes.
    source : DataSource
        Files of the training and the test part.

    Returns
    -------
    Dataset

    Raises
    ------
    FileError, ValidationError
        If a file can't be read, or does not hold such samples.

    Examples
    --------
    >>> import pffspike
    >>> trained = pffspike.begin(
    ...     pffspike.load_network("digits"), pffspike.load_data("digits"), seed=0
    ... )
    >>> own_training(trained, pffspike.DataSource("absent.npy"))
    Traceback (most recent call last):
    ...
    pffspike.errors.FileError: absent.npy can't be read: No such file or directory; check the path
    """
    if trained.data is None:
        raise ValidationError("what the network was trained on is not known; train it again")
    return load_own(source, trained.data.name, form_of(trained.data, trained.scaling))


def network_for(
    dataset: Dataset,
    card: str | Path = "own",
    *,
    hidden: Sequence[int] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Network:
    """Network of a card, sized to data.

    Where samples are in time, every presentation gets their steps: the largest power of two of them
    is the window, up to 32, and the steps before it are burn-in.

    Parameters
    ----------
    dataset : Dataset
        Any.
    card : str or Path
        Of a circuit.
    hidden : sequence of int or None
        Sizes of the hidden populations, if not those of the card.
    changes : mapping or None
        Further changes of the card, see `pffspike.load_network`.

    Returns
    -------
    Network

    Raises
    ------
    ValidationError
        If the card does not go with the sizes, ``hidden`` lists none, or samples are in more steps
        than it may learn from.

    Examples
    --------
    >>> import pffspike
    >>> network_for(pffspike.load_data("digits"), hidden=[50]).role("input").size  # ON and OFF
    128
    """
    if hidden is not None and not isinstance(hidden, Sequence | np.ndarray):
        raise ValidationError(f"hidden = {hidden!r} must list sizes, such as ({hidden!r},)")
    table: dict[str, Any] = {"training": {"dataset": dataset.name}}
    if dataset.steps:
        if card == "own":  # events are what neurons send, and need no ON and OFF neurons
            table["training"]["coding"] = "grey"
        table = changed(_windows(dataset.steps), table)
    return sized_network(
        card,
        dataset.train_images.shape[-1],
        dataset.classes,
        hidden=hidden,
        changes=changed(changes or {}, table),
    )


def _windows(steps: int) -> dict[str, Any]:
    """Changes of a card whose presentations are to have so many steps."""
    window = min(1 << steps.bit_length() - 1, _LONGEST)
    if steps > 2 * window:
        raise ValidationError(
            f"samples of {steps} steps are too long to learn from; give --steps {window + 2}, into "
            f"which they are binned"
        )
    return {
        "pff": {
            "burn_in": steps - window,
            "window": window,
            "inference_burn_in": steps - window,
            "inference_window": window,
        }
    }
