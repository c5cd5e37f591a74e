"""
A learning network in Brian2
============================

For who thinks in equations, populations and monitors. A trained network becomes a Brian2 model
that you can print, probe and change; as long as you change nothing, its spikes and learned
weights are those of every other engine, bit for bit.
"""

# %%
# A network that has learned a bit, and a digit.

import brian2
import numpy as np
from brian2 import StateMonitor
from matplotlib import pyplot as plt

import pffspike
from pffspike.brian2 import Neuron, Options, to_brian2

brian2.prefs.codegen.target = "numpy"  # no compiler; "cython" is faster in long runs

network = pffspike.load_network("digits", {"pff": {"hidden": [100, 100]}})
trained = pffspike.train(network, epochs=3)
data = pffspike.load_data("digits")
images = pffspike.probabilities(data.test_images[:1], data.levels)
label = data.test_labels[:1]

# %%
# The program ``train`` presents a sample three times: without a label, under its own, and under
# the wrong label that the network finds most convincing (-1 asks for it).

signals = {"image": images, "label": label, "negative": np.array([-1])}
model = to_brian2(trained, "train", signals)
print(model.populations["hidden_1"].equations)

# %%
# Monitors
# --------
#
# They are Brian2's own. Goodness rises in each presentation; at its end weights change.

goodness = StateMonitor(model.pools["hidden_1"], "G", record=True, when="end")
weights = StateMonitor(
    model.projections["image_to_hidden_1"], "w", record=np.arange(2000, 2020), dt=model.dt
)
model.network.add(goodness, weights)
model.network.run(model.duration, namespace={})

steps = np.arange(len(goodness.t)) + 1
figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(7, 4), layout="constrained")
above.plot(steps, goodness.G[0], color="#0072B2")
above.axhline(network.population("hidden_1").rule.threshold, color="#666666", linestyle=":")
above.set_ylabel("goodness of hidden 1")
below.plot(steps, (weights.w - weights.w[:, :1]).T, color="#666666", linewidth=0.7)
below.set(xlabel="step", ylabel="change of weight")

# %%
# The same sample on the reference engine, for the promise:

with pffspike.make_engine("numpy").compile(
    trained.network, "train", trained.parameters, seed=trained.seed
) as session:
    session.run(signals, [0])
    print("learned weights are equal:", model.parameters().equal(session.parameters))

# %%
# Another neuron
# --------------
#
# A leaky integrate-and-fire neuron with escape noise in place of the Bernoulli neuron. Counts,
# traces, goodness and plasticity go on from its spikes. It is another network now, and agrees
# with no other engine.

leaky = Neuron(
    equations="dv/dt = (2*(b + I) - v)/(1*ms) : 1",
    p="1 - exp(-exp((v - 0.75)/0.2))",
    reset="v = 0",
    begin="v = 0",
)
other = to_brian2(
    trained, "one_pass", {"image": images}, options=Options(neurons={"hidden_1": leaky})
)
voltage = StateMonitor(other.populations["hidden_1"], "v", record=np.arange(5))
other.network.add(voltage)
other.network.run(other.duration, namespace={})

membranes, panel = plt.subplots(figsize=(7, 2.5), layout="constrained")
panel.plot(np.arange(len(voltage.t)) + 1, voltage.v.T, linewidth=1)
panel.set(xlabel="step", ylabel="v of five neurons")
print("spikes of hidden_1:", other.spikes["hidden_1"].num_spikes)

# %%
# From here: :doc:`PFF in Brian2 </docs/brian2>` has inputs and rules of your own, and what each
# way costs.
