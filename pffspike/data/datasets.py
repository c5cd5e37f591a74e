"""Data sets by name: where their files are looked for, and how they become arrays."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from pffspike.cards import toml
from pffspike.data import catalogue, digits
from pffspike.data.dataset import Dataset, checked_part, grey_values
from pffspike.data.download import cache_directory, fetch
from pffspike.data.idx import idx_bytes, read_idx
from pffspike.errors import ValidationError, unknown
from pffspike.files import write_folder

NAMES = ("digits", *catalogue.SOURCES)  #: the data sets that `load` knows
DESCRIPTION = "dataset.toml"  #: of data of a user's own, see `load`
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")  #: of data of a user's own
_PARTS = {
    "train": (catalogue.TRAIN_IMAGES, catalogue.TRAIN_LABELS),
    "test": (catalogue.TEST_IMAGES, catalogue.TEST_LABELS),
}
VARIABLE = "PFFSPIKE_DATA"  #: environment variable with a folder of data sets
SYSTEM_FOLDER = Path("/usr/share/datasets")  #: where Debian's packages put data sets


def load(name: str, directory: Path | None = None, download: bool = False) -> Dataset:
    """Load a data set by its name.

    ``digits`` is always there. The others are four IDX files each, as they are or compressed
    by gzip, looked for in ``directory``, in the folder that the environment variable
    ``PFFSPIKE_DATA`` names (in both also in a sub-folder with the name of the data set), in
    the system folder ``/usr/share/datasets/<name>`` and in the user's cache. The first folder
    that holds one of the four must hold all of them; a folder whose training labels are those of
    another published data set is passed over. Only downloads are compared with the published
    checksums: files that a user names may be the user's own, with images of any size.

    Any other name stands for data of the user's own: four IDX files of the same names, in
    ``directory`` or the folder of ``PFFSPIKE_DATA``, and beside them, if it is there,
    ``dataset.toml`` with the grey value that stands for white and the names of the classes::

        levels = 16
        classes = ["cat", "dog"]

    Without it, white is 255, and there are as many classes as the largest training label says.

    Parameters
    ----------
    name : str
        One of `NAMES`, or one for the user's own data: small letters, digits, ``-`` and ``_``.
    directory : Path, optional
        A folder to look in first; it must exist.
    download : bool
        Whether to fetch files that were not found into the user's cache.

    Returns
    -------
    Dataset

    Raises
    ------
    ValidationError
        If there is no such data set, its files are missing, damaged or do not fit each other,
        or the download fails.

    Examples
    --------
    >>> load("digits").train_images.shape
    (1437, 64)
    """
    if name not in NAMES and not _NAME.match(name):
        raise _unknown(name)
    if directory is not None and not Path(directory).is_dir():
        raise ValidationError(
            f"{directory} is not a folder; name one that holds the files of {name!r}"
        )
    if name == "digits":
        return digits.load_digits()
    if name not in NAMES:
        return _load_own(name, directory)
    places = _places(name, directory)
    held = (place for place in places if any(_files(place)))
    folder = next((place for place in held if not _foreign(name, place)), None)
    if folder is None:
        places.append(cache_directory(name))
        if download:
            folder = fetch(name, catalogue.SOURCES[name])
        elif all(_files(places[-1])):
            folder = places[-1]
    if folder is None:
        raise ValidationError(
            f"the files of {name!r} were not found in {', '.join(map(str, places))}; name their "
            f"folder (--data), set {VARIABLE} to it, or allow the download (--download)"
        )
    return _read(name, folder)


def _places(name: str, directory: Path | None) -> list[Path]:
    """Folders that may hold the files, without the cache, the first choice first."""
    named = [Path(directory)] if directory is not None else []
    if os.environ.get(VARIABLE):
        named.append(Path(os.environ[VARIABLE]))
    return [place for folder in named for place in (folder, folder / name)] + [SYSTEM_FOLDER / name]


def _file(folder: Path, name: str) -> Path | None:
    """One of the four files under any of its usual names."""
    spellings = (name, name.replace("-idx", ".idx"))
    found = (folder / (spelling + end) for spelling in spellings for end in (".gz", ""))
    return next((path for path in found if path.is_file()), None)


def _foreign(name: str, folder: Path) -> bool:
    """Whether a folder holds another published data set: all of them name their files alike."""
    path = _file(folder, catalogue.TRAIN_LABELS)
    if path is None:
        return False
    owner = catalogue.OWNERS.get(hashlib.sha256(read_idx(path, 1).tobytes()).hexdigest(), name)
    return owner != name


def _files(folder: Path) -> list[Path | None]:
    """The four files of a folder, None for each that it lacks."""
    return [_file(folder, name) for name in catalogue.FILES]


def _load_own(name: str, directory: Path | None) -> Dataset:
    places = _places(name, directory)[:-1]
    folder = next((place for place in places if any(_files(place))), None)
    if folder is None:
        raise _unknown(name)
    return _read(name, folder)


def _unknown(name: str) -> ValidationError:
    remedy = "or name the folder that holds the four IDX files of your own data"
    return unknown("data set", name, NAMES, remedy)


@dataclass(frozen=True)
class Description:
    """What ``dataset.toml`` says about data of a user's own.

    Parameters
    ----------
    levels : int
        The grey value that stands for white.
    classes : tuple of str
        A name for each class; none if there is one more than the largest training label.
    """

    levels: int = catalogue.LEVELS
    classes: tuple[str, ...] = ()


def _description(name: str, folder: Path) -> Description:
    path = folder / DESCRIPTION
    if name in NAMES or not path.exists():
        return Description()
    found = toml.build(Description, toml.read(path), str(path))
    if not 1 <= found.levels <= catalogue.LEVELS:
        raise ValidationError(
            f"{path}: levels = {found.levels} must be from 1 to {catalogue.LEVELS}"
        )
    if len(found.classes) == 1:
        raise ValidationError(f"{path}: classes names one class; name at least two")
    return found


def known_levels(name: str) -> int:
    """Grey value that stands for white in a data set of `NAMES`.

    Parameters
    ----------
    name : str
        Of the data set, see `pffspike.data.NAMES`.

    Returns
    -------
    int

    Examples
    --------
    >>> known_levels("digits")
    16
    """
    return digits.LEVELS if name == "digits" else catalogue.LEVELS


def write_dataset(folder: Path, dataset: Dataset) -> None:
    """Write a data set as files that `load` reads under its name, whole or not at all.

    Parameters
    ----------
    folder : Path
        Must not exist yet.
    dataset : Dataset
        What is written.

    Raises
    ------
    FileError
        If the folder exists or can't be written.

    Examples
    --------
    >>> import tempfile
    >>> from dataclasses import replace
    >>> folder = Path(tempfile.mkdtemp()) / "scans"
    >>> write_dataset(folder, replace(load("digits"), name="scans"))
    >>> load("scans", folder).levels
    16
    """
    description = Description(dataset.levels, dataset.class_names)
    files = {DESCRIPTION: toml.write(vars(description)).encode()}
    for part, images, labels in (
        ("train", dataset.train_images, dataset.train_labels),
        ("test", dataset.test_images, dataset.test_labels),
    ):
        names = _PARTS[part]
        files[f"{names[0]}.gz"] = idx_bytes(grey_values(images).reshape(-1, *dataset.shape))
        files[f"{names[1]}.gz"] = idx_bytes(labels)
    write_folder(folder, files)


def _read(name: str, folder: Path) -> Dataset:
    paths = []
    for file, path in zip(catalogue.FILES, _files(folder), strict=True):
        if path is None:
            raise ValidationError(
                f"{folder} lacks {file}.gz; all four files of {name!r} must be there"
            )
        paths.append(path)
    axes = (3, 1, 3, 1)
    arrays = [read_idx(path, n) for path, n in zip(paths, axes, strict=True)]
    train, test = arrays[0].shape[1:], arrays[2].shape[1:]
    if train != test:
        raise ValidationError(
            f"{paths[0]} holds images of {train[0]} x {train[1]} pixels, but {paths[2]} of "
            f"{test[0]} x {test[1]}; give two parts of one data set"
        )
    shape = (int(train[0]), int(train[1]))
    description = _description(name, folder)
    classes, levels = catalogue.CLASSES, description.levels
    if name not in NAMES:
        classes = len(description.classes) or max(2, int(arrays[1].max(initial=0)) + 1)
    elif max(labels.max(initial=0) for labels in arrays[1::2]) >= classes:
        raise ValidationError(
            f"{folder} holds labels above {classes - 1}, so it is not {name!r}; give data of your "
            f"own a name of their own"
        )
    parts = [
        checked_part(
            str(paths[i]),
            arrays[i],
            str(paths[i + 1]),
            arrays[i + 1],
            levels,
            shape,
            classes,
        )
        for i in (0, 2)
    ]
    return Dataset(name, *parts[0], *parts[1], classes, shape, levels, description.classes)
