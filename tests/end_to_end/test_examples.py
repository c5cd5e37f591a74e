"""The programs in docs/examples run and print what their texts say."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pffspike

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def run(name, *arguments, seconds=250):
    """Run an example; end all of its processes if it takes too long."""
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLES / name), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        said, errors = process.communicate(timeout=seconds)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    assert process.returncode == 0, errors
    return said


@pytest.mark.lava
def test_events_a_network_and_a_process_that_answers(tmp_path):
    """On Lava's own runtime; with initial weights, for it is the connections that are tested."""
    pytest.importorskip("lava")
    network = pffspike.load_network("digits")
    data = pffspike.load_data("digits")
    trained = pffspike.begin(network, data, seed=0)
    pffspike.save(tmp_path / "begun.h5", trained)
    said = run("lava_closed_loop.py", str(tmp_path / "begun.h5"))
    labels, answers = (np.array(re.findall(r"\d+", line), int) for line in said.splitlines()[:2])
    assert labels.tolist() == data.test_labels[:10].tolist()
    assert len(answers) == 10
    assert set(answers) <= set(range(10))


@pytest.mark.slow
@pytest.mark.lava
def test_ranges_are_read_while_the_network_learns():
    """A few bits are too few, and 40 are enough for everything."""
    pytest.importorskip("lava")
    said = run("lava_ranges.py", "--samples", "1", "--bits", "12")
    rows = {line.split()[0]: line.split() for line in said.splitlines()[1:]}
    largest = {name: int(row[1].replace(",", "")) for name, row in rows.items()}
    assert largest["hidden_1_current"] > 2**20
    assert largest["image_to_hidden_1_weights"] < 8 * 2**16
    for name, row in rows.items():
        assert int(row[2]) == largest[name].bit_length() + 1
        assert (row[3] == "none") == (int(row[2]) <= 12)


@pytest.mark.slow
@pytest.mark.lava
def test_a_presentation_is_drawn_step_by_step(tmp_path):
    """It prints the model, the spikes of each step and the answer."""
    pytest.importorskip("lava")
    trained = pffspike.begin(pffspike.load_network("digits"), pffspike.load_data("digits"), seed=0)
    pffspike.save(tmp_path / "begun.h5", trained)
    said = run("lava_steps.py", str(tmp_path / "begun.h5"), "-o", str(tmp_path / "steps.png"))
    assert "hidden_1 -> hidden_2, dense, graded spikes" in said
    assert len(re.findall(r"^step +\d+: image \d+, hidden_1 \d+", said, re.MULTILINE)) == 18
    assert (tmp_path / "steps.png").read_bytes()[1:4] == b"PNG"


@pytest.mark.slow
@pytest.mark.brian2
def test_a_learning_sample_is_drawn_step_by_step(tmp_path):
    """It prints goodness by phase and the wrong label, and learns."""
    pytest.importorskip("brian2")
    trained = pffspike.begin(pffspike.load_network("digits"), pffspike.load_data("digits"), seed=0)
    pffspike.save(tmp_path / "begun.h5", trained)
    said = run("brian2_steps.py", str(tmp_path / "begun.h5"), "-o", str(tmp_path / "steps.png"))
    phases = re.findall(
        r"^(\w+): goodness of hidden_1 [\d.]+, hidden_2 [\d.]+$", said, re.MULTILINE
    )
    assert phases == ["free", "positive", "negative"]
    label, wrong = re.findall(r"^label (\d), wrong label (\d)$", said, re.MULTILINE)[0]
    assert label != wrong
    assert int(re.findall(r"^(\d+) weights", said, re.MULTILINE)[0]) > 0
    assert (tmp_path / "steps.png").read_bytes()[1:4] == b"PNG"


@pytest.mark.slow
@pytest.mark.numba
def test_a_table_is_learned_beside_a_perceptron():
    """Each names its accuracy; on wine both are far above chance, and differ by little."""
    said = run("own_table.py", "--data", "wine", "--folds", "3", "--seeds", "2", seconds=250)
    found = re.findall(r"^wine, (\w+): ([\d.]+) %$", said, re.MULTILINE)
    assert [name for name, _ in found] == ["PFFClassifier", "MLPClassifier"]
    assert min(float(accuracy) for _, accuracy in found) > 90
    pairs = re.findall(r"^wine, difference: ([+-][\d.]+) \+- [\d.]+ points$", said, re.MULTILINE)
    assert -5 < float(pairs[0]) < 5


@pytest.mark.slow
def test_costs_of_brian2_are_ratios():
    pytest.importorskip("numba")
    if not (shutil.which("g++") or shutil.which("clang++")):
        pytest.skip("no C++ compiler")
    said = run("brian2_costs.py", "--samples", "100", seconds=250)
    costs = dict(re.findall(r"^(\S.+?)  +[\d.e+]+ +([\d.e+]+)$", said, re.MULTILINE))
    assert float(costs["brian2, C++"]) == 1
    assert 1 < float(costs["brian2:equations, C++"]) < float(costs["brian2:equations, NumPy"])
    assert float(costs["brian2, NumPy"]) < float(costs["brian2:equations, NumPy"])


@pytest.mark.slow
@pytest.mark.lava
def test_costs_are_ratios():
    """Lanes share the work of a step."""
    pytest.importorskip("lava")
    said = run("lava_costs.py", "--samples", "10", seconds=250)
    costs = [float(line.split()[-1]) for line in said.splitlines()]
    assert costs[0] == 1.0
    assert costs[1] < 0.5
    assert len(costs) == 4


@pytest.mark.slow
@pytest.mark.lava
@pytest.mark.timeout(600)
def test_the_answers_of_a_trained_network_are_right():
    """It trains for an epoch first."""
    pytest.importorskip("lava")
    assert int(re.findall(r"(\d+)% right", run("lava_closed_loop.py", seconds=500))[0]) >= 70


@pytest.mark.slow
@pytest.mark.brian2
@pytest.mark.timeout(1800)
def test_other_neurons_learn_the_digits():
    """Far above chance, each of them."""
    pytest.importorskip("brian2")
    said = run("other_neurons.py", "--epochs", "1", "--hidden", "50", seconds=1700)
    found = re.findall(r"one_pass ([\d.]+) %", said)
    assert len(found) == 3
    assert min(map(float, found)) > 40
