"""What a command will write is checked before it works: places, endings, packages, collisions.

The parameters of the commands that are outputs stand in `OUTPUTS`; every other parameter that
names an existing file is an input.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pffspike import files
from pffspike.errors import FileError, ValidationError

NETWORK, JSON, PICTURE, PAGE, NIR, ARRAY, FOLDER, NEW_FOLDER, TABLE, LATEX = (
    "a trained network",
    "JSON",
    "a picture",
    "a page",
    "HDF5 data",
    "a NumPy array",
    "a folder",
    "a new folder",
    "a table",
    "LaTeX",
)
#: Kind of what a command writes, by its parameter; by command and parameter where they differ.
OUTPUTS = {
    "json": JSON,
    "csv": TABLE,
    "latex": LATEX,
    "plot": PICTURE,
    "raster": PICTURE,
    "nir": NIR,
    "record": NIR,
    "array": ARRAY,
    "train.log": TABLE,
    "train.tensorboard": FOLDER,
    "search.out": JSON,  # one object a line
    "train.out": NETWORK,
    "prior.out": NETWORK,
    "quantize.out": NETWORK,
    "sample.out": PICTURE,
    "reconstruct.out": PICTURE,
    "report.out": PAGE,
    "export.out": NEW_FOLDER,
    "quality.out": FOLDER,
    "demo.out": FOLDER,
    "study.out": FOLDER,
}
_DRAWN = ("report.out", "quality.out", "demo.out")  #: outputs that hold pictures
#: Inputs that an output may be.
_IN_PLACE = {"prior.out": ("trained",), "train.out": ("resume", "start")}
_PICTURES = (b"\x89PNG", b"%PDF", b"%!PS", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"RIFF", b"<svg")
_HEADER = re.compile(rb"[a-z0-9_]+(,[a-z0-9_]+)+\r?\n")  #: first line of our tables
_HEAD = 8192  #: bytes that tell what a file is


def check(command: str, given: Mapping[str, Any], force: bool = False) -> None:
    """Check all outputs of a command, before it works.

    Parameters
    ----------
    command : str
        Name of the command.
    given : mapping of str to object
        Its arguments by their names.
    force : bool
        Whether existing files of another kind may be replaced.

    Raises
    ------
    FileError, ValidationError
        For the first output that could not be written, or would destroy something.

    Examples
    --------
    >>> check("evaluate", {"trained": Path("net.h5"), "json": None})
    """
    outputs = {name: (Path(value), kind) for name, value, kind in _outputs(command, given)}
    inputs = [
        (name, path)
        for name, value in given.items()
        if name not in outputs
        for path in _existing(value)
    ]
    seen: dict[str, str] = {}
    for name, (path, kind) in outputs.items():
        place = os.path.realpath(path) if path != files.STANDARD_OUTPUT else "-"
        if place in seen and _is_ordinary(path):
            raise ValidationError(
                f"{_option(seen[place])} and {_option(name)} both name {path}; give two places"
            )
        seen[place] = name
        for other, source in inputs:
            if other not in _IN_PLACE.get(f"{command}.{name}", ()) and _collides(path, source):
                raise ValidationError(
                    f"{_option(name)} {path} would replace the input {source}; choose another place"
                )
        if f"{command}.{name}" in _DRAWN:
            from pffspike import plots  # noqa: F401  (says what to install)
        _check_output(path, kind, name, force)


def places(command: str, given: Mapping[str, Any]) -> list[Path]:
    """Give the places that a command will write to."""
    return [Path(value) for _, value, _ in _outputs(command, given)]


def _outputs(command: str, given: Mapping[str, Any]) -> list[tuple[str, Any, str]]:
    found = []
    for name, value in given.items():
        kind = OUTPUTS.get(f"{command}.{name}", OUTPUTS.get(name))
        if kind is not None and value is not None:
            found.append((name, value, kind))
    return found


def _existing(value: object) -> list[Path]:
    values = value if isinstance(value, (list, tuple)) else [value]
    paths = [Path(item) for item in values if isinstance(item, (str, Path)) and str(item)]
    return [path for path in paths if _exists(path)]


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long a name, or one with a null byte
        return False


def _is_ordinary(path: Path) -> bool:
    return path == files.STANDARD_OUTPUT or not _exists(path) or path.is_file() or path.is_dir()


def _option(name: str) -> str:
    return "--output" if name == "out" else f"--{name.replace('_', '-')}"


def _collides(path: Path, source: Path) -> bool:
    """Whether an output is an input, or an existing file in a folder that is one."""
    if path == files.STANDARD_OUTPUT or not _exists(path):
        return False
    if source.samefile(path):
        return not source.is_dir()
    inside = source.resolve() in path.resolve().parents
    return inside and path.is_file() and (source / "network.json").exists()


def _check_output(path: Path, kind: str, name: str, force: bool) -> None:
    if path == files.STANDARD_OUTPUT:
        if kind not in (JSON, PAGE, TABLE, LATEX):
            raise ValidationError(f"{_option(name)} - is no place for {kind}; give a path")
        return
    if kind == PICTURE:
        from pffspike import plots  # says what to install

        plots.check_ending(path)
    if kind == NEW_FOLDER and (_exists(path) or path.is_symlink()):
        raise FileError(f"{path} exists; remove it or choose another folder")
    try:
        _check_place(path, kind)
        if kind not in (FOLDER, NEW_FOLDER) and path.exists():
            _check_existing(path, kind, name, force)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileError(f"{path} can't be written: {reason}; choose another place") from None


def _check_place(path: Path, kind: str) -> None:
    """Refuse a place where nothing can be made."""
    if kind in (FOLDER, NEW_FOLDER):
        above = next(p for p in (path, *path.absolute().parents) if p.exists())
        if not above.is_dir():
            raise FileError(f"{path} can't be made: {above} is no folder; choose another place")
        folder = above
    else:
        folder = (path.resolve() if path.is_symlink() else path).parent
        if not folder.is_dir():
            raise FileError(
                f"{path} can't be written: there is no folder {str(folder)!r}; make it, or choose "
                f"another place"
            )
    if not os.access(folder, os.W_OK) and not path.exists():
        raise FileError(f"{path} can't be written: {folder} is read-only; choose another place")


def _check_existing(path: Path, kind: str, name: str, force: bool) -> None:
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise FileError(f"{path} is a folder; name a file in it, such as {path / 'output'}")
    if not stat.S_ISREG(mode):
        if kind == NETWORK:
            raise FileError(f"{path} is {files.kind_of_node(mode)}; name a regular file")
        return
    if not mode & 0o222 or not os.access(path, os.W_OK):
        raise FileError(f"{path} is read-only; make it writable or choose another place")
    found = kind_of_content(path)
    if not force and found not in (kind, "nothing"):
        raise FileError(
            f"{path} holds {found}, which {_option(name)} would replace by {kind}; choose another "
            f"place, or give --force"
        )


def kind_of_content(path: Path) -> str:
    """What a regular file holds, by its first bytes, as the kinds of `OUTPUTS` are called.

    Parameters
    ----------
    path : Path
        Of an existing file.

    Returns
    -------
    str

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a"
    >>> path.write_text('{"a": 1}') and kind_of_content(path)
    'JSON'
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    text = head.lstrip().lower()
    if not head:
        return "nothing"
    if head.startswith(b"pffspike sealed") or b"pffspike network" in head:
        return NETWORK
    if head.startswith(b"\x89HDF"):
        return NIR
    if head.startswith(_PICTURES) or b"<svg" in text:
        return PICTURE
    if text.startswith((b"<!doctype html", b"<html")):
        return PAGE
    if head.startswith(b"\x93NUMPY"):
        return ARRAY
    if _HEADER.match(head):
        return TABLE
    if head.startswith(b"% pffspike"):
        return LATEX
    return JSON if text.startswith((b"{", b"[")) else "something else"
