"""A classifier with the interface of scikit-learn: any numbers, any labels."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from pffspike import inference
from pffspike.arithmetic import counter
from pffspike.data import Dataset, Form, form_of, own_dataset
from pffspike.errors import ValidationError
from pffspike.execution import Execution
from pffspike.generation import sample
from pffspike.inference import Classification, Mode
from pffspike.inference.inversion import invert
from pffspike.network import structure
from pffspike.own import network_for
from pffspike.trained import TrainedNetwork
from pffspike.training import lengthened, train
from pffspike.typing import Array, Floats

_PRESENTED = 50_000  #: training samples that ``epochs=None`` presents about, on small data
_EPOCHS = (10, 100)  #: that it may make of them


class PFFClassifier(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClassifierMixin, BaseEstimator
):
    """Spiking network that learns to classify by predictive forward-forward learning.

    It works where other estimators of scikit-learn do: pipelines, cross-validation, searches. Its
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
        Of `fit`; None: as many as present 50,000 samples, from 10 to 100.
    mode : {"goodness", "one_pass", "feedback", "proposal"}
        How samples are classified, see `pffspike.Mode`.
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
        Features of a sample.
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
        mode: str = "goodness",
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

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike) -> PFFClassifier:
        """Learn from samples and their labels, from the beginning.

        Parameters
        ----------
        X : (n, features) or (n, rows, columns) array_like
            Finite numbers.
        y : (n,) array_like
            Labels: whole numbers, texts or truth values.

        Returns
        -------
        PFFClassifier
            Itself.

        Raises
        ------
        ValueError
            If the samples are no finite numbers, or of a single class.

        Examples
        --------
        >>> PFFClassifier((20, 20), epochs=1).fit([[0.0], [1.0]], ["a", "b"]).classes_
        array(['a', 'b'], dtype='<U1')
        """
        values, labels, shape = self._checked(X, y, reset=True)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        data = own_dataset(values, numbers, shape=shape, name="own")
        network = network_for(data, self.card, hidden=self.hidden)
        epochs = self.epochs
        if epochs is None:
            epochs = int(np.clip(_PRESENTED // len(values), *_EPOCHS))
        seed = self._seed()
        self.trained_ = train(network, data, epochs=epochs, execution=self._execution(seed))
        self.calls_ = 1
        self._finish()
        return self

    def partial_fit(
        self, X: npt.ArrayLike, y: npt.ArrayLike, classes: npt.ArrayLike | None = None
    ) -> PFFClassifier:
        """Learn from some samples, once each, and keep what was learned before.

        The samples of the first call say how features are scaled.

        Parameters
        ----------
        X : (n, features) or (n, rows, columns) array_like
            Finite numbers.
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

    def decision_function(self, X: npt.ArrayLike) -> Floats:
        """Score of each class, or of two classes how far the second is above the first.

        Parameters
        ----------
        X : (n, features) or (n, rows, columns) array_like
            Finite numbers.

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

    def predict(self, X: npt.ArrayLike) -> Array:
        """Labels of samples.

        Parameters
        ----------
        X : (n, features) or (n, rows, columns) array_like
            Finite numbers.

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

    def predict_proba(self, X: npt.ArrayLike) -> Floats:
        """Probability of each class: the softmax of scores over ``temperature``.

        Parameters
        ----------
        X : (n, features) or (n, rows, columns) array_like
            Finite numbers.

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

    def transform(self, X: npt.ArrayLike) -> Floats:
        """Rates of the hidden neurons that samples cause without a label.

        Parameters
        ----------
        X : (n, features) or (n, rows, columns) array_like
            Finite numbers.

        Returns
        -------
        (n, neurons) ndarray of float64
            Spikes a step, in [0, 1], of all hidden populations from the bottom up.

        Examples
        --------
        >>> model = PFFClassifier((20, 10), epochs=1).fit([[0.0], [1.0]], [0, 1])
        >>> model.transform([[0.5]]).shape
        (1, 30)
        """
        drive = self._drive(X)
        found = inference.reconstruct(self.trained_, drive, execution=self._execution())
        return np.concatenate(list(found.hidden.values()), axis=1)

    def inverse_transform(self, X: npt.ArrayLike) -> Floats:
        """Samples that the generative circuit predicts from rates of the hidden neurons.

        Parameters
        ----------
        X : (n, neurons) array_like
            Rates as `transform` gives them.

        Returns
        -------
        (n, features) ndarray of float64

        Examples
        --------
        >>> model = PFFClassifier((20, 10), epochs=1).fit([[0.0, 1.0], [1.0, 0.0]], [0, 1])
        >>> model.inverse_transform(model.transform([[0.5, 0.5]])).shape
        (1, 2)
        """
        check_is_fitted(self)
        rates = np.asarray(X, np.float64)
        sizes = self._hidden_sizes()
        if rates.ndim != 2 or rates.shape[1] != sum(sizes.values()):
            raise ValidationError(
                f"rates have shape {rates.shape}; give (n, {sum(sizes.values())}), "
                f"as transform does"
            )
        ends = np.cumsum(list(sizes.values()))[:-1]
        given = dict(zip(sizes, np.split(rates, ends, axis=1), strict=True))
        return self._values(invert(self.trained_, given, execution=self._execution()))

    def sample(self, n_samples: int = 1, y: npt.ArrayLike | None = None) -> tuple[Floats, Array]:
        """Samples that the generative circuit makes of labels.

        Parameters
        ----------
        n_samples : int
            How many, of each label in ``y``.
        y : (m,) array_like, or None
            Labels; all classes in turn by default.

        Returns
        -------
        X : (n, features) ndarray of float64
        y : (n,) ndarray
            Their labels.

        Examples
        --------
        >>> model = PFFClassifier((20, 10), epochs=1).fit([[0.0, 1.0], [1.0, 0.0]], ["a", "b"])
        >>> values, labels = model.sample(2, y=["b"])
        >>> values.shape, labels.tolist()
        ((2, 2), ['b', 'b'])
        """
        check_is_fitted(self)
        execution = self._execution()
        if y is None:
            made = [sample(self.trained_, n_samples, execution=execution)]
        else:
            labels = np.atleast_1d(np.asarray(y))
            self._check_known(labels)
            made = [
                sample(self.trained_, n_samples, int(k), execution=execution)
                for k in np.searchsorted(self.classes_, labels)
            ]
        images = np.concatenate([found.images for found in made])
        return self._values(images), self.classes_[np.concatenate([f.labels for f in made])]

    def _checked(
        self, X: npt.ArrayLike, y: npt.ArrayLike, *, reset: bool
    ) -> tuple[Floats, Array, tuple[int, int] | None]:
        X, shape = self._flat(X)
        values, labels = validate_data(self, X, y, reset=reset, dtype=np.float64)
        check_classification_targets(labels)
        return values, labels, shape

    def _flat(self, X: Any) -> tuple[Any, tuple[int, int] | None]:
        """Samples as rows, and the shape of pictures."""
        if isinstance(X, np.ndarray) and X.ndim == 3:
            return X.reshape(len(X), -1), (X.shape[1], X.shape[2])
        return X, self.shape

    def _check_known(self, labels: Array) -> None:
        foreign = labels[~np.isin(labels, self.classes_)]
        if len(foreign):
            raise ValidationError(
                f"label {str(foreign[0])!r} is none of the classes "
                f"{', '.join(map(str, self.classes_))}"
            )

    def _drive(self, X: npt.ArrayLike) -> Any:
        """What drives the input population: spike probabilities, or as the card encodes them."""
        check_is_fitted(self)
        values = validate_data(self, self._flat(X)[0], reset=False, dtype=np.float64)
        form = self._form()
        return self.trained_.coding.encode(form.grey(values), form.levels)

    def _form(self) -> Form:
        trained: TrainedNetwork = self.trained_
        if trained.data is None:  # not of a network that was trained here
            raise ValidationError("what the network was trained on is not known; fit it again")
        return form_of(trained.data, trained.scaling)

    def _values(self, grey: Floats) -> Floats:
        """Samples of grey values."""
        form = self._form()
        return form.scaling.values(grey) if form.scaling else grey * form.levels

    def _scores(self, X: npt.ArrayLike) -> Floats:
        """Scores whose largest is the answer, draws of equals included."""
        drive = self._drive(X)
        answer: Classification = inference.classify(
            self.trained_, drive, Mode(self.mode, trials=self.trials), execution=self._execution()
        )
        scores = np.where(np.isfinite(answer.scores), answer.scores, answer.scores.min() - 1)
        rows = np.arange(len(scores))
        equal = scores.argmax(axis=1) != answer.predicted
        scores[rows[equal], answer.predicted[equal]] += 0.5 / self.trials
        return np.asarray(scores)

    def _hidden_sizes(self) -> dict[str, int]:
        network = self.trained_.network
        names = structure.goodness_thresholds(network)
        return {name: network.population(name).size for name in names}

    def _seed(self) -> int:
        if isinstance(self.random_state, Integral):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31))

    def _execution(self, seed: int | None = None) -> Execution:
        engine = self.engine or ("numba" if importlib.util.find_spec("numba") else "numpy")
        return Execution(engine, self.trained_.seed if seed is None else seed)

    def _finish(self) -> None:
        self._n_features_out = sum(self._hidden_sizes().values())


def _with_all_classes(
    values: Floats, numbers: Array, classes: int, shape: tuple[int, int] | None
) -> Dataset:
    """Data of a first batch, which may lack some of the classes."""
    if classes < 2:
        raise ValidationError(f"classes hold {classes} class; give two at least")
    scaled = own_dataset(
        np.concatenate([values[:1]] * classes + [values]),
        np.concatenate([np.arange(classes), numbers]),
        shape=shape,
    )
    names = tuple(map(str, range(classes)))
    form = Form(scaled.shape, scaled.levels, names, scaled.scaling)
    return own_dataset(values, numbers, form=form)
