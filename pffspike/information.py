"""What there is on this machine, and what a network is made of."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

from pffspike import cards, storage
from pffspike.devices import known_devices
from pffspike.engines import available_engines
from pffspike.network import rules, structure
from pffspike.network.spec import Network
from pffspike.trained import TrainedNetwork, versions


def info(network: str | Path | Network | TrainedNetwork | None = None) -> dict[str, Any]:
    """Versions, engines (and why one is not available) and cards; or what a network is made of.

    Parameters
    ----------
    network : str, Path, Network, TrainedNetwork or None
        A card by name or path, or a file of a trained network; None: this machine.

    Returns
    -------
    dict
        Without a network: ``versions`` by package, ``platform``, ``engines`` (list of
        `pffspike.engines.registry.Availability`) and ``cards`` by kind. With one: ``name``,
        ``hash``, ``description``, rows of ``populations``, ``projections`` and ``programs``, and
        ``training`` if it is trained.

    Raises
    ------
    ValidationError
        If there is no such card or file.

    Examples
    --------
    >>> "digits" in info()["cards"]["networks"]
    True
    >>> info("digits")["populations"][0]["neurons"]
    64
    """
    if network is None:
        return {
            "versions": versions(),
            "platform": platform.platform(),
            "engines": available_engines(),
            "cards": {
                "networks": list(cards.known_networks()),
                "devices": list(known_devices()),
            },
        }
    found = _found(network)
    trained = found if isinstance(found, TrainedNetwork) else None
    spec = found.network if isinstance(found, TrainedNetwork) else found
    roles = {name: role for role, name in structure.roles(spec).items()}
    content: dict[str, Any] = {
        "name": spec.name,
        "hash": cards.network_hash(spec),
        "description": spec.description,
        "populations": [
            {
                "name": p.name,
                "neurons": p.size,
                "normalization": p.normalization,
                "rule": "input" if p.input else rules.name(p.rule),
                "role": roles.get(p.name, ""),
            }
            for p in spec.populations
        ],
        "projections": [_projection(spec, p.name) for p in spec.projections],
        "programs": [
            {
                "name": p.name,
                "burn-in": p.burn_in,
                "window": p.window,
                "phases": len(p.phases),
                "learns": "yes" if p.learns else "no",
            }
            for p in spec.programs
        ],
    }
    if trained:
        content["training"] = {
            "seed": trained.seed,
            "samples_done": trained.samples_done,
            "samples_total": trained.samples_total,
            "engine": trained.engine,
        }
    return content


def _found(network: str | Path | Network | TrainedNetwork) -> Network | TrainedNetwork:
    if isinstance(network, (Network, TrainedNetwork)):
        return network
    path = Path(network)
    if path.is_dir() or path.suffix in (".h5", ".hdf5"):
        return storage.load(path)
    return cards.load_network(network)


def _projection(network: Network, name: str) -> dict[str, Any]:
    p = network.projection(name)
    return {
        "name": name,
        "synapses": int(structure.mask(network, p).sum()),
        "learning rate": p.learning_rate,
        "range": f"{p.low:g} to {p.high:g}, 2^{p.grid}",
        "tied to": p.tied or "",
    }
