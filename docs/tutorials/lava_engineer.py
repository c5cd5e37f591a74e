"""
From training to Lava
=====================

For who has to bring a network to a Loihi-style chip. A trained network is rounded to 8 bits,
placed on the cores of Loihi 1, exported as integers with an example that says what must come out,
and run as one Lava process. No silicon was reached: Lava's simulator runs it, in fixed point.
"""

# %%
# A card that was made for the chip: it normalizes nothing, and breaks no design rule.

import tempfile
from pathlib import Path

import numpy as np

import pffspike
from pffspike.lava import PFF, CooperativeRuntime  # before Lava's own modules

from lava.magma.core.run_conditions import RunSteps

trained = pffspike.train("digits-loihi1", epochs=1)

# %%
# Round
# -----
#
# A projection's weights become integers of 8 bits times a power of two. Later weights of a neuron
# make up for the errors of earlier ones, on real spikes.

quantized = pffspike.quantize(trained, bits=8, device="loihi1")
for network, name in ((trained, "as trained"), (quantized.trained, "8 bits")):
    print(f"{name}: {pffspike.evaluate(network, mode='one_pass').accuracy:.1%} right in one pass")

# %%
# Place and export
# ----------------
#
# The folder holds the network as integers, the equations that it follows, an example with every
# spike, and a script that needs NumPy and Lava alone: ``python exported/run_lava.py``.

folder = Path(tempfile.mkdtemp()) / "exported"  # any new folder will do
exported = pffspike.export(quantized.trained, folder, target="loihi1")
placed = exported.deployment
print(f"{len(placed.placement.cores)} cores, {len(placed.violations)} design rules broken")
print(*sorted(path.name for path in folder.iterdir()))

# %%
# As one Lava process
# -------------------
#
# Ports and variables of every population and projection are those of the process. Here the
# weights are read back, and the spikes of two digits are counted.

data = pffspike.load_data("digits")
images = pffspike.probabilities(data.test_images[:2], data.levels)
pff = PFF(quantized.trained, "one_pass", {"image": images})
print(pff.text())
with CooperativeRuntime(pff):
    pff.run(condition=RunSteps(num_steps=pff.steps))
    weights = np.asarray(pff.image_to_hidden_1_weights.get())
print("weights are integers from", weights.min(), "to", weights.max())

# %%
# The same as an engine, compared with NumPy spike by spike, neuron by neuron:

recordings = {}
for engine in ("numpy", "lava"):
    execution = pffspike.Execution(engine, probes=pffspike.Probes(rasters=("hidden_1", "readout")))
    recordings[engine] = pffspike.run(
        quantized.trained, "one_pass", {"image": images}, execution=execution
    )
print("identical:", recordings["numpy"].same_spikes(recordings["lava"]))
raster = pffspike.plots.raster(recordings["lava"], {"one digit, in Lava": 0})

# %%
# From here: :doc:`PFF on Lava </docs/lava>` connects processes of your own and learns there;
# :doc:`deployment </docs/deployment>` says where a chip differs.
