"""Stored and exported networks: round trips, and files that are not whole or not ours."""

import dataclasses
import errno
import json
import re
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pffspike import export_text, files, sealed
from pffspike.arithmetic import grids
from pffspike.circuits import PFF, pff
from pffspike.data import Identity
from pffspike.errors import FileError, UserError
from pffspike.exchange import read_export, write_export
from pffspike.network import Network, Training, initial, spec
from pffspike.quantization import quantize
from pffspike.storage import load, save
from pffspike.trained import TrainedNetwork, versions


def network() -> Network:
    return pff(PFF(4, 2, (10, 10)), "tiny", Training("digits", 1))


def trained(seed: int = 0) -> TrainedNetwork:
    return TrainedNetwork(
        network(),
        initial(network(), seed),
        seed,
        "numpy",
        3,
        10,
        5,
        {"sample": np.array([1.0, 3.0]), "spikes": np.array([0.5, 0.25])},
    )


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_a_trained_network_survives_both_formats(tmp_path_factory, seed, draw):
    folder = tmp_path_factory.mktemp("stored")
    state = trained(seed)
    for w in state.parameters.weights.values():
        noise = np.random.default_rng(draw).normal(size=w.shape)
        w += grids.nearest(noise, -16) * (w != 0)
        np.clip(w, -8, 8, out=w)
    for name in state.parameters.weights:
        projection = state.network.projection(name)
        np.clip(
            state.parameters.weights[name],
            projection.low,
            projection.high,
            out=state.parameters.weights[name],
        )
    save(folder / "net.h5", state)
    again = load(folder / "net.h5")
    assert again.network == state.network
    assert again.parameters.equal(state.parameters)
    assert (again.seed, again.samples_done, again.samples_total) == (seed, 3, 10)
    assert all(np.array_equal(again.history[k], state.history[k]) for k in state.history)
    write_export(folder / "out", state)
    exported = read_export(folder / "out")
    assert exported.parameters.equal(state.parameters)
    assert (exported.network, exported.seed) == (state.network, seed)


def test_what_is_fixed_survives_both_formats_and_quantization(tmp_path):
    state = trained()
    fixed = {name: w > 0 for name, w in state.parameters.weights.items()}
    biases = {"hidden_1": np.arange(10) == 3}
    marked = dataclasses.replace(state.parameters, fixed_weights=fixed, fixed_biases=biases)
    save(tmp_path / "net.h5", state.replace(parameters=marked))
    write_export(tmp_path / "out", state.replace(parameters=marked))
    for again in (load(tmp_path / "net.h5"), read_export(tmp_path / "out")):
        assert again.parameters.equal(marked)
        assert not again.parameters.equal(state.parameters)
        coarse = quantize(again, 8, moments=None).trained.parameters
        assert coarse.fixed_as(marked).equal(coarse)
    save(tmp_path / "free.h5", state)
    write_export(tmp_path / "free", state)
    for name, version in (("out", 6), ("free", 5)):  # older programs read what they can obey
        assert json.loads((tmp_path / name / "network.json").read_text())["version"] == version
    for name, version in (("net.h5", 3), ("free.h5", 2)):
        with sealed.opened((tmp_path / name).read_bytes(), name) as file:
            assert file.attrs["version"] == version


def test_equal_networks_give_equal_files(tmp_path):
    save(tmp_path / "a.h5", trained())
    save(tmp_path / "b.h5", trained())
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_every_truncation_is_refused_with_a_sentence(tmp_path):
    save(tmp_path / "net.h5", trained())
    content = (tmp_path / "net.h5").read_bytes()
    for length in [0, 1, 8, *range(100, len(content), len(content) // 40)]:
        (tmp_path / "cut.h5").write_bytes(content[:length])
        with pytest.raises(UserError, match=r"cut\.h5 is not a complete file"):
            load(tmp_path / "cut.h5")


def edit(path: Path, change) -> None:
    """Change the content of a file and give it the digest of what it holds then."""
    with h5py.File(path, "r+") as file:
        change(file)
    path.write_bytes(sealed.seal(path.read_bytes()))


def remove(name):
    def change(file):
        del file[name]

    return change


def attribute(name, value):
    def change(file):
        file.attrs[name] = value

    return change


def scale(name, factor):
    def change(file):
        file[name][...] = file[name][...] * factor

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (attribute("format", "something"), "is an HDF5 file of something else"),
        (attribute("version", 99), "has format version 99, but this program reads up to 3"),
        (attribute("version", 1), "states format version 1, but has the digest of version 2"),
        (attribute("version", 0), "states format version 0"),
        (attribute("version", -1), "states format version -1"),
        (attribute("samples_done", -3), "are no schedule of a training"),
        (attribute("samples_done", 11), "are no schedule of a training"),
        (attribute("samples_total", 2**62), "are no schedule of a training"),
        (attribute("samples_per_epoch", -5), "are no schedule of a training"),
        (attribute("seed", "-1"), "seed = -1 must be from 0"),
        (attribute("seed", str(2**64)), "seed = 18446744073709551616 must be from 0"),
        (attribute("seed", "9" * 5000), "is not a complete file"),
        (attribute("versions", "[" * 5000), "is not a complete file"),
        (attribute("data", '{"levels": 0}'), "is not a complete file"),
        (attribute("hash", "0"), "does not have the hash that the file states"),
        (remove("weights/image_to_hidden_1"), "is not a complete file of a trained network"),
        (remove("card"), "is not a complete file of a trained network"),
        (scale("weights/image_to_hidden_1", 0.3), "must be multiples of 2\\^-16"),
        (scale("weights/image_to_hidden_1", 1024), "must lie in"),
        (scale("weights/hidden_1_lateral", -1), "must lie in"),
    ],
)
def test_foreign_newer_and_changed_files_are_refused(tmp_path, change, sentence):
    save(tmp_path / "net.h5", trained())
    edit(tmp_path / "net.h5", change)
    with pytest.raises(UserError, match=sentence):
        load(tmp_path / "net.h5")


