"""Reading files that are what they say, and writing files that are whole or not there at all."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pffspike import limits
from pffspike.errors import FileError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_READER = 10.0  #: seconds to wait for a reader of a pipe
#: Of the JSON that commands and studies write: raised when a key goes or means something else.
SCHEMA = 1
STANDARD_OUTPUT = Path("-")  #: as an output: the standard output


def json_text(content: Mapping[str, Any]) -> str:
    r"""Text of a JSON file: with the number of its schema; what is no number is null.

    Parameters
    ----------
    content : mapping
        Plain values by keys that are texts.

    Returns
    -------
    str

    Examples
    --------
    >>> json_text({"a": math.nan})
    '{\n  "a": null,\n  "schema": 1\n}\n'
    """
    whole = {"schema": SCHEMA, **_finite(content)}
    return json.dumps(whole, indent=2, sort_keys=True, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read_regular(path: str | Path) -> bytes:
    """Read all of a regular file; a pipe, a device or a socket is refused without opening it.

    Parameters
    ----------
    path : str or Path
        Of the file or folder.

    Returns
    -------
    bytes

    Raises
    ------
    FileError
        If the file is missing, unreadable, or no regular file.
    ValidationError
        If it is larger than the memory limit, see `pffspike.limits`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.txt"
    >>> write_whole(path, "text")
    >>> read_regular(path)
    b'text'
    """
    place = Path(path)
    try:
        status = place.stat()
        if not stat.S_ISREG(status.st_mode):
            raise FileError(
                f"{path} can't be read: it is {kind_of_node(status.st_mode)}; check the path"
            )
        limits.check(status.st_size, f"{path}")
        return place.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileError(f"{path} can't be read: {reason}; check the path") from None


def kind_of_node(mode: int) -> str:
    """Name of what lies at a path, from the mode in its status.

    Parameters
    ----------
    mode : int
        ``os.stat(path).st_mode``.

    Returns
    -------
    str
        With its article.

    Examples
    --------
    >>> kind_of_node(os.stat(".").st_mode)
    'a folder'
    """
    kinds = (
        (stat.S_ISREG, "a regular file"),
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    return next((name for test, name in kinds if test(mode)), "no regular file")


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file so that a reader sees the old content or all of the new, never a part.

    A link is followed. What is no regular file, such as ``/dev/stdout`` or a pipe, gets the
    content as it is; ``-`` stands for the standard output.

    Parameters
    ----------
    path : Path
        Of the file or folder.
    content : bytes or str
        Text is written as UTF-8.

    Raises
    ------
    FileError
        If the folder is missing or not writable, the file read-only or the disk full; the old
        file is intact.

    Examples
    --------
    >>> write_whole(STANDARD_OUTPUT, "text")
    text
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if path == STANDARD_OUTPUT:
            _write_to_standard_output(data)
            return
        target = path.resolve() if path.is_symlink() else path
        mode = target.stat().st_mode if target.exists() else None
        if mode is not None and not stat.S_ISREG(mode):
            with os.fdopen(_open_special(target, mode), "wb") as file:  # a folder raises here
                file.write(data)
            return
        if mode is not None and not mode & 0o222:
            raise FileError(f"{path} is read-only; make it writable or choose another place")
        _replace(target, data, stat.S_IMODE(mode) if mode is not None else 0o666 & ~_umask())
    except FileNotFoundError:
        raise FileError(
            f"{path} can't be written: there is no folder {str(path.parent)!r}; make it, or choose "
            f"another place"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileError(
            f"{path} can't be written: {reason}; free some space or choose another place "
            f"(what stood there before is intact)"
        ) from None


def _open_special(target: Path, mode: int) -> int:
    """Open what is no regular file; a pipe must have a reader within some seconds."""
    if not stat.S_ISFIFO(mode):
        return os.open(target, os.O_WRONLY)
    deadline = time.monotonic() + _READER
    while True:
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() > deadline:
                raise FileError(
                    f"{target} can't be written: nobody reads from this pipe; start a reader first"
                ) from None
            time.sleep(0.05)
        else:
            os.set_blocking(descriptor, True)
            return descriptor


def _write_to_standard_output(data: bytes) -> None:
    sys.stdout.flush()
    binary = getattr(sys.stdout, "buffer", None)
    if binary is None:  # replaced by something for text alone
        sys.stdout.write(data.decode("utf-8", "backslashreplace"))
    else:
        binary.write(data)
    sys.stdout.flush()


def _replace(target: Path, data: bytes, mode: int) -> None:
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}"[:100] + ".", delete=False
        ) as file:
            temporary = file.name
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(target)
        temporary = None
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def write_folder(folder: str | Path, contents: Mapping[str, bytes]) -> None:
    """Write a new folder of files, whole or not at all.

    Parameters
    ----------
    folder : str or Path
        Must not exist yet; folders above it are made.
    contents : mapping of str to bytes
        Of the files, by their paths in the folder.

    Raises
    ------
    FileError
        If the folder exists or can't be written.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "new"
    >>> write_folder(place, {"a/b.txt": b"text"})
    >>> (place / "a" / "b.txt").read_bytes()
    b'text'
    """
    target = Path(folder)
    if target.exists() or target.is_symlink():
        raise FileError(f"{target} exists; remove it or choose another folder")
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        for name, content in contents.items():
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            (temporary / name).write_bytes(content)
        temporary.chmod(0o777 & ~_umask())
        temporary.replace(target)
        temporary = None
    except OSError as error:
        raise FileError(
            f"{target} can't be written: {error.strerror}; free some space or choose another place"
        ) from None
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, unless they are there.

    Parameters
    ----------
    path : Path
        Of the file or folder.

    Raises
    ------
    FileError
        If that fails.

    Examples
    --------
    >>> make_folder(Path("."))
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileError(f"{path} can't be made: {reason}; choose another place") from None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from writing a file for as long as this one works on it.

    The lock is the system's, on a file beside it, so that a process that dies leaves none.

    Parameters
    ----------
    path : Path
        It need not exist.

    Yields
    ------
    None

    Raises
    ------
    FileError
        If another process has it, or the folder can't be written.

    Examples
    --------
    >>> with locked(Path("net.h5")):
    ...     pass
    """
    if fcntl is None:  # not on Windows
        yield
        return
    target = path.resolve() if path.is_symlink() else path
    beside = target.with_name(f".{target.name}.lock")
    try:
        file = beside.open("a")
    except OSError as error:
        reason = "there is no folder" if isinstance(error, FileNotFoundError) else error.strerror
        raise FileError(f"{path} can't be written: {reason}; choose another place") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileError(
                f"another process is writing {path}; wait until it ends, or choose another place"
            ) from None
        except OSError:  # a file system without locks
            pass
        if not _is_at(beside, file.fileno()):  # removed by whoever had it until now
            raise FileError(f"another process has just written {path}; look at it first")
        try:
            yield
        finally:
            beside.unlink(missing_ok=True)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
