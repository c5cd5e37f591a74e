"""A trained network as one value: specification, weights, where they come from."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

from pffspike.data.coding import Coding
from pffspike.data.identity import Identity
from pffspike.data.scaling import Scaling
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.text import html_table
from pffspike.typing import Floats

_PACKAGES = ("pffspike", "numpy", "brian2", "lava-nc", "scikit-learn", "h5py")


def versions() -> dict[str, str]:
    """Versions of Python, this package and the packages that results could depend on.

    Returns
    -------
    dict of str to str
        ``"absent"`` for a package that is not installed.

    Examples
    --------
    >>> sorted(versions())[:3]
    ['brian2', 'h5py', 'lava-nc']
    """
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "absent"
    return found


@dataclass(frozen=True, eq=False)
class Prior:
    """Mixtures of Gaussians over latent states, one a class.

    Parameters
    ----------
    shares : (classes,) ndarray of float64
        Frequency of the classes.
    weights : (classes, components) ndarray of float64
        Of the components of each class; they sum to 1.
    means : (classes, components, latent) ndarray of float64
        Centres of the components, in spike probability.
    factors : (classes, components, latent, rank) ndarray of float64
        Factors ``F`` of the covariances ``F F^T``: lower Cholesky factors, or the differences of
        neighbouring states.
    """

    shares: Floats
    weights: Floats
    means: Floats
    factors: Floats

    def __repr__(self) -> str:
        classes, components, latent = self.means.shape
        return f"Prior({classes} classes, {components} components, {latent} latent neurons)"


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A network with its weights and where they come from.

    Parameters
    ----------
    network : Network
        The specification.
    parameters : Parameters
        Weights and biases.
    seed : int
        Of everything random in its training.
    engine : str
        What trained it.
    samples_done, samples_total : int
        Training samples presented so far and in the whole schedule.
    samples_per_epoch : int
        Training samples of an epoch.
    history : mapping of str to (rows,) ndarray of float64
        Means over parts of training; ``sample`` is the number of samples at each row's end.
    versions : mapping of str to str
        Of the packages that trained it.
    prior : Prior or None
        Of the latent state, see `pffspike.fit_prior`.
    coding : Coding
        Between grey values and the input population.
    provenance : mapping
        What the network was made from, if it was not trained as it is: plain values.
    data : Identity or None
        Of the data it was trained on; None if it was read from a file of version 1.
    scaling : Scaling or None
        How measured values become grey values, if the data were no whole grey values.
    """

    network: Network
    parameters: Parameters
    seed: int
    engine: str = ""
    samples_done: int = 0
    samples_total: int = 0
    samples_per_epoch: int = 0
    history: Mapping[str, Floats] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=versions)
    prior: Prior | None = None
    coding: Coding = field(default_factory=Coding)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    data: Identity | None = None
    scaling: Scaling | None = None

    @property
    def finished(self) -> bool:
        """Whether the whole training schedule has been run."""
        return self.samples_done >= self.samples_total

    def replace(self, **changes: Any) -> TrainedNetwork:
        """Give a copy with some fields changed."""
        return dataclasses.replace(self, **changes)

    def _repr_html_(self) -> str:
        rows = [
            ("neurons", f"{sum(p.size for p in self.network.populations):,}"),
            ("trained", f"{self.samples_done:,} of {self.samples_total:,} samples"),
            ("seed, engine", f"{self.seed}, {self.engine or 'none'}"),
            ("data", self.data.name if self.data else "not known"),
            ("prior", "yes" if self.prior else "no"),
        ]
        return html_table(f"trained network {self.network.name}", rows)

    def __repr__(self) -> str:
        return (
            f"TrainedNetwork({self.network.name!r}, seed {self.seed}, {self.samples_done:,} of "
            f"{self.samples_total:,} samples{', prior' if self.prior else ''})"
        )
