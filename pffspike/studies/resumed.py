"""What an interrupted study has left, so that it goes on instead of starting again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pffspike.errors import FileError
from pffspike.files import read_regular


def begun(path: Path, variant: Mapping[str, Any]) -> dict[str, Any]:
    """Read the runs that an interrupted study has left, unless they are of another variant.

    Parameters
    ----------
    path : Path
        Of the JSON file that the study writes after each run: its runs by ``"runs"``, beside what
        they depend on.
    variant : mapping
        What all runs depend on, as plain values: the file holds the same by the same keys.

    Returns
    -------
    dict
        Runs by title, in the form in which the study keeps them; empty if there is no file.

    Raises
    ------
    FileError
        If the file is unreadable, is no such file, or is of another variant.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "results.json"
    >>> begun(path, {"fast": True})
    {}
    >>> path.write_text('{"fast": true, "runs": {"PFF": [0.98]}}') > 0
    True
    >>> begun(path, {"fast": True})
    {'PFF': [0.98]}
    """
    if not path.exists():
        return {}
    try:
        found = json.loads(read_regular(path))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("runs"), dict):
        raise FileError(f"{path} holds no runs of a study; give another folder (-o)")
    kept = {key: found.get(key) for key in variant}
    if kept != dict(variant):
        raise FileError(f"{path} is of another variant, {kept}; give another folder (-o)")
    return dict(found["runs"])
