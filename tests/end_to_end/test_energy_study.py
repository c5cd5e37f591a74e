"""The study of accuracy against energy gives the values that its README reads from."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pffspike.data import load
from pffspike.devices import load_device
from pffspike.errors import UserError

STUDY = Path(__file__).parents[2] / "experiments" / "06-energy-per-inference"


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", ["digits", "mnist"])
def test_the_study_gives_the_expected_values(name, tmp_path):
    try:
        load(name)
    except UserError as missing:
        pytest.skip(str(missing))
    command = [sys.executable, STUDY / "run.py", "--dataset", name, "-o", tmp_path]
    subprocess.run(command, check=True, capture_output=True, cwd=STUDY.parents[1])
    content = json.loads((tmp_path / "results.json").read_text())
    expected = json.loads((STUDY / "expected.json").read_text())[name]
    found = {
        f"{p['series']}, {p['setting']}, {p['mode']}": [
            p["accuracy"],
            *(p["energy"]["loihi1"][key] for key in ("events", "total", "whole_chip")),
        ]
        for p in content["points"]
    }
    # Spiking systems are exact; energies are sums of floating-point products of whole counts.
    assert found.keys() == expected["points"].keys()
    for point, values in expected["points"].items():
        assert found[point] == pytest.approx(values, rel=1e-9), point
    learned = content["training"]["spiking PFF"]["energy"]["loihi1"]["total"]
    assert learned == pytest.approx(expected["training"], rel=1e-9)
    # Libraries round differently, so these learn a little differently elsewhere.
    others = {s["system"]: s for s in content["systems"] if "spiking" not in s["system"]}
    assert others.keys() == expected["others"].keys()
    for system, (accuracy, energy) in expected["others"].items():
        assert others[system]["accuracy"] == pytest.approx(accuracy, abs=0.02), system
        assert others[system]["energy"]["cpu2015"]["total"] == pytest.approx(energy, rel=0.2), (
            system
        )
    assert {p.name for p in tmp_path.glob("*.png")} == {"pareto.png", "devices.png", "shares.png"}


def microjoule(energy):
    value = energy * 1e6
    return f"{value:.0f} µJ" if value >= 100 else f"{value:.1f} µJ"


def test_the_table_of_the_modes_is_that_of_the_study():
    points = json.loads((STUDY / "expected.json").read_text())["digits"]["points"]
    page = (STUDY.parents[1] / "docs" / "modes.md").read_text("utf-8")
    for options, mode in (
        ("goodness", "goodness"),
        ("proposal", "proposal of 3"),
        ("early", "early"),
        ("early --candidates 3", "early of 3"),
        ("early --candidates 2", "early of 2"),
        ("one_pass", "one_pass"),
    ):
        _, events, total, whole_chip = points[f"mode, {mode}, {mode}"]
        shown = " | ".join(microjoule(energy) for energy in (total, events, whole_chip))
        row = next(line for line in page.splitlines() if line.startswith(f"| `--mode {options}`"))
        assert row.endswith(f"| {shown} |"), (row, shown)


def test_the_conclusion_against_the_perceptron_follows_from_the_numbers():
    expected = json.loads((STUDY / "expected.json").read_text())
    product = load_device("cortex-m4f").profiles["small"].multiply_accumulate.si
    said = "\n".join(
        (folder / "README.md").read_text("utf-8") for folder in (STUDY, STUDY.parents[1])
    )
    said = " ".join(said.split())
    for name, mode, weights, sentences in (
        (
            "digits",
            "early of 2",
            64 * 128 + 128 * 10,
            ("{1} to 1 with the cores in use, of {0} to 1",),
        ),
        ("mnist", "early of 2", 784 * 128 + 128 * 10, ("loses by {1} to 1 ({0}; {2})",)),
    ):
        values = expected[name]["points"][f"mode, {mode}, {mode}"][1:]
        ratios = [f"{value / (weights * product):.0f}" for value in values]
        for sentence in sentences:
            assert sentence.format(*ratios) in said, (name, ratios)
