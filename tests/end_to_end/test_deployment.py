"""Quantize, export, run without this project: as a user does it."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import pffspike
from deployment_cases import exported, run, with_network
from pffspike import schedules, storage, training
from pffspike.arithmetic import grids
from pffspike.cards import load_network
from pffspike.data import load
from pffspike.engines.reference import ReferenceEngine
from pffspike.exchange import read_export
from pffspike.execution import Execution
from pffspike.mapping.demand import format_bits
from pffspike.network import (
    structure,
)
from pffspike.recording import Probes


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return with_network(tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def out(folder) -> Path:
    return exported(folder)


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
    state = schedules.begin(load_network("digits-loihi1", {"training": {"epochs": 1}}), few, seed=0)
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


def test_the_processes_of_an_export_are_those_of_the_engine(out):
    """File by file, byte by byte; packages that are empty there have no content."""
    package = Path(pffspike.__file__).parent
    copies = [path for path in (out / "processes" / "pffspike").rglob("*.py") if path.read_bytes()]
    for path in copies:
        original = package / path.relative_to(out / "processes" / "pffspike")
        assert path.read_bytes() == original.read_bytes()
    processes = {path.parent.name for path in copies if path.name == "models.py"}
    assert processes == {"source", "population", "connection", "circuit"}


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
    "bits without a device": (("export", "net.h5", "--bits", 6, "-o", "x"), ("--bits", "--device")),
    "learning without a device": (("export", "net.h5", "--learning", "-o", "x"), ("--device",)),
    "profile without NIR": (("export", "net.h5", "--profile", "lif", "-o", "x"), ("--nir",)),
    "lanes without a core": (
        ("export", "net.h5", "--lanes", 8, "-o", "x"),
        ("--lanes means nothing without --target fpga; leave it out",),
    ),
    "program without a core": (
        ("export", "net.h5", "--program", "one_pass", "-o", "x"),
        ("--program", "--target fpga"),
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
