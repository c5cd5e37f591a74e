"""Events of a user's own through the commands and the library: times, rasters, HDF5, folders."""

import json

import h5py
import numpy as np
import pytest

import pffspike
from commands import call, refused
from pffspike import DataSource, Events, Execution

STEPS, UNITS, SAMPLES = 10, 24, 90
KINDS = np.array(["early", "late", "both"])[np.arange(SAMPLES) % 3]


def rasters():
    """Three classes that spike in other neurons, and a spike of noise in a hundred."""
    rng = np.random.default_rng(7)
    raster = rng.random((SAMPLES, STEPS, UNITS)) < 0.02
    for k, kind in enumerate(KINDS):
        rows = {"early": slice(0, 8), "late": slice(8, 16), "both": slice(12, 24)}[kind]
        raster[k, :, rows] |= rng.random((STEPS, UNITS))[:, rows] < 0.6
    return raster


def recorded(raster, unit=1.0):
    """Times and neurons of a raster, in any order within a sample."""
    where = [np.nonzero(sample) for sample in raster]
    return (
        np.concatenate([t[::-1] for t, _ in where]) * unit,
        np.concatenate([i[::-1] for _, i in where]),
        np.cumsum([len(t) for t, _ in where]),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The same spikes in every form of a file, and a network that has learned from one."""
    folder, raster = tmp_path_factory.mktemp("events"), rasters()
    np.save(folder / "x.npy", raster)
    (folder / "y.txt").write_text("\n".join(KINDS))
    np.savez(folder / "x.npz", x=raster.astype(np.uint8), y=KINDS)
    times, indices, ends = recorded(raster, 2.5)
    np.savez(
        folder / "times.npz", times=times + 0.25, indices=indices, ends=ends, y=KINDS, sensor=[24]
    )
    heidelberg(folder / "times.h5", raster)
    done = call(
        *("train", "--images", "x.npy", "--labels", "y.txt", "--steps", STEPS, "--epochs", 4),
        *("--hidden", "60,60", "-e", "numpy", "-o", "net.h5"),
        cwd=folder,
    )
    assert done.exit_code == 0, done.output
    return folder


def heidelberg(path, raster):
    """Write HDF5 in the layout of the Spiking Heidelberg Digits, times in seconds."""
    kinds, numbers = np.unique(KINDS, return_inverse=True)
    with h5py.File(path, "w") as file:
        for name, part, kind, unit in (("times", 0, np.float16, 0.125), ("units", 1, np.uint16, 1)):
            made = file.create_dataset(
                f"spikes/{name}", (len(raster),), h5py.vlen_dtype(np.dtype(kind))
            )
            for k, sample in enumerate(raster):
                made[k] = (np.nonzero(sample)[part] * unit).astype(kind)
        file["labels"] = numbers
        file["extra/keys"] = [kind.encode() for kind in kinds]
        file["sensor"] = [UNITS]


def test_a_file_keeps_steps_neurons_and_classes(folder):
    trained = pffspike.load(folder / "net.h5")
    assert trained.data.class_names == ("both", "early", "late")
    assert (trained.data.binning.steps, trained.data.binning.units) == (STEPS, UNITS)
    assert {program.steps for program in trained.network.programs} == {STEPS}
    assert trained.network.role("input").size == UNITS
    data = pffspike.dataset_of(trained)
    assert isinstance(data.train_images, Events)
    assert (len(data.train_images), len(data.test_images)) == (72, 18)
    answer = pffspike.evaluate(trained, data, execution=Execution("numpy"))
    assert answer.accuracy > 0.8


@pytest.mark.parametrize(
    "command",
    [
        *[
            ("evaluate", "--mode", mode, "--tolerance", 0.1, "--calibration-samples", 70)
            for mode in pffspike.MODES
        ],
        ("classify", "--index", 0),
        ("energy", "--samples", 3, "--mode", "one_pass"),
        ("report", "--images", 3, "-o", "report.html"),
        ("quantize", "-o", "net-8.h5"),
        ("export", "-o", "exported"),
        ("run", "-p", "goodness", "-n", 2),
        ("reconstruct", "-o", "rec.png", "-n", 4),
        pytest.param(("quality", "-o", "quality", "-n", 6), marks=pytest.mark.slow),
    ],
    ids=lambda command: "-".join(map(str, command[:3:2])),
)
def test_every_command_finds_the_events_again(folder, command):
    engine = () if command[0] == "export" else ("-e", "numpy")
    done = call(command[0], "net.h5", *command[1:], *engine, cwd=folder)
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    "given",
    [
        ("--data", "x.npz", "--steps", STEPS),
        ("--data", "times.npz", "--steps", STEPS, "--step-duration", 2.5),
        ("--data", "times.h5", "--step-duration", 0.125),
    ],
    ids=["raster", "times", "heidelberg"],
)
def test_forms_of_files_give_the_same_network(folder, given):
    done = call(
        *(
            "train",
            *given,
            "--overwrite",
            "--epochs",
            4,
            "--hidden",
            "60,60",
            "-o",
            "again.h5",
            "-e",
            "numpy",
        ),
        cwd=folder,
    )
    assert done.exit_code == 0, done.output
    net, again = (pffspike.load(folder / name) for name in ("net.h5", "again.h5"))
    assert again.parameters.equal(net.parameters)
    assert again.data.train == net.data.train


def test_new_events_are_binned_as_in_training(folder):
    """Answers do not depend on the form, the place or the company of a recording."""
    raster = rasters()
    np.save(folder / "new.npy", raster[[5, 0]])
    times, indices, ends = recorded(raster[:6])
    np.savez(folder / "new.npz", times=times, indices=indices, ends=ends)
    said = []
    for file in ("new.npy", "new.npz"):
        done = call(
            "classify", "net.h5", "--images", file, "--json", "c.json", "-e", "numpy", cwd=folder
        )
        assert done.exit_code == 0, done.output
        said.append(json.loads((folder / "c.json").read_text())["scores"])
    assert said[0] == [said[1][5], said[1][0]]


def test_an_export_bins_without_the_place(folder):
    done = call("export", "net.h5", "-o", "away", cwd=folder)
    assert done.exit_code == 0, done.output
    away = pffspike.load(folder / "away")
    assert away.data.source is None
    assert away.data.binning == pffspike.load(folder / "net.h5").data.binning
    done = call(
        "evaluate", "away", "--data", "x.npy", "--labels", "y.txt", "-e", "numpy", cwd=folder
    )
    assert done.exit_code == 0, done.output


@pytest.mark.slow  # with images it is tested always
def test_an_interrupted_training_goes_on(folder):
    """In parts, from a file, in the library and on the command line."""
    data = pffspike.load_own(DataSource(str(folder / "times.npz"), steps=STEPS, step_duration=2.5))
    network = pffspike.network_for(data, hidden=[20, 20])
    run, cut = Execution("numpy", 1), []
    whole = pffspike.train(network, data, epochs=2, execution=run)
    pffspike.train(
        network, data, epochs=2, checkpoint=cut.append, checkpoint_every=50, execution=run
    )
    pffspike.save(folder / "cut.h5", cut[1])
    done = call("train", "--resume", "cut.h5", "-e", "numpy", cwd=folder)
    assert done.exit_code == 0, done.output
    assert pffspike.load(folder / "cut.h5").parameters.equal(whole.parameters)
    more = ("train", "--from", "cut.h5", "--epochs", 1, "-o", "more.h5", "-e", "numpy")
    assert call(*more, cwd=folder).exit_code == 0
    assert pffspike.load(folder / "more.h5").samples_done == 3 * 72


def test_events_from_memory(folder):
    """A data set of events, without a file; a network of given sizes gets the same."""
    events = Events.from_raster(rasters())
    data = pffspike.own_dataset(events, KINDS, test=0.2, name="x")
    assert repr(data) == (
        "Dataset('x', 72 training and 18 test images of 1 x 24 in 10 steps, 3 classes)"
    )
    trained = pffspike.train(
        pffspike.network_for(data, hidden=[60, 60]), data, epochs=4, execution=Execution("numpy")
    )
    assert trained.parameters.equal(pffspike.load(folder / "net.h5").parameters)
    with pytest.raises(pffspike.UserError, match="do not change in time"):
        pffspike.data.form_of(trained.data, None).images(np.ones((4, 24)))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            ("times.npz", "--steps", 5, "--step-duration", 2.5),
            "train with more --steps or a longer",
        ),
        (("times.npz", "--steps", 70), "give --steps 34"),
        (("times.npz", "--step-duration", -1), "must be above 0"),
        (("x.npy", "--steps", STEPS), "holds no labels"),
        (("few.npz",), "give one label a sample"),
        (("outside.npz",), "event of neuron 23; give numbers from 0 to 22"),
        (("cut.h5",), "is no HDF5 file with spikes/times"),
        (("counts.npy", "--steps", STEPS), "must hold 1 for a spike"),
        (("gone.npz", "--steps", STEPS), "gone.npz can't be read"),
        (("x.csv", "--steps", STEPS), "give the events in one of these forms"),
    ],
)
def test_wrong_events_are_one_sentence(folder, tmp_path, given, sentence):
    held = dict(np.load(folder / "times.npz"))
    for name in ("times.npz", "x.npy"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    np.savez(tmp_path / "few.npz", **(held | {"y": KINDS[:-1]}))
    np.savez(tmp_path / "outside.npz", **(held | {"sensor": [23]}))
    (tmp_path / "cut.h5").write_bytes((folder / "times.h5").read_bytes()[:3000])
    np.save(tmp_path / "counts.npy", rasters() * 0.5)
    (tmp_path / "x.csv").write_text("1,2\n")
    refused(call("train", "--data", *given, "--epochs", 1, cwd=tmp_path), sentence)
    assert not list(tmp_path.glob("own.h5"))


def test_what_does_not_fit_a_network_is_one_sentence(folder, tmp_path):
    net = folder / "net.h5"
    np.save(tmp_path / "narrow.npy", rasters()[:2, :, 1:])
    refused(call("classify", net, "--images", tmp_path / "narrow.npy"), "sensor of 1 x 1 x 23")
    np.save(tmp_path / "long.npy", np.concatenate([rasters()[:2]] * 2, axis=1))
    refused(call("classify", net, "--images", tmp_path / "long.npy"), "or cut the recording")
    refused(call("evaluate", net, "--dataset", "digits"), "population 'image' of network")
    refused(
        call("train", "mnist-light", "--data", folder / "times.npz"),
        "is events; choose a card without",
    )
