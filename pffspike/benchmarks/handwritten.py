"""The hand-written C++ kernel (``handwritten.cpp``), compiled and called.

It trains the network of `pffspike.circuits.pff` with two hidden populations from the same initial
weights, on the same samples and with the same rates as an engine does, without what exactness
costs. So its spikes agree with theirs in distribution, not one by one.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pffspike import caches, system
from pffspike.arithmetic import grids
from pffspike.errors import ValidationError
from pffspike.network import constants
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.typing import Floats

#: As fast as a compiler makes it: the kernel need not be exact.
FLAGS = ("-O3", system.native(), "-ffast-math", "-std=c++17", "-fPIC")
#: Of x86 processors, see `Library`.
WITHOUT_AVX512 = ("-mno-avx512f",)
WITHOUT_AVX2 = (*WITHOUT_AVX512, "-mno-avx2")
#: Files of the kernel; the first is compiled.
SOURCES = ("handwritten.cpp", "handwritten_vectors.hpp")
#: Populations in the order of the kernel's statistics.
POPULATIONS = (
    "image",
    "label",
    "hidden_1",
    "hidden_2",
    "readout",
    "image_prediction",
    "hidden_1_prediction",
    "hidden_2_prediction",
)
PHASES = ("free", "positive", "negative")
_DENSE = {
    0: "image_to_hidden_1",
    1: "hidden_1_to_hidden_2",
    2: "label_to_hidden_2",
    3: "hidden_2_to_hidden_1",
    6: "hidden_1_to_readout",
    7: "hidden_2_to_readout",
    8: "hidden_1_to_image_prediction",
    9: "hidden_2_to_hidden_1_prediction",
    10: "label_to_hidden_2_prediction",
}  #: projections by their place in the kernel; 4 and 5 are the lateral competition
#: Populations that learn in each phase.
_LEARN = (
    frozenset({"readout"}),
    frozenset(POPULATIONS) - {"image", "label", "readout"},
    frozenset({"hidden_1", "hidden_2"}),
)
_LANES = 16  #: widest group of lateral competition that the kernel takes


class _Settings(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int32) for name in ("image", "classes")),
        ("hidden", ctypes.c_int32 * 2),
        *((n, ctypes.c_int32) for n in ("group", "lateral_normalized", "burn_in", "window")),
        ("threshold", ctypes.c_float * 2),
        *((n, ctypes.c_float) for n in ("slope", "noise", "homeostasis", "target_rate", "limit")),
        ("rate", ctypes.c_float * 2),
        ("top_down_rate", ctypes.c_float),
        ("lateral_rate", ctypes.c_float * 2),
        *((n, ctypes.c_float) for n in ("readout_rate", "readout_bias_rate")),
        *((n, ctypes.c_float) for n in ("generative_rate", "generative_bias_rate")),
    )


class _Statistics(ctypes.Structure):
    _fields_ = (
        ("spikes", ctypes.c_double * len(POPULATIONS) * len(PHASES)),
        ("goodness", ctypes.c_double * 2 * len(PHASES)),
        ("correct", ctypes.c_double),
        ("image_error", ctypes.c_double),
    )


@dataclass(frozen=True)
class Statistics:
    """Means over samples of what the kernel did.

    Parameters
    ----------
    spikes : mapping of str to (3,) ndarray of float64
        Spikes of a presentation by population, for each phase of `PHASES`.
    goodness : (3, 2) ndarray of float64
        By phase and hidden population.
    accuracy : float
        Share of the samples whose class the read-out named before it learned it.
    image_error : float
        Summed squared error of the predicted image, by rates.
    """

    spikes: Mapping[str, Floats]
    goodness: Floats
    accuracy: float
    image_error: float


class Library:
    """The compiled kernel.

    Parameters
    ----------
    compiler : str or None
        Instead of the one that the environment variable ``CXX`` names, g++ or clang++.
    flags : sequence of str
        Of the compiler, after `FLAGS`: `WITHOUT_AVX512` or `WITHOUT_AVX2` compile the kernel as
        for a processor that lacks these instructions, with the same results.

    Raises
    ------
    ValidationError
        If there is no C++ compiler or it refuses the kernel.
    """

    def __init__(self, compiler: str | None = None, flags: Sequence[str] = ()) -> None:
        folder, remove = caches.temporary_folder("kernel")
        self._remove = weakref.finalize(self, remove)
        source, library = folder / "handwritten.cpp", folder / "handwritten.so"
        for name in SOURCES:
            folder.joinpath(name).write_text(
                resources.files(__package__).joinpath(name).read_text()
            )
        compile_cpp(source, library, compiler, flags)
        self.functions = ctypes.CDLL(str(library))
        self.functions.kernel_open.restype = ctypes.c_void_p


def find_compiler(compiler: str | None = None) -> str:
    """Path of the compiler asked for, the one in the environment variable ``CXX``, or any.

    Raises
    ------
    ValidationError
        If there is none.
    """
    asked = compiler or os.environ.get("CXX")
    found = next(filter(None, map(shutil.which, [asked] if asked else ["g++", "clang++"])), None)
    if found is None:
        raise ValidationError(
            f"no C++ compiler was found{f' under the name {asked}' if asked else ''}, but the "
            "benchmark compiles its hand-written kernel: install g++ or clang++ (on Debian: "
            "apt install g++)"
        )
    return found


def compile_cpp(
    source: Path, library: Path, compiler: str | None = None, flags: Sequence[str] = ()
) -> None:
    """Compile one C++ file to a shared library, with more flags than `FLAGS`.

    Raises
    ------
    ValidationError
        If there is no C++ compiler or it fails.
    """
    found = find_compiler(compiler)
    compiled = source.with_suffix(".o")
    # Linked with -ffast-math, the library would switch off subnormal numbers in the whole process.
    for command in (
        [found, *FLAGS, *flags, "-c", str(source), "-o", str(compiled)],
        [found, "-shared", str(compiled), "-o", str(library)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if "error" in line.lower()]
            raise ValidationError(
                f"{found} can't compile the hand-written kernel "
                f"({(said or ['no message'])[0][:200]}); name another compiler in the environment "
                "variable CXX"
            )


class Kernel:
    """A network in the kernel, ready to train; a context manager.

    Parameters
    ----------
    library : Library
        The compiled kernel.
    network : Network
        Of `pffspike.circuits.pff`, with two hidden populations that both project to the read-out.
    parameters : Parameters
        Weights and biases that it begins with.
    seed : int
        Of its spikes.
    """

    def __init__(
        self, library: Library, network: Network, parameters: Parameters, seed: int
    ) -> None:
        self._functions = library.functions
        self._library = library
        self._network = network
        settings = _settings(network)
        weights = _weights(network, parameters, settings.group)
        biases = [
            np.ascontiguousarray(parameters.biases[name], np.float32)
            for name in ("hidden_1", "hidden_2", "readout", *POPULATIONS[5:])
        ]
        widest = max(p.size for p in network.populations)
        kind = network.population("image").normalization
        gains = grids.gain_table(kind, widest).astype(np.float32)
        self._handle = ctypes.c_void_p(
            self._functions.kernel_open(
                ctypes.byref(settings),
                (ctypes.c_void_p * len(weights))(*(w.ctypes.data for w in weights)),
                (ctypes.c_void_p * len(biases))(*(b.ctypes.data for b in biases)),
                _pointer(gains),
                ctypes.c_uint32(seed & 0xFFFFFFFF),
            )
        )
        self._close = weakref.finalize(self, self._functions.kernel_close, self._handle)

    def run(
        self,
        images: npt.NDArray[np.uint8],
        levels: int,
        labels: npt.NDArray[np.int64],
        negatives: npt.NDArray[np.int64],
        learning_scale: float = 1.0,
    ) -> tuple[float, Statistics]:
        """Train on samples, one after the other.

        Parameters
        ----------
        images : (samples, pixels) ndarray of uint8
            Grey values.
        levels : int
            Grey value that stands for white.
        labels, negatives : (samples,) ndarray of int64
            -1 among the negatives: a hard one.
        learning_scale : float
            Factor of all learning rates.

        Returns
        -------
        seconds : float
        statistics : Statistics
        """
        images = np.ascontiguousarray(images, np.uint8)
        labels, negatives = (np.ascontiguousarray(x, np.int64) for x in (labels, negatives))
        grey = np.minimum(np.arange(256) / levels, 1.0).astype(np.float32)
        out = _Statistics()
        start = time.perf_counter()
        self._functions.kernel_run(
            self._handle,
            _pointer(images),
            _pointer(grey),
            _pointer(labels),
            _pointer(negatives),
            ctypes.c_int64(len(images)),
            ctypes.c_float(learning_scale),
            ctypes.byref(out),
        )
        seconds = time.perf_counter() - start
        return seconds, _statistics(out, max(1, len(images)))

    def weights(self, projection: str) -> npt.NDArray[np.float32]:
        """Weights of a dense projection as they are now, ``(n_pre, n_post)``."""
        place = next(index for index, name in _DENSE.items() if name == projection)
        pair = self._network.projection(projection)
        shape = [self._network.population(name).size for name in (pair.pre, pair.post)]
        values = np.empty(shape, np.float32)
        self._functions.kernel_weights(self._handle, ctypes.c_int(place), _pointer(values))
        return values

    def close(self) -> None:
        """Release the memory; idempotent."""
        self._close()

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _pointer(array: npt.NDArray) -> ctypes.c_void_p:
    """Address of an array's data; the caller keeps the array alive during the call."""
    return ctypes.c_void_p(array.ctypes.data)


