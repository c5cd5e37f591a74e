"""The one thing that is no equation: the counter-based generator, in every target of Brian2."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from brian2 import Function

from pffspike.arithmetic import counter

_CPP = (
    counter.cpp_source()
    + """
static inline int64_t pffspike_child(int64_t key, double n)
{
    return pffspike_derive(key, (int64_t)n);
}
static inline double pffspike_uniform_of(int64_t key, int64_t population, int64_t neuron)
{
    return pffspike_uniform(key, (int64_t)(((uint64_t)population << 32) + (uint64_t)neuron));
}
"""
)
_CYTHON = (
    counter.cython_source()
    + """
cdef inline int64_t pffspike_child(int64_t key, double n) noexcept nogil:
    return pffspike_derive(key, <int64_t>n)
cdef inline double pffspike_uniform_of(
    int64_t key, int64_t population, int64_t neuron
) noexcept nogil:
    return pffspike_uniform(
        key, <int64_t>((<uint64_t>population << 32) + <uint64_t>neuron)
    )
"""
)


def _child(key: npt.ArrayLike, n: npt.ArrayLike) -> npt.NDArray[np.int64]:
    keys = counter.derive_keys(np.asarray(key, np.int64), np.asarray(n).astype(np.int64))
    return keys.view(np.int64).reshape(np.broadcast_shapes(np.shape(key), np.shape(n)))


def _uniform(
    key: npt.ArrayLike, population: npt.ArrayLike, neuron: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    position = (np.asarray(population, np.int64) << 32) + np.asarray(neuron, np.int64)
    numbers = counter.uniform(np.asarray(key, np.int64), position)
    return numbers.reshape(np.broadcast_shapes(np.shape(key), np.shape(position)))


def generator() -> dict[str, Function]:
    """Functions for a namespace.

    Returns
    -------
    dict of str to Function
        ``child(key, n)``: key number ``n`` below ``key``; ``uniform(key, population, neuron)``:
        uniform number in [0, 1) of a neuron, see `pffspike.arithmetic.counter`.

    Examples
    --------
    >>> bool(generator()["uniform"](7, 2, 5) == counter.uniform(7, 2 * 2**32 + 5)[0])
    True
    """
    # Brian2 writes the text of each function, but that of a common dependency only once a file.
    text = Function(lambda x: x, arg_units=[1], return_unit=1, arg_types=["float"])
    _implement(text, "pffspike_counter_text", _CPP, _CYTHON, None)
    functions = {}
    for name, python, types, result, implementation in (
        ("child", _child, ["integer", "any"], "integer", "pffspike_child"),
        ("uniform", _uniform, ["integer"] * 3, "float", "pffspike_uniform_of"),
    ):
        function = Function(
            python,
            arg_units=[1] * len(types),
            arg_types=types,
            return_unit=1,
            return_type=result,
        )
        _implement(function, implementation, "", "", {"pffspike_counter_text": text})
        functions[name] = function
    return functions


def _implement(function: Function, name: str, cpp: str, cython: str, needs: Any) -> None:
    for target, code in (("cpp", cpp), ("cython", cython)):
        function.implementations.add_implementation(target, code, dependencies=needs, name=name)


def key_constant(key: int) -> np.int64:
    """Key as a constant of a namespace: signed, with the same bits."""
    return np.int64(counter.signed(key))
