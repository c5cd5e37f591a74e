"""Study 10: systems see the same chip, homeostasis knows no label, and --fast gives its values."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pffspike
from pffspike import Mismatch, draw_specimen

STUDY = Path(__file__).parents[2] / "experiments" / "10-mortal"
ALL = Mismatch(gain=0.2, slope=0.2, threshold=0.05, dead=0.1, stuck=0.05, broken=0.1)


@pytest.fixture
def parts(monkeypatch):
    monkeypatch.syspath_prepend(str(STUDY))
    import backpropagation
    import spiking

    yield backpropagation, spiking
    for name in ("backpropagation", "spiking"):
        sys.modules.pop(name)


def test_both_systems_see_the_same_chip(parts):
    backpropagation, spiking = parts
    card = spiking.card()
    chip = draw_specimen(card, ALL, 3, populations=spiking.HIDDEN)
    start = pffspike.initial(card, 0)
    found = chip.programmed(start)
    w = {}
    for k, (projection, population) in backpropagation.PLACES.items():
        w[f"w{k}"], w[f"b{k}"] = start.weights[projection], start.biases[population][None]
    seen = backpropagation.effective(w, chip)
    for k, (projection, population) in backpropagation.PLACES.items():
        assert np.abs(seen[f"w{k}"] - found.weights[projection]).max() <= 2.0**-16
        assert np.abs(seen[f"b{k}"][0] - found.biases[population]).max() <= 2.0**-16


def test_homeostasis_changes_hidden_biases_only_and_knows_no_label(parts):
    _, spiking = parts
    data = pffspike.load_data("digits")
    state = pffspike.begin(spiking.card(), data, seed=0, epochs=1)
    settled = spiking.adapted(state, data, 0, 20, labels=False).parameters
    for name, w in state.parameters.weights.items():
        assert np.array_equal(w, settled.weights[name])
    changed = {n for n, b in state.parameters.biases.items() if np.any(b != settled.biases[n])}
    assert changed == set(spiking.HIDDEN)
    (phase,) = spiking.settling(state.network).program("settle").phases
    assert phase.inputs == {"image": "image"}


def test_what_one_chip_has_learned_can_be_read_for_another(parts):
    _, spiking = parts
    card = spiking.card()
    chip = draw_specimen(card, Mismatch(gain=0.3, slope=0.3, threshold=0.1), 3)
    start = pffspike.initial(card, 0)
    again = chip.nominal(chip.programmed(start))
    for name, w in start.weights.items():  # rounded twice to a grid, at gains down to 2^-4
        assert np.abs(again.weights[name] - w).max() <= 2.0**-11


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_fast_variant_gives_the_expected_values(tmp_path):
    command = [sys.executable, STUDY / "run.py", "--fast", "-o", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("errors.png", "life.png"):
        assert (tmp_path / name).stat().st_size > 1000
    expected = json.loads((STUDY / "expected.json").read_text())
    found = json.loads((tmp_path / "results.json").read_text())["runs"]
    assert found.keys() == expected.keys()
    for part, rows in expected.items():
        assert found[part].keys() == rows.keys()
        for name, values in rows.items():
            wanted = np.array(values)  # spikes are exact; what adds floats in any order is not
            exact = name.startswith("spiking")
            np.testing.assert_allclose(found[part][name], wanted, atol=0 if exact else 0.1)
    again = [*command[:2], "--resume", *command[3:]]
    refused = subprocess.run(again, capture_output=True, text=True, timeout=900, check=False)
    assert "other variant" in refused.stderr
    assert refused.returncode == 2
