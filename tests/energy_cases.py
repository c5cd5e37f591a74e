"""Recordings of the tests of energies."""

import numpy as np

from pffspike.network import Network, Phase, Population, Program, Projection, Training
from pffspike.recording import Recording


def two_neurons():
    """The example of `pffspike.energies.energy`: 10 steps, 4 and 3 spikes."""
    program = Program("run", 2, 8, (Phase("one", {"sender": "rate"}, ("synapse",)),))
    network = Network(
        "two",
        (Population("sender", 1, input=True), Population("receiver", 1)),
        (Projection("synapse", "sender", "receiver"),),
        (program,),
        Training("digits", 1),
    )
    spikes = {"sender": np.array([4]), "receiver": np.array([3])}
    return Recording(network, program, np.array([0]), spikes, {}, np.array([-1]))
