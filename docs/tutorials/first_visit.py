"""
A first visit
=============

Train a spiking network on digits, ask it, look into it, and let it rebuild what it has seen. No
knowledge of Brian2 or Lava is needed. The same at the command line: ``pffspike train digits -o
digits.h5``, then ``pffspike evaluate digits.h5`` and ``pffspike reconstruct digits.h5 -o
rebuilt.png``.
"""

# %%
# A network is a card: a text file that says which populations there are, how they are connected
# and how they learn. This one has 8 x 8 pixels at one end and ten labels at the other; we make it
# smaller than it is, to be quick.

import pffspike

network = pffspike.load_network("digits", {"pff": {"hidden": [100, 100]}})
circuit = pffspike.plots.circuit(network)
print(network)

# %%
# Train
# -----
#
# The card asks for 30 epochs; three are enough to see what happens. A seed decides everything
# random, so you get the values below, to the bit. ``pffspike.save("digits.h5", trained)`` would
# keep the network in a file, and ``pffspike.load`` reads it back.

trained = pffspike.train(network, epochs=3, execution=pffspike.Execution(seed=0))
print(trained)

# %%
# Ask
# ---
#
# ``goodness`` shows each digit under every label and takes the label at which the hidden
# populations are quietest. ``one_pass`` shows it once and reads the ten read-out neurons: a tenth
# of the time, and a bit less right. (After the card's 30 epochs, with 250 neurons twice: 98.1 %
# and 96.7 %.)

for mode in ("goodness", "one_pass"):
    result = pffspike.evaluate(trained, mode=mode)
    low, high = result.accuracy_interval
    print(f"{mode}: {result.accuracy:.1%} right ({low:.1%} to {high:.1%} with 95 % confidence)")

data = pffspike.load_data("digits")
images = pffspike.probabilities(data.test_images[:15], data.levels)
answers = pffspike.classify(trained, images, mode="one_pass")
print("labels ", *data.test_labels[:15])
print("answers", *answers.predicted)

# %%
# Look at every spike
# -------------------
#
# A digit under its own label and under a wrong one: a true label is quiet.

label = int(data.test_labels[0])
wrong = (label + 1) % 10
probes = pffspike.Probes(rasters=("image", "hidden_1", "hidden_2"))
seen = pffspike.run(
    trained, "goodness", {"image": images[:1]}, execution=pffspike.Execution(probes=probes)
)
raster = pffspike.plots.raster(seen, {f"label {label}": label, f"label {wrong}": wrong})
print({name: seen.spikes[name][[label, wrong]].tolist() for name in ("hidden_1", "hidden_2")})

# %%
# Rebuild
# -------
#
# The generative circuit has learned to predict each population from the one above. From the
# spikes of hidden_1, and down the whole chain from hidden_2, it makes pictures again.

rebuilt = pffspike.reconstruct(trained, images)
rows = {"original": images, **rebuilt.images}
pictures = pffspike.plots.image_rows(rows, data.shape, [str(k) for k in data.test_labels[:15]])
print({name: round(error, 2) for name, error in rebuilt.error(images).items()})

# %%
# From here: :doc:`data of your own </docs/own-data>`, :doc:`what modes cost </docs/modes>`,
# :doc:`what is computed, in equations </pffspike/network/model>`.
