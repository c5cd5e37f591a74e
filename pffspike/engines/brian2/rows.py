"""Brian2 functions that handle whole rows of synapses, for every target.

They are called for each projection, not for each synapse, and find the arrays of the neurons and
of the weights by themselves: by name in C++ standalone, by address in Cython.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from brian2 import Function, NeuronGroup, Synapses
from brian2.devices.device import get_device

from pffspike.engines.brian2 import kernels
from pffspike.engines.brian2.layout import FREE, Layout
from pffspike.network import structure
from pffspike.network.rows import block_size
from pffspike.network.spec import Projection
from pffspike.typing import Floats, Integers, Multiples

#: Arrays of the neurons that rows read and write, in the order of the C++ structure.
_ARRAYS = ("current", "sum", "c", "a", "f", "sender_draw", "receiver_draw")
_WIDE = 2**31  #: sums below it fit 32 bits


def table(layout: Layout) -> Integers:
    """Table of projections, see `pffspike.engines.brian2.kernels.COLUMNS`.

    Returns
    -------
    (projections, columns) ndarray of int64
    """
    rows = []
    for p in layout.projections:
        pre, post = layout.slices[p.pre], layout.slices[p.post]
        low, high = (int(value / layout.grid(p)) for value in (p.low, p.high))
        senders, receivers = pre.stop - pre.start, post.stop - post.start
        rows.append(
            (pre.start, senders, post.start, receivers, block_size(p), p.normalized, low, high)
        )
    return np.array(rows, np.int64).reshape(-1, len(kernels.COLUMNS))


def sum_type(layout: Layout) -> type[np.int32] | type[np.int64]:
    """Integers that hold the sum of all weights that a neuron may receive from a projection."""
    largest = [
        structure.fan_in(layout.network, p) * max(abs(q.low), abs(q.high)) * 2.0**-q.grid
        for p in layout.projections
        for q in [layout.network.projection(structure.weights_of(p))]
    ]
    return np.int32 if max(largest, default=0) < _WIDE else np.int64


class Rows:
    """Makes the functions for the objects of one model.

    Parameters
    ----------
    layout : Layout
        Indices of neurons and synapses.
    neurons : NeuronGroup
        All neurons of the program.
    synapses : mapping of str to Synapses
        By name of the weights.
    """

    def __init__(
        self, layout: Layout, neurons: NeuronGroup, synapses: Mapping[str, Synapses]
    ) -> None:
        self._table = table(layout)
        self._projections = layout.projections
        self._neurons = neurons
        self._weights = [
            synapses[structure.weights_of(p)].variables["multiple"] for p in layout.projections
        ]
        self._kept = [
            synapses[p.name].variables["kept"] if p.name in layout.fixed_weights else None
            for p in layout.projections
        ]
        self._sum = "int64_t" if sum_type(layout) is np.int64 else "int32_t"

    def functions(self, standalone: bool) -> dict[str, Function]:
        """Functions for the namespaces of the population state and of the projections.

        Parameters
        ----------
        standalone : bool
            Whether a C++ program is written.

        Returns
        -------
        dict of str to Function
            ``pffspike_spikes(start, size)``: spikes of a population in this step;
            ``pffspike_square(start, size)``: sum over its neurons of the squared counts;
            ``pffspike_deliver(k, factor)`` and ``pffspike_learn(k, rate)``: what
            `pffspike.engines.brian2.kernels` does to projection ``k``.
        """
        text = Function(lambda x: x, arg_units=[1], return_unit=1, arg_types=["float"])
        if standalone:
            text.implementations.add_implementation("cpp", self._cpp(), name="pffspike_rows")
        else:
            namespace = {
                "pffspike_addresses": self._addresses(),
                "pffspike_table": self._table.ravel(),
            }
            text.implementations.add_implementation(
                "cython", kernels.cython_source(self._sum), namespace, name="pffspike_rows"
            )
        made = {}
        for name, python, types in (
            ("pffspike_spikes", self._spikes, ["integer", "integer"]),
            ("pffspike_square", self._square, ["integer", "integer"]),
            ("pffspike_deliver", _each(self._deliver), ["integer", "float"]),
            ("pffspike_learn", _each(self._learn), ["integer", "float"]),
        ):
            function = Function(
                python,
                arg_units=[1, 1],
                arg_types=types,
                return_unit=1,
                return_type="float",
                stateless=False,
            )
            function.implementations.add_implementation(
                "cpp" if standalone else "cython",
                "",
                dependencies={"pffspike_rows": text},
                name=name,
            )
            made[name] = function
        return made

    # C++ standalone and Cython

    def _cpp(self) -> str:
        device = get_device()
        arrays = self._neurons.variables

        def expression(name: str) -> str:
            known = name in arrays
            return f"brian::{device.get_array_name(arrays[name])}" if known else "nullptr"

        def synaptic(variable: Any) -> str:
            if variable is None:
                return "nullptr"
            return f"brian::{device.get_array_name(variable, access_data=False)}.data()"

        fields = [expression("_spikespace"), str(len(self._neurons)), *map(expression, _ARRAYS)]
        weights, kept = (list(map(synaptic, each)) for each in (self._weights, self._kept))
        return kernels.cpp_source(self._sum, fields, weights, kept, self._table.tolist())

    def _addresses(self) -> Integers:
        """Addresses of all arrays: those of the neurons, then the weights by projection.

        Behind each of the weights are those that are fixed, see `Layout.pack_kept`.
        """
        arrays = self._neurons.variables
        spikes = arrays["_spikespace"].get_value()
        fields = [arrays[name].get_value() if name in arrays else None for name in _ARRAYS]
        pairs = zip(self._weights, self._kept, strict=True)
        fields += [None if v is None else v.get_value() for pair in pairs for v in pair]
        addresses = [0 if field is None else field.ctypes.data for field in fields]
        return np.array([spikes.ctypes.data, len(spikes) - 1, *addresses], np.int64)

    # NumPy

    def _array(self, name: str) -> Floats:
        return np.asarray(self._neurons.variables[name].get_value())

    def _spiking(self) -> Multiples:
        spikes = self._neurons.variables["_spikespace"].get_value()
        return np.asarray(spikes[: spikes[-1]])

    def _spikes(self, start: npt.ArrayLike, size: npt.ArrayLike) -> Floats:
        spikes, first = self._spiking(), np.asarray(start)
        ends = np.searchsorted(spikes, first + np.asarray(size))
        return (ends - np.searchsorted(spikes, first)).astype(np.float64)

    def _square(self, start: npt.ArrayLike, size: npt.ArrayLike) -> Floats:
        squares = np.square(self._array("c"))
        pairs = zip(np.ravel(start), np.ravel(size), strict=True)
        return np.array([squares[a : a + n].sum() for a, n in pairs])

    def _deliver(self, k: int, factor: float) -> None:
        p, row = self._projections[k], dict(zip(kernels.COLUMNS, self._table[k], strict=True))
        if factor == 0:
            return
        spikes = self._spiking()
        indices = spikes[np.searchsorted(spikes, row["pre"]) :]
        indices = indices[: np.searchsorted(indices, row["pre"] + row["senders"])] - row["pre"]
        current = self._array("current")[row["post"] : row["post"] + row["receivers"]]
        rows = self._rows(k)[indices]
        if p.connectivity == "dense":
            current += factor * rows.sum(axis=0, dtype=np.int64)
        else:
            np.add.at(current, _receivers(p, indices), factor * rows)

    def _learn(self, k: int, rate: float) -> None:
        p, row = self._projections[k], dict(zip(kernels.COLUMNS, self._table[k], strict=True))
        if rate == 0:
            return
        senders = slice(row["pre"], row["pre"] + row["senders"])
        receivers = slice(row["post"], row["post"] + row["receivers"])
        trace = self._array("a" if p.normalized else "c")[senders]
        indices = np.flatnonzero(trace)
        f, draw = self._array("f")[receivers], self._array("receiver_draw")[receivers]
        if p.connectivity != "dense":
            f, draw = (values[_receivers(p, indices)] for values in (f, draw))
        noise = self._array("sender_draw")[senders][indices, None] + draw
        noise -= np.floor(noise)
        w = self._rows(k)
        changed = w[indices] + np.floor(rate * trace[indices, None] * f + noise)
        changed = np.clip(changed, row["low"], row["high"])
        kept = self._kept[k]
        if kept is not None:
            values = np.asarray(kept.get_value()).reshape(w.shape)[indices]
            changed = np.where(values == FREE, changed, values)
        w[indices] = changed

    def _rows(self, k: int) -> Multiples:
        senders = self._table[k][kernels.COLUMNS.index("senders")]
        return np.asarray(self._weights[k].get_value()).reshape(senders, -1)


def _each(action: Callable[[int, float], None]) -> Callable[..., Floats]:
    """Form of a function that Brian2 calls with arrays."""

    def called(which: npt.ArrayLike, values: npt.ArrayLike) -> Floats:
        projections = np.ravel(which)
        for k, value in zip(projections, np.broadcast_to(values, projections.shape), strict=True):
            action(int(k), float(value))
        return np.zeros(len(projections))

    return called


def _receivers(projection: Projection, indices: Integers) -> Integers:
    """Receivers, by their index, of senders by theirs; not for dense projections."""
    if projection.connectivity == "one_to_one":
        return indices[:, None]
    others = np.arange(projection.block - 1)
    position = indices[:, None] % projection.block
    return indices[:, None] - position + others + (others >= position)
