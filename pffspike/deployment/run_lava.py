#!/usr/bin/env python3
"""Rebuild the network of this folder on Lava, in integers, and run it.

Needs Python 3.10 or later, NumPy and lava-nc 0.10.0, and nothing else: not the program that wrote
the folder. README.txt describes the files and model.md the order of a step. Before anything is
computed, every file is compared with its digest in SHA256SUMS; exit code 2 says that an input does
not fit, and 1 that spikes differ. Examples:

    python run_lava.py                     run what lies in example/ and compare every spike
    python run_lava.py --program one_pass --inputs my.npz --output spikes.npz

An .npz file of inputs holds an array for each signal of the program: (samples,) integers, the
neuron that fires in every step, or (samples, units) integers, spike probabilities times 2^24; also
`samples`, the (samples,) numbers that key the random numbers, and `seed`. The output holds for each
population an array (samples, phases, steps, units) of bool.

Every population and every projection is a Lava process. There is no random state: the random number
of a neuron is a function of seed, stream, sample, step, population and neuron.
"""

import argparse
import dataclasses
import importlib
import json
import mmap
import multiprocessing
import os
import signal
import sys
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent

warnings.filterwarnings("ignore", category=DeprecationWarning)  # Python 3.12: fork with threads


def import_var_model():
    """Let Lava 0.10.0 run on Python 3.11 and later, which want defaults to be hashable."""
    original = dataclasses.dataclass

    def dataclass(cls=None, /, **options):
        if getattr(cls, "__name__", "") == "ByteEncoder":
            options["unsafe_hash"] = True
        return original(cls, **options)

    dataclasses.dataclass = dataclass
    try:
        importlib.import_module("lava.magma.compiler.var_model")
    finally:
        dataclasses.dataclass = original


def refuse(message):
    """End with one sentence and exit code 2."""
    print(message, file=sys.stderr)
    sys.exit(2)


def check_folder():
    """Compare the files of this folder with their digests."""
    sys.dont_write_bytecode = True
    try:
        sums = importlib.import_module("sums")  # beside this file
        sums.check_sums(FOLDER, ("network.json", "weights/*", "biases/*", "example/*"))
    except (ImportError, OSError, ValueError) as error:
        refuse(f"{FOLDER} is not as it was exported ({error}); export the network again")


if __name__ == "__main__":
    check_folder()

try:
    import_var_model()
except ImportError:
    refuse("lava-nc 0.10.0 is not installed: pip install lava-nc==0.10.0 (on Python 3.10)")

from lava.magma.core.decorator import implements, requires, tag  # noqa: E402
from lava.magma.core.model.py.model import PyLoihiProcessModel  # noqa: E402
from lava.magma.core.model.py.ports import PyInPort, PyOutPort  # noqa: E402
from lava.magma.core.model.py.type import LavaPyType  # noqa: E402
from lava.magma.core.process.ports.ports import InPort, OutPort  # noqa: E402
from lava.magma.core.process.process import AbstractProcess  # noqa: E402
from lava.magma.core.process.variable import Var  # noqa: E402
from lava.magma.core.resources import CPU  # noqa: E402
from lava.magma.core.run_conditions import RunSteps  # noqa: E402
from lava.magma.core.run_configs import Loihi2SimCfg  # noqa: E402
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol  # noqa: E402

SPIKES = 0  # first index below the seed
UNIT = 24  # probabilities, biases and random numbers are integers times 2^-24
U64 = np.uint64


def derive(key, index):
    """Child of a key: output number `index` of SplitMix64 from the state `key`."""
    with np.errstate(over="ignore"):  # modulo 2^64 is what is meant
        x = np.asarray(key, U64) + (np.asarray(index).astype(U64) + U64(1)) * U64(
            0x9E3779B97F4A7C15
        )
        x = (x ^ (x >> U64(30))) * U64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> U64(27))) * U64(0x94D049BB133111EB)
    return x ^ (x >> U64(31))


@dataclasses.dataclass
class Clock:
    """Samples follow each other without a gap; each is a presentation for every phase."""

    phases: int
    steps: int

    def at(self, time_step):
        """Sample, phase and step of a time step, which Lava counts from 1."""
        presentation, step = divmod(time_step - 1, self.steps)
        return (*divmod(presentation, self.phases), step)


