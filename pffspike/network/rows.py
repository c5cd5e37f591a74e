"""Weights row by row: the synapses of each sending neuron, without those between blocks.

Dense, one-to-one and block connectivity are one thing: senders come in blocks, and the neurons of a
block share their receivers.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from pffspike.typing import Array, Integers


class Connectivity(Protocol):
    """What is asked of a projection."""

    @property
    def connectivity(self) -> str:
        """``dense``, ``one_to_one`` or ``blocks``."""

    @property
    def block(self) -> int:
        """Neurons of a block."""


def block_size(projection: Connectivity) -> int:
    """Number of consecutive senders that share their receivers; 0: all share all.

    Parameters
    ----------
    projection : Projection or another `Connectivity`
        Of any connectivity.

    Returns
    -------
    int

    Examples
    --------
    >>> from pffspike.network import Projection
    >>> block_size(Projection("a", "x", "y", connectivity="one_to_one"))
    1
    """
    return {"dense": 0, "one_to_one": 1, "blocks": projection.block}[projection.connectivity]


def receivers(projection: Connectivity, senders: int) -> Integers | None:
    """Receiver of every entry of a row, for each sender; in blocks, itself among them.

    Parameters
    ----------
    projection : Projection or another `Connectivity`
        Of any connectivity.
    senders : int
        Size of the sending population.

    Returns
    -------
    (senders, width) ndarray of int64, or None if every sender has all receivers

    Examples
    --------
    >>> from pffspike.network import Projection
    >>> receivers(Projection("a", "x", "y", connectivity="blocks", block=2), 4).tolist()
    [[0, 1], [0, 1], [2, 3], [2, 3]]
    """
    block = block_size(projection)
    if block == 0:
        return None
    return np.arange(senders)[:, None] // block * block + np.arange(block)


def to_rows(projection: Connectivity, w: Array) -> Array:
    """Leave out the synapses between blocks.

    Parameters
    ----------
    projection : Projection or another `Connectivity`
        Whose weights they are.
    w : (n_pre, n_post) ndarray
        The weights.

    Returns
    -------
    (n_pre, width) ndarray
    """
    columns = receivers(projection, len(w))
    return w if columns is None else np.take_along_axis(w, columns, axis=1)


def to_matrix(projection: Connectivity, rows: Array) -> Array:
    """Undo `to_rows`: 0 between blocks.

    Parameters
    ----------
    projection : Projection or another `Connectivity`
        Whose weights they are.
    rows : (n_pre, width) ndarray
        The weights, row by row.

    Returns
    -------
    (n_pre, n_post) ndarray

    Examples
    --------
    >>> from pffspike.network import Projection
    >>> pair = Projection("a", "x", "y", connectivity="one_to_one")
    >>> to_matrix(pair, np.array([[2], [3]])).tolist()
    [[2, 0], [0, 3]]
    """
    columns = receivers(projection, len(rows))
    if columns is None:
        return rows
    w = np.zeros((len(rows), len(rows)), rows.dtype)
    np.put_along_axis(w, columns, rows, axis=1)
    return w
