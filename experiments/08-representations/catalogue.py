"""The systems of study 08 by title, and how long each learns."""

import systems

import pffspike
from pffspike.circuits import without_latents

HIDDEN = (250, 250)
RATES = {"0.02": 5, "0.10": 26, "0.20": 51}  #: other target rates of homeostasis, in 1/256
WINDOW = 64  #: steps over which spikes are counted
SYSTEMS = {
    "spiking PFF": "pff",
    "spiking PFF, high goodness": "pff",
    "spiking PFF, no homeostasis": "pff",
    **{f"spiking PFF, target rate {rate}": "pff" for rate in RATES},
    "spiking PFF, untrained": "untrained",
    "rate-coded PFF": "rate",
    "rate-coded FF": "rate",
    "backpropagation on FF's objective": "rate",
    "backpropagation, rate 0.0001": "rate",
    "backpropagation, rate 0.001": "rate",
    "backpropagation, rate 0.01": "rate",
}


#: Epochs by kind, and of the fast variant.
EPOCHS = {
    "pff": (30, 3),
    "rate": (60, 10),
    "rate-coded PFF": (20, 3),
}  # of PFF: 12 updates an image


def epochs_of(title, fast):
    """Epochs that a system learns for."""
    return EPOCHS.get(title, EPOCHS.get(SYSTEMS[title], (0, 0)))[fast]


def card(title, epochs):
    """The card of the digits without latent states, and what the title changes."""
    changes = without_latents()
    if "high" in title:
        changes["pff"]["positive"] = "high"
    if "no homeostasis" in title:
        changes["pff"]["homeostasis"] = 0
    for rate, steps in RATES.items():
        if title.endswith(f"target rate {rate}"):
            changes["pff"]["target_rate"] = steps / 256
    if epochs:
        changes["training"]["epochs"] = epochs
    return pffspike.load_network("digits", changes)


def learn(title, data, seed, epochs):
    """Train one system."""
    if SYSTEMS[title] == "pff":
        return systems.spiking(card(title, epochs), data, seed, WINDOW)
    if SYSTEMS[title] == "untrained":
        return systems.untrained(card(title, None), data, seed, WINDOW)
    if title == "rate-coded PFF":
        return systems.rate_coded_pff(HIDDEN, epochs, data, seed)
    if title == "rate-coded FF":
        return systems.rate_coded_ff(HIDDEN, epochs, data, seed)
    if title.startswith("backpropagation on"):
        return systems.backpropagated_goodness(HIDDEN, epochs, 0.001, data, seed)
    return systems.backpropagation(HIDDEN, epochs, float(title.rpartition(" ")[2]), data, seed)
