"""The exceptions that a user's value, file or machine can cause.

Every text is one sentence that names the value and the remedy. The command line prints it without
a traceback and exits with code 2. Which one is raised follows from one question: who can mend it?

=========================  ===================================================================
`ValidationError`          whoever gave the value: a wrong name, shape, range or card
`FileError`                whoever has the file: missing, foreign, damaged, or no place to write
`SessionClosedError`       the program that goes on with a session after closing it
`MissingPackageError`      whoever installs packages: an optional one is absent
`PffspikeError`            all of them, and what only the machine can cause
=========================  ===================================================================
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from typing import Any

_LONGEST_NAME = 100  #: letters of a wrong name in an error
_LONGEST = 63  #: letters of a wrong value in an error


class PffspikeError(Exception):
    """All that this package raises on purpose; its text is one sentence with the remedy."""


#: The name of `PffspikeError` up to version 0.1.
UserError = PffspikeError


class ValidationError(PffspikeError, ValueError):
    """A value that can't be: its text names the value and what would be right."""


class FileError(PffspikeError):
    """A file that is missing, foreign, damaged or newer than this program, or can't be written."""


class SessionClosedError(PffspikeError, RuntimeError):
    """A session was used after it was closed; compile the network again."""


class MissingPackageError(PffspikeError, ImportError):
    """An optional package is absent; the text says what to install."""


def unknown(kind: str, name: object, known: Iterable[str], remedy: str = "") -> ValidationError:
    """Error for a name that does not exist: it suggests the nearest right one and lists all.

    Parameters
    ----------
    kind : str
        What the name should be of, such as ``"population"``.
    name : object
        The name that was given.
    known : iterable of str
        The names that there are.
    remedy : str
        What else would be right, such as ``"or give the path of a card"``.

    Returns
    -------
    ValidationError

    Examples
    --------
    >>> print(unknown("engine", "nunba", ["numba", "numpy"]))
    engine 'nunba' does not exist; did you mean 'numba'? There are: numba, numpy
    """
    names = list(known)
    name = name if len(str(name)) <= _LONGEST_NAME else f"{str(name)[:_LONGEST_NAME]}..."
    close = difflib.get_close_matches(str(name).lower().replace("_", "-"), names, 1, 0.5)
    nearest = f"; did you mean {close[0]!r}? There are: " if close else "; there are: "
    rest = f"; {remedy}" if remedy else ""
    return ValidationError(f"{kind} {name!r} does not exist{nearest}{', '.join(names)}{rest}")


def install_hint(extra: str) -> str:
    """How to install what an extra of this package brings.

    Parameters
    ----------
    extra : str
        Name of the extra in ``pyproject.toml``.

    Returns
    -------
    str
        The end of a sentence.

    Examples
    --------
    >>> install_hint("plot")
    "in the folder of pffspike's source run: pip install '.[plot]'"
    """
    return f"in the folder of pffspike's source run: pip install '.[{extra}]'"


def shortened(value: object) -> str:
    """Text of a value for an error, cut to a length that can be read.

    Parameters
    ----------
    value : object
        Anything that an error names.

    Returns
    -------
    str

    Examples
    --------
    >>> shortened([0] * 100)
    '[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,...'
    """
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def imported(package: str, extra: str) -> Any:
    """Import an optional package, or say what to install.

    Parameters
    ----------
    package : str
        Its name in Python.
    extra : str
        Extra of this project that brings it.

    Returns
    -------
    module

    Raises
    ------
    MissingPackageError
        If it is not installed, or does not work.

    Examples
    --------
    >>> imported("json", "formats").dumps([1])
    '[1]'
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingPackageError(
            f"this needs {package} ({error}); {install_hint(extra)}"
        ) from None
