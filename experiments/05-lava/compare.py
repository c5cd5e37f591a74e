"""Rebuild the table: time a step of one network on Lava in several ways; see README.md."""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import stock

from pffspike.cards import load_network
from pffspike.engines import make_engine
from pffspike.engines.lava import LavaEngine
from pffspike.network import initial
from pffspike.studies.script import run_script

HERE = Path(__file__).absolute().parent
PROGRAM = "one_pass"

#: Row, what it can do and what it cannot.
NOTES = {
    "numpy": "the reference, one sample at a time: what a step of the network costs without Lava",
    "export, fixed": "spikes and learned weights as on every engine; integers only",
    "export, floating": "the same in doubles",
    "export, fixed, processes": "the same with an operating-system process for each Lava process",
    "stock, one thread": "Dense + LIF on this project's runtime: no Bernoulli draw, no "
    "normalization, weights of 8 bits (odd ones floored), no rule of this network",
    "stock": "the same on stock Lava's runtime; a fault in a model hangs it",
    "brian2lava": "LIF alone: `probspiker` takes no synaptic input and no seed, and learning "
    "cannot read a neuron's variable",
}


def images(network, samples):
    size = network.population("image").size
    pixels = np.arange(samples * size).reshape(samples, size)
    return np.where(pixels % 97 < 20, 0.75, 0.0)  # a fifth of the pixels, as in digits


def session_step(engine, network, parameters, samples):
    """Seconds a step over samples that are presented one by one."""
    program = network.program(PROGRAM)
    pictures = images(network, samples + 1)
    with engine.compile(network, PROGRAM, parameters, seed=0) as session:
        session.run({"image": pictures[:1]}, [0])
        start = time.perf_counter()
        for index in range(1, samples + 1):
            session.run({"image": pictures[index : index + 1]}, [index])
        seconds = time.perf_counter() - start
    return seconds / (samples * len(program.phases) * program.steps)


def measure(card, samples, rounds):
    """Median seconds a step of each row, and the median of ratios to NumPy in the same round."""
    network = load_network(card)
    parameters = initial(network, 0)
    steps = samples * network.program(PROGRAM).steps
    image = images(network, 1)[0]

    def own(engine):
        return session_step(engine, network, parameters, samples)

    def other(shared):
        return stock.time_step(network, PROGRAM, parameters, image, steps, shared)

    rows = {
        "numpy": lambda: own(make_engine("numpy")),
        "export, fixed": lambda: own(LavaEngine(lanes=1)),
        "export, floating": lambda: own(LavaEngine("floating", lanes=1)),
        "export, fixed, processes": lambda: own(LavaEngine(lanes=1, processes=True, timeout=60)),
        "stock, one thread": lambda: other(True),
        "stock": lambda: other(False),
    }
    times = [{name: row() for name, row in rows.items()} for _ in range(rounds)]
    return {
        name: {
            "microseconds_a_step": 1e6 * statistics.median(t[name] for t in times),
            "over_numpy": statistics.median(t[name] / t["numpy"] for t in times),
            "raw": [t[name] for t in times],
        }
        for name in rows
    }


def brian2lava(python, sizes, limit):
    """Seconds to start and microseconds a step of brian2lava, or what came of it."""
    seconds, (few, many) = [], (20, 60)
    for steps in (few, many):
        command = [
            str(python.absolute()),
            str(HERE / "with_brian2lava.py"),
            *map(str, (*sizes, steps)),
        ]
        with tempfile.TemporaryDirectory() as folder:  # it writes its Lava processes there
            try:
                done = subprocess.run(
                    command,
                    capture_output=True,
                    text=True,
                    timeout=limit,
                    check=False,
                    cwd=folder,
                )
            except subprocess.TimeoutExpired:
                return {"failed": f"{steps} steps were not finished after {limit:g} s"}
        if done.returncode:
            return {"failed": (done.stderr.strip().splitlines() or ["no message"])[-1]}
        seconds.append(json.loads(done.stdout.splitlines()[-1])["seconds"])
    step = max(0.0, (seconds[1] - seconds[0]) / (many - few))
    return {"start_seconds": seconds[0] - few * step, "microseconds_a_step": 1e6 * step}


def table(results):
    lines = [
        "| network | on | µs a step | over NumPy | what it is |",
        "| --- | --- | --- | --- | --- |",
    ]
    for card, rows in results["networks"].items():
        for name, row in rows.items():
            lines.append(
                f"| {card} | {name} | {row['microseconds_a_step']:.0f} | {row['over_numpy']:.2f} "
                f"| {NOTES[name]} |"
            )
    for row in results["brian2lava"]:
        what = row.get("failed") or (
            f"{row['microseconds_a_step']:.0f}, after {row['start_seconds']:.0f} s to start"
        )
        lines.append(f"| {row['network']} | brian2lava | {what} | | {NOTES['brian2lava']} |")
    return "\n".join(lines)


def check(results, fast):
    """What must hold on any machine; see expected.json."""
    expected = json.loads((HERE / "expected.json").read_text())["fast" if fast else "full"]
    wrong = []
    for card, limits in expected.items():
        rows = results["networks"][card]
        for name, limit in limits.items():
            ratio = rows[name]["over_numpy"]
            if ratio > limit:
                wrong.append(f"{card}: {name} takes {ratio:.2f} times NumPy, more than {limit}")
        if rows["export, fixed"]["microseconds_a_step"] > rows["stock"]["microseconds_a_step"]:
            wrong.append(f"{card}: the export is slower than stock Lava")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="digits only, few steps")
    parser.add_argument("--brian2lava", type=Path, help="Python of an environment that has it")
    parser.add_argument("--limit", type=float, default=300.0, help="its seconds")
    parser.add_argument("-o", "--output", type=Path, default=Path("results/05-lava"))
    options = parser.parse_args()
    cards, samples, rounds = (
        (["digits"], 4, 1) if options.fast else (["digits", "mnist-light"], 15, 5)
    )
    networks = {card: measure(card, samples, rounds) for card in cards}
    theirs: list[dict[str, Any]] = []
    for sizes in ((16, 20, 20), (64, 200, 200)) if options.brian2lava else ():
        row = brian2lava(options.brian2lava, sizes, options.limit)
        theirs.append({"network": "-".join(map(str, sizes)), **row})
    results = {"networks": networks, "brian2lava": theirs}
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    (options.output / "table.md").write_text(table(results) + "\n")
    print(table(results))
    wrong = check(results, options.fast)
    print("\n".join(wrong) or "as expected")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    run_script(main)
