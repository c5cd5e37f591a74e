"""Quantize, export, run without this project: as a user does it."""

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pffspike
from pffspike import storage, training
from pffspike.arithmetic import counter, grids
from pffspike.cards import load_network
from pffspike.circuits import PFF, pff
from pffspike.cli.app import app
from pffspike.data import load, probabilities
from pffspike.deployment import extra_files
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import FileError
from pffspike.exchange import read_export, write_export
from pffspike.execution import Execution
from pffspike.mapping.demand import format_bits
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
    """A folder with a network of digits, trained for a moment: ``net.h5``."""
    folder = tmp_path_factory.mktemp("work")
    network = pff(PFF(64, 10, (30, 20), burn_in=1, window=4), "small", Training("digits", 1))
    data = load("digits")
    images = probabilities(data.train_images[:30], data.levels)
    signals = {"image": images, "label": data.train_labels[:30], "negative": np.full(30, -1)}
    with ReferenceEngine().compile(network, "train", initial(network, 1), seed=1) as session:
        session.run(signals, np.arange(30))
        parameters = session.parameters
    storage.save(folder / "net.h5", TrainedNetwork(network, parameters, 1))
    return folder


def run(folder, monkeypatch, *arguments) -> int:
    """Exit code of a command, in this process."""
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as stop:
        app([str(argument) for argument in arguments])
    return stop.value.code


def test_a_quantized_file_is_a_trained_network(folder, monkeypatch, capsys):
    arguments = ("quantize", "net.h5", "--device", "loihi1", "-n", 20, "-e", "numpy")
    assert run(folder, monkeypatch, *arguments, "-o", "q.h5", "--json", "q.json") == 0
    assert "image_to_hidden_1" in capsys.readouterr().out
    state = storage.load(folder / "q.h5")
    assert all(format_bits(p) <= 8 for p in state.network.projections)
    assert state.provenance["quantized"]["bits"] == 8
    content = json.loads((folder / "q.json").read_text())
    assert [w["projection"] for w in content["weights"]] == [
        p.name for p in state.network.projections
    ]


@pytest.fixture(scope="module")
def out(folder) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        arguments = ("export", "net.h5", "--device", "loihi1", "-o", "out", "--json", "out.json")
        assert run(folder, patch, *arguments) == 0
    return folder / "out"


def test_an_export_for_a_device_is_complete(out):
    names = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert {
        *("network.json", "README.txt", "SHA256SUMS", "placement.json", "report.md"),
        *("run_lava.py", "sums.py"),
        *("example/one_pass.npz", "example/goodness.npz", "biases/hidden_1.npy"),
    } <= names
    state = read_export(out)
    assert all(format_bits(p) <= 8 for p in state.network.projections)
    assert state.provenance["quantized"]["device"] == "loihi1"
    description = json.loads((out / "network.json").read_text())
    for projection in description["projections"]:
        weights = np.load(out / "weights" / f"{projection['weights']}.npy")
        assert projection["low"] <= weights.min()
        assert weights.max() <= projection["high"]
    placement = json.loads((out / "placement.json").read_text())
    assert placement["cores_used"] == len(placement["cores"]) == 1
    report = (out / "report.md").read_text()
    assert "No silicon was reached" in report
    assert all(broken["message"] in report for broken in placement["violations"])
    assert json.loads((out.parent / "out.json").read_text())["placement"] == placement


@pytest.fixture(scope="module")
def abiding(tmp_path_factory) -> Path:
    """The card that breaks no design rule, trained a little and exported for speed."""
    folder, data = tmp_path_factory.mktemp("abiding"), load("digits")
    few = dataclasses.replace(
        data, train_images=data.train_images[:60], train_labels=data.train_labels[:60]
    )
    state = training.begin(load_network("digits-loihi1", {"training": {"epochs": 1}}), few, seed=0)
    storage.save(folder / "net.h5", training.train(state, few, execution=Execution("numpy")))
    arguments = ("export", "net.h5", "--device", "loihi1", "--placement", "speed", "-o", "out")
    with pytest.MonkeyPatch.context() as patch:
        assert run(folder, patch, *arguments, "--dataset", "digits") == 0
    return folder / "out"


def test_a_network_that_breaks_no_design_rule_is_exported_without_a_warning(abiding):
    placement = json.loads((abiding / "placement.json").read_text())
    assert placement["violations"] == []
    assert "The network breaks none." in (abiding / "report.md").read_text()
    assert placement["cores_used"] > 10, "work is shared out for speed"
    state = read_export(abiding)
    assert min(p.grid for p in state.network.projections) >= -8
    assert all(grids.on_grid(values, -8) for values in state.parameters.biases.values())


