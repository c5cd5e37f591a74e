"""Folders of what is kept between runs, and of what a run needs for itself.

All that this package keeps, downloads apart, lies in one folder: the one that the environment
variable ``PFFSPIKE_CACHE`` names, or ``pffspike`` in the user's cache. What is in it is run as
code, so it has to belong to the user, and nobody else may write there. A cache that can only be
read, as one that an administrator fills for all, is read if it belongs to the user or to root and
nobody else can write to any part of it.
"""

from __future__ import annotations

import atexit
import functools
import logging
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

VARIABLE = "PFFSPIKE_CACHE"
_OWNER = "owner"  #: file in a temporary folder whose lock its process holds
_PREFIX = "pffspike-"  #: beginning of the names of temporary folders
_YOUNG = 60.0  #: seconds in which a temporary folder may not have its lock yet


def root() -> Path:
    """Folder of all caches; it need not exist.

    Returns
    -------
    Path

    Examples
    --------
    >>> root().is_absolute()
    True
    """
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE]).absolute()
    import pooch  # slow to import

    return Path(pooch.os_cache("pffspike"))


def private_folder(name: str) -> Path | None:
    """Folder of one cache, made if it is missing, if what lies in it can be trusted.

    Parameters
    ----------
    name : str
        Of the cache, such as ``"brian2"``.

    Returns
    -------
    Path or None
        None, and a warning once a process, if the folder can't be written or if another user
        could have written into it.

    Examples
    --------
    >>> private_folder("numba") is None or private_folder("numba").is_dir()
    True
    """
    return _private_folder(root() / name)


@functools.lru_cache(maxsize=64)
def _private_folder(folder: Path) -> Path | None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        problem = "it is read-only" if is_read_only(folder) else distrust(folder)
    except OSError as error:
        problem = error.strerror or str(error)
    if problem is None:
        return folder
    logging.getLogger("pffspike").warning(
        "compiled programs could not be kept in %s (%s), so they are compiled again every time; "
        "set %s to a folder of your own",
        folder,
        problem,
        VARIABLE,
    )
    return None


def is_read_only(folder: Path) -> bool:
    """Whether a folder is there and can't, or by its mode should not, be written.

    Parameters
    ----------
    folder : Path
        Of a cache.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_read_only(Path("absent"))
    False
    """
    if not folder.is_dir():
        return False
    return not folder.stat().st_mode & stat.S_IWUSR or not os.access(folder, os.W_OK)


def readable_folder(name: str) -> Path | None:
    """Folder of one cache to read from: that of `private_folder`, or one that can only be read.

    Parameters
    ----------
    name : str
        Of the cache.

    Returns
    -------
    Path or None
        None, and a warning once a process, if what lies there can't be trusted.

    Examples
    --------
    >>> readable_folder("brian2") is None or readable_folder("brian2").is_dir()
    True
    """
    folder = root() / name
    if is_read_only(folder) and _is_shared_safely(folder):
        return folder
    return private_folder(name)


def working_folder(name: str) -> Path | None:
    """Folder of one cache to read from and to write to; of one that can only be read, a copy.

    Parameters
    ----------
    name : str
        Of the cache.

    Returns
    -------
    Path or None
        As of `readable_folder`. A copy goes when the process ends.

    Examples
    --------
    >>> working_folder("numba") is None or working_folder("numba").is_dir()
    True
    """
    folder = readable_folder(name)
    return _copied(folder) if folder is not None and is_read_only(folder) else folder


@functools.lru_cache(maxsize=64)
def _copied(folder: Path) -> Path:
    place, remove = temporary_folder("cache")
    atexit.register(remove)
    copy(folder, place)
    return place


def copy(source: Path, target: Path) -> None:
    """Copy what is in a folder; the copies can be written, whatever the originals can.

    Parameters
    ----------
    source, target : Path
        Folders; the second is made if it is missing.

    Examples
    --------
    >>> copy(Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp()))
    """
    shutil.copytree(source, target, dirs_exist_ok=True)
    for path in (target, *target.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode | (0o700 if path.is_dir() else 0o600))


def _is_shared_safely(folder: Path) -> bool:
    """Whether all that is in a folder belongs to the user or to root, who alone can write it."""
    if not hasattr(os, "geteuid"):  # Windows
        return True
    try:
        for path in (folder, *folder.rglob("*")):
            status = path.lstat()
            if not (stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)):
                return False
            if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
                return False
        return _distrusted_above(folder) is None
    except OSError:
        return False


def distrust(folder: Path) -> str | None:
    """Why what lies in a folder can't be run as code; None if it can.

    Parameters
    ----------
    folder : Path
        A folder of this user is closed to others, if it was not.

    Returns
    -------
    str or None

    Examples
    --------
    >>> distrust(Path(tempfile.mkdtemp())) is None
    True
    """
    if not hasattr(os, "geteuid"):  # Windows, whose user folders are closed
        return None
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        return "it is no folder"
    if status.st_uid != os.geteuid():
        return "it belongs to another user"
    if status.st_mode & 0o022:
        return "other users can write there"
    if status.st_mode & 0o077:
        folder.chmod(0o700)
    return _distrusted_above(folder)


def _distrusted_above(folder: Path) -> str | None:
    """Say which folder above could have been exchanged by others; None if none could."""
    for above in folder.resolve().parents:
        status = above.stat()
        if status.st_uid not in (0, os.geteuid()):
            return f"{above} belongs to another user"
        if status.st_mode & 0o022 and not status.st_mode & stat.S_ISVTX:
            return f"other users can write in {above}"
    return None


def temporary_folder(kind: str) -> tuple[Path, Callable[[], None]]:
    """Make a temporary folder; those that dead processes have left are removed.

    Parameters
    ----------
    kind : str
        What it is for, as a part of its name.

    Returns
    -------
    folder : Path
    remove : callable
        Removes it.

    Examples
    --------
    >>> folder, remove = temporary_folder("example")
    >>> folder.is_dir()
    True
    >>> remove()
    >>> folder.exists()
    False
    """
    remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{kind}-"))
    owner = (folder / _OWNER).open("w")
    if fcntl is not None:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def remove() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        owner.close()

    return folder, remove


def remove_leftovers() -> int:
    """Remove temporary folders of processes that were killed.

    Returns
    -------
    int
        How many.

    Examples
    --------
    >>> remove_leftovers() >= 0
    True
    """
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if _is_left(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _is_left(folder: Path) -> bool:
    if fcntl is None:
        return False
    try:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            return False
        if time.time() - status.st_mtime < _YOUNG:
            return False
        with (folder / _OWNER).open("r") as owner:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # somebody's, or not of this kind
        return False
    return True


def sizes() -> dict[str, int]:
    """Bytes of each cache.

    Returns
    -------
    dict of str to int
        By the names of the folders in `root`.

    Examples
    --------
    >>> all(size >= 0 for size in sizes().values())
    True
    """
    if not root().is_dir():
        return {}
    return {
        folder.name: sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
        for folder in sorted(root().iterdir())
        if folder.is_dir() and not folder.is_symlink()
    }


def clean(names: tuple[str, ...]) -> None:
    """Remove caches; they fill again when they are needed.

    Parameters
    ----------
    names : tuple of str
        As `sizes` gives them.

    Examples
    --------
    >>> clean(())
    """
    for name in names:
        shutil.rmtree(root() / name, ignore_errors=True)
