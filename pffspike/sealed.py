"""HDF5 files with a digest over every byte, and the checks before anything in one is read.

A sealed file is an ordinary HDF5 file whose first 512 bytes, which the format leaves to its users,
hold ``pffspike sealed``, a line feed, and the SHA-256 of all that follows them. It is compared
before the HDF5 library sees the content, for that library trusts what it reads.
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pffspike.errors import FileError

BLOCK = 512  #: bytes before the HDF5 content; its specification allows this size
_MAGIC = b"pffspike sealed\n"
_HDF5 = b"\x89HDF\r\n\x1a\n"  #: first bytes of HDF5 content


def seal(content: bytes) -> bytes:
    """Write the digest into the user block of an HDF5 file.

    Parameters
    ----------
    content : bytes
        Of a file made with ``h5py.File(..., userblock_size=BLOCK)``.

    Returns
    -------
    bytes

    Examples
    --------
    >>> content = seal(bytes(BLOCK) + b"rest")
    >>> is_sealed(content, "a.h5")
    True
    """
    found = hashlib.sha256(content[BLOCK:]).hexdigest().encode()
    return (_MAGIC + found + b"\n").ljust(BLOCK, b"\0") + content[BLOCK:]


def is_sealed(content: bytes, path: str | Path) -> bool:
    """Whether a file has a digest, which then fits.

    Parameters
    ----------
    content : bytes
        Of the file, whole.
    path : str or Path
        For the error.

    Returns
    -------
    bool
        False for a file without one.

    Raises
    ------
    FileError
        If the digest does not fit.

    Examples
    --------
    >>> is_sealed(b"something else", "a.h5")
    False
    """
    if not content.startswith(_MAGIC):
        return False
    if content != seal(content):
        raise FileError(
            f"{path} is not a complete file of a trained network (its content does not have the "
            f"digest that it states); the file was changed or damaged, take another copy"
        )
    return True


@contextmanager
def opened(content: bytes, path: str | Path) -> Iterator[Any]:
    """Open HDF5 content for reading, after checking that it holds all that it declares.

    Parameters
    ----------
    content : bytes
        Of the file, whole.
    path : str or Path
        For the error.

    Yields
    ------
    h5py.File

    Raises
    ------
    FileError
        If an entry points elsewhere (a soft, external or virtual link) or declares more than the
        file holds.

    Examples
    --------
    >>> import h5py
    >>> buffer = io.BytesIO()
    >>> with h5py.File(buffer, "w") as file:
    ...     file["a"] = 3.0
    >>> with opened(buffer.getvalue(), "a.h5") as file:
    ...     print(file["a"][()])
    3.0
    """
    import h5py

    start = content.find(_HDF5, 0, BLOCK + len(_HDF5))
    if start not in (0, BLOCK):
        raise FileError(
            f"{path} is not a complete file of a trained network (it is no HDF5 file); train "
            f"again or take another copy"
        )
    with h5py.File(io.BytesIO(content), "r") as file:
        _check_group(file, path, len(content))
        yield file


def _check_group(group: Any, path: str | Path, size: int) -> None:
    import h5py

    for name in group:
        where = f"{group.name.rstrip('/')}/{name}"
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise FileError(
                f"{path}: {where} is a link to something else; give a file that holds all itself"
            )
        entry = group[name]
        if isinstance(entry, h5py.Group):
            if group.name.count("/") > 2:
                raise FileError(f"{path}: {where} is nested too deeply; take another copy")
            _check_group(entry, path, size)
        elif not isinstance(entry, h5py.Dataset):
            raise FileError(f"{path}: {where} is no array; take another copy")
        else:
            _check_array(entry, where, path, size)


def _check_array(entry: Any, where: str, path: str | Path, size: int) -> None:
    if entry.is_virtual or entry.external:
        raise FileError(
            f"{path}: {where} is a link to something else; give a file that holds all itself"
        )
    declared = math.prod(entry.shape or (0,)) * entry.dtype.itemsize
    if declared > size or (entry.chunks is None and declared > entry.id.get_storage_size()):
        raise FileError(
            f"{path}: {where} declares {declared} bytes, which the file does not hold; take "
            f"another copy"
        )
