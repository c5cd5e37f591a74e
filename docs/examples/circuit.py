"""The circuit of a network card, drawn from its populations and projections.

python docs/examples/circuit.py digits -o docs/pictures/circuit.svg
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pffspike


def main() -> None:
    """Draw the network of a card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("card", nargs="?", default="digits", help="name or path of a card")
    parser.add_argument("-o", "--output", type=Path, default=Path("circuit.svg"))
    options = parser.parse_args()
    network = pffspike.load_network(options.card)
    pffspike.plots.save(pffspike.plots.circuit(network), options.output)


if __name__ == "__main__":
    main()
