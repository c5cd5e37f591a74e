"""LIF neurons of these sizes in brian2lava: seconds of a run. Has an environment of its own."""

import json
import sys
import time

from pffspike.engines.lava import compat

compat.import_lava()  # before brian2lava, which needs Lava's module that newer Pythons refuse

import brian2 as b  # noqa: E402
import brian2lava  # noqa: E402, F401
import numpy as np  # noqa: E402

np.set_printoptions(threshold=sys.maxsize)  # it writes weights as text, "..." from 1000 on
n_in, below, above, steps = map(int, sys.argv[1:5])
b.set_device("lava", mode="flexible", hardware="CPU")
b.defaultclock.dt = 1 * b.ms
chosen = np.arange(0, n_in, 5)
source = b.SpikeGeneratorGroup(
    n_in, np.tile(chosen, steps), np.repeat(np.arange(steps), len(chosen)) * b.ms
)
groups = [
    b.NeuronGroup(n, "dv/dt = -v/(1*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    for n in (below, above)
]
synapses = []
for pre, post in ((source, groups[0]), (groups[0], groups[1]), (groups[1], groups[0])):
    made = b.Synapses(pre, post, "w : 1", on_pre="v_post += w")
    made.connect()
    made.w = np.resize([0.5, -0.25, 0.75], len(pre) * len(post)) / np.sqrt(len(pre))
    synapses.append(made)
monitor = b.SpikeMonitor(groups[1])
network = b.Network(source, *groups, *synapses, monitor)
start = time.perf_counter()
network.run(steps * b.ms)
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "spikes": int(monitor.num_spikes)}))
