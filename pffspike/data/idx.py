"""Files in the IDX format of MNIST, plain or compressed by gzip.

An IDX file is two zero bytes, a byte for the type of the values (8: unsigned bytes), a byte
for the number of axes, the length of each axis as a big-endian integer of four bytes, and
the values, last axis fastest (described beside the MNIST files by their publishers).
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pffspike.errors import FileError, ValidationError

_GZIP = b"\x1f\x8b"  #: first bytes of a gzip file
_UNSIGNED_BYTES = 8  #: the type of the values in all files of the MNIST family
_HEADER = 4  #: bytes before the lengths of the axes


def read_idx(path: Path, axes: int) -> npt.NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes.

    Parameters
    ----------
    path : Path
        Plain or gzip-compressed, told by the content and not by the name.
    axes : int
        Number of axes that is expected: 3 for images, 1 for labels.

    Returns
    -------
    ndarray of uint8
        Read-only; with the lengths that the file states.

    Raises
    ------
    ValidationError
        If the file cannot be read, is damaged, or is no such IDX file.
    """
    content = _content(path)
    what = "images" if axes == 3 else "labels" if axes == 1 else f"an array of {axes} axes"
    if len(content) < _HEADER or content[:3] != bytes([0, 0, _UNSIGNED_BYTES]):
        raise ValidationError(
            f"{path} is no IDX file of unsigned bytes (it begins with "
            f"{content[:_HEADER].hex(' ') or 'nothing'}); give one that begins with 00 00 08"
        )
    if content[3] != axes:
        raise ValidationError(
            f"{path} has {content[3]} axes, but {what} need {axes}; check that images and labels "
            "are not swapped"
        )
    start = _HEADER + 4 * axes
    if len(content) < start:
        raise ValidationError(f"{path} ends within its header; the file is damaged, fetch it again")
    shape = tuple(int(length) for length in np.frombuffer(content[_HEADER:start], ">u4"))
    if len(content) - start != math.prod(shape):
        raise ValidationError(
            f"{path} holds {len(content) - start} values, but its header promises "
            f"{math.prod(shape)}; the file is damaged, fetch it again"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _content(path: Path) -> bytes:
    """All bytes of a file, unpacked if they are packed."""
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path} can't be read: {error.strerror}; check the path") from None
    if not packed.startswith(_GZIP):
        return packed
    try:
        return gzip.decompress(packed)
    except (EOFError, OSError, zlib.error):
        raise ValidationError(f"{path} is a damaged gzip file; fetch it again") from None
