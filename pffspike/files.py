"""Files that are written whole or not at all, and folders."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pffspike.errors import FileError


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file so that a reader sees the old content or all of the new, never a part.

    Parameters
    ----------
    path : Path
    content : bytes or str
        Text is written as UTF-8.

    Raises
    ------
    ValidationError
        If the folder is missing or not writable, or the disk is full; the old file is intact.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = file.name
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
        temporary = None
    except FileNotFoundError:
        raise FileError(
            f"{path} can't be written: there is no folder {str(path.parent)!r}; make it, or choose "
            f"another place"
        ) from None
    except OSError as error:
        raise FileError(
            f"{path} can't be written: {error.strerror}; free some space or choose another place "
            f"(what stood there before is intact)"
        ) from None
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, unless they are there (`ValidationError` if that fails)."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"{path} can't be made: {error.strerror}; choose another place") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
