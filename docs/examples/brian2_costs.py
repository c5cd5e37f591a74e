"""Cost of the readable Brian2 model beside the fast engine, as ratios of one run.

    python docs/examples/brian2_costs.py [--samples 1000] [--cython]
    python docs/examples/brian2_costs.py --compilation

Digits, 2 x 250 hidden neurons. What is compiled is compiled before. Processor time of all processes
is summed, so that others at work on the machine hardly matter. Cython compiles for many minutes at
the first use on a machine, so it is measured only if asked for. ``--compilation`` compiles the
readable model of training instead: as the engine does, and each code object by itself, as Brian2
does.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from typing import Any

import brian2
import numpy as np

import pffspike
from pffspike.brian2 import EquationsEngine, to_brian2
from pffspike.engines.brian2 import Brian2Engine


def cost(engine: Any, program: str, samples: int) -> float:
    """Processor seconds a sample; the processes that the engine starts among them."""
    network, data = pffspike.load_network("digits"), pffspike.load_data("digits")
    labels = data.train_labels[: samples + 1]
    signals = {
        "image": pffspike.probabilities(data.train_images[: samples + 1], data.levels),
        "label": labels,
        "negative": np.where(np.arange(len(labels)) % 2, (labels + 1) % 10, -1),
    }
    needed = ("image",) if program == "one_pass" else tuple(signals)
    with engine.compile(network, program, pffspike.initial(network, 0), seed=0) as session:
        for part in (slice(0, 1), slice(1, None)):  # the first run compiles
            chosen = {name: signals[name][part] for name in needed}
            begun = sum(os.times()[:4])
            session.run(chosen, np.arange(samples + 1)[part])
            taken = sum(os.times()[:4]) - begun
    return taken / samples


def compilation() -> None:
    """Compile the readable model of training both ways; print processor times of the compilers."""
    network, data = pffspike.load_network("digits"), pffspike.load_data("digits")
    labels = data.train_labels[:1]
    images = pffspike.probabilities(data.train_images[:1], data.levels)
    signals = {"image": images, "label": labels, "negative": (labels + 1) % 10}
    engine = EquationsEngine("cpp_standalone", chunk=1)
    begun = sum(os.times()[2:4])  # of the processes that this one has started
    with engine.compile(network, "train", pffspike.initial(network, 0), seed=0) as session:
        session.run(signals, [0])
    unit = sum(os.times()[2:4]) - begun
    print(f"one unit, as the engine does {unit:6.1f} s", flush=True)

    brian2.set_device("cpp_standalone", build_on_run=False)
    brian2.prefs.codegen.cpp.extra_compile_args_gcc = list(engine.flags)
    model = to_brian2(network, "train", signals, seed=0)
    model.network.run(model.duration, namespace={})
    objects = len(brian2.device.code_objects)
    begun = sum(os.times()[2:4])
    with tempfile.TemporaryDirectory() as folder:
        brian2.device.build(directory=folder, run=False, with_output=False)
    apart = sum(os.times()[2:4]) - begun
    print(f"{objects} objects, one by one       {apart:6.1f} s, {apart / unit:.0f} times as much")


def main() -> None:
    """Run every engine in both programs, and print times over those of the fast one in C++."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=1000, help="of the fast engines")
    parser.add_argument("--cython", action="store_true")
    parser.add_argument("--compilation", action="store_true")
    options = parser.parse_args()
    if options.compilation:
        compilation()
        return
    many = options.samples
    some, few = max(1, many // 5), max(1, many // 50)
    ways = {
        "brian2, C++": (Brian2Engine("cpp_standalone", chunk=many), many),
        "numba": (pffspike.make_engine("numba"), many),
        "numpy (reference)": (pffspike.make_engine("numpy"), some),
        "brian2, NumPy": (Brian2Engine("numpy", chunk=few), few),
        "brian2:equations, C++": (EquationsEngine("cpp_standalone", chunk=some), some),
        "brian2:equations, NumPy": (EquationsEngine("numpy", chunk=few), few),
    }
    if options.cython:
        ways["brian2, Cython"] = (Brian2Engine("cython", chunk=few), few)
        ways["brian2:equations, Cython"] = (EquationsEngine("cython", chunk=few), few)
    print(f"{'':26} {'one_pass':>9} {'train':>9}")
    found: dict[str, list[float]] = {}
    for name, (engine, samples) in ways.items():
        found[name] = [cost(engine, program, samples) for program in ("one_pass", "train")]
        over = [a / b for a, b in zip(found[name], found["brian2, C++"], strict=True)]
        print(f"{name:26} {over[0]:9.3g} {over[1]:9.3g}", flush=True)


if __name__ == "__main__":
    main()
