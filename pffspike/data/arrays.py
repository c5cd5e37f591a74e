"""Arrays of a user: ``.npy`` files whose header is checked before anything is allocated."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from pffspike.errors import ValidationError
from pffspike.files import read_regular

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_npy(path: str | Path) -> npt.NDArray[np.generic]:
    """Read a ``.npy`` file of numbers.

    Parameters
    ----------
    path : str or Path
        Of the ``.npy`` file.

    Returns
    -------
    ndarray

    Raises
    ------
    FileError
        If the file can't be read.
    ValidationError
        If it is no such file, or does not hold as many numbers as its header declares.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.npy"
    >>> np.save(path, np.arange(3))
    >>> read_npy(path)
    array([0, 1, 2])
    """
    return parse_npy(read_regular(path), path)


def parse_npy(content: bytes, path: str | Path, kinds: str = "buif") -> npt.NDArray[Any]:
    """Array of the bytes of a ``.npy`` file.

    Parameters
    ----------
    content : bytes
        Of the file.
    path : str or Path
        What errors call it.
    kinds : str
        Kinds of its type that are wanted, as `numpy.dtype.kind` names them.

    Returns
    -------
    ndarray

    Raises
    ------
    ValidationError
        If it is no such file, or does not hold as many values as its header declares.

    Examples
    --------
    >>> parse_npy(b"", "a.npy")
    Traceback (most recent call last):
    ...
    pffspike.errors.ValidationError: a.npy is no .npy file of numbers (...); give one
    """
    stream = io.BytesIO(content)
    try:
        version = npy.read_magic(stream)
        if version not in _HEADERS:
            raise ValueError(f"its format version is {version}")
        shape, _, dtype = _HEADERS[version](stream)
        if dtype.hasobject or dtype.kind not in kinds:
            raise ValueError(f"it holds {dtype}")
        declared, held = math.prod(shape) * dtype.itemsize, len(content) - stream.tell()
        if declared != held:
            raise ValueError(f"it declares {declared} bytes of numbers and holds {held}")
        return np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        reason = str(error).partition("\n")[0]
        raise ValidationError(f"{path} is no .npy file of numbers ({reason}); give one") from None
