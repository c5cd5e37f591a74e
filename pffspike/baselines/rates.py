"""What the rate-coded systems share: initial weights, normalization, draws, checkpoints."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.baselines.adam import Adam, Arrays
from pffspike.baselines.momentum import Momentum
from pffspike.errors import FileError
from pffspike.files import write_whole

Floats = npt.NDArray[np.float32]


def normalized(v: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Rows divided by their length, rows of zeros left: ``N(v) = v / ||v||``."""
    return v / (np.linalg.norm(v, axis=1, keepdims=True) + v.dtype.type(1e-8))


def softmax(v: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Softmax of each row."""
    powers = np.exp(v - v.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def sigmoid(v: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Logistic function of each value."""
    return 0.5 + 0.5 * np.tanh(0.5 * v)


def drawn_units(probabilities: npt.NDArray[np.floating], key: int) -> npt.NDArray[np.floating]:
    """Binary units, each on with its own probability."""
    drawn = counter.uniform(key, np.arange(probabilities.size)).reshape(probabilities.shape)
    return (drawn < probabilities).astype(probabilities.dtype)


def drawn_one(probabilities: npt.NDArray[np.floating], key: int) -> npt.NDArray[np.floating]:
    """One unit of each row is on, drawn by its probability."""
    drawn = counter.uniform(key, np.arange(len(probabilities)))[:, None]
    above = (drawn >= probabilities.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return np.eye(probabilities.shape[1], dtype=probabilities.dtype)[above]


def orthogonal(key: int, rows: int, columns: int) -> Floats:
    """Random matrix with orthonormal rows or columns, whichever are fewer.

    Of the QR decomposition of normal numbers: Saxe, McClelland and Ganguli, arXiv 1312.6120.
    """
    shape = (max(rows, columns), min(rows, columns))
    q, r = np.linalg.qr(counter.normal(key, rows * columns).reshape(shape))
    q *= np.where(np.diag(r) < 0, -1.0, 1.0)
    return (q if rows >= columns else q.T).astype(np.float32)


class Perturbation:
    """Normal numbers, cheap: stretches of one long stream of them, begun at random places.

    Parameters
    ----------
    key : int
        Of its stream, see `pffspike.arithmetic.counter.derive_key`.
    length : int
        Of the stream; the longest stretch that can be drawn.
    """

    def __init__(self, key: int, length: int) -> None:
        self._key, self._length = counter.derive_key(key, 1), length
        stream = counter.normal(counter.derive_key(key, 0), length).astype(np.float32)
        self._stream = np.concatenate([stream, stream])

    def draw(self, number: int, shape: tuple[int, ...]) -> Floats:
        """Stretch ``number``: of mean 0 and variance 1, not to be written to."""
        start = int(counter.integers(self._key, number, self._length)[0])
        return self._stream[start : start + int(np.prod(shape))].reshape(shape)


@dataclass
class Progress:
    """How far a training is: all that it takes to go on.

    Parameters
    ----------
    parameters : dict of str to ndarray of float32
        Weights and biases by name.
    optimizer : Adam or Momentum
        With its moments.
    epochs : int
        Finished.
    seconds : float
        Spent on them.
    """

    parameters: Arrays
    optimizer: Adam | Momentum
    epochs: int = 0
    seconds: float = 0.0

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        arrays = {f"parameters.{name}": values for name, values in self.parameters.items()}
        arrays |= {f"first.{name}": values for name, values in self.optimizer.first.items()}
        arrays |= {f"second.{name}": values for name, values in self.optimizer.second.items()}
        numbers = np.array([self.epochs, self.optimizer.updates, self.seconds])
        buffer = io.BytesIO()
        np.savez(buffer, numbers=numbers, **arrays)  # type: ignore[arg-type]
        write_whole(path, buffer.getvalue())

    def load(self, path: Path) -> None:
        """Go on from a checkpoint, if there is one."""
        if not path.exists():
            return
        try:
            with np.load(path) as file:
                content = {name: file[name] for name in file.files}
            epochs, updates, self.seconds = (float(value) for value in content.pop("numbers"))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise FileError(
                f"{path} is not a complete checkpoint ({error}); remove it to begin again"
            ) from None
        self.epochs, self.optimizer.updates = int(epochs), int(updates)
        targets = {
            "parameters": self.parameters,
            "first": self.optimizer.first,
            "second": self.optimizer.second,
        }
        for name, values in content.items():
            kind, _, key = name.partition(".")
            targets[kind][key] = values
