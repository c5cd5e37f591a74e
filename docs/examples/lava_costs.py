"""Cost of each way to run the same process: processor time a sample and step, as ratios of one run.

    python docs/examples/lava_costs.py [--samples 20]

What it takes to start is measured by a shorter run and taken off. Time of all processes of the
operating system is summed, so that others at work on the machine hardly matter; waiting does not
count.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

import pffspike
from pffspike.lava import PFF, CooperativeRuntime, GuardedRuntime

from lava.magma.core.run_conditions import RunSteps  # isort: skip
from lava.magma.core.run_configs import Loihi2SimCfg  # isort: skip

LANES = 64


def seconds(runtime: Callable[[Any], Any], samples: np.ndarray) -> float:
    """Processor time of a whole run, the processes that it started among them."""
    network = pffspike.load_network("digits")
    signals = {"image": np.full((samples.size, 64), 0.25)}
    begun = sum(os.times()[:4])
    pff = PFF(network, "one_pass", signals, samples)
    configuration = Loihi2SimCfg(select_tag="fixed_pt", select_sub_proc_model=True)
    with runtime(pff):
        pff.run(condition=RunSteps(num_steps=pff.steps), run_cfg=configuration)
        pff.stop()
    return sum(os.times()[:4]) - begun


def main() -> None:
    """Run each way twice, and print the differences over the first way's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=20)
    options = parser.parse_args()
    one = np.arange(options.samples)
    many = np.arange(options.samples * LANES).reshape(-1, LANES)
    ways: dict[str, tuple[Callable[[Any], Any], np.ndarray]] = {
        "CooperativeRuntime": (CooperativeRuntime, one),
        f"CooperativeRuntime, {LANES} lanes": (CooperativeRuntime, many),
        "GuardedRuntime": (lambda pff: GuardedRuntime(pff, timeout=60), one),
        "Lava's own runtime": (nullcontext, one),
    }
    seconds(CooperativeRuntime, one[:1])  # imports
    costs = {}
    for way, (runtime, samples) in ways.items():
        more = seconds(runtime, samples) - seconds(runtime, samples[:1])
        costs[way] = more / (samples.size - samples[:1].size)
    for way, cost in costs.items():
        print(f"{way:30} {cost / costs['CooperativeRuntime']:6.2f}")


if __name__ == "__main__":
    main()
