"""A network whose populations have entirely other names, through every command.

Its card is taken beside that of the same network under the usual names, and what a command writes
is the same, to the bit, but for the names: random numbers are keyed by a population's place.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from commands import call, refused
from pffspike.cards import card_text
from pffspike.circuits import PFF, pff
from pffspike.network import Network, Roles, Training, structure
from pffspike.storage import load
from renamed import OTHER, renamed

USUAL = pff(
    PFF(64, 10, (20, 10), burn_in=1, window=4, latent=4, bias=0.2, threshold=(1.0,)),
    "small",
    Training("digits", 1, hard_negatives=0.5),
)
NETWORKS = {"usual": USUAL, "other": renamed(USUAL, OTHER)}
NAMES = {new: old for old, new in OTHER.items()} | {
    new.name: old.name
    for old, new in zip(USUAL.projections, NETWORKS["other"].projections, strict=True)
}
WORD = re.compile(r"\b(" + "|".join(NAMES) + r")\b")
#: Keys of what need not be the same; the message of a design rule has names in alphabetical order.
DIFFER = {"file", "hash", "message", "network", "network_hash", "seconds", "versions"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder each: ``net.h5`` is trained from ``card.toml``, and ``prior.h5`` has a prior."""
    folder = tmp_path_factory.mktemp("roles")
    for name, network in NETWORKS.items():
        place = folder / name
        place.mkdir()
        (place / "card.toml").write_text(card_text(network))
        few = ("-n", 200, "--passes", 1, "--components", 1)
        for command in (
            ("train", place / "card.toml", "-o", place / "net.h5"),
            ("prior", place / "net.h5", *few, "-o", place / "prior.h5"),
        ):
            result = call(*command)
            assert result.exit_code == 0, result.output
    return folder


def usual(content: Any) -> Any:
    """The same content with the usual names, but for what need not be the same."""
    if isinstance(content, dict):
        return {usual(k): usual(v) for k, v in content.items() if k not in DIFFER}
    if isinstance(content, list):
        return [usual(item) for item in content]
    return WORD.sub(lambda m: NAMES[m[0]], content) if isinstance(content, str) else content


def both(folder: Path, *arguments: object, file: str = "net.h5", json_file: bool = True) -> Any:
    """Call a command with both networks; what it wrote, which is the same but for the names."""
    found = []
    for name in NETWORKS:
        place = folder / name
        given = [place / a.removeprefix("@") if str(a)[:1] == "@" else a for a in arguments]
        command, *options = given
        out = ["--json", place / "out.json", "--force"] if json_file else []
        result = call(command, place / file, *options, *out)
        assert result.exit_code == 0, result.output
        found.append(json.loads((place / "out.json").read_text()) if json_file else result.output)
    if json_file:
        assert usual(found[1]) == usual(found[0])
    return found[1]


def test_trained_files_hold_the_same_weights(folder):
    for file in ("net.h5", "prior.h5"):
        mine, its = (load(folder / name / file) for name in NETWORKS)
        for kind in ("weights", "biases"):
            one, two = (getattr(trained.parameters, kind) for trained in (mine, its))
            assert one.keys() == {NAMES[name] for name in two}
            for name, values in two.items():
                np.testing.assert_array_equal(values, one[NAMES[name]], name)
    assert its.network == NETWORKS["other"]
    assert its.network.roles == Roles("eye", "told", "vote", "dream")
    np.testing.assert_array_equal(mine.prior.means, its.prior.means)


MODES = ("goodness", "one_pass", "feedback", "proposal", "early", "late")
CALIBRATION = ("--tolerance", 0.2, "--calibration-samples", 40)


def test_evaluate(folder):
    modes = [part for mode in MODES for part in ("--mode", mode)]
    content = both(folder, "evaluate", *modes, *CALIBRATION, "-n", 5)
    assert set(content["accuracy"]["numba"]) == set(MODES)


@pytest.mark.parametrize("mode", MODES)
def test_classify(folder, mode):
    which = ("--index", 0, "--index", 3)
    content = both(folder, "classify", "--mode", mode, *CALIBRATION, *which)
    assert len(content["predicted"]) == 2


@pytest.mark.parametrize("state", ["free", "inferred", "neutral", "true"])
def test_reconstruct(folder, state):
    options = ("--state", state, "-n", 3, "-o", "@rebuilt.png")
    assert both(folder, "reconstruct", *options)["samples"] == 3
    assert (folder / "other" / "rebuilt.png").stat().st_size > 1000


@pytest.mark.parametrize("file", ["net.h5", "prior.h5"])
def test_sample(folder, file):
    content = both(folder, "sample", "--count", 20, "--array", "@made.npy", file=file)
    assert len(content["labels"]) == 20
    mine, its = (np.load(folder / name / "made.npy") for name in NETWORKS)
    np.testing.assert_array_equal(mine, its)