@pytest.mark.parametrize("kind", ["soft", "external", "virtual", "storage", "huge", "sparse"])
def test_what_a_file_does_not_hold_itself_is_not_read(tmp_path, kind):
    """A link, a virtual data set, one kept in another file, one of 10^12 numbers without data."""
    save(tmp_path / "net.h5", trained())

    def change(file):
        group, name = file["history"], "sample"
        del group[name]
        if kind == "soft":
            group[name] = h5py.SoftLink("/history/spikes")
        elif kind == "external":
            group[name] = h5py.ExternalLink("/dev/zero", "/x")
        elif kind == "virtual":
            layout = h5py.VirtualLayout((10**12,), "f8")
            layout[:] = h5py.VirtualSource("absent.h5", "x", (10**12,))
            group.create_virtual_dataset(name, layout)
        elif kind == "storage":
            group.create_dataset(name, (10,), "f8", external=[("/dev/zero", 0, 80)])
        elif kind == "huge":
            group.create_dataset(name, (10**12,), "f8")
        else:
            group.create_dataset(name, (10**12,), "f8", chunks=(1000,))

    edit(tmp_path / "net.h5", change)
    with pytest.raises(UserError, match=r"is a link to something else|does not hold"):
        load(tmp_path / "net.h5")


def test_every_changed_byte_is_noticed(tmp_path):
    save(tmp_path / "net.h5", trained())
    content = (tmp_path / "net.h5").read_bytes()
    block = len(content.rstrip(b"\0").partition(b"\0")[0])
    assert block < sealed.BLOCK
    places = [*range(block), *range(sealed.BLOCK, len(content), 997), len(content) - 1]
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        (tmp_path / "net.h5").write_bytes(changed)
        with pytest.raises(FileError, match=r"net\.h5"):
            load(tmp_path / "net.h5")


def test_a_file_of_version_1_is_read():
    """Written by the program before version 2; it has no digest and no identity of its data."""
    state = load(Path(__file__).parents[1] / "golden" / "version-1.h5")
    tiny = pff(PFF(4, 2, (4, 4), lateral=2), "tiny", Training("digits", 1))
    assert state.network == tiny
    assert state.parameters.equal(initial(tiny, 5))
    assert (state.seed, state.samples_done, state.samples_total, state.data) == (5, 3, 10, None)


def test_the_identity_of_the_data_survives_both_formats(tmp_path):
    data = Identity("own", 16, (2, 2), 2, ("cat", "dog"), 5, "0" * 64)
    save(tmp_path / "net.h5", trained().replace(data=data))
    assert load(tmp_path / "net.h5").data == data
    write_export(tmp_path / "out", trained().replace(data=data))
    assert read_export(tmp_path / "out").data == data


