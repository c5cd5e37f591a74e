"""What engines return and everything else reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pffspike import limits, recording_forms
from pffspike.errors import ValidationError
from pffspike.network import structure
from pffspike.network.spec import Network, Program
from pffspike.text import html_table
from pffspike.typing import Array, Bools, Floats, Integers

STEPWISE = ("rasters", "drives", "probabilities")  #: ``(steps, presentations, units)`` each
KINDS = ("counts", *STEPWISE, "weights")  #: what a recording may hold of a part of the network


@dataclass(frozen=True)
class Probes:
    """What a run keeps beside goodness and spike totals.

    Parameters
    ----------
    counts : tuple of str
        Populations whose spike counts in the window are kept, neuron by neuron.
    rasters : tuple of str
        Populations whose every spike is kept.
    drives : tuple of str
        Populations whose drive is kept, step by step: bias and synaptic current, before they are
        clipped to a spike probability.
    probabilities : tuple of str
        Populations whose spike probability is kept, step by step.
    weights : tuple of str
        Projections whose weights are kept, sample by sample.

    Raises
    ------
    ValidationError
        If one of them is a text instead of a tuple of names.

    Notes
    -----
    Every engine keeps counts and rasters; the others are kept by ``numpy`` and
    ``brian2:equations`` (`pffspike.engines.base.Engine.records`).

    Examples
    --------
    >>> Probes(counts=("readout",))
    Probes(counts=('readout',))
    """

    counts: tuple[str, ...] = ()
    rasters: tuple[str, ...] = ()
    drives: tuple[str, ...] = ()
    probabilities: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for kind in KINDS:
            given = getattr(self, kind)
            if isinstance(given, str):
                raise ValidationError(
                    f"probes: {kind} = {given!r} is a text; give a tuple of names: ({given!r},)"
                )
            object.__setattr__(self, kind, tuple(given))

    def __repr__(self) -> str:
        kept = [f"{kind}={getattr(self, kind)!r}" for kind in KINDS if getattr(self, kind)]
        return f"Probes({', '.join(kept)})"


_COPIES = 2  #: of a recording that exist while it is put together
NOTHING = Probes()  #: goodness and spike totals only


def check_memory(network: Network, program: Program, probes: Probes, samples: int) -> None:
    """Refuse a recording that would need more memory than the limit, see `pffspike.limits`.

    Parameters
    ----------
    network : Network
        The network.
    program : Program
        What is run.
    probes : Probes
        What is kept.
    samples : int
        Number of samples.

    Raises
    ------
    ValidationError
        If the estimate is above the limit.

    Examples
    --------
    >>> from pffspike import load_network
    >>> network = load_network("digits")
    >>> check_memory(network, network.program("one_pass"), Probes(rasters=("hidden_1",)), 1000)
    """
    presentations = samples * len(program.phases)
    counted, seen, driven, likely = (
        sum(network.population(name).size for name in getattr(probes, kind))
        for kind in ("counts", *STEPWISE)
    )
    each = 16 * len(network.populations) + 8 * counted
    each += program.steps * (seen + 8 * (driven + likely))
    stored = samples * sum(
        8 * network.population(q.pre).size * network.population(q.post).size
        for q in map(network.projection, probes.weights)
    )
    limits.check(
        (float(each) * presentations + stored) * _COPIES,
        f"the recording of {presentations} presentations of {program.name!r}",
    )


@dataclass(frozen=True, eq=False)
class Recording:
    """Recording of a run: ``samples`` samples, each a presentation for every phase.

    Presentations are numbered sample by sample: phase ``f`` of sample ``k`` is presentation
    ``k * phases + f``. A population that is silent in a phase has zeros there.

    Parameters
    ----------
    network : Network
        The network that ran.
    program : Program
        The program that ran.
    samples : (samples,) ndarray of int64
        Numbers of the samples, which key their random numbers.
    spikes : mapping of str to (presentations,) ndarray of int64
        Spikes of each population over all steps of a presentation.
    goodness : mapping of str to (presentations,) ndarray of float64
        Sum over neurons of the squared rate in the window.
    hard_negatives : (samples,) ndarray of int64
        The class that replaced -1 in the hard negative's signal, or the class given; -1 if the
        program has no hard negative.
    counts : mapping of str to (presentations, units) ndarray of int64
        Spikes in the window, of the populations recorded.
    rasters : mapping of str to (steps, presentations, units) ndarray of bool
        Of the populations recorded.
    drives : mapping of str to (steps, presentations, units) ndarray of float64
        Bias and current of the populations recorded, on the grid 2^-24; an input population has
        its spike probability there.
    probabilities : mapping of str to (steps, presentations, units) ndarray of float64
        Spike probabilities of the populations recorded: their drives, clipped to [0, 1].
    weights : mapping of str to (samples, pre, post) ndarray of float64
        Of the projections recorded, after what was learned from each sample; 0 where there is no
        synapse.
    """

    network: Network
    program: Program
    samples: Integers
    spikes: Mapping[str, Integers]
    goodness: Mapping[str, Floats]
    hard_negatives: Integers
    counts: Mapping[str, Integers] = dataclasses.field(default_factory=dict)
    rasters: Mapping[str, Bools] = dataclasses.field(default_factory=dict)
    drives: Mapping[str, Floats] = dataclasses.field(default_factory=dict)
    probabilities: Mapping[str, Floats] = dataclasses.field(default_factory=dict)
    weights: Mapping[str, Floats] = dataclasses.field(default_factory=dict)

    def __repr__(self) -> str:
        kept = [
            f"{kind} of {', '.join(getattr(self, kind))}" for kind in KINDS if getattr(self, kind)
        ]
        return (
            f"Recording({self.network.name!r}, {self.program.name}, {len(self.samples)} samples"
            f"{'; ' if kept else ''}{'; '.join(kept)})"
        )

    def _repr_html_(self) -> str:
        rows = [
            (
                name,
                f"{values.mean():,.1f}" if len(values) else "",
                ", ".join(kind for kind in KINDS if name in getattr(self, kind)),
            )
            for name, values in self.spikes.items()
        ]
        title = (
            f"recording of {self.network.name}, {self.program.name}: {self.presentations:,} "
            f"presentations of {self.program.steps} steps"
        )
        return html_table(title, rows, ("population", "spikes a presentation", "recorded"))

    @property
    def presentations(self) -> int:
        """Number of presentations."""
        return len(self.samples) * len(self.program.phases)

    def by_phase(self, values: Array) -> Array:
        """Reshape ``(presentations, ...)`` to ``(samples, phases, ...)``."""
        return values.reshape(len(self.samples), len(self.program.phases), *values.shape[1:])

    def select(self, samples: Array) -> Recording:
        """Keep some samples: ``(samples,)`` bool, or their positions."""

        def some(values: Array) -> Array:
            return self.by_phase(values)[samples].reshape(-1, *values.shape[1:])

        def each(kind: str) -> dict[str, Array]:
            return {name: some(values) for name, values in getattr(self, kind).items()}

        stepwise: dict[str, Any] = {
            kind: {
                name: some(values.swapaxes(0, 1)).swapaxes(0, 1)
                for name, values in getattr(self, kind).items()
            }
            for kind in STEPWISE
        }

        return dataclasses.replace(
            self,
            samples=self.samples[samples],
            spikes=each("spikes"),
            goodness=each("goodness"),
            hard_negatives=self.hard_negatives[samples],
            counts=each("counts"),
            **stepwise,
            weights={name: values[samples] for name, values in self.weights.items()},
        )

    def synaptic_operations(self) -> dict[str, Integers]:
        """Spikes that arrive at synapses, by projection.

        Returns
        -------
        dict of str to (presentations,) ndarray of int64
            Spikes of the sending population times its fan-out, over all steps of the
            presentations in which the projection is enabled. Synapses whose weight happens to
            be zero count, for a chip that stores them serves them.
        """
        operations = {}
        for projection in structure.extent(self.network, self.program).projections:
            enabled = np.array([projection.name in p.projections for p in self.program.phases])
            spikes = self.by_phase(self.spikes[projection.pre]) * enabled
            operations[projection.name] = spikes.reshape(-1) * structure.fan_out(
                self.network, projection
            )
        return operations

    def spike_table(self) -> Array:
        """Every recorded spike as a row of a table, presentation by presentation.

        Returns
        -------
        (spikes,) structured ndarray
            Columns ``population``, ``neuron``, ``presentation``, ``sample``, ``phase`` and
            ``step``; ``pandas.DataFrame`` takes it as it is.

        Raises
        ------
        ValidationError
            If no population's rasters were recorded.

        Examples
        --------
        >>> import pffspike
        >>> from pffspike.engines import make_engine
        >>> network, probes = pffspike.load_network("digits"), Probes(rasters=("image",))
        >>> start, shown = pffspike.initial(network, 0), {"image": np.full((1, 64), 0.25)}
        >>> engine = make_engine("numpy")
        >>> with engine.compile(network, "one_pass", start, seed=0, probes=probes) as session:
        ...     table = session.run(shown, [0]).spike_table()
        >>> table.dtype.names
        ('population', 'neuron', 'presentation', 'sample', 'phase', 'step')
        """
        return recording_forms.spike_table(self)

    def to_xarray(self) -> Any:
        """Everything as a labelled data set of xarray.

        Returns
        -------
        xarray.Dataset
            ``spikes`` and ``goodness`` by presentation and population; ``<population>_counts``,
            ``<population>_raster``, ``<population>_drive``, ``<population>_probability`` and
            ``<projection>_weight`` of what was recorded; coordinates ``sample``, ``phase`` and
            ``hard_negative`` of each presentation.

        Raises
        ------
        MissingPackageError
            If xarray is not installed.

        Examples
        --------
        >>> recording.to_xarray().goodness.sel(population="hidden_1")  # doctest: +SKIP
        """
        return recording_forms.to_xarray(self)

    def to_neo(self, dt: float = 0.001) -> Any:
        """Spike trains with units and annotations, as Neo holds them and Elephant reads them.

        Parameters
        ----------
        dt : float
            Duration of a step in seconds. A step stands for no physical time, so it is a choice;
            1 ms is that of `pffspike.to_brian2`.

        Returns
        -------
        neo.Block
            A segment for each presentation (annotated with ``sample`` and ``phase``), in it a spike
            train for each neuron (annotated with ``population`` and ``neuron``), from 0 to the
            end of the presentation.

        Raises
        ------
        MissingPackageError
            If Neo is not installed.
        ValidationError
            If no population's rasters were recorded, or dt is not above 0.

        Examples
        --------
        >>> recording.to_neo().segments[0].spiketrains[0].annotations  # doctest: +SKIP
        """
        return recording_forms.to_neo(self, dt)

    def same_spikes(self, other: Recording) -> bool:
        """Whether both recordings hold the same things, and the same values in all of them."""
        if not np.array_equal(self.samples, other.samples):
            return False
        pairs = [
            (getattr(self, name), getattr(other, name)) for name in ("spikes", "goodness", *KINDS)
        ]
        return all(
            mine.keys() == its.keys() and all(np.array_equal(mine[k], its[k]) for k in mine)
            for mine, its in pairs
        )

    @staticmethod
    def join(recordings: Sequence[Recording]) -> Recording:
        """Put runs of the same program one behind the other."""
        first = recordings[0]

        def joined(name: str, axis: int = 0) -> dict[str, Array]:
            parts = [getattr(recording, name) for recording in recordings]
            return {key: np.concatenate([part[key] for part in parts], axis) for key in parts[0]}

        return Recording(
            first.network,
            first.program,
            np.concatenate([recording.samples for recording in recordings]),
            joined("spikes"),
            joined("goodness"),
            np.concatenate([recording.hard_negatives for recording in recordings]),
            joined("counts"),
            **{kind: joined(kind, 1) for kind in STEPWISE},
            weights=joined("weights"),
        )
