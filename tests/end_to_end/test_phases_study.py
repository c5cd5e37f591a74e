"""Study 09: what its schedules are, and the fast variant gives what is expected."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pffspike
from pffspike.circuits import without_latents

STUDY = Path(__file__).parents[2] / "experiments" / "09-phases"


@pytest.fixture
def study(monkeypatch):
    monkeypatch.syspath_prepend(str(STUDY))
    import schedules
    import summary

    yield summary, schedules
    for name in ("schedules", "conditions", "summary"):
        sys.modules.pop(name)


def test_schedules_show_every_image_once_with_each_sign(study):
    """In blocks, the first of which is shorter, or shuffled; negatives may be of other images."""
    _, schedules = study
    places, signs = schedules.order(5, 2, 0)
    assert places.tolist() == [0, 0, 1, 2, 1, 2, 3, 4, 3, 4]
    assert signs.tolist() == [1, -1, 1, 1, -1, -1, 1, 1, -1, -1]
    others, again = schedules.order(5, 2, 0, same=False)
    assert again.tolist() == signs.tolist()
    assert others[signs > 0].tolist() == [0, 1, 2, 3, 4]
    assert others[signs < 0].tolist() == [2, 3, 4, 0, 1]
    assert schedules.order(4, 2, 0)[0].tolist() == [0, 1, 0, 1, 2, 3, 2, 3]
    assert schedules.order(3, 3, 0)[1].tolist() == [1, 1, 1, -1, -1, -1]
    places, signs = schedules.order(50, None, 7)
    assert sorted(zip(places, signs, strict=True)) == [(k, s) for k in range(50) for s in (-1, 1)]
    assert np.any(signs[:50] < 0)


def test_blocks_of_one_are_the_joint_order_to_the_bit(study):
    """One program with signs as data learns what two programs of fixed signs learn in turn."""
    _, schedules = study
    changes = without_latents()
    changes["pff"]["hidden"] = [20, 20]
    network = schedules.separated(pffspike.load_network("digits", changes))
    data = pffspike.first_samples(pffspike.load_data("digits"), train=8)
    state = pffspike.begin(network, data, seed=3)
    images = state.coding.encode(data.train_images, data.levels)
    shown, numbers = schedules.given(network, data, images, 0, 1, 3)
    execution = pffspike.Execution("numpy", seed=3)
    with pffspike.open_session(state, schedules.PROGRAM, execution) as session:
        session.run(shown, numbers)
        found = session.parameters
    assert shown["sign"].tolist() == [1, -1] * 8
    for k in range(len(numbers)):
        with pffspike.open_session(
            state.replace(network=with_sign(network, schedules, int(shown["sign"][k]))),
            schedules.PROGRAM,
            execution,
        ) as session:
            session.run({name: v[k : k + 1] for name, v in shown.items()}, numbers[k : k + 1])
            state = state.replace(parameters=session.parameters)
    assert state.parameters.equal(found)


def with_sign(network, schedules, sign):
    """The network whose program has this sign, whatever the data say."""
    free, shown = network.program(schedules.PROGRAM).phases
    phases = (free, dataclasses.replace(shown, sign=sign))
    program = dataclasses.replace(network.program(schedules.PROGRAM), phases=phases)
    others = (p for p in network.programs if p.name != program.name)
    return network.replace(programs=(*others, program))


def test_the_critical_block_lies_where_five_points_are_lost(study):
    """Half-way on the logarithmic axis; none, where accuracy does not fall so far."""
    summary, _ = study
    assert summary.critical([1, 10, 1000], [0.95, 0.95, 0.85]) == pytest.approx(100.0)
    assert summary.critical([1, 10, 1000], [0.95, 0.95, 0.91]) is None
    assert summary.critical([1, 3, 10, 1000], [0.95, 0.89, 0.95, 0.85]) == pytest.approx(100.0)


def test_exponents_of_a_known_law(study):
    """A block that is as much longer as the rate is lower: 1; the best rate is found by others."""
    summary, _ = study
    from conditions import Condition

    conditions = {
        "PFF": Condition(1.0, (1, 10)),
        "PFF, rate x 1/4": Condition(0.25, (1, 10)),
        "PFF, rate x 1/4, epochs x 4": Condition(0.25, (1, 10), 4),
    }
    blocks = {"PFF": [10.0, 20.0], "PFF, rate x 1/4": [20.0, 40.0]}
    blocks["PFF, rate x 1/4, epochs x 4"] = [40.0, 80.0]
    found = summary.exponents(blocks, conditions)
    assert found["PFF: rate, as many presentations"][0] == pytest.approx(0.5)
    assert found["PFF: rate, as many times the rate"][0] == pytest.approx(1.0)
    row = summary.ratios(blocks, conditions, 100)["PFF, rate x 1/4, epochs x 4"]
    assert row["alternations"][0] == pytest.approx(400 / (40 * 80) ** 0.5)
    assert row["times"][0] == pytest.approx(4.0)
    assert row["product"] == pytest.approx([1.0, 1.0, 1.0])
    accuracies = {"PFF": {1: [0.9, 0.8], 10: [0.3, 0.3]}}
    accuracies["PFF, rate x 1/4"] = {1: [0.7, 0.7], 10: [0.5, 0.6]}
    best = summary.tuned(accuracies, conditions)
    assert best["chosen"] == {"1": ["PFF"] * 2, "10": ["PFF, rate x 1/4"] * 2}
    assert best["accuracy"]["10"][0] == pytest.approx(0.55)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_fast_variant_gives_the_expected_values(tmp_path):
    command = [sys.executable, STUDY / "run.py", "--fast", "-o", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "phases.png").stat().st_size > 1000
    expected = json.loads((STUDY / "expected.json").read_text())
    assert json.loads((tmp_path / "results.json").read_text())["runs"] == expected
