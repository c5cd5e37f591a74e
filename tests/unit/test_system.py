"""What other operating systems lack is taken away, and nothing fails at the first call."""

import multiprocessing
import os
import platform
import signal
import subprocess
import sys

import numpy as np
import pytest

import pffspike
from pffspike import Execution, demonstration, system
from pffspike.engines.registry import Availability


@pytest.mark.parametrize(
    ("name", "machine", "flag"),
    [
        ("Darwin", "arm64", "-mcpu=native"),
        ("Darwin", "x86_64", "-march=native"),
        ("Linux", "aarch64", "-march=native"),
        ("Windows", "AMD64", "-march=native"),
    ],
)
def test_the_compiler_is_told_of_the_processor_in_its_own_words(monkeypatch, name, machine, flag):
    monkeypatch.setattr(platform, "system", lambda: name)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert system.native() == flag


LACKING = """
import asyncio, os, signal, sys
import h5py, numba, sklearn.datasets, sklearn.mixture  # what others take is theirs to guard
for name in ("sched_getaffinity", "geteuid", "fork", "O_NONBLOCK", "sysconf", "set_blocking"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("setitimer", "SIGVTALRM", "SIGALRM", "pthread_sigmask", "alarm"):
    if hasattr(signal, name):
        delattr(signal, name)
sys.modules["fcntl"] = sys.modules["resource"] = None  # importing them fails
import pffspike
data = pffspike.first_samples(pffspike.load_data("digits"), train=40, test=5)
trained = pffspike.train("digits", data, epochs=1, execution=pffspike.Execution("numpy"))
pffspike.save(sys.argv[1], trained)
images = pffspike.probabilities(data.test_images, data.levels)
print(pffspike.classify(pffspike.load(sys.argv[1]), images, "one_pass").predicted.shape)
print([e.name for e in pffspike.available_engines() if e.available][:1])
"""


def test_a_network_is_trained_saved_and_asked_without_what_linux_alone_has(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LACKING, str(tmp_path / "net.h5")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "(5,)"


@pytest.mark.lava
def test_lava_runs_without_timers_and_signal_masks(monkeypatch):
    from pffspike.engines.lava import compat

    for name in ("setitimer", "SIGVTALRM", "pthread_sigmask"):
        monkeypatch.delattr(signal, name)
    monkeypatch.delattr(os, "fork")
    network = pffspike.load_network("digits", {"pff": {"hidden": [10, 10]}})
    trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)
    images = np.full((2, 64), 0.5)
    found = pffspike.classify(trained, images, "one_pass", execution=Execution("lava"))
    known = pffspike.classify(trained, images, "one_pass", execution=Execution("numpy"))
    np.testing.assert_array_equal(found.scores, known.scores)
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    with pytest.raises(OSError, match="can't be forked"), compat.forking():
        pass


@pytest.mark.parametrize(
    ("installed", "engines"),
    [
        (("brian2", "lava", "numba", "numpy"), ("brian2", "lava")),
        (("brian2", "numba", "numpy"), ("brian2", "numba")),
        (("numba", "numpy"), ("numba", "numpy")),
    ],
)
def test_the_demonstration_takes_the_engines_that_are_installed(monkeypatch, installed, engines):
    found = [Availability(name, name in installed, "") for name in demonstration.ENGINES]
    monkeypatch.setattr(demonstration, "available_engines", lambda: found)
    assert demonstration.demo_engines() == engines
