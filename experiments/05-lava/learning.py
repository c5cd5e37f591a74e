"""What Loihi's own traces and rounding cost in accuracy on the digits; see README.md."""

import argparse
import dataclasses
import json
import sys
import time
from pathlib import Path

from pffspike import Execution, begin, evaluate
from pffspike import train as train_network
from pffspike.circuits import PFF, pff
from pffspike.data import load
from pffspike.engines import make_engine
from pffspike.network import Training
from pffspike.studies.script import run_script

CIRCUIT = PFF(64, 10, (40, 40), threshold=(4.0,), burn_in=2, window=8)
COARSE = dataclasses.replace(CIRCUIT, weight_grid=-7, weight_limit=1.984375)

#: Row, circuit and engine: what changes from one to the next.
ROWS = {
    "exact rule, weights of 20 bits": (CIRCUIT, "fastest"),
    "exact rule, weights of 8 bits and a sign": (COARSE, "fastest"),
    "loihi: LearningDense, its traces and rounding": (CIRCUIT, "lava:loihi"),
}


def train(circuit, engine, samples, epochs, seed):
    network = pff(circuit, "digits", Training("digits", epochs, hard_negatives=0.5))
    data = load("digits")
    few = dataclasses.replace(
        data,
        train_images=data.train_images[:samples],
        train_labels=data.train_labels[:samples],
    )
    state = begin(network, few, seed=seed)
    start = time.perf_counter()
    state = train_network(state, few, execution=Execution(make_engine(engine)))
    seconds = time.perf_counter() - start
    return {
        "one_pass": evaluate(state, data, "one_pass", execution=Execution(seed=seed)).accuracy,
        "goodness": evaluate(state, data, "goodness", execution=Execution(seed=seed)).accuracy,
        "seconds": seconds,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="100 images instead of all 1437")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, default=Path("results/05-lava"))
    options = parser.parse_args()
    samples = 100 if options.fast else 1437
    results = {
        name: train(circuit, engine, samples, options.epochs, options.seed)
        for name, (circuit, engine) in ROWS.items()
    }
    options.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=2) + "\n"
    (options.output / f"learning-{options.seed}.json").write_text(text)
    print("| rule | one pass | goodness | seconds of training |\n| --- | --- | --- | --- |")
    for name, row in results.items():
        accuracies = " | ".join(f"{100 * row[mode]:.1f} %" for mode in ("one_pass", "goodness"))
        print(f"| {name} | {accuracies} | {row['seconds']:.0f} |")
    expected = json.loads((Path(__file__).parent / "expected.json").read_text())["learning"]
    if (options.fast, options.seed, options.epochs) == (False, expected["seed"], 1):
        far = [
            f"{name}: {mode} is {row[mode]:.3f}, expected {expected[name][mode]:.3f}"
            for name, row in results.items()
            for mode in ("one_pass", "goodness")
            if abs(row[mode] - expected[name][mode]) > expected["tolerance"]
        ]
        print("\n".join(far) or "as expected")
        sys.exit(bool(far))


if __name__ == "__main__":
    run_script(main)
