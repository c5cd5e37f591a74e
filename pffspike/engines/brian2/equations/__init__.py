"""The readable Brian2 model: populations, projections and rules as equations of Brian2."""

from pffspike.engines.brian2.equations.model import Model, to_brian2
from pffspike.engines.brian2.equations.options import Neuron, Options

__all__ = ["Model", "Neuron", "Options", "to_brian2"]
