"""Networks and cards of the tests of the mapping."""

import numpy as np

from pffspike.cards import load_network
from pffspike.devices import SourcedValue
from pffspike.network import Parameters


def stated(value):
    return SourcedValue(value, "test", "assumed")


def zeros(network):
    """Parameters of a network too large to draw them for a test."""
    sizes = {p.name: p.size for p in network.populations}
    return Parameters(
        {
            p.name: np.zeros((sizes[p.pre], sizes[p.post]))
            for p in network.projections
            if p.tied is None
        },
        {p.name: np.zeros(p.size) for p in network.populations if not p.input},
    )


def circuit(hidden, **options):
    """Both circuits of MNIST with weights of 8 bits, 20 latent neurons on top."""
    on_top = {"latent": 20, "latent_to": "top", "latent_free": False, "latent_window": None}
    changes = {"hidden": [hidden, hidden], "weight_grid": -4, "weight_limit": 7.9375, **on_top}
    return load_network("mnist-light", {"pff": {**changes, "own_predictions": False, **options}})
