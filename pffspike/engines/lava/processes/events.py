"""Event-driven sums of synaptic weights, the same for integers and for doubles."""

from __future__ import annotations

import numpy as np

from pffspike.typing import Array


def deliver(spikes: Array, weights: Array, group: int) -> Array:
    """Sum the weights of the neurons that spike, each times its payload.

    Parameters
    ----------
    spikes : (lanes, n_pre) ndarray
        Payload of each spike, the same for all of a lane; 0 where there is none.
    weights : (n_pre, width) ndarray
        A row for each sender, see `pffspike.network.rows`.
    group : int
        Senders that share their receivers.

    Returns
    -------
    (lanes, n_pre / group * width) ndarray of the type of ``weights``

    Notes
    -----
    NumPy multiplies matrices of integers without BLAS, up to 7 times slower than this product of a
    sparse matrix, whose rows are the lanes and groups and whose entries are the spikes. A single
    lane is faster by adding rows.
    """
    lanes, senders = spikes.shape
    width = weights.shape[1]
    if lanes == 1:
        return _deliver_one(spikes[0], weights, group)[None]
    from scipy import sparse  # an export runs on a single lane, without SciPy

    events = np.flatnonzero(spikes)
    values = spikes.reshape(-1)[events].astype(weights.dtype)
    rows = lanes * (senders // group)
    limits = np.searchsorted(events, np.arange(0, (rows + 1) * group, group))
    matrix = sparse.csr_matrix((values, events % senders, limits), shape=(rows, senders))
    return (matrix @ weights).reshape(lanes, senders // group * width)


def _deliver_one(spikes: Array, weights: Array, group: int) -> Array:
    events = np.flatnonzero(spikes)
    total = np.zeros((len(spikes) // group, weights.shape[1]), weights.dtype)
    if len(events):
        if group == len(spikes):
            np.add.reduce(weights[events], axis=0, out=total[0])
        else:
            groups = events // group
            starts = np.flatnonzero(np.diff(groups, prepend=-1))
            total[groups[starts]] = np.add.reduceat(weights[events], starts, axis=0)
        total *= spikes[events[0]].astype(weights.dtype)
    return total.reshape(-1)
