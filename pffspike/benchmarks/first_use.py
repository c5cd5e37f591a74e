"""What the first training of all waits for: compilation, in a new process with an empty cache.

Measured in a process of its own: ``python -m pffspike.benchmarks.first_use`` and the engine's name.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from pffspike.errors import ValidationError


def time_first_use(engine: str) -> float:
    """Time until the first digit is learned, less what one takes afterwards.

    Parameters
    ----------
    engine : str
        Its name, see `pffspike.engines.engine_names`.

    Returns
    -------
    float
        Seconds; imports of NumPy and of pffspike itself are not among them, those of the engine's
        own packages are.

    Raises
    ------
    ValidationError
        If the process fails.
    """
    with tempfile.TemporaryDirectory(prefix="pffspike-first-use-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "pffspike.benchmarks.first_use", engine],
            env={**os.environ, "PFFSPIKE_CACHE": folder, "TMPDIR": folder},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ValidationError(f"the first use of engine {engine!r} failed: {reason[:200]}")
    return float(json.loads(done.stdout.splitlines()[-1]))


def _measure(engine: str) -> float:
    import numpy as np

    import pffspike

    network, data = pffspike.load_network("digits"), pffspike.load_data("digits")
    begun = pffspike.begin(network, data, seed=0, epochs=1)
    signals = {
        "image": begun.coding.encode(data.train_images[:1], data.levels),
        "label": data.train_labels[:1],
        "negative": np.array([-1]),
    }
    start = time.perf_counter()
    made = pffspike.make_engine(engine)
    with made.compile(network, "train", begun.parameters, seed=begun.seed) as session:
        session.run(signals, [0])
        first = time.perf_counter()
        session.run(signals, [1])
        return first - start - (time.perf_counter() - first)


def main(arguments: list[str], write: Callable[[str], object] = sys.stdout.write) -> None:
    """Answer the question of `time_first_use`."""
    write(json.dumps(_measure(*arguments)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
