"""Compiled programs that are kept from one run to the next.

A program depends on no weight, seed or learning rate: those are arguments. What it does depend on
makes up its key, and the folder of that name holds it. A session works with a copy of its own, so
that nothing here is ever in use and the oldest can be removed at any time.
"""

from __future__ import annotations

import atexit
import dataclasses
import functools
import hashlib
import importlib.metadata
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pffspike
from pffspike import caches
from pffspike.engines.brian2.layout import Layout
from pffspike.network import rules, structure
from pffspike.network.spec import Population, Projection
from pffspike.recording import Probes

CACHE = "brian2"  #: name of the folder among the caches
_SUMS = "SHA256SUMS"  #: digests of all files of a program
KEPT = 20  #: programs; one takes some two megabytes
_UNFINISHED = "unfinished-"  #: beginning of the names of folders that are being written
_DAY = 86400.0  #: seconds after which an unfinished folder belongs to nobody any more
_SOURCES = ("arithmetic", "engines/brian2", "network", "recording.py")


def make_key(
    layout: Layout, probes: Probes, samples: int, flags: Sequence[str], frames: int = 1
) -> str:
    """Hash of everything that a compiled program depends on.

    Parameters
    ----------
    layout : Layout
        Indices of neurons and synapses.
    probes : Probes
        What is recorded.
    samples : int
        Length of the longest chunk.
    flags : sequence of str
        For the compiler.
    frames : int
        Rows of signals a sample.

    Returns
    -------
    str
        Hexadecimal.
    """
    network = layout.network
    parts = [
        sys.version,
        pffspike.__version__,
        *(importlib.metadata.version(name) for name in ("brian2", "numpy")),
        _source(),
        _compiler(flags),
        (samples, frames, probes, layout.program),
        [
            (network.index(p.name), _unlearned(p), rules.targets(p.rule)[0])
            for p in layout.populations
        ],
        [
            (_fixed(p), _fixed(network.projection(structure.weights_of(p))))
            for p in layout.projections
        ],
        (layout.fixed_weights, layout.fixed_biases),
    ]
    return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()[:32]


def _unlearned(population: Population) -> Population:
    """Without what is an argument: the coefficients of rules, too, are in the schedule."""
    bias = dataclasses.replace(population.bias, initial=0.0, learning_rate=0.0)
    return dataclasses.replace(population, bias=bias, rule=None)


def _fixed(projection: Projection) -> Projection:
    """Without what is an argument; only whether it learns is compiled in."""
    learns = float(projection.learning_rate > 0)
    return dataclasses.replace(projection, initial="constant", scale=0.0, learning_rate=learns)


def _source() -> str:
    """Hash of the code that writes programs."""
    found = hashlib.sha256()
    package = Path(pffspike.__file__).parent
    for folder in _SOURCES:
        for path in sorted((package / folder).glob("*.py")) or [package / folder]:
            found.update(path.read_bytes())
    return found.hexdigest()


def _compiler(flags: Sequence[str]) -> tuple[object, ...]:
    """Version of the compiler, and what it makes of the flags: ``-march=native`` in full."""
    name = os.environ.get("CXX", "g++")
    command = [name, *flags, "-###", "-E", "-x", "c++", os.devnull]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return name, tuple(flags), str(error)
    return name, tuple(flags), said.returncode, said.stderr


@functools.lru_cache(maxsize=8)
def _modules(folder: Path | None) -> str:
    if folder is None:
        folder, remove = caches.temporary_folder("cython")
        atexit.register(remove)
    return str(folder)


def preferences_of_cython() -> dict[str, str]:
    """Where Brian2 keeps its Cython modules: in the cache, or for this process alone.

    Returns
    -------
    dict of str to str
        Preferences of Brian2.
    """
    folder = caches.working_folder("cython")
    return {"codegen.runtime.cython.cache_dir": _modules(folder)}


def fetch(key: str, directory: Path, names: Sequence[str]) -> bool:
    """Copy a program into an existing directory; False if there is none.

    Parameters
    ----------
    key : str
        Digest of what the build depends on, see `make_key`.
    directory : Path
        Where the build is wanted.
    names : sequence of str
        Files and folders that make up the program.

    Returns
    -------
    bool
    """
    folder = caches.readable_folder(CACHE)
    if folder is None or not (folder / key).is_dir():
        return False
    kept, read_only = folder / key, caches.is_read_only(folder)
    try:
        caches.copy(kept, directory)
        if not read_only:
            os.utime(kept)
        # The copy is compared, for nobody else can change it.
        if (directory / _SUMS).read_text() == _sums(directory, names):
            return True
    except OSError:  # incomplete, or removed by another process meanwhile
        pass
    logging.getLogger("pffspike").warning(
        "the compiled program in %s is not as it was stored; it is compiled again", kept
    )
    if not read_only:
        shutil.rmtree(kept, ignore_errors=True)
    for name in (*names, _SUMS):
        path = directory / name
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return False


def _sums(directory: Path, names: Sequence[str]) -> str:
    """Digests of the files of a program, in the form of ``sha256sum``."""
    files = []
    for name in names:
        path = directory / name
        files += sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    lines = (
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(directory)}\n"
        for path in files
    )
    return "".join(lines)


def keep(key: str, directory: Path, names: Sequence[str]) -> None:
    """Keep a program for later; if that is not possible, say so and go on.

    Parameters
    ----------
    key : str
        Digest of what the build depends on, see `make_key`.
    directory : Path
        Of a session.
    names : sequence of str
        Files and folders in it that make up the program.
    """
    folder = caches.private_folder(CACHE)
    if folder is None:
        return
    try:
        unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
        try:
            for name in names:
                source = directory / name
                copy = shutil.copytree if source.is_dir() else shutil.copy2
                copy(source, unfinished / name)
            (unfinished / _SUMS).write_text(_sums(unfinished, names))
            _publish(unfinished, folder / key)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        _remove_oldest(folder)
    except OSError as error:
        logging.getLogger("pffspike").warning(
            "the compiled program could not be kept in %s (%s) and will be compiled again next "
            "time; set %s to another folder",
            folder,
            error.strerror or error,
            caches.VARIABLE,
        )


def _publish(unfinished: Path, final: Path) -> None:
    """Rename in one step; if another process was faster, its program is the same."""
    try:
        unfinished.rename(final)
    except OSError:
        if not final.is_dir():
            raise


def _remove_oldest(folder: Path) -> None:
    ages = {path: time.time() - path.stat().st_mtime for path in folder.iterdir()}
    finished = [path for path in ages if not path.name.startswith(_UNFINISHED)]
    oldest = sorted(finished, key=ages.__getitem__)[KEPT:]
    abandoned = [path for path in ages.keys() - set(finished) if ages[path] > _DAY]
    for path in [*oldest, *abandoned]:
        shutil.rmtree(path, ignore_errors=True)
