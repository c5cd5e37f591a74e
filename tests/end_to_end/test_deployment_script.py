"""An export runs by its own script, without this project, and refuses what was damaged."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from deployment_cases import exported, with_network
from pffspike import sums
from pffspike.arithmetic import counter, grids
from pffspike.data import load, probabilities
from pffspike.deployment import extra_files
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import FileError
from pffspike.exchange import read_export, write_export
from pffspike.network import (
    Network,
    Parameters,
    Phase,
    Population,
    Program,
    Projection,
    Training,
    initial,
    structure,
)
from pffspike.recording import Probes
from pffspike.trained import TrainedNetwork


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return with_network(tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def out(folder) -> Path:
    return exported(folder)


def script(out: Path, tmp_path: Path, *arguments) -> subprocess.CompletedProcess:
    """Run the export's own script where pffspike can't be imported."""
    forbidden = tmp_path / "path" / "pffspike"
    forbidden.mkdir(parents=True, exist_ok=True)
    (forbidden / "__init__.py").write_text("raise SystemExit('pffspike was imported')")
    return subprocess.run(
        [sys.executable, str(out / "run_lava.py"), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(forbidden.parent)},
        capture_output=True,
        text=True,
        timeout=110,
    )


@pytest.mark.lava
def test_the_script_gives_the_spikes_of_its_example(out, tmp_path):
    pytest.importorskip("lava")
    result = script(out, tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("identical to those expected: True") == 2
    assert not any(line.startswith(("one_pass: 0 ", "goodness: 0 ")) for line in result.stdout)


def awkward() -> TrainedNetwork:
    """Every feature of the specification that inference has."""
    populations = (
        Population("pixels", 12, "none", input=True),
        Population("class_a", 4, "sqrt", input=True),
        Population("lonely", 3, "shift", input=True),
        Population("left", 12, "shift"),
        Population("right", 12, "sqrt"),
        Population("out", 4, "none"),
        Population("unused", 5),
    )
    projections = (
        Projection("a", "pixels", "left", grid=2),
        Projection("b", "left", "left", connectivity="blocks", block=4, normalized=False),
        Projection("c", "left", "right", connectivity="one_to_one", grid=-20),
        Projection("d", "right", "left", connectivity="one_to_one", tied="c", grid=-20),
        Projection("left", "class_a", "right", grid=-3),
        Projection("f", "right", "out", normalized=False, grid=-7),
        Projection("g", "left", "out", tied="f", grid=-7),
        Projection("h", "out", "unused"),
    )
    phases = (
        Phase("first", {"pixels": "x"}, ("a", "b"), stream=5),
        Phase(
            "second",
            {"class_a": 2, "pixels": "x", "lonely": "alone"},
            ("a", "c", "d", "left", "f", "g"),
        ),
        Phase("third", {"pixels": "index"}, ("a", "c")),
    )
    network = Network(
        "awkward",
        populations,
        projections,
        (Program("mixed", 1, 4, phases),),
        Training("digits", 1),
    )
    start = initial(network, 3)
    weights = {}
    for index, (name, w) in enumerate(start.weights.items()):
        p = network.projection(name)
        drawn = 2 * counter.normal(counter.derive_key(7, index), w.size).reshape(w.shape)
        drawn = grids.saturate(grids.nearest(drawn, p.grid), p.low, p.high)
        weights[name] = np.where(structure.mask(network, p), drawn, 0.0)
    biases = {
        name: grids.nearest(counter.normal(counter.derive_key(8, i), len(b)) / 4, -24)
        for i, (name, b) in enumerate(start.biases.items())
    }
    return TrainedNetwork(network, Parameters(weights, biases), 3)


@pytest.mark.lava
def test_the_script_gives_the_spikes_of_the_reference_for_everything(tmp_path):
    pytest.importorskip("lava")
    state, out = awkward(), tmp_path / "out"
    write_export(out, state, extra_files(state, None, None))
    x = grids.nearest(counter.uniform(1, np.arange(36)).reshape(3, 12), -24)
    signals = {"x": x, "alone": x[:, :3], "index": np.array([3, 0, 11])}
    samples = np.array([5, 0, 2**40])
    names = tuple(p.name for p in state.network.populations if p.name != "unused")
    probes = Probes(rasters=names)
    engine = ReferenceEngine()
    with engine.compile(
        state.network, "mixed", state.parameters, seed=2**63 + 5, probes=probes
    ) as session:
        expected = session.run(signals, samples).rasters
    integers = {name: (signals[name] * 2**24).astype(np.int32) for name in ("x", "alone")}
    np.savez(
        tmp_path / "in.npz",
        **integers,
        index=signals["index"],
        samples=samples,
        seed=np.uint64(2**63 + 5),
    )
    options = ("--program", "mixed", "--inputs", tmp_path / "in.npz", "--output")
    result = script(out, tmp_path, *options, tmp_path / "out.npz")
    assert result.returncode == 0, result.stderr
    with np.load(tmp_path / "out.npz") as found:
        assert set(found) == set(names)
        for name in names:
            raster = np.moveaxis(expected[name].reshape(5, 3, 3, -1), 0, 2)
            assert raster.any(), name
            np.testing.assert_array_equal(found[name], raster, err_msg=name)


@pytest.mark.lava
def test_the_script_learns_what_the_reference_learns(out, tmp_path):
    """From a hard negative that it chooses, and from one that is given; some weights are fixed."""
    pytest.importorskip("lava")
    out = shutil.copytree(out, tmp_path / "out")
    for kind, name in (("weights", "image_to_hidden_1"), ("biases", "hidden_2")):
        values = np.load(out / kind / f"{name}.npy")
        (out / "fixed" / kind).mkdir(parents=True)
        np.save(
            out / "fixed" / kind / f"{name}.npy",
            np.arange(values.size).reshape(values.shape) % 2 > 0,
        )
    contents = {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    contents.pop(sums.NAME)
    (out / sums.NAME).write_bytes(sums.write_sums(contents))
    state = read_export(out)
    assert state.parameters.fixed_weights
    assert state.parameters.fixed_biases
    data = load("digits")
    images, labels = probabilities(data.test_images[:2], data.levels), data.test_labels[:2]
    signals = {"image": images, "label": labels, "negative": np.array([-1, (labels[1] + 3) % 10])}
    with ReferenceEngine().compile(
        state.network, "train", state.parameters, seed=4, probes=Probes(rasters=("hidden_1",))
    ) as session:
        raster = session.run(signals, [8, 3]).rasters["hidden_1"]
        learned = session.parameters
    integers = {**signals, "image": (images * 2**24).astype(np.int32)}
    np.savez(tmp_path / "in.npz", **integers, samples=[8, 3], seed=4)
    options = ("--program", "train", "--inputs", tmp_path / "in.npz", "--output")
    result = script(out, tmp_path, *options, tmp_path / "out.npz")
    assert result.returncode == 0, result.stderr
    assert not learned.equal(state.parameters)
    with np.load(tmp_path / "out.npz") as found:
        spikes = np.moveaxis(found["hidden_1"], 2, 0).reshape(raster.shape)
        assert np.array_equal(spikes, raster)
        for name, w in learned.weights.items():
            grid = state.network.projection(name).grid
            assert np.array_equal(found[f"weights/{name}"] * 2.0**grid, w), name
        for name, b in learned.biases.items():
            assert np.array_equal(found[f"biases/{name}"] * 2.0**-24, b), name


@pytest.mark.lava
@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((1, 63), np.int32), "has shape (1, 63), not (1,), (1, 64) or (1, 5, 64)"),
        (np.zeros((1, 64)), "is of type float64; give integers"),
        (np.full((1, 64), 2**25), "holds values that are not from 0 to 16777216"),
    ],
)
def test_the_script_names_a_signal_that_does_not_fit(out, tmp_path, image, message):
    pytest.importorskip("lava")
    np.savez(tmp_path / "in.npz", image=image, samples=np.arange(1), seed=0)
    result = script(out, tmp_path, "--program", "one_pass", "--inputs", tmp_path / "in.npz")
    assert result.returncode == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.lava
def test_the_script_refuses_what_it_can_not_run(out, tmp_path):
    pytest.importorskip("lava")
    np.savez(tmp_path / "in.npz", samples=np.arange(1), seed=0)
    for program, message in (
        ("dream", "does not exist"),
        ("one_pass", "signal 'image' is missing"),
    ):
        result = script(out, tmp_path, "--program", program, "--inputs", tmp_path / "in.npz")
        assert result.returncode == 2
        assert message in result.stderr
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.lava
def test_the_script_refuses_inputs_that_are_no_arrays(out, tmp_path):
    pytest.importorskip("lava")
    np.savez(tmp_path / "seedless.npz", samples=np.arange(1))
    (tmp_path / "text.npz").write_text("text")
    os.mkfifo(tmp_path / "pipe.npz")
    for name in ("absent", "seedless", "text", "pipe"):
        path = tmp_path / f"{name}.npz"
        result = script(out, tmp_path, "--program", "one_pass", "--inputs", path)
        assert result.returncode == 2, name
        assert str(path) in result.stderr
        assert len(result.stderr.splitlines()) == 1


def change_weight(out: Path) -> None:
    """Change one weight by one step, in a file of the right form."""
    path = out / "weights" / "image_to_hidden_1.npy"
    weights = np.load(path)
    weights[3, 5] += 1
    np.save(path, weights)


def change_lines(edit):
    """Edit the list of the lines of SHA256SUMS in place."""

    def change(out: Path) -> None:
        lines = (out / "SHA256SUMS").read_text().splitlines(keepends=True)
        edit(lines)
        (out / "SHA256SUMS").write_text("".join(lines))

    return change


def swap(lines: list[str]) -> None:
    """Give the first file the digest of the second."""
    lines[0] = lines[1][:64] + lines[0][64:]


def leave_out(lines: list[str]) -> None:
    lines[:] = [line for line in lines if "weights/image_to_hidden_1" not in line]


def pipe(out: Path) -> None:
    (out / "model.md").unlink()
    os.mkfifo(out / "model.md")


def plant_process(out: Path) -> None:
    (out / "processes" / "pffspike" / "planted.py").write_text("raise SystemExit('imported')")


def plant(out: Path) -> None:
    (out / "example" / "dream.npz").write_bytes((out / "example" / "one_pass.npz").read_bytes())


NONE = "0" * 64
DAMAGES = {
    "a changed weight": (change_weight, "weights/image_to_hidden_1.npy does not have the digest"),
    "a missing file": (lambda out: (out / "model.md").unlink(), "model.md is missing"),
    "a pipe": (pipe, "model.md is not a regular file"),
    "an additional example": (plant, "example/dream.npz has no digest"),
    "an additional process": (plant_process, "pffspike/planted.py has no digest"),
    "no digests": (lambda out: (out / "SHA256SUMS").unlink(), "SHA256SUMS is missing"),
    "a missing line": (change_lines(leave_out), "image_to_hidden_1.npy has no digest"),
    "an additional line": (
        change_lines(lambda lines: lines.append(f"{NONE}  weights/more.npy\n")),
        "weights/more.npy is missing",
    ),
    "a file twice": (
        change_lines(lambda lines: lines.append(lines[2])),
        "twice",
    ),
    "a file outside": (
        change_lines(lambda lines: lines.append(f"{NONE}  ../x\n")),
        "names ../x, which is not in the folder",
    ),
    "a changed digest": (change_lines(swap), "README.txt does not have the digest"),
    "a malformed line": (change_lines(lambda lines: lines.append("?\n")), "is not a digest"),
    "a byte that is no text": (
        lambda out: (out / "SHA256SUMS").write_bytes(b"\xff"),
        "line 1 of SHA256SUMS is not",
    ),
}


@pytest.mark.lava
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_export_is_refused_by_the_script_and_by_the_program(out, tmp_path, damage):
    """Before Lava is imported, and where nothing but NumPy is."""
    spoil, sentence = DAMAGES[damage]
    copy = tmp_path / "out"
    shutil.copytree(out, copy)
    spoil(copy)
    (tmp_path / "path" / "lava").mkdir(parents=True)
    (tmp_path / "path" / "lava" / "__init__.py").write_text("raise SystemExit('imported')")
    result = script(copy, tmp_path)
    assert result.returncode == 2, result.stderr
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert not (copy / "__pycache__").exists()
    if not damage.endswith(("additional example", "additional process")):  # not read
        with pytest.raises(FileError, match=re.escape(sentence)):
            read_export(copy)
