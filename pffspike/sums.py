"""Digests of the files of a folder, as ``sha256sum`` writes and checks them.

An export holds a copy of this file, for the script beside it that runs without this project: it
needs the standard library alone.
"""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

NAME = "SHA256SUMS"  #: file of the digests, in the folder

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_MOST = 1 << 20  #: bytes of the file of the digests
_PIECE = 1 << 20  #: bytes that are read at a time


def write_sums(files: Mapping[str, bytes]) -> bytes:
    r"""Content of the file of the digests.

    Parameters
    ----------
    files : mapping of str to bytes
        Contents of the files, by their paths in the folder.

    Returns
    -------
    bytes

    Examples
    --------
    >>> write_sums({"a.txt": b"text"})[-14:]
    b'32c9d1  a.txt\n'
    """
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return "".join(lines).encode()


def check_sums(folder: Path, needed: Iterable[str]) -> None:
    """Compare every file of a folder with its digest.

    Parameters
    ----------
    folder : Path
        With a file `NAME`.
    needed : iterable of str
        Shell patterns of the files that will be read, all of which must have a digest.

    Raises
    ------
    ValueError
        If a line is malformed or stands there twice, names a file that is missing or outside of
        the folder, or one whose content is another; or if a file that is needed has no digest.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.txt").write_bytes(b"text")
    >>> _ = (folder / NAME).write_bytes(write_sums({"a.txt": b"text"}))
    >>> check_sums(folder, ["*.txt"])
    >>> _ = (folder / "a.txt").write_bytes(b"test")
    >>> check_sums(folder, ["*.txt"])
    Traceback (most recent call last):
    ...
    ValueError: a.txt does not have the digest that SHA256SUMS states
    """
    stated = _stated(folder)
    for pattern in needed:
        for path in sorted(folder.glob(pattern)):
            name = path.relative_to(folder).as_posix()
            if name not in stated:
                raise ValueError(f"{name} has no digest in {NAME}")
    for name, digest in stated.items():
        if _digest(folder, name) != digest:
            raise ValueError(f"{name} does not have the digest that {NAME} states")


def _stated(folder: Path) -> dict[str, str]:
    """Digests by the names of the files."""
    path = _regular(folder, NAME)
    if path.stat().st_size > _MOST:
        raise ValueError(f"{NAME} is larger than {_MOST} bytes")
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        parts = _LINE.fullmatch(line)
        if parts is None:
            raise ValueError(f"line {number} of {NAME} is not a digest and a name")
        digest, name = parts.groups()
        if name in found:
            raise ValueError(f"{NAME} names {name} twice")
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise ValueError(f"{NAME} names {name}, which is not in the folder")
        found[name] = digest
    return found


def _regular(folder: Path, name: str) -> Path:
    path = folder / name
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise ValueError(f"{name} is missing") from None
    if not stat.S_ISREG(mode):
        raise ValueError(f"{name} is not a regular file")
    return path


def _digest(folder: Path, name: str) -> str:
    content = hashlib.sha256()
    with _regular(folder, name).open("rb") as file:
        while piece := file.read(_PIECE):
            content.update(piece)
    return content.hexdigest()
