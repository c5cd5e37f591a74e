"""What follows a training: a log, TensorBoard, and an end as soon as nothing is gained any more."""

from __future__ import annotations

import csv
import dataclasses
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pffspike import inference
from pffspike.data import Dataset
from pffspike.errors import MissingPackageError, ValidationError, install_hint
from pffspike.execution import Execution
from pffspike.files import write_whole
from pffspike.trained import TrainedNetwork


@dataclass
class EarlyStopping:
    """End a training when the accuracy on images kept back has not risen for some epochs.

    After each epoch the images are classified. `best` is the network after the best epoch, whose
    schedule counts as finished and whose provenance says why.

    Parameters
    ----------
    validation : Dataset
        Its test part judges; it must be none that the network learns from, and not the one that
        the final accuracy is measured on.
    patience : int
        Epochs without a rise before the end.
    mode : str
        How images are classified, see `pffspike.Mode`.
    execution : Execution
        Engine and seed.

    Attributes
    ----------
    accuracies : list of float
        After each epoch.
    best : TrainedNetwork or None
        After the best epoch, the first of equals.

    Examples
    --------
    >>> import pffspike
    >>> data = pffspike.load_data("digits")
    >>> learned, kept = pffspike.keep_back(data, 200)
    >>> stop = EarlyStopping(kept, patience=1)
    >>> trained = pffspike.train("digits", learned, epochs=3, callbacks=[stop])
    >>> 2 <= len(stop.accuracies) <= 3
    True
    """

    validation: Dataset
    patience: int = 5
    mode: str = "goodness"
    execution: Execution = field(default_factory=Execution)
    accuracies: list[float] = field(default_factory=list)
    best: TrainedNetwork | None = None

    def __post_init__(self) -> None:
        if self.patience < 1:
            raise ValidationError(f"patience = {self.patience} must be at least 1")

    def __call__(self, state: TrainedNetwork) -> bool:
        """Judge the network after an epoch; true if the training should end.

        Parameters
        ----------
        state : TrainedNetwork
            So far.

        Returns
        -------
        bool
        """
        if not state.samples_done or state.samples_done % state.samples_per_epoch:
            return False
        data = self.validation
        answer = inference.classify(
            state,
            state.coding.encode(data.test_images, data.levels),
            self.mode,
            samples=np.arange(len(data.test_images)),
            execution=self.execution,
        )
        accuracy = answer.accuracy(data.test_labels)
        if not self.accuracies or accuracy > max(self.accuracies):
            self.best = self._finished(state, accuracy)
        self.accuracies.append(accuracy)
        best = int(np.argmax(self.accuracies))
        return len(self.accuracies) - 1 - best >= self.patience

    def _finished(self, state: TrainedNetwork, accuracy: float) -> TrainedNetwork:
        stage = {
            "samples_planned": state.samples_total,
            "patience": self.patience,
            "mode": self.mode,
            "validation_samples": len(self.validation.test_images),
            "validation_accuracy": accuracy,
        }
        return state.replace(
            samples_total=state.samples_done,
            provenance={**state.provenance, "early_stopping": stage},
        )


@dataclass(frozen=True)
class CsvLog:
    """Write the history of a training as a table, whole at each checkpoint.

    Parameters
    ----------
    path : str or Path
        Of the file: a row for each part of the training, a column for each mean.

    Examples
    --------
    >>> import tempfile, pffspike
    >>> path = Path(tempfile.mkdtemp()) / "log.csv"
    >>> trained = pffspike.train("digits", epochs=1, callbacks=[CsvLog(path)])
    >>> path.read_text().splitlines()[0][:21]
    'sample,epoch,accuracy'
    """

    path: str | Path

    def __call__(self, state: TrainedNetwork) -> None:
        """Write what there is.

        Parameters
        ----------
        state : TrainedNetwork
            So far.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        names = [name for name in sorted(state.history) if name != "sample"]
        writer.writerow(["sample", "epoch", *names])
        for row, sample in enumerate(state.history.get("sample", ())):
            values = [repr(float(state.history[name][row])) for name in names]
            writer.writerow([int(sample), repr(float(sample) / state.samples_per_epoch), *values])
        write_whole(Path(self.path), text.getvalue())


@dataclass
class TensorBoard:
    """Write the history of a training as events for TensorBoard (tensorboardX).

    Parameters
    ----------
    folder : str or Path
        Of the run, for ``tensorboard --logdir``.

    Raises
    ------
    MissingPackageError
        Without tensorboardX.

    Examples
    --------
    >>> import pffspike
    >>> pffspike.train("digits", epochs=1, callbacks=[TensorBoard("runs/0")])  # doctest: +SKIP
    """

    folder: str | Path
    _written: int = 0
    _writer: Any = None

    def __post_init__(self) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            raise MissingPackageError(
                f"logs for TensorBoard need tensorboardX; {install_hint('tensorboard')}"
            ) from None
        self._writer = SummaryWriter(logdir=str(self.folder))

    def __call__(self, state: TrainedNetwork) -> None:
        """Write what is new.

        Parameters
        ----------
        state : TrainedNetwork
            So far.
        """
        samples = state.history.get("sample", np.zeros(0))
        for row in range(self._written, len(samples)):
            for name, values in state.history.items():
                if name != "sample":
                    self._writer.add_scalar(name, float(values[row]), int(samples[row]))
        self._written = len(samples)

    def close(self) -> None:
        """Write what is still waiting; `pffspike.train` calls it in the end."""
        self._writer.close()


def keep_back(dataset: Dataset, samples: int) -> tuple[Dataset, Dataset]:
    """Keep the last training images back to judge a training while it goes on.

    Parameters
    ----------
    dataset : Dataset
        The whole.
    samples : int
        To keep back.

    Returns
    -------
    learned : Dataset
        With the other training images, and the test part as it is.
    validation : Dataset
        The same, with the images kept back as its test part.

    Raises
    ------
    ValidationError
        If no training image would be left.

    Examples
    --------
    >>> import pffspike
    >>> learned, kept = keep_back(pffspike.load_data("digits"), 200)
    >>> len(learned.train_images), len(kept.test_images)
    (1237, 200)
    """
    rest = len(dataset.train_images) - samples
    if samples < 1 or rest < 1:
        raise ValidationError(
            f"{samples} images kept back leave {rest} of {len(dataset.train_images)} for training; "
            f"keep back at least 1, and fewer than all"
        )
    learned = dataclasses.replace(
        dataset,
        train_images=dataset.train_images[:rest],
        train_labels=dataset.train_labels[:rest],
    )
    validation = dataclasses.replace(
        learned, test_images=dataset.train_images[rest:], test_labels=dataset.train_labels[rest:]
    )
    return learned, validation
