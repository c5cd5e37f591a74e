"""Train the digits with other neurons in Brian2, while plasticity stays as it is.

    python docs/examples/other_neurons.py [--epochs 3] [--hidden 100] [--target cpp_standalone]

Prints the accuracy on the 360 test digits in one pass, and label by label, for the clipped line of
every other engine, for a logistic neuron, and for a leaky integrate-and-fire neuron with escape
noise, in both hidden populations. The last two are other models than the network's own: no other
engine gives these numbers, and no setting was adapted to them.
"""

from __future__ import annotations

import argparse

import pffspike
from pffspike.brian2 import EquationsEngine, Neuron, Options

NEURONS = {
    "clipped line": Neuron(),
    "logistic": Neuron(p="1/(1 + exp(-4*(b + I - 0.5)))"),
    "integrate and fire": Neuron(
        equations="dv/dt = (2*(b + I) - v)/(1*ms) : 1",
        p="1 - exp(-exp((v - 0.75)/0.2))",
        reset="v = 0",
        begin="v = 0",
    ),
}


def accuracies(neuron: Neuron, target: str, network: pffspike.Network) -> dict[str, float]:
    """Train from the start with a neuron in both hidden populations, and evaluate."""
    options = Options(neurons={"hidden_1": neuron, "hidden_2": neuron})
    engine = EquationsEngine(target, chunk=360, options=options)
    execution = pffspike.Execution(engine, seed=0)
    trained = pffspike.train(network, execution=execution)
    return {
        mode: pffspike.evaluate(trained, mode=mode, execution=execution).accuracy
        for mode in ("one_pass", "goodness")
    }


def main() -> None:
    """Parse arguments, train three times, print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--hidden", type=int, default=100)
    parser.add_argument("--target", default="cpp_standalone")
    given = parser.parse_args()
    changed = {
        "pff": {"hidden": [given.hidden, given.hidden]},
        "training": {"epochs": given.epochs},
    }
    network = pffspike.load_network("digits", changed)
    for name, neuron in NEURONS.items():
        found = accuracies(neuron, given.target, network)
        print(f"{name:20}", *(f"{mode} {100 * value:.1f} %" for mode, value in found.items()))


if __name__ == "__main__":
    main()
