"""Files in the IDX format of MNIST, plain or compressed by gzip.

An IDX file is two zero bytes, a byte for the type of the values (8: unsigned bytes), a byte
for the number of axes, the length of each axis as a big-endian integer of four bytes, and
the values, last axis fastest (described beside the MNIST files by their publishers).
"""

from __future__ import annotations

import gzip
import io
import math
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pffspike import limits
from pffspike.errors import ValidationError
from pffspike.files import read_regular

_GZIP = b"\x1f\x8b"  #: first bytes of a gzip file
_UNSIGNED_BYTES = 8  #: the type of the values in all files of the MNIST family
_RATIO = 1032  #: bytes that one byte of a gzip file can stand for, at most
_SOME = 2**16  #: bytes that are counted beyond those promised
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
    packed = read_regular(path)
    stream: io.BufferedIOBase = io.BytesIO(packed)
    most = len(packed)
    if packed.startswith(_GZIP):
        stream, most = gzip.GzipFile(fileobj=stream), most * _RATIO
    try:
        return _read(path, stream, axes, most)
    except (EOFError, OSError, zlib.error):
        raise ValidationError(f"{path} is a damaged gzip file; fetch it again") from None


def _read(path: Path, stream: io.BufferedIOBase, axes: int, most: int) -> npt.NDArray[np.uint8]:
    """Read from a stream that yields at most so many bytes."""
    start = stream.read(_HEADER)
    what = "images" if axes == 3 else "labels" if axes == 1 else f"an array of {axes} axes"
    if len(start) < _HEADER or start[:3] != bytes([0, 0, _UNSIGNED_BYTES]):
        raise ValidationError(
            f"{path} is no IDX file of unsigned bytes (it begins with "
            f"{start.hex(' ') or 'nothing'}); give one that begins with 00 00 08"
        )
    if start[3] != axes:
        raise ValidationError(
            f"{path} has {start[3]} axes, but {what} need {axes}; check that images and labels "
            "are not swapped"
        )
    lengths = stream.read(4 * axes)
    if len(lengths) < 4 * axes:
        raise ValidationError(f"{path} ends within its header; the file is damaged, fetch it again")
    shape = tuple(int(length) for length in np.frombuffer(lengths, ">u4"))
    promised = math.prod(shape)
    if promised == 0 and max(shape) > 2**16:
        raise ValidationError(
            f"{path} states the lengths {' x '.join(map(str, shape))}; the file is damaged, fetch "
            "it again"
        )
    if promised <= most:
        limits.check(promised, f"{path}, by its header,")
    # A byte more shows that there is more.
    content = stream.read(min(promised, most) + 1)
    if len(content) != promised:
        rest = b"" if len(content) <= promised else stream.read(_SOME)
        held = f"{len(content) + len(rest)}{' or more' if len(rest) == _SOME else ''}"
        raise ValidationError(
            f"{path} holds {held} values, but its header promises "
            f"{promised}; the file is damaged, fetch it again"
        )
    return np.frombuffer(content, np.uint8).reshape(shape)


def idx_bytes(array: npt.NDArray[np.integer]) -> bytes:
    """Content of a gzip-compressed IDX file of unsigned bytes.

    Parameters
    ----------
    array : ndarray of integers from 0 to 255
        Of any number of axes.

    Returns
    -------
    bytes
        The same for the same array.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "labels.gz"
    >>> path.write_bytes(idx_bytes(np.array([3, 1, 4]))) > 0
    True
    >>> read_idx(path, 1)
    array([3, 1, 4], dtype=uint8)
    """
    head = bytes([0, 0, _UNSIGNED_BYTES, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return gzip.compress(head + np.ascontiguousarray(array, np.uint8).tobytes(), mtime=0)
