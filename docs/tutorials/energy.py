"""
What an answer costs
====================

For who compares energies. The energy of an inference is a count of events times an energy per
event, and static power while the steps last. Counts are those of real spikes; values come from
device cards, each with its source. No silicon was reached.
"""

# %%
# A trained network, and three ways to ask it.

import textwrap

import pffspike

network = pffspike.load_network("digits", {"pff": {"hidden": [100, 100]}})
trained = pffspike.train(network, epochs=3)
results = {
    mode: pffspike.energy(trained, mode=mode, pricing=["loihi1", "cortex-m4f"])
    for mode in ("goodness", "early", "one_pass")
}
for mode, result in results.items():
    loihi = result.energies[0]
    print(
        f"{mode}: {result.accuracy:.1%} right, {1e6 * loihi.total:.1f} µJ"
        f" (events {1e6 * loihi.events:.1f} µJ, whole chip {1e6 * loihi.whole_chip:.0f} µJ)"
    )

# %%
# Three values
# ------------
#
# ``events`` leaves static power out, ``total`` has that of the cores in use, ``whole_chip`` that
# of every chip that is used. Say which one you compare.
#
# Where the energy goes, term by term: what was counted, the value of one, and where that value is
# from.

rows = results["one_pass"].energies[0].tidy_rows()
first = rows[0]["profile"]  # of the values that a card has from several sources
priced = [row for row in rows if row["profile"] == first and row["energy_j"] is not None]
for row in sorted(priced, key=lambda row: -row["energy_j"])[:6]:
    print(
        f"{1e6 * row['energy_j']:.2f} µJ: {row['event']}, {row['place'] or row['part']}:"
        f" {row['count']:,.0f} x {1e12 * row['value_j']:.3g} pJ,"
        f" {textwrap.shorten(row['source'], 60)}"
    )

# %%
# Accuracy against energy
# -----------------------

points = [
    pffspike.plots.Point("digits", mode, result.energies[0].total, result.accuracy)
    for mode, result in results.items()
]
front = pffspike.plots.accuracy_against_energy({"Loihi 1": points})

# %%
# A perceptron on a microcontroller
# ---------------------------------
#
# 64-64-10, all products, by the measured energy of whole inferences on a Cortex-M4F:

products = 64 * 64 + 64 * 10
perceptron = pffspike.price_ann(products, products, "cortex-m4f")
early = results["early"].energies[0]
print(f"perceptron {1e6 * perceptron.total:.2f} µJ, early {1e6 * early.total:.1f} µJ")
print(f"the spiking network takes {early.total / perceptron.total:.0f} times as much")

# %%
# That is the result for static images, with these counts and these values: spikes do not pay.
# What would have to change is a matter of the counts, and :doc:`study 06
# </experiments/06-energy-per-inference/README>` goes through ten devices and both data sets.
