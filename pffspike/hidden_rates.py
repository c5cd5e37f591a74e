"""The part of the classifier that gives rates of hidden neurons, and samples of them."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from pffspike import inference
from pffspike.data import Form, form_of
from pffspike.errors import ValidationError
from pffspike.execution import Execution
from pffspike.generation import sample
from pffspike.inference.inversion import invert
from pffspike.network import structure
from pffspike.network.events import Events
from pffspike.trained import TrainedNetwork
from pffspike.typing import Array, Floats


class HiddenRates(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """What `pffspike.PFFClassifier` can do without answering."""

    trained_: TrainedNetwork
    classes_: Array
    shape: tuple[int, int] | None
    engine: str | None

    def transform(self, X: npt.ArrayLike | Events) -> Floats:
        """Rates of the hidden neurons that samples cause without a label.

        Parameters
        ----------
        X : (n, features) or (n, rows, columns) array_like, or Events
            Finite numbers, or spikes in time.

        Returns
        -------
        (n, neurons) ndarray of float64
            Spikes a step, in [0, 1], of all hidden populations from the bottom up.

        Examples
        --------
        >>> from pffspike import PFFClassifier
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
            Of events: rates of the neurons.

        Examples
        --------
        >>> from pffspike import PFFClassifier
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
        >>> from pffspike import PFFClassifier
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

    def _drive(self, X: npt.ArrayLike | Events) -> Any:
        """What drives the input population: spike probabilities, or as the card encodes them."""
        check_is_fitted(self)
        values: Array | Events = (
            X
            if isinstance(X, Events)
            else validate_data(self, self._flat(X)[0], reset=False, dtype=np.float64)
        )
        form = self._form()
        return self.trained_.coding.encode(form.images(values), form.levels)

    def _form(self) -> Form:
        trained: TrainedNetwork = self.trained_
        if trained.data is None:  # not of a network that was trained here
            raise ValidationError("what the network was trained on is not known; fit it again")
        return form_of(trained.data, trained.scaling)

    def _values(self, grey: Floats) -> Floats:
        """Samples of grey values."""
        form = self._form()
        return form.scaling.values(grey) if form.scaling else grey * form.levels

    def _hidden_sizes(self) -> dict[str, int]:
        network = self.trained_.network
        names = structure.goodness_thresholds(network)
        return {name: network.population(name).size for name in names}

    def _execution(self, seed: int | None = None) -> Execution:
        engine = self.engine or ("numba" if importlib.util.find_spec("numba") else "numpy")
        return Execution(engine, self.trained_.seed if seed is None else seed)