def test_quality(folder):
    options = ("--count", 20, "-n", 20, "--state", "free", "--state", "true")
    content = both(folder, "quality", *options, file="prior.h5")
    assert "generative circuit, chain" in content["summed_squared_error"]


def test_quantize_and_run(folder):
    options = ("--bits", 6, "-n", 8, "-o", "@six.h5")
    assert len(both(folder, "quantize", *options)["weights"]) == len(USUAL.projections)
    for program in ("train", "goodness"):
        content = both(folder, "run", "-p", program, "-n", 2, file="six.h5")
        assert content["populations"][0]["population"] == "eye"


@pytest.mark.brian2
@pytest.mark.lava
@pytest.mark.parametrize(
    "engine",
    [
        "brian2:numpy",
        pytest.param("brian2:equations", marks=pytest.mark.slow),
        "lava",
        "lava:fixed",
    ],
)
def test_engines_agree(folder, engine):
    pytest.importorskip(engine.partition(":")[0])
    options = ("-p", "one_pass", "-n", 2, "-e", engine, "--compare", "numpy")
    assert both(folder, "run", *options)["spikes_identical"]


def test_record(folder):
    options = ("-p", "one_pass", "-n", 2, "--record", "@spikes.h5")
    assert both(folder, "run", *options)["presentations"] == 2
    with (
        h5py.File(folder / "usual" / "spikes.h5") as mine,
        h5py.File(folder / "other" / "spikes.h5") as its,
    ):
        np.testing.assert_array_equal(mine["rasters/readout"], its["rasters/vote"])


def test_energy(folder):
    options = ("--device", "loihi1", "--mode", "goodness", "--mode", "one_pass", "--images", 3)
    content = both(folder, "energy", *options)
    assert content


def test_report_and_info(folder):
    options = ("--images", 5, "--device", "loihi1", "-o", "@report.html")
    both(folder, "report", *options, file="prior.h5", json_file=False)
    page = (folder / "other" / "report.html").read_text()
    assert "guessed_eye" in page
    assert "from lower" in page
    assert "hidden" not in page
    populations = both(folder, "info")["populations"]
    roles = {p["role"]: p["name"] for p in populations if p["role"]}
    assert roles == structure.roles(NETWORKS["other"])


@pytest.mark.lava
def test_export_runs_itself(folder):
    pytest.importorskip("lava")
    both(folder, "export", "--device", "loihi1", "-o", "@out")
    out = folder / "other" / "out"
    content = json.loads((out / "network.json").read_text())
    assert content["roles"] == structure.roles(NETWORKS["other"])
    assert content["decisions"] == {"goodness": {"lower": -1, "upper": -1}, "one_pass": "vote"}
    assert "readout: vote\n" in (out / "README.txt").read_text()
    usual = folder / "usual" / "out"
    with (
        np.load(out / "example" / "one_pass.npz") as its,
        np.load(usual / "example" / "one_pass.npz") as mine,
    ):
        np.testing.assert_array_equal(its["image"], mine["image"])
        np.testing.assert_array_equal(its["spikes/vote"], mine["spikes/readout"])
    result = subprocess.run(
        [sys.executable, out / "run_lava.py"], capture_output=True, text=True, timeout=240
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("identical to those expected: True") == 2


def unnamed(folder: Path, role: str) -> Path:
    """A card of the network in which nobody has a role."""
    network: Network = NETWORKS["other"]
    roles = {**vars(network.roles), role: ""}
    path = folder / f"no_{role}.toml"
    path.write_text(card_text(network.replace(roles=Roles(**roles))))
    return path


@pytest.mark.parametrize("role", ["input", "label"])
def test_a_training_without_a_role_is_refused(folder, role):
    out = folder / "none.h5"
    result = call("train", unnamed(folder, role), "-o", out)
    refused(result, f"network 'small' has no {role} population; name the one", f"[roles] {role} =")
    assert not out.exists()


def test_commands_on_a_file_without_roles_are_refused(folder):
    """The read-out and the latent population are not needed to train."""
    roles = {"readout": "read-out", "latent": "latent"}
    for role, noun in roles.items():
        file = folder / f"no_{role}.h5"
        command = ("train", unnamed(folder, role), "-n", 20, "-o", file)
        assert call(*command).exit_code == 0
        few = ("-n", 2)
        commands = {
            "readout": (("evaluate", file, "--mode", "one_pass", *few),),
            "latent": (
                ("prior", file, *few, "--components", 1),
                ("sample", file),
                ("quality", file, *few, "--count", 10, "--state", "free"),
            ),
        }
        for command in commands[role]:
            refused(call(*command), f"network 'small' has no {noun} population; name the one")
