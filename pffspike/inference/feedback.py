"""One pass in which the read-out's answer drives the hidden populations as a label would."""

from __future__ import annotations

import dataclasses

from pffspike.errors import ValidationError
from pffspike.network.spec import Network, Projection


def feedback_network(network: Network) -> Network:
    """Derive the network in which the read-out feeds its spikes back through the label's synapses.

    Nothing is learned for it: the weights are those by which the label drives the hidden
    populations. A read-out neuron that spikes for a label brings the hidden populations into the
    state that they have learned for that label, and so raises its own evidence, or fails to.

    Parameters
    ----------
    network : Network
        With the program ``one_pass``, a read-out and a label population of the same size, and
        projections from the latter.

    Returns
    -------
    Network
        Its one program is ``one_pass``, with the feedback.

    Raises
    ------
    ValidationError
        If the label drives no population of that program, or a projection has the name of one of
        those that are added.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> feedback_network(load_network("digits")).projection("readout_to_hidden_2").tied
    'label_to_hidden_2'
    """
    program = network.program("one_pass")
    readout, label = network.role("readout").name, network.role("label").name
    phase = program.phases[0]
    active = {network.projection(name).post for name in phase.projections}
    fed = tuple(
        Projection(
            f"{readout}_to_{p.post}",
            readout,
            p.post,
            connectivity=p.connectivity,
            block=p.block,
            normalized=p.normalized,
            grid=p.grid,
            low=p.low,
            high=p.high,
            tied=p.name,
        )
        for p in network.projections
        if p.pre == label and p.post in active
    )
    if not fed:
        raise ValidationError(
            f"network {network.name!r} has no projection from the label population {label!r}, so "
            f"nothing can be fed back; choose another mode than 'feedback'"
        )
    taken = {p.name for p in network.projections} & {p.name for p in fed}
    if taken:
        raise ValidationError(
            f"network {network.name!r} has a projection {min(taken)!r}, the name of the one by "
            f"which mode 'feedback' leads the read-out back; rename it, or choose another mode"
        )
    phase = dataclasses.replace(phase, projections=(*phase.projections, *(p.name for p in fed)))
    return network.replace(
        projections=network.projections + fed,
        programs=(dataclasses.replace(program, phases=(phase,)),),
    )
