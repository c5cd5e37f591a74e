#!/usr/bin/env python3
"""Rebuild the network of this folder on Lava, in integers, and run it.

Needs Python 3.10 or later, NumPy and lava-nc 0.10.0, and nothing else: not the program that wrote
the folder. README.txt describes the files and model.md the order of a step. Before anything is
computed, every file is compared with its digest in SHA256SUMS; exit code 2 says that an input does
not fit, and 1 that spikes differ. Examples:

    python run_lava.py                     run what lies in example/ and compare every spike
    python run_lava.py --program one_pass --inputs my.npz --output spikes.npz

An .npz file of inputs holds an array for each signal of the program: (samples,) integers, the
neuron that fires in every step (or the class), or (samples, units) integers, spike probabilities
times 2^24, or (samples, steps, units), those of each step; also `samples`, the (samples,) numbers
that key the random numbers, and `seed`. The output holds for each population an array (samples,
phases, steps, units) of bool; a program that learns adds its weights and biases afterwards:
`weights/NAME` and `biases/NAME`, integers as in the files of those names.

Every population and every projection is a Lava process. They lie in processes/, with
programs.json, what each process has to know: the very files that the program runs.
"""

import argparse
import importlib
import json
import multiprocessing
import os
import signal
import sys
import warnings
import zipfile
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np

FOLDER = Path(__file__).resolve().parent
UNIT = 24  # probabilities and biases are integers times 2^-24

warnings.filterwarnings("ignore", category=DeprecationWarning)  # Python 3.12: fork with threads


def refuse(message):
    """End with one sentence and exit code 2."""
    print(message, file=sys.stderr)
    sys.exit(2)


def check_folder():
    """Compare the files of this folder with their digests."""
    sys.dont_write_bytecode = True
    needed = ("network.json", "weights/*", "biases/*", "example/*", "processes/**/*.*")
    try:
        sums = importlib.import_module("sums")  # beside this file
        sums.check_sums(FOLDER, needed)
    except (ImportError, OSError, ValueError) as error:
        refuse(f"{FOLDER} is not as it was exported ({error}); export the network again")


if __name__ == "__main__":
    check_folder()

sys.path.insert(0, str(FOLDER / "processes"))

from pffspike.engines.lava import compat  # noqa: E402

try:
    compat.import_lava()
except ImportError:
    refuse("lava-nc 0.10.0 is not installed: pip install lava-nc==0.10.0 (on Python 3.10)")

from lava.magma.core.run_conditions import RunSteps  # noqa: E402
from lava.magma.core.run_configs import Loihi2SimCfg  # noqa: E402

from pffspike.engines.lava.processes.arithmetic import Arithmetic  # noqa: E402
from pffspike.engines.lava.processes.circuit.process import Circuit  # noqa: E402
from pffspike.engines.lava.processes.memory import Memory  # noqa: E402
from pffspike.engines.lava.processes.plan import Setting, from_json  # noqa: E402


def read_arrays(path, required=()):
    """Arrays of an .npz file by name, or the array of an .npy file."""
    try:
        if not path.is_file():
            raise ValueError("it is missing or not a regular file")
        content = np.load(path, allow_pickle=False)
        if isinstance(content, np.ndarray):
            return content
        with content:
            arrays = {name: content[name] for name in content.files}
        missing = [name for name in required if name not in arrays]
        if missing:
            raise ValueError(f"it holds no array {missing[0]!r}")
        return arrays
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        refuse(f"{path} can't be read ({error}); check the path, or write the file again")


def find_plan(name):
    """What the processes of a program have to know."""
    programs = json.loads((FOLDER / "processes" / "programs.json").read_text("utf-8"))
    if name not in programs:
        refuse(f"program {name!r} does not exist; there are: {', '.join(programs)}")
    return from_json(programs[name])


def read_real(kind, name, exponent):
    """Weights or biases as they are, from integers."""
    return read_arrays(FOLDER / kind / f"{name}.npy").astype(np.float64) * 2.0**exponent


def read_fixed(kind, parts):
    """Where learning leaves weights or biases as they are, by projection or population."""
    places = {each.name: FOLDER / "fixed" / kind / f"{each.name}.npy" for each in parts}
    return {name: read_arrays(place) for name, place in places.items() if place.exists()}


def check_signal(name, inputs, samples, steps, size, classes):
    """Classes, or spike probabilities as they are."""
    if name not in inputs:
        refuse(f"signal {name!r} is missing from the inputs; add an array of that name")
    values = inputs[name]
    if not np.issubdtype(values.dtype, np.integer):
        refuse(f"signal {name!r} is of type {values.dtype}; give integers")
    if values.shape == (samples,):
        highest, lowest = size - 1, -1 if classes else 0
    elif values.shape in ((samples, size), (samples, steps, size)) and not classes:
        highest, lowest = 1 << UNIT, 0
    else:
        shapes = f"({samples},)"
        if not classes:
            shapes += f", ({samples}, {size}) or ({samples}, {steps}, {size})"
        refuse(f"signal {name!r} has shape {values.shape}, not {shapes}")
    if values.size and not lowest <= values.min() <= values.max() <= highest:
        refuse(f"signal {name!r} holds values that are not from {lowest} to {highest}")
    return values.astype(np.int64) if values.ndim == 1 else values * 2.0**-UNIT


