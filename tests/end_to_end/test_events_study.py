"""``experiments/07-events``: events are exact, and the fast variant gives what is expected."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pffspike

STUDY = Path(__file__).parents[2] / "experiments" / "07-events"


@pytest.fixture
def eye(monkeypatch):
    monkeypatch.syspath_prepend(str(STUDY))
    import eye

    yield eye
    sys.modules.pop("eye")


def test_what_an_eye_sees_adds_up(eye):
    """Between events a pixel has changed by less than the threshold, and the image comes back."""
    data = pffspike.load_data("digits")
    image, amplitude = data.test_images[3].reshape(8, 8), 2
    times, neurons = eye.look(image, data.levels, amplitude)
    assert times.max() < eye.LOOKS * eye.LOOK
    places = eye.path(amplitude)
    assert places[0] == places[-1] == [0, 0]
    assert np.array_equal(eye.moved(image, 32, -16)[2:, :-1], 256 * image[:-2, 1:].astype(int))
    least = eye.PARTS**2 * data.levels // eye.THRESHOLD
    shown = np.array([eye.moved(image, *place).ravel() for place in places])
    reference = shown[0]
    for look, now in enumerate(shown[1:]):
        here = neurons[times == look * eye.LOOK]
        off, on = here[here < 64], here[here >= 64] - 64
        assert np.all(now[on] - reference[on] >= least)
        assert np.all(reference[off] - now[off] >= least)
        reference = reference.copy()
        reference[here % 64] = now[here % 64]
        assert np.all(np.abs(now - reference) < least)
    still = eye.look(np.zeros((8, 8), np.uint8), 16, amplitude)
    assert [len(part) for part in still] == [0, 0]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_fast_variant_gives_the_expected_values(tmp_path):
    command = [sys.executable, STUDY / "run.py", "--fast", "-o", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / "runs.json").read_text())
    kept["runs"].pop("counts of events")  # as an interruption would leave it
    (tmp_path / "runs.json").write_text(json.dumps(kept))
    for words, code, said in (
        (("--epochs", "3"), 2, "is of another variant"),
        (("--fast", "--only", "evnts"), 2, "input 'evnts' does not exist; did you mean 'events'"),
        (("--fast",), 0, ""),
    ):
        again = [*command[:2], *words, "--resume", *command[3:]]
        done = subprocess.run(again, capture_output=True, text=True, timeout=900, check=False)
        assert done.returncode == code, done.stderr
        assert said in done.stderr
    assert (tmp_path / "accuracy.png").stat().st_size > 1000
    expected = json.loads((STUDY / "expected.json").read_text())
    found = json.loads((tmp_path / "results.json").read_text())
    assert found.keys() == expected.keys()
    for title, row in expected.items():
        assert found[title]["density"] == pytest.approx(row["density"], abs=1e-9)
        for mode in ("goodness", "one_pass"):
            assert found[title][mode]["accuracy"] == row[mode]["accuracy"], title
            (value, deviation), (wanted, _) = found[title][mode]["joule"], row[mode]["joule"]
            assert value == pytest.approx(wanted, rel=1e-6), title
            assert deviation is None, "of one seed"
