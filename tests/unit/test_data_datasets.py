"""Data sets: the split of the digits, IDX folders, downloads."""

import gzip
import hashlib
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pffspike.data import catalogue, datasets, digits, download, load
from pffspike.data.digits import stratified
from pffspike.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
PLACES = [Path(os.environ.get("PFFSPIKE_DATA", "/nowhere")), ROOT.parent / "shared" / "data"]
# SHA-256 of the digits' four arrays: published results depend on this split.
GOLDEN_SPLIT = "95986644b3dc63eef84e21d4b73df4e0226a981e48acbacab478de06ab008fa2"
# MD5 sums of the unpacked official MNIST files.
MNIST_MD5 = (
    "6bbc9ace898e44ae57da46a324031adb",
    "a25bea736e30d166cdddb491f175f624",
    "2646ac647ad5339dbf082846283269ea",
    "27ae3e4e09519cfbb04c329615203637",
)


@pytest.fixture(autouse=True)
def nothing_else_is_found(monkeypatch, tmp_path):
    monkeypatch.delenv("PFFSPIKE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(datasets, "SYSTEM_FOLDER", tmp_path / "system")


def write_idx(path, array, pack=gzip.compress):
    array = np.asarray(array, dtype=np.uint8)
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(pack(header + array.tobytes()))


def small_parts():
    return [
        np.arange(5 * 6).reshape(5, 2, 3),
        [0, 1, 2, 3, 9],
        255 - np.arange(2 * 6).reshape(2, 2, 3),
        [4, 5],
    ]


def write_folder(folder, parts=None, end=".gz", pack=gzip.compress, spelling=str):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(catalogue.FILES, parts or small_parts(), strict=True):
        write_idx(folder / (spelling(name) + end), array, pack)
    return folder


def error_of(call, *arguments, **options):
    with pytest.raises(UserError) as caught:
        call(*arguments, **options)
    text = str(caught.value)
    assert "\n" not in text
    return text


class TestDigits:
    def test_sizes_and_types(self):
        data = load("digits")
        assert (data.shape, data.classes, data.levels) == ((8, 8), 10, 16)
        assert data.train_images.shape == (1437, 64)
        assert data.test_images.shape == (360, 64)
        assert data.train_images.dtype == np.uint8
        assert data.train_labels.dtype == np.int64
        assert data.train_images.max() == 16
        assert not data.train_images.flags.writeable

    def test_parts_hold_every_scan_once(self):
        from sklearn.datasets import load_digits

        def rows(images):
            return sorted(image.tobytes() for image in images)

        data = load("digits")
        both = np.concatenate([data.train_images, data.test_images])
        assert rows(both) == rows(load_digits().data.astype(np.uint8))

    def test_scikit_learn_is_not_imported_for_its_file(self):
        code = "import sys, pffspike; pffspike.load_data('digits'); print('sklearn' in sys.modules)"
        run = [sys.executable, "-c", code]
        assert subprocess.run(run, check=True, capture_output=True, text=True).stdout == "False\n"

    def test_without_its_file_scikit_learn_is_asked(self, monkeypatch):
        monkeypatch.setattr(digits.importlib.util, "find_spec", lambda name: None)
        self.test_split_is_fixed()

    def test_classes_keep_their_share(self):
        data = load("digits")
        test = np.bincount(data.test_labels)
        every = test + np.bincount(data.train_labels)
        assert np.abs(test - every * 360 / 1797).max() < 1

    def test_split_is_fixed(self):
        data = load("digits")
        content = data.train_images.tobytes() + data.train_labels.astype("<i8").tobytes()
        content += data.test_images.tobytes() + data.test_labels.astype("<i8").tobytes()
        assert hashlib.sha256(content).hexdigest() == GOLDEN_SPLIT


@given(
    labels=st.lists(st.integers(0, 4), min_size=1, max_size=60).map(np.array),
    share=st.floats(0, 1),
)
def test_stratified_takes_what_was_asked_within_one_of_each_share(labels, share):
    chosen = int(share * len(labels))
    mask = stratified(labels, chosen)
    assert mask.sum() == chosen
    exact = np.bincount(labels) * chosen / len(labels)
    assert np.abs(np.bincount(labels[mask], minlength=len(exact)) - exact).max() < 1


class TestFolders:
    @pytest.mark.parametrize("end", [".gz", ""])
    @pytest.mark.parametrize("pack", [gzip.compress, bytes])
    def test_four_files(self, tmp_path, end, pack):
        data = load("mnist", write_folder(tmp_path / "idx", end=end, pack=pack))
        assert (data.name, data.shape, data.classes, data.levels) == ("mnist", (2, 3), 10, 255)
        np.testing.assert_array_equal(data.train_images, np.arange(30).reshape(5, 6))
        np.testing.assert_array_equal(data.train_labels, [0, 1, 2, 3, 9])
        np.testing.assert_array_equal(data.test_images, 255 - np.arange(12).reshape(2, 6))
        np.testing.assert_array_equal(data.test_labels, [4, 5])

    def test_names_with_a_dot(self, tmp_path):
        folder = write_folder(
            tmp_path / "idx", end="", spelling=lambda name: name.replace("-idx", ".idx")
        )
        assert load("kmnist", folder).train_images.shape == (5, 6)

    def test_places_in_their_order(self, tmp_path, monkeypatch):
        for number, place in enumerate(
            [
                tmp_path / "named",
                tmp_path / "named" / "mnist",
                tmp_path / "variable",
                tmp_path / "variable" / "mnist",
                tmp_path / "system" / "mnist",
                tmp_path / "cache" / "pffspike" / "mnist",
            ]
        ):
            parts = small_parts()
            parts[0] = np.full((5, 2, 3), number)
            write_folder(place, parts)
        monkeypatch.setenv("PFFSPIKE_DATA", str(tmp_path / "variable"))

        def found():
            return load("mnist", tmp_path / "named").train_images[0, 0]

        assert found() == 0
        for number, place in enumerate(
            ["named", "named/mnist", "variable", "variable/mnist", "system/mnist"], start=1
        ):
            for file in (tmp_path / place).glob("*.gz"):
                file.unlink()
            assert found() == number

    def test_missing_files_say_where_it_looked_and_what_to_do(self, tmp_path):
        text = error_of(load, "mnist", tmp_path)
        for place in (tmp_path, tmp_path / "mnist", tmp_path / "system" / "mnist"):
            assert str(place) in text
        assert "set PFFSPIKE_DATA to it, or allow the download" in text

    def test_named_folder_must_exist(self, tmp_path):
        text = error_of(load, "digits", tmp_path / "absent")
        assert f"{tmp_path / 'absent'} is not a folder" in text

    def test_incomplete_folder(self, tmp_path):
        folder = write_folder(tmp_path / "idx")
        (folder / f"{catalogue.TEST_LABELS}.gz").unlink()
        assert f"{folder} lacks t10k-labels-idx1-ubyte.gz" in error_of(load, "mnist", folder)

    def test_truncated_file(self, tmp_path):
        folder = write_folder(tmp_path / "idx")
        path = folder / f"{catalogue.TRAIN_IMAGES}.gz"
        path.write_bytes(path.read_bytes()[:-10])
        assert error_of(load, "mnist", folder) == f"{path} is a damaged gzip file; fetch it again"

    @pytest.mark.parametrize(
        ("part", "array", "says"),
        [
            (1, [0, 1, 2], "holds 5 images, but"),
            (
                1,
                [0, 1, 2, 3, 10],
                "holds labels above 9, so it is not 'mnist'",
            ),
            (2, np.zeros((2, 3, 2)), "images of 2 x 3 pixels, but"),
            (3, np.zeros((2, 2, 3)), "3 axes, but labels need 1"),
        ],
    )
    def test_files_that_do_not_fit(self, tmp_path, part, array, says):
        parts = small_parts()
        parts[part] = array
        text = error_of(load, "mnist", write_folder(tmp_path / "idx", parts))
        assert says in text
        assert str(tmp_path / "idx") in text

    def test_empty_part(self, tmp_path):
        parts = small_parts()
        parts[0], parts[1] = np.zeros((0, 2, 3)), []
        text = error_of(load, "mnist", write_folder(tmp_path / "idx", parts))
        assert "holds no image" in text

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("mnsit", "did you mean 'mnist'? There are: "),
            ("Fashion_MNIST", "did you mean 'fashion-mnist'? There are: "),
            ("speech22", "there are: "),
        ],
    )
    def test_unknown_name(self, name, hint):
        names = "digits, mnist, fashion-mnist, kmnist"
        own = "or name the folder that holds the four IDX files of your own data"
        assert error_of(load, name) == f"data set {name!r} does not exist; {hint}{names}; {own}"