def _settings(network: Network) -> _Settings:
    sizes = {p.name: p.size for p in network.populations}
    if tuple(sizes) != POPULATIONS:
        raise ValidationError(
            f"the hand-written kernel takes the populations {', '.join(POPULATIONS)}, but network "
            f"{network.name!r} has {', '.join(sizes)}; give a PFF network with two hidden ones"
        )
    program, hidden = network.program("train"), ("hidden_1", "hidden_2")
    learn = tuple(frozenset(phase.learn) for phase in program.phases)
    if learn != _LEARN:
        raise ValidationError(
            "the hand-written kernel learns predictions in the positive phase only, unlike "
            f"network {network.name!r}; build it with generative_free = false"
        )
    rates = {p.name: constants.rate(p.learning_rate) for p in network.projections}
    rules = [r.coefficients(1) for name in hidden if (r := network.population(name).rule)]
    if [(c.offset, c.gain) for c in rules] != [(-2.0, 2.0)] * len(hidden):
        raise ValidationError(
            f"the hand-written kernel lowers the goodness of positive samples, unlike network "
            f"{network.name!r}; build it with positive = 'low'"
        )
    lateral = next((p for p in network.projections if p.name == "hidden_1_lateral"), None)
    if lateral is not None and lateral.block > _LANES:
        raise ValidationError(f"the hand-written kernel takes groups of at most {_LANES} neurons")
    settings = _Settings(
        image=sizes["image"],
        classes=sizes["label"],
        group=lateral.block if lateral else 0,
        lateral_normalized=bool(lateral and lateral.normalized),
        burn_in=program.burn_in,
        window=program.window,
        slope=rules[0].slope,
        noise=constants.noise(program.hard_negative) if program.hard_negative else 1.0,
        homeostasis=constants.rate(network.population("hidden_1").bias.homeostasis),
        target_rate=constants.rate(network.population("hidden_1").bias.target_rate),
        limit=network.population("hidden_1").bias.limit,
        top_down_rate=rates["hidden_2_to_hidden_1"],
        readout_rate=rates["hidden_1_to_readout"],
        readout_bias_rate=constants.rate(network.population("readout").bias.learning_rate),
        generative_rate=rates["hidden_1_to_image_prediction"],
        generative_bias_rate=constants.rate(
            network.population("image_prediction").bias.learning_rate
        ),
    )
    settings.hidden[:] = [sizes[name] for name in hidden]
    settings.threshold[:] = [c.theta for c in rules]
    settings.rate[:] = [rates["image_to_hidden_1"], rates["hidden_1_to_hidden_2"]]
    settings.lateral_rate[:] = [rates.get(f"{name}_lateral", 0.0) for name in hidden]
    return settings


def _weights(network: Network, parameters: Parameters, group: int) -> list[npt.NDArray[np.float32]]:
    """Weights in the order of the kernel; a row of the lateral competition is its group."""
    weights = {
        place: np.ascontiguousarray(parameters.weights[name], np.float32)
        for place, name in _DENSE.items()
    }
    for place, name in ((4, "hidden_1"), (5, "hidden_2")):
        size = network.population(name).size
        if not group:
            weights[place] = np.zeros((size, 1), np.float32)
            continue
        both = parameters.weights[f"{name}_lateral"] + parameters.weights[f"{name}_self"]
        rows = np.arange(size)[:, None]
        weights[place] = both[rows, rows // group * group + np.arange(group)].astype(np.float32)
    return [weights[place] for place in range(len(weights))]


def _statistics(out: _Statistics, samples: int) -> Statistics:
    spikes = np.array(out.spikes) / samples
    return Statistics(
        {name: spikes[:, index] for index, name in enumerate(POPULATIONS)},
        np.array(out.goodness) / samples,
        out.correct / samples,
        out.image_error / samples,
    )
