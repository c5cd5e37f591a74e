"""Recordings in a file: as long as the disk allows, with the memory of one part at a time.

Layout (version 1)::

    /                      attributes: format, version, program, seed, engine
    /card                  the network as a TOML card, UTF-8
    /samples               (samples,) int64
    /hard_negatives        (samples,) int64
    /spikes/<population>   (presentations,) int64
    /goodness/<population> (presentations,) float64
    /counts/<population>   (presentations, units) int64, of the populations recorded
    /rasters/<population>  (presentations, steps, units) bool, of the populations recorded
    /drives/<population>, /probabilities/<population>
                           (presentations, steps, units) float64, of the populations recorded
    /weights/<projection>  (samples, pre, post) float64, of the projections recorded
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pffspike import cards
from pffspike.cards import toml
from pffspike.errors import FileError, ValidationError
from pffspike.execution import Execution, counting, open_session
from pffspike.network.events import Stimulus
from pffspike.recording import KINDS, STEPWISE, Recording
from pffspike.trained import TrainedNetwork

FORMAT, VERSION = "pffspike recording", 1
PART = 256  #: samples that are run and written at a time; no effect on the content

_GROUPS = ("spikes", "goodness", *KINDS)


def record(
    path: str | Path,
    trained: TrainedNetwork,
    program: str,
    signals: Mapping[str, Stimulus],
    samples: npt.ArrayLike | None = None,
    *,
    execution: Execution = Execution(),
) -> int:
    """Run a program as `pffspike.run` does, and write what is recorded to a file, part by part.

    Parameters
    ----------
    path : str or Path
        HDF5 file to write, whole or not at all; it must not exist.
    trained : TrainedNetwork
        Its weights stay as they are, even if the program learns.
    program : str
        Name of one of the network's programs.
    signals : mapping of str to ndarray or Events
        See `pffspike.Session.run`.
    samples : (samples,) array_like of int or None
        Numbers of the samples, which key their random numbers; from 0 on by default.
    execution : Execution
        Engine, seed, probes, progress.

    Returns
    -------
    int
        Presentations written.

    Raises
    ------
    FileError
        If the file exists or can't be written.
    ValidationError
        If there is no such program, or an input does not fit it.

    Examples
    --------
    >>> import tempfile, pffspike
    >>> network = pffspike.load_network("digits", {"pff": {"hidden": [20, 20]}})
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)
    >>> images = pffspike.probabilities(pffspike.load_data("digits").test_images[:3], 16)
    >>> probes = pffspike.Probes(rasters=("hidden_1",))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "spikes.h5"
    ...     run = Execution("numpy", probes=probes)
    ...     written = record(file, trained, "one_pass", {"image": images}, execution=run)
    ...     read_recording(file, slice(1, 3)).rasters["hidden_1"].shape
    (18, 2, 20)
    """
    import h5py

    target = Path(path)
    if target.exists():
        raise FileError(f"{target} exists; remove it or choose another file")
    numbers = np.arange(len(next(iter(signals.values()), ()))) if samples is None else samples
    numbers = np.asarray(numbers)
    report, temporary = counting(execution, program, len(numbers)), None
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}."[:100])
        os.close(handle)
        with (
            open_session(trained, program, execution) as session,
            h5py.File(temporary, "w") as file,
        ):
            _describe(file, trained, program, execution)
            for start in range(0, max(1, len(numbers)), PART):
                part = slice(start, start + PART)
                some = {name: np.asarray(values)[part] for name, values in signals.items()}
                _append(file, session.run(some, numbers[part], progress=report))
            written = len(file["samples"]) * len(trained.network.program(program).phases)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
        temporary = None
    except OSError as error:
        raise FileError(
            f"{target} can't be written: {error.strerror or error}; free some space or choose "
            f"another place"
        ) from None
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
    return written


def _describe(file: Any, trained: TrainedNetwork, program: str, execution: Execution) -> None:
    file.attrs["format"], file.attrs["version"] = FORMAT, VERSION
    file.attrs["program"], file.attrs["seed"] = program, str(execution.seed)
    file.attrs["engine"] = execution.engine_name
    file["card"] = cards.card_text(trained.network)


def _append(file: Any, recording: Recording) -> None:
    """Write a part behind those that stand there."""
    arrays = {"samples": recording.samples, "hard_negatives": recording.hard_negatives}
    for group in _GROUPS:
        for name, values in getattr(recording, group).items():
            first = values.swapaxes(0, 1) if group in STEPWISE else values
            arrays[f"{group}/{name}"] = first
    for name, values in arrays.items():
        if name not in file:
            shape = (0, *values.shape[1:])
            rows = max(1, min(64, len(values)))
            file.create_dataset(
                name,
                shape,
                values.dtype,
                maxshape=(None, *shape[1:]),
                chunks=(rows, *(max(1, n) for n in shape[1:])),
                compression="gzip",
                compression_opts=1,
            )
        stored = file[name]
        stored.resize(len(stored) + len(values), axis=0)
        if len(values):
            stored[-len(values) :] = values


def read_recording(path: str | Path, samples: slice = slice(None)) -> Recording:
    """Read a recording, or the part of it that some samples made.

    Parameters
    ----------
    path : str or Path
        A file of `record`.
    samples : slice
        Places of the samples; all by default. Only their part is read.

    Returns
    -------
    Recording

    Raises
    ------
    FileError
        If the file is missing, damaged or something else.
    ValidationError
        If the slice has a step.

    Examples
    --------
    See `record`.

    >>> read_recording("absent.h5")
    Traceback (most recent call last):
    ...
    pffspike.errors.FileError: absent.h5 is not a complete recording; record it again
    """
    import h5py

    if samples.step not in (None, 1):
        raise ValidationError(f"samples = {samples} must be a slice without a step")
    try:
        with h5py.File(path, "r") as file:
            if file.attrs["format"] != FORMAT or int(file.attrs["version"]) > VERSION:
                raise FileError(f"{path} is no recording that this program reads; check the path")
            return _read(file, str(path), samples)
    except (OSError, KeyError, TypeError, AttributeError, RuntimeError, ValueError):
        raise FileError(f"{path} is not a complete recording; record it again") from None


def _read(file: Any, path: str, samples: slice) -> Recording:
    card = toml.parse(file["card"][()].decode(), f"{path}: card")
    network = cards.read_card(card, f"{path}: card", warn=False)
    program = network.program(file.attrs["program"])
    start, stop, _ = samples.indices(len(file["samples"]))
    phases = len(program.phases)
    rows = slice(phases * start, phases * max(start, stop))

    def group(name: str) -> dict[str, npt.NDArray[Any]]:
        return {key: values[rows] for key, values in file.get(name, {}).items()}

    return Recording(
        network,
        program,
        file["samples"][start:stop],
        group("spikes"),
        group("goodness"),
        file["hard_negatives"][start:stop],
        group("counts"),
        **{
            kind: {key: values.swapaxes(0, 1) for key, values in group(kind).items()}
            for kind in STEPWISE
        },
        weights={key: values[start:stop] for key, values in file.get("weights", {}).items()},
    )
