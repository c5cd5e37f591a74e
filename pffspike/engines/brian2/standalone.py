"""Runs a model as a C++ program of its own: compiled once, started once a chunk.

After the program is built, Brian2 is no longer needed: arguments and results are files. So any
number of sessions can live side by side, although Brian2 has one device a process, and any number
of chunks can run at once where nothing is learned.
"""

from __future__ import annotations

import subprocess
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np

from pffspike import caches
from pffspike.engines.brian2 import builds, program
from pffspike.engines.brian2.backend import Rates, Recorded, State
from pffspike.engines.brian2.context import BuildContext
from pffspike.engines.brian2.schedule import Tables
from pffspike.errors import PffspikeError, ValidationError
from pffspike.typing import Array

Arguments = Mapping[str, Array]


class StandaloneBackend:
    """See `pffspike.engines.brian2.backend.Backend`.

    Parameters
    ----------
    make_context : callable
        Gives the context of the model, in the device that is active then.
    key : str
        Names what the program depends on, see `pffspike.engines.brian2.builds.make_key`.
    samples : int
        Length of the longest chunk.
    flags : tuple of str
        For the C++ compiler.
    compiling : callable
        Gives a context in which the program is compiled, if it was not kept.
    """

    def __init__(
        self,
        make_context: Callable[[], BuildContext],
        key: str,
        samples: int,
        flags: tuple[str, ...],
        compiling: Callable[[], AbstractContextManager[None]],
    ) -> None:
        with _told():
            self._directory, remove = caches.temporary_folder("brian2")
        # Also when nobody closes the session, and at the end of the process.
        self._remove = weakref.finalize(self, remove)
        try:
            if not builds.fetch(key, self._directory, program.PARTS):
                with _told(self._directory), compiling():
                    program.build(self._directory, make_context, samples, flags)
                builds.keep(key, self._directory, program.PARTS)
            self._program = program.load(self._directory)
        except BaseException:
            self.close()
            raise

    def run(
        self, chunks: Sequence[Tables], state: State, rates: Rates | None
    ) -> tuple[list[Recorded], State]:
        """See `pffspike.engines.brian2.backend.Backend.run`."""
        arguments: Arguments = {
            "neurons.b": state.biases,
            **{f"synapses_{name}.multiple": w for name, w in state.weights.items()},
            **{f"synapses_{name}.kept": w for name, w in state.kept.items()},
        }
        if state.fixed is not None:
            arguments = {**arguments, "neurons.fixed": state.fixed}
        if rates is not None:
            arguments = {**arguments, "population_state.bias_rate": rates.bias}
            if len(rates.weights):
                arguments = {**arguments, "projections.rate": rates.weights}
        with _told(self._directory):
            return self._run_all(chunks, arguments, state)

    def _run_all(
        self, chunks: Sequence[Tables], arguments: Arguments, state: State
    ) -> tuple[list[Recorded], State]:
        shared = self._write("shared", arguments)
        folders = [self._directory / f"run_{k}" for k in range(len(chunks))]
        started: list[subprocess.Popen[bytes]] = []
        try:
            for chunk, folder in zip(chunks, folders, strict=True):
                started.append(self._start(chunk, folder, shared))
            for process, folder in zip(started, folders, strict=True):
                self._check(process.wait(), folder)
        finally:  # an exception, Ctrl-C among them, leaves no process behind
            for process in started:
                process.kill()
                process.wait()
        recorded = [
            self._recorded(folder, len(chunk.schedule) - 1)
            for chunk, folder in zip(chunks, folders, strict=True)
        ]
        return recorded, self._state(folders[-1], state)

    def _write(self, folder: str, arguments: Arguments) -> list[str]:
        """Write arguments to files; what to tell the program about them."""
        place = self._directory / folder
        place.mkdir(exist_ok=True)
        for name, values in arguments.items():
            np.ascontiguousarray(values).tofile(place / name)
        return [f"{name}={place / name}" for name in arguments]

    def _start(self, chunk: Tables, folder: Path, shared: list[str]) -> subprocess.Popen[bytes]:
        padded = chunk.padded(self._program.rows, self._program.presentations)
        arguments = {"schedule.values": padded.schedule}
        if self._program.has_signals:  # a table that no code reads is not part of the program
            arguments["signals.values"] = padded.signals
        given = self._write(folder.name, arguments)
        with (folder / "said").open("wb") as said:
            return subprocess.Popen(
                ["./main", "--results_dir", f"{folder}/", *shared, *given],
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
            )

    def _check(self, code: int, folder: Path) -> None:
        said = (folder / "said").read_text(errors="replace").strip()
        if code or said:
            raise ValidationError(
                f"the compiled Brian2 program ended with code {code} "
                f"({said[-200:] or 'no message'}); check the free memory and the "
                f"free disk space at {self._directory.parent}, or choose target 'cython'"
            )

    def _recorded(self, folder: Path, presentations: int) -> Recorded:
        files, rows = self._program.results, slice(1, presentations + 1)

        if any(len(files[n].read(folder)) <= presentations for n in ("total", "squares")):
            raise program.incomplete(folder)

        def some(name: str) -> Array | None:
            return files[name].read(folder)[rows] if name in files else None

        return Recorded(
            files["total"].read(folder)[rows],
            files["squares"].read(folder)[rows],
            some("losses"),
            some("counts"),
            (files["spiked"].read(folder), files["times"].read(folder))
            if "spiked" in files
            else None,
        )

    def _state(self, folder: Path, before: State) -> State:
        files = self._program.results
        weights = {
            name[len(program.WEIGHTS) :]: file.read(folder)
            for name, file in files.items()
            if name.startswith(program.WEIGHTS)
        }
        biases = files["biases"].read(folder)
        if biases.shape != before.biases.shape or any(
            w.shape != np.shape(before.weights[name]) for name, w in weights.items()
        ):
            raise program.incomplete(folder)
        return State(biases, weights)

    def close(self) -> None:
        """Remove the program and its files."""
        self._remove()


@contextmanager
def _told(directory: Path | None = None) -> Iterator[None]:
    """Say in one sentence that the temporary folder is full or can't be written."""
    try:
        yield
    except OSError as error:
        place = directory or tempfile.gettempdir()
        raise PffspikeError(
            f"{place} can't be written ({error.strerror or error}); free some space, or set the "
            f"environment variable TMPDIR to another folder"
        ) from None
