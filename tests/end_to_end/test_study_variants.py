"""The fast variants of the studies give the figures that are stored with them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
NAMES = ("01-mnist", "02-fashion-mnist", "14-relatives", "14-relatives/mnist")


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", NAMES)
def test_the_fast_variant_gives_the_expected_figures(name, tmp_path):
    study = EXPERIMENTS / name
    expected = json.loads((study / "expected.json").read_text())["fast"]
    result = subprocess.run(
        [
            *(sys.executable, "-m", "pffspike", "study", str(study), "--fast"),
            *("-o", str(tmp_path), *data_of(name)),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=3500,
    )
    if "were not found" in result.stderr:
        pytest.skip(result.stderr.strip())
    assert result.returncode == 0, result.stderr
    content = json.loads((tmp_path / "results.json").read_text())
    for path, (figure, tolerance) in expected.items():
        found = content
        for key in path.split("."):
            found = found[key]
        assert found["mean"] == pytest.approx(figure, abs=tolerance), path


def data_of(name: str) -> tuple[str, ...]:
    """Where this project's machines keep MNIST, if that is so here."""
    shared = EXPERIMENTS.parents[1] / "shared" / "data"
    there = name in ("01-mnist", "14-relatives/mnist") and shared.is_dir()
    return ("--data", str(shared)) if there else ()
