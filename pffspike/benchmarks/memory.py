"""Memory of a training: bytes a synapse, and whether anything grows from chunk to chunk.

Measured in a process of its own, ``python -m pffspike.benchmarks.memory`` with the arguments as
JSON, so that what other measurements left behind does not count.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from pffspike.errors import ValidationError

CHUNKS = 5  #: chunks of a measurement: the last is compared with the first
_PERIOD = 0.005  #: seconds between two looks at the processes
_MEGABYTE = 1e6


def measure_memory(
    engine: str, pixels: int, hidden: tuple[int, int], samples: int, seed: int
) -> dict[str, Any]:
    """Measure a training on random images in a new process, compilation apart.

    Parameters
    ----------
    engine : str
        Its name, see `pffspike.engines.engine_names`.
    pixels : int
        Neurons of the image population.
    hidden : tuple of two int
        Sizes of the two hidden layers.
    samples : int
        Of a chunk.
    seed : int
        Of images and weights.

    Returns
    -------
    dict
        ``bytes_per_synapse`` (everything above the imported packages, weights handed over and
        children included), the same of the process and of its children alone (two peaks that
        need not coincide), ``synapses``, and after each chunk the megabytes in memory and on
        disk.

    Raises
    ------
    ValidationError
        If the process fails.
    """
    question = json.dumps(
        {"engine": engine, "pixels": pixels, "hidden": hidden, "samples": samples, "seed": seed}
    )
    for _ in range(2):  # the first compiles what engines store, and a compiler needs memory too
        with tempfile.TemporaryDirectory(prefix="pffspike-memory-") as folder:
            done = subprocess.run(
                [sys.executable, "-m", "pffspike.benchmarks.memory", question],
                env={**os.environ, "TMPDIR": folder},
                capture_output=True,
                text=True,
                check=False,
            )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ValidationError(f"measuring the memory of engine {engine!r} failed: {reason[:200]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


class _Watch:
    """Highest resident memory of this process and of its children, in bytes."""

    def __init__(self) -> None:
        self.own = self.children = self.both = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._done.wait(_PERIOD):
            self.look()

    def look(self) -> None:
        """Look once: a run may be over before the thread has woken up."""
        own, children = resident(os.getpid()), sum(map(resident, _children(os.getpid())))
        self.own, self.children = max(self.own, own), max(self.children, children)
        self.both = max(self.both, own + children)

    def __enter__(self) -> _Watch:
        self.look()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()


def resident(process: int) -> int:
    """Resident memory of a process in bytes; 0 if there is none of this number."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _children(process: int) -> list[int]:
    found = []
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            found += [int(number) for number in path.read_text().split()]
        except OSError:
            continue  # the thread has just ended
    return found + [one for child in found for one in _children(child)]


def _disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _measure(engine: str, pixels: int, hidden: list[int], samples: int, seed: int) -> object:
    from pffspike.arithmetic import counter
    from pffspike.benchmarks.networks import benchmark_network
    from pffspike.data import probabilities
    from pffspike.engines import make_engine
    from pffspike.network import initial

    network = benchmark_network(pixels, (hidden[0], hidden[1]))
    small = benchmark_network(16, (16, 16))
    made = make_engine(engine)
    classes = 10
    grey = counter.integers(seed, np.arange(samples * pixels), 256).reshape(samples, pixels)
    grey[grey < 205] = 0  # a fifth of the pixels is lit, as in handwriting
    labels = np.arange(samples) % classes
    signals: dict[str, Any] = {
        "image": probabilities(grey, 255),
        "label": labels,
        "negative": np.full(samples, -1),
    }
    # Packages that an engine imports late are not memory of the synapses.
    first = {name: values[:1] for name, values in signals.items()} | {
        "image": signals["image"][:1, :16]
    }
    with made.compile(small, "train", initial(small, seed), seed=seed) as session:
        session.run(first, np.arange(1))
    baseline = resident(os.getpid())
    parameters = initial(network, seed)
    synapses = sum(int(w.size) for w in _stored(network, parameters).values())
    memory, disk = [], []
    folder = Path(tempfile.gettempdir())
    with made.compile(network, "train", parameters, seed=seed) as session, _Watch() as watch:
        for chunk in range(CHUNKS):
            session.run(signals, np.arange(chunk * samples, (chunk + 1) * samples))
            watch.look()
            memory.append((resident(os.getpid()) - baseline) / _MEGABYTE)
            disk.append(_disk(folder) / _MEGABYTE)
    return {
        "engine": engine,
        "synapses": synapses,
        "bytes_per_synapse": (watch.both - baseline) / synapses,
        "bytes_per_synapse_process": (watch.own - baseline) / synapses,
        "bytes_per_synapse_children": watch.children / synapses,
        "baseline_megabytes": baseline / _MEGABYTE,
        "megabytes_after_chunk": memory,
        "disk_megabytes_after_chunk": disk,
    }


def _stored(network: Any, parameters: Any) -> dict[str, Any]:
    """Weights of projections that are not one-to-one or blocks in a large, mostly empty matrix."""
    return {
        name: w
        for name, w in parameters.weights.items()
        if network.projection(name).connectivity == "dense"
    }


def main(arguments: list[str], write: Callable[[str], object] = sys.stdout.write) -> None:
    """Answer the question of `measure_memory`."""
    write(json.dumps(_measure(**json.loads(arguments[0]))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
