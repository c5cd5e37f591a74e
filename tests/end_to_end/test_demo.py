"""``pffspike demo``: the whole way from a card to spikes on two engines."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

STUDY = Path(__file__).parents[2] / "experiments" / "00-digits"
PICTURES = ["raster", "goodness", "receptive_fields", "reconstructions", "samples", "confusion"]

pytestmark = [pytest.mark.brian2, pytest.mark.lava]


def demo(folder: Path, *arguments: str) -> dict:
    result = subprocess.run(
        [sys.executable, "-m", "pffspike", "demo", "--output", str(folder), *arguments],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert result.returncode == 0, result.stderr
    assert "spikes of brian2 and lava identical: True" in result.stdout
    for name in PICTURES:
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    return json.loads((folder / "summary.json").read_text())


def test_a_short_demo_agrees_on_both_engines(tmp_path):
    summary = demo(tmp_path / "short", "--epochs", "1", "--samples", "16")
    assert summary["spikes_identical"] is True
    assert summary["accuracy"]["brian2"] == summary["accuracy"]["lava"]
    assert set(summary["accuracy"]["lava"]) == {"goodness", "one_pass"}
    assert set(summary["energy"]["loihi1"]["total"]) == {"goodness", "one_pass"}
    assert {"train", "brian2_goodness", "lava_one_pass", "prior", "figures"} <= set(
        summary["seconds"]
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_demo_gives_the_expected_figures_exactly(tmp_path):
    summary = demo(tmp_path / "demo")
    assert summary["accuracy"]["lava"]["goodness"] >= 0.95
    assert summary["accuracy"]["lava"]["one_pass"] >= 0.93
    expected = json.loads((STUDY / "expected.json").read_text())
    assert {key: summary[key] for key in expected} == expected
