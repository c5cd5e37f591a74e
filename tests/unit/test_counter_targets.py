"""The counter-based random numbers are the same in NumPy, Cython and C++."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from pffspike.arithmetic import counter

brian2 = pytest.importorskip("brian2")
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice  # noqa: E402
from brian2.devices.device import runtime_device  # noqa: E402

from pffspike.engines.brian2 import compiler, functions  # noqa: E402
from pffspike.engines.brian2.session import FLAGS  # noqa: E402
from pffspike.engines.brian2.state import brian2_state  # noqa: E402

pytestmark = pytest.mark.brian2

KEY = counter.derive_key(2**64 - 1, 3, 2**63)
POSITIONS = np.concatenate(
    [
        np.arange(1000),
        (np.int64(7) << np.int64(32)) + np.arange(1000),
        np.array([2**62, 2**63 - 1, -1]),
    ]
)


def network(group_name: str = "numbers"):
    """One Brian2 group that computes child keys and uniform numbers of every position."""
    group = brian2.NeuronGroup(
        len(POSITIONS),
        """
        position : integer
        child : integer
        u : 1
        key : integer (shared)
        """,
        dtype=dict.fromkeys(("position", "child", "key"), np.int64),
        namespace=functions.counter_functions(),
        name=group_name,
    )
    group.position = POSITIONS
    halves = (float(KEY >> 32), float(KEY & 0xFFFFFFFF))
    group.run_regularly(
        f"""
        key = pffspike_join({halves[0]!r}, {halves[1]!r})
        child = pffspike_derive(key, position)
        u = pffspike_uniform(key, position)
        """
    )
    return brian2.Network(group), group


def check(u: npt.NDArray[np.float64], child: npt.NDArray[np.int64]) -> None:
    """Compare with the definition."""
    assert np.array_equal(u, counter.uniform(KEY, POSITIONS))
    assert np.array_equal(child.astype(np.uint64), counter.derive_keys(KEY, POSITIONS))
    assert counter.derive_key(KEY, 5) == int(child.astype(np.uint64)[5])


@pytest.mark.parametrize("target", ["numpy", "cython"])
def test_runtime_targets_agree(target: str) -> None:
    """Through Brian2 functions, as the engine uses them."""
    with brian2_state(runtime_device, {"codegen.target": target}):
        net, group = network()
        net.run(brian2.defaultclock.dt)
        check(np.array(group.u[:]), np.array(group.child[:]))


def test_cpp_standalone_agrees(tmp_path: Path) -> None:
    """In a program of its own, compiled as the engine compiles."""
    device = CPPStandaloneDevice()
    with brian2_state(device, {}):
        net, group = network()
        net.run(brian2.defaultclock.dt)
        device.build(directory=str(tmp_path), compile=False, run=False)
        results = [device.get_array_filename(group.variables[name]) for name in ("u", "child")]
        compiler.compile_project(tmp_path, FLAGS, results)
        device.run(with_output=False)
        check(np.array(group.u[:]), np.array(group.child[:]))


def test_numbers_give_numbers() -> None:
    """Brian2 assigns what scalar arguments give to shared variables."""
    made = functions.counter_functions()
    assert np.shape(made["pffspike_derive"].pyfunc(3, 4)) == ()
    assert np.shape(made["pffspike_uniform"].pyfunc(3, np.arange(4))) == (4,)
    assert int(made["pffspike_join"].pyfunc(1.0, 2.0)) == 2**32 + 2
