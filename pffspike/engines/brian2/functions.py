"""Brian2 functions: the counter-based random numbers, and exact helpers, for every target.

The C++ and Cython texts come from `pffspike.arithmetic.counter`, so there is one definition.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from brian2 import Function

from pffspike.arithmetic import counter, grids
from pffspike.typing import Array, Floats, Integers

_CPP = (
    counter.cpp_source()
    + """
static inline int64_t pffspike_join(double upper, double lower)
{
    return (int64_t)(((uint64_t)upper << 32) | (uint64_t)lower);
}
"""
)
_CYTHON = (
    counter.cython_source()
    + """
cdef inline int64_t pffspike_join(double upper, double lower) noexcept nogil:
    return <int64_t>(((<uint64_t>upper) << 32) | <uint64_t>lower)
"""
)


def _derive(key: npt.ArrayLike, index: npt.ArrayLike) -> Integers:
    keys = counter.derive_keys(np.asarray(key, np.int64), np.asarray(index, np.int64))
    return _shaped(keys.view(np.int64), key, index)


def _uniform(key: npt.ArrayLike, position: npt.ArrayLike) -> Floats:
    numbers = counter.uniform(np.asarray(key, np.int64), np.asarray(position, np.int64))
    return _shaped(numbers, key, position)


def _join(upper: npt.ArrayLike, lower: npt.ArrayLike) -> Integers:
    high = np.atleast_1d(np.asarray(upper).astype(np.uint64))
    low = np.atleast_1d(np.asarray(lower).astype(np.uint64))
    return _shaped(((high << np.uint64(32)) | low).view(np.int64), upper, lower)


def _shaped(values: Array, *arguments: npt.ArrayLike) -> Array:
    """Give numbers for numbers: Brian2 assigns them to shared variables."""
    return values.reshape(np.broadcast_shapes(*[np.shape(a) for a in arguments]))


def counter_functions() -> dict[str, Function]:
    """Functions for a namespace.

    Returns
    -------
    dict of str to Function
        ``pffspike_derive(key, index)``: child key; ``pffspike_uniform(key, position)``: uniform
        number in [0, 1); ``pffspike_join(upper, lower)``: key from two halves of 32 bits.
    """
    functions = {}
    # Brian2 writes the text of each function, but that of a common dependency only once a file.
    text = Function(lambda x: x, arg_units=[1], return_unit=1, arg_types=["float"])
    _implement(text, "pffspike_counter", _CPP, _CYTHON)
    for name, python, arguments, result in (
        ("pffspike_derive", _derive, ["integer", "integer"], "integer"),
        ("pffspike_uniform", _uniform, ["integer", "integer"], "float"),
        ("pffspike_join", _join, ["float", "float"], "integer"),
    ):
        function = Function(
            python,
            arg_units=[1] * len(arguments),
            arg_types=arguments,
            return_unit=1,
            return_type=result,
        )
        _implement(function, name, "", "", needs={"pffspike_counter": text})
        functions[name] = function
    return functions


def _implement(
    function: Function,
    name: str,
    cpp: str,
    cython: str,
    namespace: dict[str, Array] | None = None,
    needs: dict[str, Function] | None = None,
) -> None:
    for target, code in (("cpp", cpp), ("cython", cython)):
        function.implementations.add_implementation(
            target, code, namespace, dependencies=needs, name=name
        )


def gain_function(tables: Floats) -> Function:
    """``pffspike_gain(k)``: entry ``k`` of all gain tables, one behind the other."""
    function = Function(
        lambda k: tables[np.asarray(k).astype(np.int64)],
        arg_units=[1],
        arg_types=["float"],
        return_unit=1,
        return_type="float",
    )
    _implement(
        function,
        "pffspike_gain",
        """
static inline double pffspike_gain(double k)
{
    return _namespacepffspike_gains[(long)k];
}
""",
        """
cdef double pffspike_gain(double k):
    global _namespacepffspike_gains
    return _namespacepffspike_gains[<long>k]
""",
        {"pffspike_gains": tables},
    )
    return function


def stop_function() -> Function:
    """``pffspike_stop(x)``: end a C++ standalone run after this step if ``x`` is above 0.

    A compiled program has a fixed duration; this lets it serve shorter chunks. It does nothing
    at runtime, where every run has the duration that it needs.
    """
    function = Function(
        np.zeros_like,
        arg_units=[1],
        return_unit=1,
        arg_types=["float"],
        return_type="float",
        stateless=False,
    )
    function.implementations.add_implementation(
        "cpp",
        """
static inline double pffspike_stop(double x)
{
    if (x > 0)
        Network::_globally_stopped = true;
    return 0.0;
}
""",
        name="pffspike_stop",
    )
    return function


def gain_tables(kinds: list[tuple[str, int]]) -> tuple[Floats, list[int]]:
    """Gain tables of populations in a row, and where each begins.

    Parameters
    ----------
    kinds : list of (str, int)
        Normalization and size.
    """
    tables = [grids.gain_table(kind, size) for kind, size in kinds]
    starts = np.cumsum([0, *[len(table) for table in tables]])[:-1]
    return np.concatenate(tables), starts.tolist()