class Population(AbstractProcess):
    """Bernoulli neurons: neuron j spikes if U < b_j + I_j, or if U < p_j where it is driven."""

    def __init__(self, size, bias, **parameters):
        super().__init__(size=size, **parameters)
        self.a_in = InPort(shape=(size,))
        self.s_out = OutPort(shape=(size,))  # 1 for every spike
        self.g_out = OutPort(shape=(size,))  # the gain for every spike
        self.bias = Var(shape=(size,), init=bias)


class Connection(AbstractProcess):
    """Synapses with a delay of one step: I_j = sum of w_ij times what neuron i sends."""

    def __init__(self, weights, **parameters):
        super().__init__(**parameters)
        self.s_in = InPort(shape=weights.shape[:1])
        self.a_out = OutPort(shape=weights.shape[1:])
        self.weights = Var(shape=weights.shape, init=weights)


@implements(proc=Population, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyPopulation(PyLoihiProcessModel):
    """Integers only."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=1)
    g_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    bias: np.ndarray = LavaPyType(np.ndarray, np.int64)

    def __init__(self, proc_params):
        super().__init__(proc_params)
        for name in (
            "size",
            "index",
            "clock",
            "keys",
            "active",
            "driven",
            "gain",
            "shift",
            "raster",
        ):
            setattr(self, name, proc_params[name])
        self.counters = (np.int64(self.index) << np.int64(32)) + np.arange(self.size)

    def run_spk(self):
        """One step: receive, draw, send."""
        sample, phase, step = self.clock.at(self.time_step)
        current = self.a_in.recv()
        spikes = np.zeros(self.size, bool)
        if self.active[phase]:
            key = derive(self.keys[sample, phase], step)
            uniform = (derive(key, self.counters) >> U64(64 - UNIT)).astype(np.int64)
            if self.driven is not None:
                spikes = uniform < self.driven[phase][sample]
            else:
                # What arrives in step 0 belongs to the presentation before.
                arrived = current if step else 0
                spikes = (uniform - self.bias) << self.shift < arrived
        self.s_out.send(spikes.astype(np.int32))
        self.g_out.send(spikes * self.gain[np.count_nonzero(spikes)])
        self.raster[sample, phase, step] = spikes


@implements(proc=Connection, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyConnection(PyLoihiProcessModel):
    """Integers only; rows of neurons that spike."""

    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=24)
    a_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)
    weights: np.ndarray = LavaPyType(np.ndarray, np.int64)

    def __init__(self, proc_params):
        super().__init__(proc_params)
        self.clock, self.enabled = proc_params["clock"], proc_params["enabled"]
        self.shift, self.current = proc_params["shift"], None

    def run_spk(self):
        """Send what the last step caused, then receive: loops do not deadlock."""
        silence = np.zeros(self.weights.shape[1], np.int64)
        self.a_out.send(silence if self.current is None else self.current)
        sent = self.s_in.recv()
        _, phase, _ = self.clock.at(self.time_step)
        self.current = None
        if self.enabled[phase]:
            rows = np.flatnonzero(sent)
            self.current = (sent[rows].astype(np.int64) @ self.weights[rows]) << self.shift


def shared(shape):
    """Array of bool that forked processes and this one see."""
    count = int(np.prod(shape))
    return np.frombuffer(mmap.mmap(-1, max(1, count)), bool, count).reshape(shape)


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


def find_program(network, name):
    """Find a program, which must learn nothing."""
    known = {p["name"]: p for p in network["programs"]}
    if name not in known:
        refuse(f"program {name!r} does not exist; there are: {', '.join(known)}")
    if any(phase["learn"] for phase in known[name]["phases"]):
        refuse(f"program {name!r} learns; this script runs programs that learn nothing")
    if "hard_negative" in known[name]:
        refuse(f"program {name!r} chooses a class by itself; this script has no such rule")
    return known[name]


def thresholds(source, size, inputs, samples):
    """(samples, size) spike probabilities times 2^24 of a driven population in a phase."""
    values = source if isinstance(source, int) else inputs.get(source)
    if values is None:
        refuse(f"signal {source!r} is missing from the inputs; add an array of that name")
    values = np.broadcast_to(values, samples) if np.ndim(values) == 0 else np.asarray(values)
    if values.ndim == 1:
        return (values[:, None] == np.arange(size)).astype(np.int64) << UNIT
    if values.shape != (samples, size):
        refuse(f"signal {source!r} has shape {values.shape}, not ({samples}, {size})")
    return values.astype(np.int64)


def build(folder, network, program, inputs):
    """Processes by name, rasters by population, edges, and the number of time steps."""
    numbers = np.asarray(inputs["samples"])
    phases, steps = program["phases"], program["burn_in"] + program["window"]
    clock = Clock(len(phases), steps)
    used = [p for p in network["projections"] if any(p["name"] in f["projections"] for f in phases)]
    populations = {p["name"]: p for p in network["populations"]}
    seed = int(inputs["seed"]) % 2**64
    roots = [derive(derive(U64(seed), SPIKES), phase["stream"]) for phase in phases]
    keys = np.stack([derive(root, numbers) for root in roots], axis=1)
    fine = {p["name"]: exponent(p, populations) for p in used}
    drive = {
        name: min([-UNIT, *(fine[p["name"]] for p in used if p["post"] == name)])
        for name in populations
    }
    processes, rasters, edges = {}, {}, []
    for name, p in populations.items():
        size = p["size"]
        driven = [phase["inputs"].get(name) for phase in phases]
        fed = [
            any(q["post"] == name and q["name"] in f["projections"] for q in used) for f in phases
        ]
        active = [fed[f] or driven[f] is not None for f in range(len(phases))]
        if not any(active):
            continue
        rasters[name] = shared((len(numbers), len(phases), steps, size))
        bias = np.zeros(size, np.int64)
        if not p["input"]:
            bias = read_arrays(folder / "biases" / f"{name}.npy").astype(np.int64)
        processes[name] = Population(
            size=size,
            bias=bias,
            name=name,
            index=p["index"],
            clock=clock,
            keys=keys,
            active=active,
            driven=[
                None if source is None else thresholds(source, size, inputs, len(numbers))
                for source in driven
            ]
            if p["input"]
            else None,
            gain=np.array(p["gain"], np.int32),
            shift=-UNIT - drive[name],
            raster=rasters[name],
        )
    for q in used:
        weights = read_arrays(folder / "weights" / f"{q['weights']}.npy").astype(np.int64)
        connection = Connection(
            weights,
            name=f"projection {q['name']}",
            clock=clock,
            enabled=[q["name"] in phase["projections"] for phase in phases],
            shift=fine[q["name"]] - drive[q["post"]],
        )
        pre, post = processes[q["pre"]], processes[q["post"]]
        (pre.g_out if q["weighted_by_gain"] else pre.s_out).connect(connection.s_in)
        connection.a_out.connect(post.a_in)
        edges.append((q["pre"], q["post"]))
    return processes, rasters, edges, len(numbers) * len(phases) * steps


def exponent(projection, populations):
    """Exponent of a weight times what a spike carries."""
    gain = populations[projection["pre"]]["gain_exponent"] if projection["weighted_by_gain"] else 0
    return projection["exponent"] + gain


def parts(names, edges):
    """One population of each connected part: Lava finds the rest by the connections."""
    part = {name: {name} for name in names}
    for pre, post in edges:
        joined = part[pre] | part[post]
        for name in joined:
            part[name] = joined
    return sorted({min(names) for names in part.values()})


def run(folder, program, inputs, timeout):
    """Run a program and return the rasters."""
    network = json.loads((folder / "network.json").read_text("utf-8"))
    processes, rasters, edges, steps = build(
        folder, network, find_program(network, program), inputs
    )
    config = Loihi2SimCfg(
        select_tag="fixed_pt",
        exception_proc_model_map={Population: PyPopulation, Connection: PyConnection},
    )
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(timeout)
    for name in parts(processes, edges):
        try:
            processes[name].run(condition=RunSteps(num_steps=steps), run_cfg=config)
        finally:
            processes[name].stop()
    signal.alarm(0)
    return rasters


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
        rasters = run(FOLDER, options.program, inputs, options.timeout)
        if options.output:
            np.savez_compressed(options.output, **rasters)
        for name, raster in rasters.items():
            print(f"{name}: {np.count_nonzero(raster)} spikes")
        return
    same = True
    for path in sorted((FOLDER / "example").glob("*.npz")):
        expected = read_arrays(path)
        rasters = run(FOLDER, path.stem, expected, options.timeout)
        equal = [np.array_equal(expected[f"spikes/{name}"], rasters[name]) for name in rasters]
        same = same and all(equal)
        spikes = sum(int(np.count_nonzero(raster)) for raster in rasters.values())
        print(f"{path.stem}: {spikes} spikes, identical to those expected: {all(equal)}")
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