class TestRealFiles:
    def test_mnist_is_the_official_one(self):
        folders = [place for root in PLACES for place in (root, root / "mnist")]
        folder = next((f for f in folders if (f / f"{catalogue.TRAIN_IMAGES}.gz").is_file()), None)
        if folder is None:
            pytest.skip("MNIST is not on this machine: set PFFSPIKE_DATA to its folder")
        for name, md5 in zip(catalogue.FILES, MNIST_MD5, strict=True):
            content = gzip.decompress((folder / f"{name}.gz").read_bytes())
            if hashlib.md5(content).hexdigest() != md5:
                pytest.skip(f"{folder} holds other files than the official MNIST")
        data = load("mnist", folder)
        assert (data.train_images.shape, data.test_images.shape) == ((60000, 784), (10000, 784))
        assert list(data.train_labels[:5]) == [5, 0, 4, 1, 9]
        assert (data.shape, data.train_images.max()) == ((28, 28), 255)

    def test_fashion_mnist_of_debian(self, monkeypatch):
        system = Path("/usr/share/datasets")
        if not (system / "fashion-mnist").is_dir():
            pytest.skip("Debian's package dataset-fashion-mnist is not installed")
        monkeypatch.setattr(datasets, "SYSTEM_FOLDER", system)
        data = load("fashion-mnist")
        assert (data.train_images.shape, data.test_images.shape) == ((60000, 784), (10000, 784))
        assert list(np.bincount(data.train_labels)) == [6000] * 10

    def test_another_published_data_set_is_passed_over(self):
        system = Path("/usr/share/datasets/fashion-mnist")
        if not system.is_dir():
            pytest.skip("Debian's package dataset-fashion-mnist is not installed")
        assert load("fashion-mnist", system).name == "fashion-mnist"
        assert "were not found in" in error_of(load, "kmnist", system)


