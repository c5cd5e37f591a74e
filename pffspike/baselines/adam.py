"""Adam on a mapping of arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[np.floating]]

_FIRST, _SECOND, _EPSILON = 0.9, 0.999, 1e-7  #: decays of the moments; TensorFlow's epsilon


class Adam:
    """Kingma and Ba, arXiv 1412.6980, with gradients clipped element by element.

    Parameters
    ----------
    learning_rate : float
        Of Adam.
    clip : float
        Gradients are clipped to ``[-clip, clip]``.
    """

    def __init__(self, learning_rate: float, clip: float) -> None:
        self.learning_rate, self.clip = learning_rate, clip
        self.updates = 0
        self.first: Arrays = {}
        self.second: Arrays = {}

    def descend(self, parameters: Arrays, gradients: Mapping[str, npt.NDArray]) -> None:
        """Change ``parameters`` in place; ``gradients`` are used up, to spare the memory."""
        self.updates += 1
        bias = math.sqrt(1 - _SECOND**self.updates) / (1 - _FIRST**self.updates)
        for name in gradients:
            gradient = gradients[name]
            first = self.first.setdefault(name, np.zeros_like(gradient))
            second = self.second.setdefault(name, np.zeros_like(gradient))
            np.clip(gradient, -self.clip, self.clip, out=gradient)
            first *= _FIRST
            first += (1 - _FIRST) * gradient
            np.square(gradient, out=gradient)
            gradient *= 1 - _SECOND
            second *= _SECOND
            second += gradient
            np.sqrt(second, out=gradient)
            gradient += _EPSILON
            np.divide(first, gradient, out=gradient)
            gradient *= self.learning_rate * bias
            parameters[name] -= gradient
