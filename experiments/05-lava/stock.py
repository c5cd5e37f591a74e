"""The nearest network of stock Lava processes: Dense synapses and LIF neurons.

It has the populations and projections of a program, and nothing else of it: LIF neurons draw no
random number, no spike carries a gain, and weights have 8 bits.
"""

import logging
import time

import numpy as np

from pffspike.arithmetic import counter
from pffspike.engines.lava import compat
from pffspike.network import structure


def build(network, program, parameters, image, steps):
    """Make and connect the processes; return one of them, from which Lava finds the others."""
    from lava.proc.dense.process import Dense
    from lava.proc.io.source import RingBuffer
    from lava.proc.lif.process import LIF

    extent = structure.extent(network, network.program(program))
    made = {}
    for index, population in enumerate(extent.populations):
        if population.input:  # one long sequence of Bernoulli spikes
            numbers = np.arange(steps * population.size).reshape(steps, -1)
            uniform = counter.uniform(index, numbers).reshape(steps, population.size)
            rates = image if population.name == "image" else np.full(population.size, 0.5)
            made[population.name] = RingBuffer(data=(uniform < rates).T.astype(np.int32))
        else:
            # Current and voltage decay at once, so that the drive of a step alone decides.
            made[population.name] = LIF(
                shape=(population.size,), du=4095, dv=4095, vth=1, bias_mant=0
            )
    for projection in extent.projections:
        w = parameters.weights[structure.weights_of(projection)]
        weights = np.clip(np.round(w * 64), -127, 127).astype(np.int32).T  # 8 bits
        dense = Dense(weights=weights)
        made[projection.pre].s_out.connect(dense.s_in)
        dense.a_out.connect(made[projection.post].a_in)
    return next(reversed(made.values()))


def time_step(network, program, parameters, image, steps, shared_thread):
    """Seconds a step, on stock Lava's runtime or on this project's."""
    compat.import_lava()
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg

    warm, configuration = 5, Loihi2SimCfg(select_tag="fixed_pt", loglevel=logging.ERROR)
    with compat.logging_untouched():
        if shared_thread:
            from pffspike.lava import CooperativeRuntime

            first = build(network, program, parameters, image, steps + warm)
            runtime = CooperativeRuntime(first, configuration)
            run, stop = runtime.run_steps, runtime.stop
        else:
            with compat.forking():
                first = build(network, program, parameters, image, steps + warm)

                def run(count):
                    first.run(condition=RunSteps(num_steps=count), run_cfg=configuration)

                stop = first.stop
                run(warm)
        try:
            if shared_thread:
                run(warm)
            start = time.perf_counter()
            run(steps)
            return (time.perf_counter() - start) / steps
        finally:
            stop()
