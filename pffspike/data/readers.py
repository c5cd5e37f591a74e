"""Samples and labels of a user's own files: arrays, tables, folders of pictures."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pffspike.data.arrays import parse_npy, read_npy
from pffspike.errors import FileError, MissingPackageError, ValidationError, install_hint
from pffspike.files import read_regular
from pffspike.network.events import Stimulus
from pffspike.typing import Array

_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".pgm", ".webp")
_PARTS = ("train", "test")  #: of a folder of pictures, or of an ``.npz`` file
VALUES, LABELS = ("x", "images", "data", "features"), ("y", "labels", "target")  #: in ``.npz``
_MOST_PIXELS = 2**24  #: of a picture


@dataclass(frozen=True, eq=False)
class Part:
    """Samples as they were read.

    Parameters
    ----------
    values : (n, features) or (n, rows, columns) ndarray, or Events
        Numbers, or spikes.
    labels : (n,) ndarray or None
        Whole numbers or texts.
    """

    values: Stimulus
    labels: Array | None = None


def is_own(path: str | Path) -> bool:
    """Whether a path names samples that are read by their form, and no folder of IDX files.

    Parameters
    ----------
    path : str or Path
        A file, or a folder with pictures or recorded events.

    Returns
    -------
    bool

    Examples
    --------
    >>> import tempfile
    >>> is_own(tempfile.mkdtemp())
    False
    """
    path = Path(path)
    if not path.is_dir():
        return path.suffix.lower() in (".npy", ".npz", ".csv", ".h5", ".hdf5", ".aedat")
    found = [entry for form in ("*/*", "*/*/*") for entry in path.glob(form)]
    return any(entry.suffix.lower() in (".bin", ".npy") for entry in found) or any(
        entry.suffix.lower() in (*_PICTURES, ".aedat") for entry in (*path.glob("*"), *found)
    )


def read_parts(
    path: str | Path, labels: str | None = None, features: int | None = None
) -> tuple[Part, Part | None]:
    r"""Read samples, and a test part if the file or folder has one.

    Parameters
    ----------
    path : str or Path
        ``.npy``; ``.npz`` with ``x`` and ``y``, or ``x_train``, ``y_train``, ``x_test`` and
        ``y_test``; ``.csv``; or a folder with a folder of pictures for each class, or with two such
        folders, ``train`` and ``test``.
    labels : str or None
        File of the labels: ``.npy``, or text with a label a line. Of ``.csv`` also the name of a
        column (by default the last one).
    features : int or None
        Of a sample, if it is known: a ``.csv`` with as many columns has no labels.

    Returns
    -------
    train : Part
    test : Part or None

    Raises
    ------
    FileError, ValidationError
        If a file can't be read, or is of another form.
    MissingPackageError
        If there are pictures and no Pillow.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "flowers.csv"
    >>> _ = path.write_text("length,width,kind\n5.1,3.5,setosa\n6.3,2.8,virginica\n")
    >>> part, test = read_parts(path)
    >>> part.values.tolist(), part.labels.tolist()
    ([[5.1, 3.5], [6.3, 2.8]], ['setosa', 'virginica'])
    """
    path = Path(path)
    if path.is_dir():
        return _folder(path)
    ending = path.suffix.lower()
    if ending == ".csv":
        return _csv(path, labels, features), None
    if ending == ".npz":
        found, test = _npz(path)
    elif ending == ".npy":
        found, test = Part(read_npy(path)), None
    else:
        raise ValidationError(
            f"{path} is neither a folder nor a file .npy, .npz or .csv; give the samples in one of "
            f"these forms"
        )
    return (Part(found.values, read_labels(labels)) if labels else found), test


def read_labels(path: str | Path) -> Array:
    r"""Read labels from ``.npy``, numbers or texts, or from text with one a line.

    Parameters
    ----------
    path : str or Path
        Of the file.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "kinds.txt"
    >>> _ = path.write_text("cat\ndog\n")
    >>> read_labels(path).tolist()
    ['cat', 'dog']
    """
    content = read_regular(path)
    if content.startswith(b"\x93NUMPY"):
        return parse_npy(content, path, "buifU")
    return _as_numbers(_text(content, path).split("\n"))


def _text(content: bytes, path: str | Path) -> str:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").strip("\n")
    except UnicodeDecodeError:
        raise ValidationError(f"{path} is not UTF-8 text; save it as UTF-8") from None


def _as_numbers(texts: list[str]) -> Array:
    """Labels as whole numbers if all of them are such, else as texts."""
    array = np.array([text.strip() for text in texts])
    try:
        return array.astype(np.int64)
    except (ValueError, OverflowError):
        return array


def _csv(path: Path, labels: str | None, features: int | None) -> Part:
    rows = [row for row in csv.reader(io.StringIO(_text(read_regular(path), path))) if row]
    if not rows:
        raise ValidationError(f"{path} holds no sample; give at least two")
    width = len(rows[0])
    for number, row in enumerate(rows, 1):
        if len(row) != width:
            raise ValidationError(
                f"{path}: row {number} has {len(row)} columns, the first one {width}; give as many"
            )
    header = rows[0] if labels in rows[0] or not any(map(_is_number, rows[0])) else None
    body = rows[1:] if header else rows
    column: int | None = width - 1
    own = None
    if labels and header and labels in header:
        column = header.index(labels)
    elif not labels and width == features:
        column = None
    elif labels:
        if not Path(labels).exists():
            raise ValidationError(
                f"--labels {labels} is neither a column of {path} nor a file; give one of "
                f"{', '.join(header or ['a file'])}"
            )
        column, own = None, read_labels(labels)
    taken = [k for k in range(width) if k != column]
    values = np.array([[_number(path, row, k, header) for k in taken] for row in body])
    if column is not None:
        own = _as_numbers([row[column] for row in body])
    return Part(values.reshape(len(body), len(taken)), own)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(path: Path, row: list[str], column: int, header: list[str] | None) -> float:
    if not _is_number(row[column]):
        name = header[column] if header else column + 1
        raise ValidationError(
            f"{path}: column {name} holds {row[column]!r}, which is no number; code it as numbers, "
            f"or name the column of the labels"
        )
    return float(row[column])


def npz_arrays(path: Path) -> dict[str, Array]:
    """Arrays of a ``.npz`` file, by their names in small letters.

    Parameters
    ----------
    path : Path
        Of the file.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    FileError, ValidationError
        If it is no such file, or holds anything but numbers and texts.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "all.npz"
    >>> np.savez(path, X=[[1.0]], y=[0])
    >>> sorted(npz_arrays(path))
    ['x', 'y']
    """
    try:
        with zipfile.ZipFile(io.BytesIO(read_regular(path))) as archive:
            return {
                name.removesuffix(".npy").lower(): parse_npy(archive.read(name), path, "buifU")
                for name in archive.namelist()
            }
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise FileError(f"{path} is no .npz file ({error}); give one") from None


def _npz(path: Path) -> tuple[Part, Part | None]:
    arrays = npz_arrays(path)

    def found(names: tuple[str, ...], end: str) -> Array | None:
        return next((arrays[n + end] for n in names if n + end in arrays), None)

    parts = []
    for ends in (("", "_train"), ("_test",)):
        for end in ends:
            values = found(VALUES, end)
            if values is not None:
                parts.append(Part(values, found(LABELS, end)))
                break
    if not parts:
        raise ValidationError(
            f"{path} holds {', '.join(sorted(arrays)) or 'nothing'}; name the samples x and the "
            f"labels y, or x_train, y_train, x_test and y_test"
        )
    return parts[0], parts[1] if len(parts) > 1 else None


def _folder(path: Path) -> tuple[Part, Part | None]:
    if all((path / part).is_dir() for part in _PARTS):
        train, test = (_pictures(path / part) for part in _PARTS)
        return train, test
    return _pictures(path), None


def _pictures(path: Path) -> Part:
    """Grey pictures of one size, in a folder for each class, or in the folder itself."""
    names = sorted(p for p in path.glob("*/*") if p.suffix.lower() in _PICTURES)
    labelled = bool(names)
    names = names or sorted(p for p in path.iterdir() if p.suffix.lower() in _PICTURES)
    if not names:
        raise ValidationError(
            f"{path} holds neither pictures nor a folder of pictures for each class; name one that "
            f"does"
        )
    arrays = [_picture(name) for name in names]
    for name, array in zip(names, arrays, strict=True):
        if array.shape != arrays[0].shape:
            rows, columns = arrays[0].shape
            raise ValidationError(
                f"{name} has {array.shape[0]} x {array.shape[1]} pixels, but {names[0]} {rows} x "
                f"{columns}; bring all pictures to one size"
            )
    labels = np.array([name.parent.name for name in names]) if labelled else None
    return Part(np.stack(arrays), labels)


def _picture(path: Path) -> Array:
    try:
        from PIL import Image
    except ImportError:
        raise MissingPackageError(
            f"reading pictures needs Pillow; {install_hint('plot')}"
        ) from None
    try:
        with Image.open(io.BytesIO(read_regular(path))) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise ValidationError(
                    f"{path} has {picture.width * picture.height} pixels; give smaller pictures"
                )
            return np.asarray(picture.convert("L"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, ValidationError):
            raise
        raise FileError(f"{path} is no picture ({error}); give another one") from None
