"""Gradient descent with momentum on a mapping of arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from pffspike.baselines.adam import Arrays

_KEPT = 0.9  #: of the velocity, at each update


class Momentum:
    """Velocities that keep nine tenths and gain the gradient: Polyak, 1964, as PyTorch writes it.

    Parameters
    ----------
    learning_rate : float
        What a velocity is multiplied by.
    weight_decay : float
        Share of a weight (of names that begin with ``W``) that its gradient gains.
    factors : mapping of str to float
        Of the learning rate, by name; 1 for the others.
    """

    def __init__(
        self, learning_rate: float, weight_decay: float, factors: Mapping[str, float]
    ) -> None:
        self.learning_rate, self.weight_decay, self.factors = learning_rate, weight_decay, factors
        self.updates = 0
        self.first: Arrays = {}  #: velocities
        self.second: Arrays = {}  #: none

    def descend(self, parameters: Arrays, gradients: Mapping[str, npt.NDArray]) -> None:
        """Change ``parameters`` in place."""
        self.updates += 1
        for name, gradient in gradients.items():
            velocity = self.first.setdefault(name, np.zeros_like(parameters[name]))
            velocity *= _KEPT
            velocity += gradient
            if name.startswith("W"):
                velocity += self.weight_decay * parameters[name]
            parameters[name] -= self.learning_rate * self.factors.get(name, 1.0) * velocity
