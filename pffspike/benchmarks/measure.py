"""The benchmark as one function: data, engines, and all that is measured."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from pffspike.benchmarks import suite
from pffspike.benchmarks.handwritten import find_compiler
from pffspike.benchmarks.plan import FULL, QUICK, BenchmarkPlan
from pffspike.data import Dataset, load
from pffspike.errors import ValidationError

_DIGITS = 64  #: pixels of the embedded digits


def benchmark(
    engines: Sequence[str] = (),
    *,
    quick: bool = False,
    dataset: str | Dataset | None = None,
    seed: int = 0,
    minutes: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Time training against a hand-written C++ kernel, a naive Brian2 script and dense products.

    Parameters
    ----------
    engines : sequence of str
        Only these; by default all that are installed.
    quick : bool
        Seconds: small sizes, digits, few samples.
    dataset : str, Dataset or None
        On which sizes of 784 pixels train; MNIST by default.
    seed : int
        Of everything random.
    minutes : float or None
        Of learning, at most, for each of those whose time to an accuracy is told; 1.5 by default.
    progress : callable or None
        Told what is measured now.

    Returns
    -------
    dict
        Ready for JSON: tables by name, and the values ``train_step_over_limit`` (by that of the
        hand-written kernel, which results call ``limit``; of all sizes by ``_by_size``),
        ``first_use_s`` (seconds of compilation before the fastest engine's first sample, with an
        empty cache), ``minutes_to`` (of one core, by per cent of accuracy and by learner; None with
        the reason in ``learning`` if that was not reached), ``speedup_over_recipe`` (over the naive
        script), ``bytes_per_synapse`` and ``epoch_seconds``.

    Raises
    ------
    ValidationError
        If there is no C++ compiler, an engine is not available, or the data do not fit.

    Examples
    --------
    >>> import pffspike
    >>> sorted(pffspike.benchmark(["numpy"], quick=True)["growth"])  # doctest: +SKIP
    ['activity', 'width', 'window']
    """
    plan = QUICK if quick else FULL
    if minutes is not None:
        if not 0 < minutes < math.inf:
            raise ValidationError(f"minutes = {minutes} must be finite and above 0")
        plan = dataclasses.replace(plan, minutes=minutes)
    # Mistakes first: what takes long to import comes after.
    find_compiler()
    needed = {size[0] for size in (*plan.sizes, plan.headline)}
    datasets = {pixels: _load(pixels, plan, dataset) for pixels in needed}
    chosen = suite.chosen_engines(list(engines), plan)
    start = time.perf_counter()
    results = suite.Suite(plan, chosen, datasets, seed, progress or (lambda _: None)).run()
    results["seconds"] = time.perf_counter() - start
    return results


def _load(pixels: int, plan: BenchmarkPlan, dataset: str | Dataset | None) -> Dataset:
    if pixels == _DIGITS:
        return load("digits")
    found = dataset if isinstance(dataset, Dataset) else load(dataset or "mnist")
    given = found.train_images.shape[1]
    if given != pixels:
        raise ValidationError(
            f"data set {found.name!r} has {given} pixels, but the benchmark needs {pixels}; "
            "give mnist, fashion-mnist or kmnist"
        )
    if len(found.train_images) < plan.samples:
        raise ValidationError(
            f"data set {found.name!r} has {len(found.train_images)} training images, but the "
            f"benchmark trains on {plan.samples}; give a larger one, or --quick"
        )
    return found
