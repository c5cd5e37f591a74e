"""Messages that spikes cause, on the core they come from and beyond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pffspike.energies.events import inference_numbers
from pffspike.errors import ValidationError
from pffspike.mapping.placement import Placement
from pffspike.network import structure
from pffspike.network.spec import Projection
from pffspike.recording import Recording
from pffspike.typing import Floats


@dataclass(frozen=True, eq=False)
class Messages:
    """Messages by projection and inference. A spike is one message to each core with targets.

    Projections do not share messages, as they do not share axons in a placement: an upper bound
    where several reach the same core from the same population.

    Parameters
    ----------
    within : mapping of str to (inferences,) ndarray of float64
        Messages that stay on the core of the sender.
    between : mapping of str to (inferences,) ndarray of float64
        Messages to other cores of the same chip.
    off_chip : mapping of str to (inferences,) ndarray of float64
        Messages to cores of other chips.
    hops_x, hops_y : mapping of str to (inferences,) ndarray of float64
        Steps on the mesh of the messages between cores of a chip: along its width and its height.
    exact : bool
        Whether every spike was counted where it was sent. False if senders of a population have
        different numbers of messages and the recording does not say which of them sent: then its
        spikes count as spread evenly.
    """

    within: dict[str, Floats]
    between: dict[str, Floats]
    off_chip: dict[str, Floats]
    hops_x: dict[str, Floats]
    hops_y: dict[str, Floats]
    exact: bool


_WAYS = ("within", "between", "off_chip", "hops_x", "hops_y")


def messages(placement: Placement, recordings: Sequence[Recording]) -> Messages:
    """Count the messages that inferences caused.

    Parameters
    ----------
    placement : Placement
        Of the network of the recordings.
    recordings : sequence of Recording
        All that the inferences presented; samples of the same number are one inference. Rasters of
        a population make its counts exact wherever they are not so anyhow.

    Returns
    -------
    Messages
        Inferences in the order of their numbers.

    Raises
    ------
    ValidationError
        If a recording has a projection that is not placed.

    Examples
    --------
    >>> import pffspike
    >>> from pffspike import cards, devices, inference, mapping
    >>> network = cards.load_network("digits")
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), 0)
    >>> answer = pffspike.classify(
    ...     trained, np.full((2, 64), [[0.25], [0.5]]), "one_pass",
    ...     execution=pffspike.Execution("numpy"))
    >>> placed = mapping.place(network, devices.load_device("loihi1"))
    >>> messages(placed, answer.recordings).within["image_to_hidden_1"].shape
    (2,)
    """
    numbers = inference_numbers(recordings)
    found: dict[str, dict[str, Floats]] = {way: {} for way in _WAYS}
    exact = True
    for recording in recordings:
        which = np.searchsorted(numbers, recording.samples)
        for name in structure.enabled(recording.program):
            if name not in placement.routes:
                raise ValidationError(
                    f"projection {name!r} is not placed; place the network with learning = True"
                )
            projection, route = placement.network.projection(name), placement.routes[name]
            spikes, known = sent(recording, projection)
            for way in _WAYS:
                ways = getattr(route, way)
                exact &= known or bool(np.all(ways == ways[0]))
                caused = spikes @ ways if known else spikes[:, 0] * (ways.sum() / len(ways))
                added = np.bincount(which, caused, len(numbers))
                found[way][name] = found[way].get(name, 0.0) + added
    return Messages(**found, exact=exact)


def sent(recording: Recording, projection: Projection) -> tuple[Floats, bool]:
    """Give the spikes that a projection receives while it is enabled.

    Parameters
    ----------
    recording : Recording
        A recording.
    projection : Projection
        One of its network's.

    Returns
    -------
    spikes : (samples, senders) or (samples, 1) ndarray of float64
        The spikes of each sender, or of all together where the recording has no raster of them.
    known : bool
        Whether they are those of each sender.
    """
    enabled = np.array([projection.name in phase.projections for phase in recording.program.phases])
    pre = projection.pre
    if pre in recording.rasters:
        spikes = recording.by_phase(recording.rasters[pre].sum(axis=0))
        return spikes[:, enabled].sum(axis=1).astype(np.float64), True
    total = recording.by_phase(recording.spikes[pre])[:, enabled].sum(axis=1)
    return total[:, None].astype(np.float64), False
