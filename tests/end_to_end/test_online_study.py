"""Study 13: streams drift as they say, gradients are right, the fast variant gives its values."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pffspike

STUDY = Path(__file__).parents[2] / "experiments" / "13-online"


@pytest.fixture
def parts(monkeypatch):
    monkeypatch.syspath_prepend(str(STUDY))
    import streams
    import systems

    yield streams, systems
    for name in ("streams", "systems"):
        sys.modules.pop(name)


def test_streams_drift_and_come_back(parts):
    streams, _ = parts
    data = pffspike.first_samples(pffspike.load_data("digits"), train=50, test=20)
    for drift in streams.DRIFTS:
        one, two, three = streams.stream(data, drift, 0, 2)
        assert one.classes == three.classes
        assert sorted(map(bytes, one.images)) == sorted(map(bytes, three.images))
        assert not np.array_equal(one.images, three.images), "in another order"
        same = sorted(map(bytes, one.images)) == sorted(map(bytes, two.images))
        assert same == (drift == "none")
    one, two, _ = streams.stream(data, "new classes", 0, 1)
    assert set(one.labels) | set(one.test_labels) == set(range(5))
    assert set(two.labels) <= set(range(5, 10))
    moved = streams.drifted(data.train_images, "shifted", 0).reshape(-1, 8, 8)
    assert np.array_equal(moved[:, :, 2:], data.train_images.reshape(-1, 8, 8)[:, :, :-2])
    mixed = streams.drifted(data.train_images, "permuted", 0)
    assert np.array_equal(np.sort(mixed, axis=1), np.sort(data.train_images, axis=1))


def test_backpropagation_descends_its_loss(parts):
    _, systems = parts
    data = pffspike.first_samples(pffspike.load_data("digits"), train=3, test=3)
    system = systems.Backpropagation(data, 1, 0.001)
    system.w = {name: values.astype(np.float64) for name, values in system.w.items()}
    image, label = data.train_images[:1] / data.levels, data.train_labels[0]

    def loss():
        scores = system._forward(image)[-1]
        return float(np.logaddexp.reduce(scores[0]) - scores[0, label])

    found = system._gradients(system._forward(image), label)
    for name in ("W0", "b0", "W1", "b1", "W2", "b2"):
        place = np.unravel_index(np.abs(found[name]).argmax(), found[name].shape)
        kept, ends = system.w[name][place], []
        for step in (1e-5, -1e-5):
            system.w[name][place] = kept + step
            ends.append(loss())
        system.w[name][place] = kept
        assert found[name][place] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-4)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_fast_variant_gives_the_expected_values(tmp_path):
    command = [sys.executable, STUDY / "run.py", "--fast", "-o", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("online.png", "old-classes.png"):
        assert (tmp_path / name).stat().st_size > 1000
    expected = json.loads((STUDY / "expected.json").read_text())
    found = json.loads((tmp_path / "results.json").read_text())["runs"]
    assert found.keys() == expected.keys()
    for title, by_drift in expected.items():
        assert found[title].keys() == by_drift.keys()
        for drift, runs in by_drift.items():
            for key, value in runs[0].items():
                wanted = value  # spikes are exact; what adds floats in any order is not
                if title.startswith("backpropagation"):
                    wanted = pytest.approx(value, abs=0.1)
                assert found[title][drift][0][key] == wanted, (title, drift, key)
    again = [*command[:2], "--resume", *command[3:]]
    refused = subprocess.run(again, capture_output=True, text=True, timeout=900, check=False)
    assert "other variant" in refused.stderr
    assert refused.returncode == 2
