"""Weights and biases that learning leaves as they are, for compiled code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pffspike.engines.numba.plan import KernelPlan
from pffspike.network.parameters import Parameters
from pffspike.network.rows import to_rows
from pffspike.typing import Floats, Integers


class Fixed(NamedTuple):
    """Values and places in the rows of `KernelPlan.pack`.

    Those of projection ``r`` are ``weights[first[r] : first[r + 1]]``.
    """

    first: Integers
    weights: Integers
    weight_values: npt.NDArray[np.signedinteger]
    biases: Integers
    bias_values: Floats


def find_fixed(
    plan: KernelPlan,
    parameters: Parameters,
    weights: npt.NDArray[np.signedinteger],
    biases: Floats,
) -> Fixed:
    """Find what learning leaves as it is.

    Parameters
    ----------
    plan : KernelPlan
        Of the program.
    parameters : Parameters
        At the start.
    weights, biases : ndarray
        The same, as `KernelPlan.pack` gives them.

    Returns
    -------
    Fixed
    """
    nothing = np.zeros(0, np.int64)
    # Places are as many as weights, so they are numbered only if they are asked for.
    places = np.arange(plan.length) if parameters.fixed_weights else nothing
    synapses = [
        plan.rows(places, p)[to_rows(p, parameters.fixed_weights[p.name])]
        if p.name in parameters.fixed_weights
        else nothing
        for p in plan.extent.projections
    ]
    neurons = [
        start + np.flatnonzero(parameters.fixed_biases.get(p.name, ()))
        for p, start in zip(plan.extent.populations, plan.populations.start, strict=True)
    ]
    first = np.cumsum([0, *map(len, synapses)])
    all_synapses, all_neurons = (np.concatenate([nothing, *x]) for x in (synapses, neurons))
    return Fixed(first, all_synapses, weights[all_synapses], all_neurons, biases[all_neurons])
