"""Data sets by name: where their files are looked for, and how they become arrays."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from pffspike.data import catalogue, digits
from pffspike.data.dataset import Dataset, checked_part
from pffspike.data.download import cache_directory, fetch
from pffspike.data.idx import read_idx
from pffspike.errors import ValidationError, unknown

NAMES = ("digits", *catalogue.SOURCES)  #: the data sets that `load` knows
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

    Parameters
    ----------
    name : str
        One of `NAMES`.
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
    """
    if name not in NAMES:
        raise unknown("data set", name, NAMES)
    if directory is not None and not Path(directory).is_dir():
        raise ValidationError(
            f"{directory} is not a folder; name one that holds the files of {name!r}"
        )
    if name == "digits":
        return digits.load_digits()
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
            f"folder, set {VARIABLE} to it, or allow the download"
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
    parts = [
        checked_part(
            str(paths[i]),
            arrays[i],
            str(paths[i + 1]),
            arrays[i + 1],
            catalogue.LEVELS,
            shape,
            catalogue.CLASSES,
        )
        for i in (0, 2)
    ]
    return Dataset(name, *parts[0], *parts[1], catalogue.CLASSES, shape, catalogue.LEVELS)
