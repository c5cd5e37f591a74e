"""A classifier with the interface of scikit-learn: any numbers, any labels."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from pffspike import inference
from pffspike.arithmetic import counter
from pffspike.choices import MODES
from pffspike.data import Dataset, Form, own_dataset
from pffspike.errors import ValidationError, unknown
from pffspike.hidden_rates import HiddenRates
from pffspike.inference import Classification, Mode
from pffspike.network import structure
from pffspike.network.events import Events, Stimulus
from pffspike.own import network_for
from pffspike.schedules import lengthened
from pffspike.training import train
from pffspike.typing import Array, Floats

_PRESENTED = 20_000  #: training samples that ``epochs=None`` presents about, on small data
_EPOCHS = (30, 100)  #: that it may make of them
_LAST_SCALE = 0.02  #: of the learning rates, in the end of them


class PFFClassifier(ClassifierMixin, HiddenRates):
    """Spiking network that learns to classify by predictive forward-forward learning.

    It works where other estimators of scikit-learn do: pipelines, cross-validation, searches.
    Samples are rows of numbers, pictures, or, in time, `pffspike.Events`. Its
    noise is keyed by the content of a sample, so an answer does not depend on other samples or on
    their order.

    Parameters
    ----------
    hidden : tuple of int
        Sizes of the hidden populations.
    card : str or Path
        Card of a circuit, which is sized to the data.
    shape : tuple of two int or None
        Rows and columns, if samples are pictures; ``(n, rows, columns)`` say it themselves. By
        default they are rows of a table, whose features are scaled one by one
        (`pffspike.data.table_scaling`).
    epochs : int or None
        Of `fit`; None: as many as present 20,000 samples, from 30 to 100, while learning rates fall
        to a fiftieth, whatever the card says.
    mode : {"both", "goodness", "one_pass", "feedback", "proposal"}
        How samples are classified, see `pffspike.Mode`. ``both`` presents a sample as ``goodness``
        and as ``one_pass``; the score of a class is its goodness, and the rate of its read-out
        neuron times the sum of the goodness thresholds, which is as large as goodness can differ.
    trials : int
        Presentations of a sample whose scores are averaged.
    temperature : float
        Divides scores before a softmax makes probabilities of them.
    engine : str or None
        See `pffspike.engine_names`; None: Numba if it is installed, else NumPy.
    random_state : int, RandomState or None
        Of everything random. The default gives the same network each time.

    Attributes
    ----------
    trained_ : TrainedNetwork
        The network, for every function of `pffspike`.
    classes_ : (classes,) ndarray
        Labels in their order.
    n_features_in_ : int
        Features of a sample; of events, their neurons.
    calls_ : int
        Of `fit` and `partial_fit` since the beginning; keys the noise of the next one.

    See Also
    --------
    pffspike.train : What `fit` calls, with cards, data sets and checkpoints.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from pffspike import PFFClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = PFFClassifier(hidden=(50, 50), epochs=10).fit(X[::2], y[::2])
    >>> bool(model.score(X[1::2], y[1::2]) > 0.8)
    True
    """

    def __init__(
        self,
        hidden: Sequence[int] = (100, 100),
        *,
        card: str | Path = "own",
        shape: tuple[int, int] | None = None,
        epochs: int | None = None,
        mode: str = "both",
        trials: int = 4,
        temperature: float = 4.0,
        engine: str | None = None,
        random_state: Any = 0,
    ) -> None:
        self.hidden = hidden
        self.card = card
        self.shape = shape
        self.epochs = epochs
        self.mode = mode
        self.trials = trials
        self.temperature = temperature
        self.engine = engine
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike | Events, y: npt.ArrayLike) -> PFFClassifier:
        """Learn from samples and their labels, from the beginning.

        Parameters
        ----------
        X : (n, features) or (n, rows, columns) array_like, or Events
            Finite numbers, or spikes in time.
        y : (n,) array_like
            Labels: whole numbers, texts or truth values.

        Returns
        -------
        PFFClassifier
            Itself.

        Raises
        ------
        ValueError
            If the samples are no finite numbers, or of a single class, or a parameter is out of
            range.

        Examples
        --------
        >>> PFFClassifier((20, 20), epochs=1).fit([[0.0], [1.0]], ["a", "b"]).classes_
        array(['a', 'b'], dtype='<U1')
        """
        values, labels, shape = self._checked(X, y, reset=True)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        data = own_dataset(values, numbers, shape=shape, name="own")
        epochs = self.epochs
        changes: dict[str, Any] = {}
        if epochs is None:
            epochs = int(np.clip(_PRESENTED // len(values), *_EPOCHS))
            changes = {"training": {"decay": _LAST_SCALE ** (1 / epochs)}}
        network = network_for(data, self.card, hidden=self.hidden, changes=changes)
        seed = self._seed()
        self.trained_ = train(network, data, epochs=epochs, execution=self._execution(seed))
        self.calls_ = 1
        self._finish()
        return self

    def partial_fit(
        self, X: npt.ArrayLike | Events, y: npt.ArrayLike, classes: npt.ArrayLike | None = None
    ) -> PFFClassifier:
        """Learn from some samples, once each, and keep what was learned before.

        The samples of the first call say how features are scaled.

        Parameters
        ----------
        X : (n, features) or (n, rows, columns) array_like, or Events
            Finite numbers, or spikes in time.
        y : (n,) array_like
            Their labels.
        classes : (classes,) array_like or None
            All labels that there will be; needed by the first call alone.

        Returns
        -------
        PFFClassifier
            Itself.

        Raises
        ------
        ValueError
            If a label is none of the classes.

        Examples
        --------
        >>> model = PFFClassifier((20, 20)).partial_fit([[0.0], [1.0]], [0, 1], classes=[0, 1, 2])
        >>> model.partial_fit([[2.0]], [2]).trained_.samples_done
        1
        """
        first = not hasattr(self, "trained_")
        values, labels, shape = self._checked(X, y, reset=first)
        if first:
            if classes is None:
                raise ValidationError(
                    "classes are missing; the first call of partial_fit needs all labels"
                )
            self.classes_ = np.unique(np.asarray(classes))
        self._check_known(labels)
        numbers = np.searchsorted(self.classes_, labels)
        if first:
            data = _with_all_classes(values, numbers, len(self.classes_), shape)
            network = network_for(data, self.card, hidden=self.hidden)
            self.trained_ = train(network, data, epochs=1, execution=self._execution(self._seed()))
            self.calls_ = 1
        else:
            data = own_dataset(values, numbers, form=self._form())
            seed = counter.derive_key(self._seed(), counter.PARTS, self.calls_)
            longer = lengthened(self.trained_, data, epochs=1, seed=seed)
            self.trained_ = train(longer, data, execution=self._execution(seed))
            self.calls_ += 1
        self._finish()
        return self

    def decision_function(self, X: npt.ArrayLike | Events) -> Floats:
        """Score of each class, or of two classes how far the second is above the first.

        Parameters
        ----------
        X : (n, features) or (n, rows, columns) array_like, or Events
            Finite numbers, or spikes in time.

        Returns
        -------
        (n, classes) or (n,) ndarray of float64
            See `pffspike.Classification`.

        Examples
        --------
        >>> model = PFFClassifier((20, 20), epochs=1).fit([[0.0], [1.0]], [0, 1])
        >>> model.decision_function([[0.5], [0.6]]).shape
        (2,)
        """
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def predict(self, X: npt.ArrayLike | Events) -> Array:
        """Labels of samples.

        Parameters
        ----------
        X : (n, features) or (n, rows, columns) array_like, or Events
            Finite numbers, or spikes in time.

        Returns
        -------
        (n,) ndarray
            Of the type of the labels.

        Examples
        --------
        >>> model = PFFClassifier((20, 20), epochs=30).fit([[0.0], [1.0]], ["a", "b"])
        >>> model.predict([[0.0]]).dtype.kind
        'U'
        """
        scores = self._scores(X)
        found: Array = self.classes_[scores.argmax(axis=1)]
        return found

    def predict_proba(self, X: npt.ArrayLike | Events) -> Floats:
        """Probability of each class: the softmax of scores over ``temperature``.

        Parameters
        ----------
        X : (n, features) or (n, rows, columns) array_like, or Events
            Finite numbers, or spikes in time.

        Returns
        -------
        (n, classes) ndarray of float64
            Rows sum to 1. To calibrate them, use `sklearn.calibration.CalibratedClassifierCV`.

        Examples
        --------
        >>> model = PFFClassifier((20, 20), epochs=1).fit([[0.0], [1.0]], [0, 1])
        >>> bool(abs(model.predict_proba([[0.5]]).sum() - 1) < 1e-12)
        True
        """
        scores = self._scores(X) / self.temperature
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def _checked(
        self, X: npt.ArrayLike | Events, y: npt.ArrayLike, *, reset: bool
    ) -> tuple[Stimulus, Array, tuple[int, int] | None]:
        self._check_settings()
        if isinstance(X, Events):
            labels = column_or_1d(y, warn=True)
            check_classification_targets(labels)
            if reset:
                self.n_features_in_ = X.units
            return X, labels, self.shape
        X, shape = self._flat(X)
        values, labels = validate_data(self, X, y, reset=reset, dtype=np.float64)
        check_classification_targets(labels)
        return values, labels, shape

    def _check_settings(self) -> None:
        """Refuse what only an answer would show, before anything is learned."""
        if self.mode not in (known := ("both", *MODES)):
            raise unknown("mode", self.mode, known)
        Mode("goodness" if self.mode == "both" else self.mode, trials=self.trials)
        if not self.temperature > 0:
            raise ValidationError(f"temperature = {self.temperature} must be above 0")

    def _scores(self, X: npt.ArrayLike | Events) -> Floats:
        """Scores whose largest is the answer, draws of equals included."""
        self._check_settings()
        drive = self._drive(X)
        if self.mode == "both":
            by_goodness, one_pass = (self._answer(drive, mode) for mode in ("goodness", "one_pass"))
            rates = one_pass.scores / self.trained_.network.program("one_pass").window
            thresholds = structure.goodness_thresholds(self.trained_.network).values()
            return np.asarray(by_goodness.scores + sum(thresholds) * rates)
        answer = self._answer(drive, self.mode)
        scores = np.where(np.isfinite(answer.scores), answer.scores, answer.scores.min() - 1)
        rows = np.arange(len(scores))
        equal = scores.argmax(axis=1) != answer.predicted
        scores[rows[equal], answer.predicted[equal]] += 0.5 / self.trials
        return np.asarray(scores)

    def _answer(self, drive: Any, mode: str) -> Classification:
        return inference.classify(
            self.trained_, drive, Mode(mode, trials=self.trials), execution=self._execution()
        )

    def _seed(self) -> int:
        if isinstance(self.random_state, Integral):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31))

    def _finish(self) -> None:
        self._n_features_out = sum(self._hidden_sizes().values())


def _with_all_classes(
    values: Stimulus, numbers: Array, classes: int, shape: tuple[int, int] | None
) -> Dataset:
    """Data of a first batch, which may lack some of the classes."""
    if classes < 2:
        raise ValidationError(f"classes hold {classes} class; give two at least")
    more: Stimulus
    if isinstance(values, Events):
        more = Events.join([values[:1]] * classes + [values])
    else:
        more = np.concatenate([values[:1]] * classes + [values])
    scaled = own_dataset(
        more,
        np.concatenate([np.arange(classes), numbers]),
        shape=shape,
    )
    names = tuple(map(str, range(classes)))
    form = Form(scaled.shape, scaled.levels, names, scaled.scaling, scaled.binning)
    return own_dataset(values, numbers, form=form)