def test_other_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="can't be read: No such file"):
        load(tmp_path / "absent.h5")
    (tmp_path / "text.h5").write_text("hello")
    with pytest.raises(UserError, match="is not a complete file"):
        load(tmp_path / "text.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(UserError, match="something else"):
        load(tmp_path / "other.h5")


def test_a_full_disk_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    save(tmp_path / "net.h5", trained(1))
    before = (tmp_path / "net.h5").read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(UserError, match="can't be written: No space left on device"):
        save(tmp_path / "net.h5", trained(2))
    assert (tmp_path / "net.h5").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["net.h5"]


def test_an_interrupt_while_writing_leaves_the_old_file(tmp_path, monkeypatch):
    save(tmp_path / "net.h5", trained(1))

    def interrupted(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path / "net.h5", trained(2))
    assert load(tmp_path / "net.h5").seed == 1
    assert [path.name for path in tmp_path.iterdir()] == ["net.h5"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(UserError, match=r"net\.h5 can't be written: there is no folder"):
        save(tmp_path / "absent" / "net.h5", trained())


def test_an_export_is_integers_that_numpy_alone_can_read(tmp_path):
    state = trained()
    write_export(tmp_path / "out", state)
    description = json.loads((tmp_path / "out" / "network.json").read_text())
    projection = description["projections"][0]
    integers = np.load(tmp_path / "out" / "weights" / f"{projection['name']}.npy")
    assert integers.dtype == np.int32
    assert np.array_equal(
        integers * 2.0 ** projection["exponent"], state.parameters.weights[projection["name"]]
    )


def test_an_export_says_how_spikes_and_answers_are_rebuilt(tmp_path):
    state = trained(seed=123456789)
    write_export(tmp_path / "out", state.replace(data=Identity("own", 7, (2, 2), 2)))
    page = Path(spec.__file__).parent / "model.md"
    assert (tmp_path / "out" / "model.md").read_bytes() == page.read_bytes()
    text = (tmp_path / "out" / "README.txt").read_text()
    for phrase in (
        "model.md",
        "seed 123456789",
        "rule: goodness: threshold = 4.0, slope = 0.25, positive = low, decides = True",
        "rule: delta: signal = label",
        "homeostasis = 0.00390625",
        "image_to_hidden_1: image to hidden_1, dense, learning rate 0.0625",
        "hidden_1_lateral: hidden_1 to hidden_1, blocks, learning rate 0.0625, not normalized",
        "tied to hidden_1_to_image_prediction",
        "one_pass, free: image, hidden_1, hidden_2, readout\n",
        "the score of a label is - G(hidden_1) - G(hidden_2)",
        "2 x 2 pixels, 2 classes; levels = 7",
        "label: label\nreadout: readout\n",
        "floor((2^25 v + levels) / (2 levels)) * 2^-24",
    ):
        assert phrase in text, phrase
    description = json.loads((tmp_path / "out" / "network.json").read_text())
    documented = set(re.findall(r"(\w+)``", export_text.__doc__))
    assert documented | {"format", "version", "name", "bias_exponent"} >= keys(description)


def keys(content) -> set[str]:
    """All keys of nested tables, but those of tables whose keys are names."""
    if isinstance(content, list):
        return set().union(*map(keys, content))
    if not isinstance(content, dict):
        return set()
    named = ("inputs", "decisions", "provenance", "coefficients", "roles")
    return set(content).union(*(keys(value) for key, value in content.items() if key not in named))


def test_an_existing_export_is_not_replaced(tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match="exists; remove it"):
        write_export(tmp_path / "out", trained())


@pytest.mark.parametrize("name", ["network.json", "weights/image_to_hidden_1.npy"])
@pytest.mark.parametrize("damage", ["remove", "truncate", "pickle"])
def test_a_damaged_export_is_refused(tmp_path, name, damage):
    write_export(tmp_path / "out", trained())
    path = tmp_path / "out" / name
    if damage == "remove":
        path.unlink()
    elif damage == "truncate":
        path.write_bytes(path.read_bytes()[:20])
    else:
        np.save(path.with_suffix(".npy"), np.array([{}], dtype=object), allow_pickle=True)
        if name.endswith("json"):
            path.with_suffix(".npy").replace(path)
    with pytest.raises(UserError, match="is not a complete export folder"):
        read_export(tmp_path / "out")


def change_json(path: Path, **changes) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, **changes}))


def change_weight(folder: Path) -> None:
    path = folder / "weights" / "image_to_hidden_1.npy"
    integers = np.load(path)
    integers[0, 0] += 1
    np.save(path, integers)


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: change_json(folder / "network.json", hash="0" * 64),
        lambda folder: change_json(folder / "network.json", seed="1"),
        lambda folder: change_json(folder / "network.json", projections=[]),
        lambda folder: change_json(folder / "network.json", version=0),
        change_weight,
        lambda folder: (folder / "SHA256SUMS").unlink(),
        lambda folder: (folder / "SHA256SUMS").write_text(""),
        lambda folder: (folder / "SHA256SUMS").write_text("0  /dev/zero\n"),
        lambda folder: (folder / "README.txt").write_text("something else"),
    ],
)
def test_a_changed_export_is_refused(tmp_path, change):
    write_export(tmp_path / "out", trained())
    change(tmp_path / "out")
    with pytest.raises(FileError, match="out"):
        read_export(tmp_path / "out")


def test_an_export_of_version_3_is_read_and_its_hash_compared(tmp_path):
    write_export(tmp_path / "out", trained())
    (tmp_path / "out" / "SHA256SUMS").unlink()
    change_json(tmp_path / "out" / "network.json", version=3)
    assert read_export(tmp_path / "out").parameters.equal(trained().parameters)
    change_json(tmp_path / "out" / "network.json", hash="0" * 64)
    with pytest.raises(FileError, match="does not have the hash"):
        read_export(tmp_path / "out")


def test_versions_names_every_package_that_matters():
    found = versions()
    assert found["pffspike"] not in ("", "absent")
    assert set(found) >= {"python", "numpy", "brian2", "lava-nc"}


def test_replace_gives_a_copy():
    state = trained()
    assert state.replace(seed=9).seed == 9
    assert state.seed == 0
    assert not state.finished
    assert state.replace(samples_done=10).finished
