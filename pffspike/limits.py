"""Memory and cores: an estimate before memory is taken, against one limit that can be raised.

The limit is what the environment variable ``PFFSPIKE_MEMORY_LIMIT`` says, such as ``8G``, or three
quarters of the memory that this machine, or the container that this process runs in, has. The
option ``--memory-limit`` of every command sets the variable, so that worker processes keep it too.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pffspike.errors import ValidationError

VARIABLE = "PFFSPIKE_MEMORY_LIMIT"
_SHARE = 0.75  #: of the memory there is
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?\Z", re.IGNORECASE)
_FALLBACK = 8 * 2**30  #: bytes, where a system does not tell its memory
_CONTAINERS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def parse_size(text: str) -> int:
    """Bytes that a text such as ``500M`` or ``8G`` stands for; units are powers of 1024.

    Parameters
    ----------
    text : str
        Such as ``4GB`` or ``500 MB``.

    Returns
    -------
    int

    Raises
    ------
    ValidationError
        If the text is no size above 0.

    Examples
    --------
    >>> parse_size("1.5k")
    1536
    """
    found = _SIZE.match(text.strip())
    size = float(found[1]) * _UNITS[found[2].lower()] if found else 0.0
    if not 1 <= size < 2**60:
        raise ValidationError(f"memory limit {text!r} is no size; give one such as 500M or 8G")
    return int(size)


def limit() -> int:
    """Bytes that an estimate may reach.

    Returns
    -------
    int

    Raises
    ------
    ValidationError
        If the environment variable holds no size.

    Examples
    --------
    >>> limit() > 0
    True
    """
    stated = os.environ.get(VARIABLE)
    return parse_size(stated) if stated else int(_SHARE * _memory())


def cores() -> int:
    """Cores that this process may use.

    Returns
    -------
    int

    Examples
    --------
    >>> cores() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def limited(text: str | None) -> Iterator[None]:
    """Set the limit for a while, in this process and those that it starts.

    Parameters
    ----------
    text : str or None
        See `parse_size`; None leaves it as it is.

    Yields
    ------
    None

    Raises
    ------
    ValidationError
        If the text is no size.

    Examples
    --------
    >>> with limited("1k"):
    ...     limit()
    1024
    """
    before = os.environ.get(VARIABLE)
    if text is not None:
        parse_size(text)
        os.environ[VARIABLE] = text
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = before


def _memory() -> int:
    """Bytes of memory of this machine, or of the container, if that has less."""
    try:
        found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    except (AttributeError, ValueError, OSError):  # not on Windows
        found = [_FALLBACK]
    for place in _CONTAINERS:
        try:
            found.append(int(Path(place).read_text("ascii")))
        except (OSError, ValueError):  # not Linux, or no limit
            continue
    return min(size for size in found if size > 0)


def check(needed: float, what: str) -> None:
    """Refuse what would need more memory than the limit.

    Parameters
    ----------
    needed : float
        Bytes, estimated.
    what : str
        The subject of the sentence: what needs them.

    Raises
    ------
    ValidationError
        If that is more than `limit`.

    Examples
    --------
    >>> check(1000, "a small array")
    """
    most = limit()
    if needed > most:
        raise ValidationError(
            f"{what} needs about {readable(needed)} of memory, but the limit is {readable(most)}; "
            f"make it smaller, or raise the limit with --memory-limit or {VARIABLE}"
        )


def check_array(shape: Sequence[int], what: str, item: int = 8, copies: int = 1) -> None:
    """Refuse an array that would need more memory than the limit.

    Parameters
    ----------
    shape : sequence of int
        Of the array.
    what : str
        The subject of the sentence.
    item : int
        Bytes of one element.
    copies : int
        Arrays of this shape that exist at the same time.

    Raises
    ------
    ValidationError
        If they need more than `limit`.

    Examples
    --------
    >>> check_array((10, 10), "a small matrix")
    """
    check(math.prod(int(n) for n in shape) * item * copies, what)


def readable(size: float) -> str:
    """Bytes for people.

    Parameters
    ----------
    size : float
        In bytes.

    Returns
    -------
    str

    Examples
    --------
    >>> readable(3 * 2**30)
    '3.0 GiB'
    """
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:,.1f} TiB"