def test_its_spikes_are_the_same_with_the_random_numbers_of_the_device(abiding):
    """Noise of 8 bits, as the device draws it: every spike of the example, to the bit."""
    state = read_export(abiding)
    network = state.network
    example = np.load(abiding / "example" / "one_pass.npz")
    names = [name.split("/")[1] for name in example.files if name.startswith("spikes/")]
    with ReferenceEngine(random_bits=8).compile(
        network, "one_pass", state.parameters, seed=0, probes=Probes(rasters=tuple(names))
    ) as session:
        shown = example["image"] * 2.0**-24
        recording = session.run({"image": shown}, example["samples"])
    for name in names:
        expected = np.moveaxis(example[f"spikes/{name}"][:, 0], 0, 1)
        assert np.array_equal(recording.rasters[name], expected), name
        assert expected.any() or name == "readout", name


def test_the_first_version_of_the_format_is_read(out, tmp_path):
    content = json.loads((out / "network.json").read_text())
    content["version"] = 1
    del content["provenance"]
    for projection in content["projections"]:
        del projection["low"], projection["high"]
    for name in ("weights", "biases"):
        (tmp_path / name).symlink_to(out / name)
    (tmp_path / "network.json").write_text(json.dumps(content))
    state = read_export(tmp_path)
    assert state.parameters.equal(read_export(out).parameters)
    assert state.provenance == {}


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
    """From a hard negative that it chooses, and from one that is given."""
    pytest.importorskip("lava")
    state = read_export(out)
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


def test_the_processes_of_an_export_are_those_of_the_engine(out):
    """File by file, byte by byte; packages that are empty there have no content."""
    package = Path(pffspike.__file__).parent
    copies = [path for path in (out / "processes" / "pffspike").rglob("*.py") if path.read_bytes()]
    for path in copies:
        original = package / path.relative_to(out / "processes" / "pffspike")
        assert path.read_bytes() == original.read_bytes()
    processes = {path.parent.name for path in copies if path.name == "models.py"}
    assert processes == {"source", "population", "connection", "circuit"}


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


def test_nir_says_what_it_holds_and_what_it_answers(folder, monkeypatch, capsys):
    nir = pytest.importorskip("nir")
    assert run(folder, monkeypatch, "export", "net.h5", "--nir", "net.nir") == 0
    printed = " ".join(capsys.readouterr().out.split())
    metadata = nir.read(folder / "net.nir").metadata
    assert metadata["profile"] == "lif"
    assert metadata["lost"] in printed
    assert metadata["accuracy"] in printed
    assert "of 360 test images of digits" in printed


def test_the_native_nir_graph_is_read_back(folder, monkeypatch, capsys):
    nir = pytest.importorskip("nir")
    arguments = ("export", "net.h5", "--nir", "native.nir", "--profile", "native")
    assert run(folder, monkeypatch, *arguments) == 0
    assert "the noise" in capsys.readouterr().out
    state, graph = storage.load(folder / "net.h5"), nir.read(folder / "native.nir")
    assert "the noise" in graph.metadata["lost"]
    network, parameters = state.network, state.parameters
    for p in network.projections:
        node = graph.nodes[f"projection.{p.name}"]
        w = parameters.weights[structure.weights_of(p)]
        np.testing.assert_array_equal(node.weight, w.T)
        assert node.metadata["exponent"] == p.grid
        assert (p.pre, f"projection.{p.name}") in graph.edges
        assert (f"projection.{p.name}.delay", p.post) in graph.edges
    for population in network.populations:
        node = graph.nodes[population.name]
        if population.input:
            assert isinstance(node, nir.Input)
        else:
            # Spikes where b + I > 1/2.
            np.testing.assert_array_equal(node.threshold, 0.5 - parameters.biases[population.name])
    assert pffspike.from_nir(folder / "native.nir").parameters.equal(parameters)


MISTAKES = {
    "no target": (("export", "net.h5"), ("nothing to write", "--output")),
    "device without folder": (
        ("export", "net.h5", "--device", "loihi1", "--nir", "x.nir"),
        ("--device loihi1", "--output"),
    ),
    "profile": (("export", "net.h5", "--nir", "x.nir", "--profile", "x"), ("'x'", "lif-noise")),
    "bits of the device": (
        ("export", "net.h5", "--device", "loihi1", "--bits", 9, "-o", "x"),
        ("bits = 9", "2 to 8 bits"),
    ),
    "bits": (("quantize", "net.h5", "--bits", 1, "-o", "x.h5"), ("bits = 1", "2 to 16 bits")),
    "rounding": (("quantize", "net.h5", "--rounding", "up", "-o", "x.h5"), ("'up'", "feedback")),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_one_sentence(mistake, folder, monkeypatch, capsys):
    arguments, parts = MISTAKES[mistake]
    assert run(folder, monkeypatch, *arguments) == 2
    errors = capsys.readouterr().err
    assert len(errors.strip().splitlines()) == 1
    assert all(part in errors for part in parts)
    assert not (folder / "x").exists()
    assert not (folder / "x.h5").exists()
    assert not (folder / "x.nir").exists()
