"""PFF in Brian2: the model in equations, its options, and the engine that runs it.

>>> from pffspike.brian2 import Neuron, Options, to_brian2

`to_brian2` gives groups, synapses and monitors of Brian2, `EquationsEngine` trains and evaluates
with them, and `Options` replaces neurons, rules and inputs. The page "PFF in Brian2" of the
documentation (``docs/brian2.md``) steps through all of it.
"""

from pffspike.engines.brian2.equations import Model, Neuron, Options, to_brian2
from pffspike.engines.brian2.equations.engine import EquationsEngine

__all__ = ["EquationsEngine", "Model", "Neuron", "Options", "to_brian2"]
