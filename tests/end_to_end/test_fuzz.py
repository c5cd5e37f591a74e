"""Anything a user or a file can hold: code 0 or 2, one sentence, nothing lost, bounded time.

In its quick form this takes less than a minute; the slow form draws many more.
"""

import os
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands import call
from pffspike import sealed, storage
from pffspike.cards import card_text
from pffspike.circuits import PFF, pff
from pffspike.data import catalogue, from_arrays, load, read_idx, write_dataset
from pffspike.errors import PffspikeError
from pffspike.exchange import read_export, write_export
from pffspike.execution import Execution
from pffspike.network import Training
from pffspike.training import train

QUICK, SLOW = 1, 20  #: factor of the numbers of examples
FACTOR = pytest.mark.parametrize("factor", [QUICK, pytest.param(SLOW, marks=pytest.mark.slow)])
SECONDS = 30  #: of one case, on a busy machine
QUIET = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large)


def drawn(examples: int, factor: int):
    return settings(
        max_examples=examples * factor,
        deadline=None,
        suppress_health_check=QUIET,
        derandomize=factor == QUICK,
    )


def small_data(name: str = "own"):
    draw = np.random.default_rng(0)
    images, labels = draw.integers(0, 5, (12, 4)), np.arange(12) % 3
    parts = (images, labels)
    return from_arrays(name, parts, parts, levels=4, shape=(2, 2), classes=3)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A trained network, its export, its data, its card, and what is none of them."""
    folder = tmp_path_factory.mktemp("fuzz")
    network = pff(PFF(4, 3, (4,), lateral=2, window=2), "tiny", Training("own", 1))
    state = train(network, small_data(), execution=Execution("numpy", 1))
    storage.save(folder / "net.h5", state)
    write_export(folder / "out", state)
    write_dataset(folder / "data", small_data())
    (folder / "own.toml").write_text(card_text(network))
    np.save(folder / "images.npy", small_data().test_images)
    (folder / "notes.txt").write_text("my notes")
    (folder / "empty").write_bytes(b"")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    return folder


def damaged(content: bytes, draw: st.DataObject) -> bytes:
    """Bytes changed, cut, doubled or put in."""
    changed = bytearray(content)
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(changed)))
        how = draw.draw(st.sampled_from(["flip", "cut", "insert", "repeat", "huge"]))
        if how == "flip" and at < len(changed):
            changed[at] ^= 1 << draw.draw(st.integers(0, 7))
        elif how == "cut":
            del changed[at:]
        elif how == "insert":
            changed[at:at] = draw.draw(st.binary(max_size=20))
        elif how == "repeat":
            changed[at:at] = changed[:at]
        else:
            changed[at : at + 8] = struct.pack("<Q", draw.draw(st.integers(2**30, 2**64 - 1)))
    return bytes(changed[:1_000_000])


def loads_or_refuses(read, path: Path):
    """Read a file; what comes back, or None if it was refused in one sentence, in bounded time."""
    start = time.perf_counter()
    try:
        return read(path)
    except PffspikeError as error:
        sentence = str(error)
    finally:
        assert time.perf_counter() - start < SECONDS
    assert "\n" not in sentence
    assert len(sentence) < 2000
    return None


@FACTOR
def test_bytes_of_a_trained_file(place, tmp_path, factor):
    content = (place / "net.h5").read_bytes()

    @drawn(200, factor)
    @given(st.data())
    def check(draw):
        changed = damaged(content, draw)
        (tmp_path / "net.h5").write_bytes(changed)
        found = loads_or_refuses(storage.load, tmp_path / "net.h5")
        assert found is None or changed == content

    check()


@FACTOR
def test_arrays_and_attributes_behind_a_digest_that_fits(place, tmp_path, factor):
    """Whoever changes a file and gives it a digest gets a network that is one, or a sentence."""
    import h5py

    content = (place / "net.h5").read_bytes()
    values = st.sampled_from([-1, 0, 2**63 - 1, -(2**63), 1e308, float("nan"), "", "x", "[" * 3000])

    @drawn(120, factor)
    @given(st.data())
    def check(draw):
        path = tmp_path / "net.h5"
        path.write_bytes(content)
        with h5py.File(path, "r+") as file:
            names = [*file.attrs]
            if draw.draw(st.booleans()):
                file.attrs[draw.draw(st.sampled_from(names))] = draw.draw(values)
            else:
                group = file[draw.draw(st.sampled_from(["weights", "biases", "history"]))]
                array = group[draw.draw(st.sampled_from([*group]))]
                array[...] = draw.draw(st.sampled_from([0.0, 1e308, float("nan"), 2.0**-30, 1.0]))
        path.write_bytes(sealed.seal(path.read_bytes()))
        loads_or_refuses(storage.load, path)

    check()


@FACTOR
def test_bytes_of_an_export(place, tmp_path, factor):
    names = [p.relative_to(place / "out") for p in (place / "out").rglob("*") if p.is_file()]
    contents = {name: (place / "out" / name).read_bytes() for name in sorted(names)}

    @drawn(100, factor)
    @given(st.data())
    def check(draw):
        chosen = draw.draw(st.sampled_from([*contents]))
        changed = damaged(contents[chosen], draw)
        for name, content in contents.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(changed if name == chosen else content)
        found = loads_or_refuses(read_export, tmp_path)
        assert found is None or changed == contents[chosen] or str(chosen) == "SHA256SUMS"

    check()


@FACTOR
@pytest.mark.parametrize("name", [catalogue.TRAIN_IMAGES, catalogue.TEST_LABELS])
def test_bytes_of_data(place, tmp_path, name, factor):
    packed = (place / "data" / f"{name}.gz").read_bytes()
    axes = 3 if "images" in name else 1
    plain = read_idx(place / "data" / f"{name}.gz", axes)
    head = bytes([0, 0, 8, axes]) + struct.pack(f">{axes}I", *plain.shape)

    @drawn(200, factor)
    @given(st.data(), st.booleans())
    def check(draw, compressed):
        content = packed if compressed else head + plain.tobytes()
        (tmp_path / "idx").write_bytes(damaged(content, draw))
        loads_or_refuses(lambda path: read_idx(path, axes), tmp_path / "idx")

    check()


def snapshot(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


WORDS = ("net.h5", "out", "own.toml", "images.npy", "notes.txt", "empty", "folder", "pipe", "data")
STRANGE = ("absent", "", ".", "-1", "0", "x" * 300, "[/x]", "a\tb", "/dev/zero", "../net.h5", "1e9")
OPTIONS = {
    "evaluate": ("--json", "--mode", "--samples", "--device", "--dataset", "--memory-limit"),
    "classify": ("--images", "--index", "--levels", "--mode", "--json", "--calibration-samples"),
    "reconstruct": ("--output", "--samples", "--json", "--dataset"),
    "sample": ("--label", "--count", "--array", "--window", "--json"),
    "quantize": ("--output", "--bits", "--device", "--rounding", "--json"),
    "export": ("--output", "--nir", "--device", "--bits", "--json"),
    "run": ("--program", "--compare", "--samples", "--raster", "--json"),
    "energy": ("--device", "--samples", "--json"),
    "report": ("--output", "--images", "--device"),
    "info": ("--json",),
}
NUMBERS = ("1", "2", "1000000000000", "-5", "0.5")
WRITES = ("--json", "--output", "--nir", "--array", "--raster")


@FACTOR
def test_any_options_of_any_command(place, monkeypatch, factor):
    """What stood there before still stands there, unless it is replaced by its like."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("PFFSPIKE_DATA", str(place / "data"))
    monkeypatch.setenv("PFFSPIKE_MEMORY_LIMIT", "1G")
    before = snapshot(place)

    @drawn(120, factor)
    @given(st.data())
    def check(draw):
        command = draw.draw(st.sampled_from([*OPTIONS]))
        first = draw.draw(st.sampled_from(["net.h5", "net.h5", "out", *WORDS, *STRANGE]))
        arguments = [command, first, "-e", "numpy"]
        if command in ("info", "export"):
            arguments = arguments[:2]
        for option in draw.draw(st.lists(st.sampled_from(OPTIONS[command]), max_size=3)):
            arguments += [option, draw.draw(st.sampled_from((*WORDS, *STRANGE, *NUMBERS)))]
        start = time.perf_counter()
        result = call(*arguments)
        assert result.exit_code in (0, 2), result.output
        assert "Traceback" not in result.output
        assert time.perf_counter() - start < SECONDS
        (place / "empty").write_bytes(b"")  # it holds nothing, so an output may fill it
        after = snapshot(place)
        assert {name: after.get(name) for name in before} == before, arguments
        for name in after.keys() - before.keys():
            (place / name).unlink()

    check()


def test_the_data_of_the_fuzz_are_whole(place):
    """So that what is refused above is refused for what was changed."""
    assert storage.load(place / "net.h5").finished
    assert read_export(place / "out").data == storage.load(place / "net.h5").data
    assert load("own", place / "data").classes == 3
