"""The hand-written kernel of the benchmark does the same work as the engines, and learns."""

import shutil

import numpy as np
import pytest

from pffspike.benchmarks.handwritten import POPULATIONS, Kernel, Library
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