class TestDownload:
    """A downloader that copies local files stands in for the network."""

    @pytest.fixture
    def published(self, tmp_path, monkeypatch):
        """A folder as the publisher has it, its checksums in the catalogue, two mirrors."""
        import pooch
        import requests

        folder = write_folder(tmp_path / "published")
        sums = {
            f"{name}.gz": hashlib.md5((folder / f"{name}.gz").read_bytes()).hexdigest()
            for name in catalogue.FILES
        }
        mirrors = ("https://first.invalid/", "https://second.invalid/")
        monkeypatch.setitem(catalogue.SOURCES, "mnist", download.Publication(mirrors, sums))
        asked = []

        class Copier:
            def __init__(self, **options):
                pass

            def __call__(self, url, output, caller, **options):
                asked.append(url)
                host, name = url.rsplit("/", 1)
                if "first" in host and "first" in broken:
                    raise requests.exceptions.ConnectionError("refused")
                if not (folder / name).exists():
                    raise requests.exceptions.ConnectionError("refused")
                Path(output).write_bytes((folder / name).read_bytes())

        broken = set()
        monkeypatch.setattr(pooch, "HTTPDownloader", Copier)
        return folder, asked, broken

    def test_fetches_once_into_the_cache(self, published, tmp_path):
        _, asked, _ = published
        assert load("mnist", download=True).train_images.shape == (5, 6)
        assert len(asked) == 4
        assert len(list((tmp_path / "cache" / "pffspike" / "mnist").iterdir())) == 4
        load("mnist", download=True)
        load("mnist")
        assert len(asked) == 4

    def test_second_mirror(self, published):
        _, asked, broken = published
        broken.add("first")
        load("mnist", download=True)
        assert sum("second" in url for url in asked) == 4

    def test_damaged_file_in_the_cache_is_fetched_again(self, published, tmp_path):
        load("mnist", download=True)
        path = tmp_path / "cache" / "pffspike" / "mnist" / f"{catalogue.TEST_IMAGES}.gz"
        path.write_bytes(b"damaged")
        load("mnist", download=True)

    def test_foreign_content_is_refused(self, published):
        folder, _, _ = published
        write_idx(folder / f"{catalogue.TEST_LABELS}.gz", [7, 7])
        text = error_of(load, "mnist", download=True)
        assert "https://first.invalid/: wrong checksum; https://second.invalid/: wrong" in text

    def test_no_mirror_answers(self, published):
        folder, _, _ = published
        (folder / f"{catalogue.TRAIN_LABELS}.gz").unlink()
        text = error_of(load, "mnist", download=True)
        assert text.startswith("train-labels-idx1-ubyte.gz could not be downloaded")
        assert "https://second.invalid/: no connection" in text
        assert "train-labels-idx1-ubyte.gz could not" in text

    def test_interrupted_download_is_no_folder_of_the_user(self, published):
        folder, _, _ = published
        (folder / f"{catalogue.TRAIN_LABELS}.gz").unlink()
        error_of(load, "mnist", download=True)
        assert "allow the download" in error_of(load, "mnist")

    def test_cache_that_cannot_be_written(self, published, tmp_path):
        (tmp_path / "cache").write_text("a file where the folder would be")
        assert "can't be stored in" in error_of(load, "mnist", download=True)

    def test_catalogue_is_complete(self):
        for source in catalogue.SOURCES.values():
            assert len(source.files) == len(catalogue.FILES)
            assert all(len(md5) == 32 for md5 in source.files.values())
            assert all(mirror.endswith("/") for mirror in source.mirrors)
