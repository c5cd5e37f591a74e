"""Whether the two directions of contrastive Hebbian learning stay each other's transpose.

python experiments/14-relatives/angle.py

trains the card `digits-chl` as the study does, seed 0, and prints the angle between the weights
of either pair of projections, one of them transposed. Some ten seconds.
"""

from __future__ import annotations

import numpy as np

import pffspike
from pffspike.studies.script import run_script


def main() -> None:
    """Print a line for each pair."""
    network = pffspike.load_network("digits-chl")
    trained = pffspike.train(network, pffspike.load_data("digits"))
    weights = trained.parameters.weights
    for below, above in (("hidden_1", "hidden_2"), ("hidden_2", "readout")):
        up = weights[f"{below}_to_{above}"].ravel()
        down = weights[f"{above}_to_{below}"].T.ravel()
        cosine = up @ down / (np.linalg.norm(up) * np.linalg.norm(down))
        print(f"{below} and {above}: {np.degrees(np.arccos(min(1.0, float(cosine)))):.2f} degrees")


if __name__ == "__main__":
    run_script(main)
