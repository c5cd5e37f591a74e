"""Networks without some of their neurons."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from pffspike.errors import ValidationError, unknown
from pffspike.network.spec import Network
from pffspike.specimens import Specimen
from pffspike.trained import TrainedNetwork
from pffspike.typing import Bools


def lesion(trained: TrainedNetwork, neurons: Mapping[str, npt.ArrayLike]) -> TrainedNetwork:
    """Silence neurons of a trained network for good.

    They never spike again, on any engine: their weights and biases are 0, and fixed
    (`pffspike.Parameters`), so learning on does not revive them. All others keep theirs.

    Parameters
    ----------
    trained : TrainedNetwork
        The whole network; it stays as it is.
    neurons : mapping of str to (size,) array_like of bool
        By population: those to silence, such as a row of `Representation.members`.

    Returns
    -------
    TrainedNetwork

    Raises
    ------
    ValidationError
        If a population does not exist or is an input, an array is not of its size and boolean, or
        another population shares its weights and is not silenced alike.

    Examples
    --------
    >>> import numpy as np
    >>> import pffspike
    >>> data = pffspike.load_data("digits")
    >>> trained = pffspike.train("digits", epochs=1)
    >>> images = trained.coding.encode(data.test_images, data.levels)
    >>> half = lesion(trained, {"hidden_1": np.arange(250) < 125})
    >>> rates = pffspike.reconstruct(half, images).hidden["hidden_1"]
    >>> bool(rates[:, :125].any()), bool(rates[:, 125:].any())
    (False, True)
    """
    network = trained.network
    dead = {name: _checked(network, name, mask) for name, mask in neurons.items()}
    _check_tied(network, dead)
    into = [q for q in network.projections if q.post in dead and q.tied is None]
    shapes = {q.name: trained.parameters.weights[q.name].shape for q in into}
    chip = Specimen(
        network,
        gains={name: np.ones(shape) for name, shape in shapes.items()},
        slopes={name: np.ones(len(mask)) for name, mask in dead.items()},
        thresholds={name: np.zeros(len(mask)) for name, mask in dead.items()},
        dead=dead,
        stuck={name: np.zeros(len(mask), bool) for name, mask in dead.items()},
        broken={name: np.zeros(shape, bool) for name, shape in shapes.items()},
    )
    return trained.replace(parameters=chip.programmed(trained.parameters))


def _checked(network: Network, name: str, mask: npt.ArrayLike) -> Bools:
    sizes = {p.name: p.size for p in network.populations if not p.input}
    if name not in sizes:
        raise unknown("population of a lesion", name, list(sizes))
    found = np.asarray(mask)
    if found.shape != (sizes[name],) or found.dtype != np.bool_:
        raise ValidationError(
            f"the lesion of {name!r} has shape {found.shape} and type {found.dtype}; give "
            f"{sizes[name]} booleans, one a neuron"
        )
    return found


def _check_tied(network: Network, dead: Mapping[str, Bools]) -> None:
    """Refuse a lesion that would leave weights to silenced neurons, or take those of others."""
    for q in network.projections:
        source = network.projection(q.tied).post if q.tied else q.post
        none = np.zeros(network.population(q.post).size, bool)
        if not np.array_equal(dead.get(q.post, none), dead.get(source, none)):
            raise ValidationError(
                f"{q.post!r} has the weights of {source!r}; silence the same neurons of both"
            )
