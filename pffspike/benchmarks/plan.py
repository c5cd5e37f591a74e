"""How much of everything the benchmark measures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BenchmarkPlan:
    """What a run of the benchmark measures.

    Parameters
    ----------
    sizes : tuple of (int, int, int)
        Pixels and hidden sizes; those of 64 pixels run on the digits, the others on MNIST.
    headline : (int, int, int)
        The size of the whole trainings, the naive script and the growth curves.
    memory : (int, int, int)
        The size at which memory is measured.
    samples : int
        Of the whole trainings.
    rounds : int
        Whole trainings of each.
    budget : float
        Seconds of a repetition elsewhere.
    repeats : int
        Repetitions elsewhere.
    naive_samples, memory_samples : int
        Samples that the naive script and the measurement of memory run.
    naive_cython : bool
        Whether the naive script uses Cython where there is a compiler: minutes of compiling, and no
        faster at 64-128-128, where starting a run is what takes the time.
    leaves_out : tuple of str
        Engines that are timed only if asked for.
    widths, windows : tuple of int
        Sizes of the hidden populations, and windows, of the curves.
    activities : tuple of float
        Target rates relative to the usual one.
    card : str
        Network whose time to an accuracy is told.
    hidden : (int, int)
        Hidden sizes of it, and of those beside it.
    part : int
        Images before the first look at its accuracy.
    minutes : float
        Of each that learns, see `pffspike.benchmarks.learners`.
    """

    sizes: tuple[tuple[int, int, int], ...] = ((64, 128, 128), (784, 500, 500), (784, 1000, 1000))
    headline: tuple[int, int, int] = (784, 500, 500)
    memory: tuple[int, int, int] = (784, 1000, 1000)
    samples: int = 10_000
    rounds: int = 3
    budget: float = 0.7
    repeats: int = 3
    naive_samples: int = 3
    naive_cython: bool = False
    leaves_out: tuple[str, ...] = (
        "brian2:cython",  # compiles for minutes
        "brian2:equations",
        "brian2:numpy",
        "lava:checked",
        "lava:floating",
        "lava:logistic",
        "lava:loihi",
    )
    memory_samples: int = 100
    widths: tuple[int, ...] = (250, 500, 1000)
    windows: tuple[int, ...] = (8, 16, 32)
    activities: tuple[float, ...] = (0.5, 1.0, 2.0)
    card: str = "mnist-light"
    hidden: tuple[int, int] = (500, 500)
    part: int = 5000
    minutes: float = 1.5


FULL = BenchmarkPlan()
#: Seconds, small sizes, embedded data: shows that everything works, measures little.
QUICK = BenchmarkPlan(
    sizes=((64, 32, 32),),
    headline=(64, 32, 32),
    memory=(64, 64, 64),
    samples=100,
    rounds=1,
    budget=0.02,
    repeats=1,
    naive_samples=1,
    memory_samples=5,
    widths=(16, 32),
    windows=(8, 16),
    activities=(1.0, 2.0),
    card="digits",
    hidden=(30, 30),
    part=200,
    minutes=0.01,
)
