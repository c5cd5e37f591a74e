"""The hand-written kernel of the benchmark does the same work as the engines, and learns."""

import platform
import shutil

import numpy as np
import pytest

from pffspike.benchmarks.handwritten import (
    POPULATIONS,
    WITHOUT_AVX2,
    WITHOUT_AVX512,
    Kernel,
    Library,
)
from pffspike.benchmarks.networks import benchmark_network
from pffspike.benchmarks.timing import make_workload, spikes_of
from pffspike.data import load
from pffspike.engines import make_engine
from pffspike.errors import UserError

pytestmark = pytest.mark.skipif(
    not (shutil.which("g++") or shutil.which("clang++")), reason="needs a C++ compiler"
)
SAMPLES = 200
#: Spikes of both agree within 5 % and a spike a presentation; seen: 2 %.
RELATIVE, ABSOLUTE = 0.05, 1.0


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


@pytest.fixture(scope="module")
def workload():
    return make_workload(
        benchmark_network(64, (128, 128), dataset="digits"), load("digits"), 1437, seed=0
    )


def run(library, workload, start, stop, kernel):
    images, labels, negatives = (x[start:stop] for x in workload.samples(stop))
    return kernel.run(images, workload.dataset.levels, labels, negatives)[1]


def test_the_kernel_is_as_active_as_the_reference(library, workload):
    with Kernel(library, workload.network, workload.parameters, 0) as kernel:
        mine = run(library, workload, 0, SAMPLES, kernel).spikes
    with make_engine("numpy").compile(
        workload.network, "train", workload.parameters, seed=0
    ) as session:
        theirs = spikes_of(session.run(workload.signals(SAMPLES), np.arange(SAMPLES)))
    for name in POPULATIONS:
        np.testing.assert_allclose(mine[name], theirs[name], RELATIVE, ABSOLUTE, err_msg=name)


def test_the_kernel_learns(library, workload):
    with Kernel(library, workload.network, workload.parameters, 0) as kernel:
        first = run(library, workload, 0, 300, kernel)
        for _ in range(4):
            run(library, workload, 0, 1437, kernel)
        last = run(library, workload, 0, 300, kernel)
        weights = kernel.weights("image_to_hidden_1")
    assert last.accuracy > first.accuracy + 0.3
    assert last.image_error < 0.7 * first.image_error
    # The false label ends up with more goodness than the true one.
    assert np.all(last.goodness[2] > last.goodness[1])
    assert np.abs(weights).max() <= 8


def test_the_kernel_repeats_itself(library, workload):
    found = []
    for _ in range(2):
        with Kernel(library, workload.network, workload.parameters, 3) as kernel:
            run(library, workload, 0, 50, kernel)
            found.append(kernel.weights("hidden_1_to_hidden_2"))
    np.testing.assert_array_equal(*found)


@pytest.mark.skipif(
    platform.machine().lower() not in {"x86_64", "amd64"}, reason="needs an x86 processor"
)
@pytest.mark.parametrize("flags", [WITHOUT_AVX512, WITHOUT_AVX2])
def test_vectors_of_all_widths_give_the_same(library, workload, flags):
    found = []
    for compiled in (library, Library(flags=flags)):
        with Kernel(compiled, workload.network, workload.parameters, 0) as kernel:
            statistics = run(compiled, workload, 0, SAMPLES, kernel)
            names = ("image_to_hidden_1", "hidden_1_to_readout")
            weights = [kernel.weights(name) for name in names]
        found.append((statistics, weights))
    (mine, my_weights), (theirs, their_weights) = found
    for name in POPULATIONS:
        np.testing.assert_array_equal(mine.spikes[name], theirs.spikes[name], err_msg=name)
    np.testing.assert_array_equal(mine.goodness, theirs.goodness)
    for ours, others in zip(my_weights, their_weights, strict=True):
        np.testing.assert_array_equal(ours, others)


def test_a_missing_compiler_is_one_sentence(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(UserError, match=r"no C\+\+ compiler was found"):
        Library()


def test_another_network_is_refused(library):
    from pffspike.network import initial

    network = benchmark_network(64, (16, 16), dataset="digits")
    other = network.replace(populations=(*network.populations[::-1],))
    with pytest.raises(UserError, match="takes the populations"):
        Kernel(library, other, initial(network, 0), 0)


def test_the_kernel_leaves_subnormal_numbers_on():
    """A library linked with -ffast-math would switch them off for everybody."""
    Library()
    assert np.nextafter(0.0, 1.0) * 1.0 > 0.0