def check_inputs(plan, inputs):
    """Signals of a program by name, and the numbers of the samples."""
    samples = np.asarray(inputs["samples"])
    if samples.ndim != 1 or not samples.size or not np.issubdtype(samples.dtype, np.integer):
        refuse(f"samples have shape {samples.shape} and type {samples.dtype}; give their numbers")
    sizes, classes = {}, set()
    for each in plan.neurons:
        sizes |= {name: each.size for name in each.inputs or () if isinstance(name, str)}
        taught = each.plasticity and each.plasticity.target_signal
        if taught:
            sizes[taught] = each.size
            classes.add(taught)
        if plan.wrong_class and plan.wrong_class.population == each.name:
            sizes[plan.wrong_class.truth] = sizes[plan.wrong_class.signal] = each.size
            classes |= {plan.wrong_class.truth, plan.wrong_class.signal}
    count = len(samples)
    signals = {
        name: check_signal(name, inputs, count, plan.clock.steps, size, name in classes)
        for name, size in sizes.items()
    }
    return signals, samples.astype(np.int64)


def run(program, inputs, timeout):
    """Run a program and return the spikes, and what it has learned."""
    plan = find_plan(program)
    signals, samples = check_inputs(plan, inputs)
    setting = Setting(Arithmetic("fixed"), 1, int(inputs["seed"]) % 2**64)
    start = SimpleNamespace(
        weights={p.owner: read_real("weights", p.owner, p.grid) for p in plan.projections},
        biases={p.name: read_real("biases", p.name, -UNIT) for p in plan.populations},
        fixed_weights=read_fixed("weights", plan.projections),
        fixed_biases=read_fixed("biases", plan.populations),
    )
    names = [each.name for each in plan.neurons]
    in_time = any(values.ndim == 3 for values in signals.values())
    memory = Memory(
        plan,
        setting,
        start,
        batches=len(samples),
        rasters=names,
        frames=plan.clock.steps if in_time else 1,
    )
    memory.load(signals, samples)
    circuit = Circuit(plan, setting, memory)
    configuration = Loihi2SimCfg(select_tag="fixed_pt", select_sub_proc_model=True)
    watched = hasattr(signal, "SIGALRM")  # not on Windows
    if watched:
        signal.signal(signal.SIGALRM, give_up)
        signal.alarm(timeout)
    with compat.forking():
        try:
            circuit.run(condition=RunSteps(num_steps=circuit.steps), run_cfg=configuration)
        finally:
            circuit.stop()
    if watched:
        signal.alarm(0)
    spikes = {name: memory.probes[name].raster[:, :, :, 0] for name in names}
    return spikes, learned(plan, memory) if plan.learns else {}


def learned(plan, memory):
    """Weights and biases as integers, by the names of their files."""
    weights, biases = memory.learned()
    grids = {each.owner: each.grid for each in plan.projections}
    found = {f"weights/{name}": w * 2.0 ** -grids[name] for name, w in weights.items()}
    found |= {f"biases/{name}": b * 2.0**UNIT for name, b in biases.items()}
    return {name: values.astype(np.int32) for name, values in found.items()}


def give_up(*_):
    """End everything: Lava waits for ever if one of its processes fails."""
    for child in multiprocessing.active_children():
        child.kill()
    print("the run did not end in time; give a larger --timeout", file=sys.stderr)
    sys.stderr.flush()
    os._exit(1)


def main():
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--program", help="program to run; needs --inputs")
    parser.add_argument("--inputs", type=Path, help=".npz file of signals")
    parser.add_argument("--output", type=Path, help=".npz file to write")
    parser.add_argument("--timeout", type=int, default=600, help="seconds")
    options = parser.parse_args()
    if options.program:
        if options.inputs is None:
            parser.error("--program needs --inputs")
        if options.output and not options.output.absolute().parent.is_dir():
            refuse(f"{options.output} can't be written: its folder is missing; make it first")
        inputs = read_arrays(options.inputs, ("samples", "seed"))
        spikes, changed = run(options.program, inputs, options.timeout)
        if options.output:
            np.savez_compressed(options.output, **spikes, **changed)
        for name, raster in spikes.items():
            print(f"{name}: {np.count_nonzero(raster)} spikes")
        return
    same = True
    for path in sorted((FOLDER / "example").glob("*.npz")):
        expected = read_arrays(path)
        spikes, _ = run(path.stem, expected, options.timeout)
        equal = [np.array_equal(expected[f"spikes/{name}"], spikes[name]) for name in spikes]
        same = same and all(equal)
        count = sum(int(np.count_nonzero(raster)) for raster in spikes.values())
        print(f"{path.stem}: {count} spikes, identical to those expected: {all(equal)}")
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
