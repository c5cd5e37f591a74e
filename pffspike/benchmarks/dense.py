"""Dense products: a step's spike vectors times the weights, as NumPy and SciPy do them.

For orientation only: no draws, no traces, no learning.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from pffspike.arithmetic import counter
from pffspike.benchmarks.timing import Timing, Workload, clocked
from pffspike.network import structure
from pffspike.network.spec import Network

_KEY = 7  #: any fixed number: which neurons of the vectors spike
_VECTORS = 16  #: different spike vectors that the products go through


def time_dense(
    workload: Workload, spikes: dict[str, npt.NDArray[np.float64]], budget: float
) -> list[Timing]:
    """Time the products of a training step (the mean over its phases) in three ways.

    Parameters
    ----------
    workload : Workload
        Its sizes are those of the products.
    spikes : dict of str to (phases,) ndarray of float64
        Mean spikes of a presentation, from an engine: the vectors are as sparse.
    budget : float
        Seconds for each way.

    Returns
    -------
    list of Timing
        ``dense float64``, ``dense float32``, ``sparse float32``.
    """
    from scipy import sparse

    network, program = workload.network, workload.network.program("train")
    pairs = _pairs(network, spikes)
    timings = []
    for name, dtype, make in (
        ("dense float64", np.float64, np.asarray),
        ("dense float32", np.float32, np.asarray),
        ("sparse float32", np.float32, sparse.csr_matrix),
    ):
        weights = {
            key: np.ascontiguousarray(w, dtype) for key, w in workload.parameters.weights.items()
        }
        products = [
            (
                weights[structure.weights_of(network.projection(projection))],
                [make(vector[None, :].astype(dtype)) for vector in vectors],
            )
            for projection, vectors in pairs
        ]
        with threadpool_limits(1, "blas"):
            seconds = _repeat(products, budget)
        timings.append(Timing(name, tuple(s / len(program.phases) for s in seconds), 0))
    return timings


def _pairs(
    network: Network, spikes: dict[str, npt.NDArray[np.float64]]
) -> list[tuple[str, npt.NDArray[np.float64]]]:
    """Dense projections of every phase with spike vectors of their senders."""
    program = network.program("train")
    pairs: list[tuple[str, npt.NDArray[np.float64]]] = []
    for index, phase in enumerate(program.phases):
        for name in phase.projections:
            projection = network.projection(name)
            if projection.connectivity != "dense":
                continue
            size = network.population(projection.pre).size
            rate = spikes[projection.pre][index] / (program.steps * size)
            uniform = counter.uniform(
                counter.derive_key(_KEY, len(pairs)), np.arange(_VECTORS * size)
            )
            vectors = (uniform < rate).astype(np.float64).reshape(_VECTORS, size)
            pairs.append((name, vectors))
    return pairs


def _repeat(products: list[tuple[npt.NDArray, list]], budget: float) -> list[float]:
    def all_products(k: int) -> None:
        for w, vectors in products:
            vectors[k] @ w

    all_products(0)
    seconds: list[float] = []
    while sum(seconds) < budget and len(seconds) < 1000:
        seconds.append(clocked(lambda: all_products(len(seconds) % _VECTORS)))
    return seconds
