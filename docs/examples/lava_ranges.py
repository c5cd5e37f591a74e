"""Ranges of fixed-point variables while the network learns, and where a device would saturate.

    python docs/examples/lava_ranges.py [trained.h5] [--bits 16] [--samples 2]

Without a file it begins with initial weights. It reads the currents of every population at every
step and weights and biases after every sample, and prints the largest integer of each variable,
the bits that it needs with its sign, and the share of values that a device with registers of
``--bits`` bits would cut off.
"""

from __future__ import annotations

import argparse

import numpy as np

import pffspike
from pffspike.lava import PFF, CooperativeRuntime

from lava.magma.core.run_conditions import RunSteps  # isort: skip


class Range:
    """What was seen of a variable."""

    def __init__(self, limit: int) -> None:
        self.limit, self.largest, self.beyond, self.seen = limit, 0, 0, 0
        self.first = 0

    def look(self, values: np.ndarray, step: int) -> None:
        """Take in the values after a time step."""
        sizes = np.abs(values)
        self.largest = max(self.largest, int(sizes.max(initial=0)))
        beyond = int(np.count_nonzero(sizes > self.limit))
        self.first = self.first or (step if beyond else 0)
        self.beyond, self.seen = self.beyond + beyond, self.seen + sizes.size

    def line(self, name: str) -> str:
        """What is printed."""
        bits = self.largest.bit_length() + 1
        share = f"{self.beyond / self.seen:7.2%}, from step {self.first}" if self.beyond else "none"
        return f"{name:32} {self.largest:12,} {bits:5}   {share}"


def main() -> None:
    """Train on some digits, reading variables between the steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trained", nargs="?", help="file of a trained network")
    parser.add_argument("--bits", type=int, default=16, help="of a register, with its sign")
    parser.add_argument("--samples", type=int, default=2)
    options = parser.parse_args()
    data = pffspike.load_data("digits")
    network = pffspike.load_network("digits")
    trained = pffspike.load(options.trained) if options.trained else network
    images = pffspike.probabilities(data.train_images[: options.samples], data.levels)
    labels = data.train_labels[: options.samples]
    signals = {"image": images, "label": labels, "negative": np.full(len(labels), -1)}
    pff = PFF(trained, "train", signals)
    learned = [var for var in pff.vars.member_names if var.endswith(("_weights", "_bias"))]
    currents = [var for var in pff.vars.member_names if var.endswith("_current")]
    ranges = {name: Range(2 ** (options.bits - 1) - 1) for name in (*currents, *learned)}
    with CooperativeRuntime(pff):
        for step in range(1, pff.steps + 1):
            pff.run(condition=RunSteps(num_steps=1))
            for name in currents:
                ranges[name].look(getattr(pff, name).get(), step)
            if step % (pff.steps // len(labels)) == 0:
                for name in learned:
                    ranges[name].look(getattr(pff, name).get(), step)
    print(f"{'variable':32} {'largest':>12} {'bits':>5}   beyond {options.bits} bits")
    for name, seen in ranges.items():
        print(seen.line(name))


if __name__ == "__main__":
    main()
