"""A naive Brian2 script: one ``run()`` a presentation, learning in NumPy between the runs.

Written as users of Brian2 write such a training, for the benchmark's network, and honestly: one
Network built once, vectorized learning on whole matrices, objects that a phase does not need
switched off. It draws with Brian2's own generator and rounds nothing, so it agrees with the
engines in distribution only. Labels act as a current that is constant after the first step.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np

from pffspike.benchmarks.timing import Timing, Workload
from pffspike.errors import MissingPackageError, install_hint
from pffspike.network import constants
from pffspike.typing import Floats

_DENSE = (
    "image_to_hidden_1",
    "hidden_2_to_hidden_1",
    "hidden_1_to_hidden_2",
    "hidden_1_to_readout",
    "hidden_2_to_readout",
    "hidden_1_to_image_prediction",
    "hidden_2_to_hidden_1_prediction",
)
_LABEL = {"hidden_2": "label_to_hidden_2", "hidden_2_prediction": "label_to_hidden_2_prediction"}
_PREDICTED = {"image_prediction": "image", "hidden_1_prediction": "hidden_1",
              "hidden_2_prediction": "hidden_2"}  # fmt: skip
_SENDERS = ("image", "hidden_1", "hidden_2")


@dataclass
class _Model:
    network: Any
    groups: dict[str, Any]
    synapses: dict[str, Any]
    weights: dict[str, Floats]
    biases: dict[str, Floats]
    optional: dict[str, list[Any]] = field(default_factory=dict)


def time_naive_brian2(workload: Workload, samples: int, target: str) -> Timing:
    """Time the script.

    Parameters
    ----------
    workload : Workload
        The network, its data and its weights.
    samples : int
        Images; one more is run before the clock starts.
    target : {"cython", "numpy"}
        Of Brian2's code generation.

    Returns
    -------
    Timing
        ``spikes`` are those of image and hidden populations and of the populations they project to.

    Raises
    ------
    MissingPackageError
        If Brian2 is not installed.
    """
    try:
        import brian2
    except ImportError:
        raise MissingPackageError(
            f"Brian2 is not installed, so the naive Brian2 script can't be timed; "
            f"{install_hint('brian2')}"
        ) from None
    from pffspike.engines.brian2.state import brian2_state

    _, labels, _ = workload.samples(samples + 1)
    probabilities = workload.signals(samples + 1)["image"]
    # What the script changes in Brian2's global state is put back.
    device = import_module("brian2.devices.device").runtime_device
    with brian2_state(device, {"codegen.target": target}):
        start = time.perf_counter()
        brian2.seed(workload.seed)
        model = _build(brian2, workload)
        _sample(brian2, model, workload, probabilities[0], int(labels[0]))
        building = time.perf_counter() - start
        seconds, spikes = [], 0.0
        for image, label in zip(probabilities[1:], labels[1:], strict=True):
            start = time.perf_counter()
            spikes += _sample(brian2, model, workload, image, int(label))
            seconds.append((time.perf_counter() - start) / workload.steps)
    count = max(1, len(seconds))
    return Timing(
        f"naive Brian2 ({target})",
        tuple(seconds),
        1,
        spikes / (count * workload.steps),
        compile_seconds=building,
    )


def _build(b: Any, workload: Workload) -> _Model:
    spec = workload.network
    clock = b.Clock(dt=1 * b.ms)
    groups, synapses, extra = {}, {}, []
    senders: dict[str, list[str]] = {}
    for name in _DENSE:
        projection = spec.projection(name)
        senders.setdefault(projection.post, []).append(projection.pre)
    counters = {
        name: b.NeuronGroup(1, "n : 1", clock=clock, name=f"counter_{name}") for name in _SENDERS
    }
    for counter in counters.values():
        extra.append(counter.run_regularly("n = 0", when="after_thresholds"))
    for name in ("image", "hidden_1", "hidden_2", "readout", *_PREDICTED):
        groups[name] = _group(b, spec.population(name).size, name, senders.get(name, []),
                              counters, clock)  # fmt: skip
        if name != "image":
            currents = [f"I_{pre} = 0" for pre in senders.get(name, [])] + ["I_lateral = 0"]
            extra.append(groups[name].run_regularly("\n".join(currents), when="after_thresholds"))
    for name in _SENDERS:
        counting = b.Synapses(
            groups[name], counters[name], on_pre="n_post += 1", name=f"counting_{name}"
        )
        counting.connect()
        extra.append(counting)
    weights = {key: w.copy() for key, w in workload.parameters.weights.items()}
    for name in _DENSE:
        p = spec.projection(name)
        synapses[name] = b.Synapses(
            groups[p.pre], groups[p.post], "w : 1", on_pre=f"I_{p.pre}_post += w", name=name
        )
        synapses[name].connect()
        synapses[name].w[:] = weights[name].ravel()
    for name in ("hidden_1", "hidden_2"):
        group = spec.projection(f"{name}_lateral").block
        lateral = b.Synapses(
            groups[name], groups[name], "w : 1", on_pre="I_lateral_post += w", name=f"{name}_side"
        )
        lateral.connect(condition=f"i // {group} == j // {group}")
        synapses[f"{name}_lateral"] = lateral
    network = b.Network(*groups.values(), *synapses.values(), *counters.values(), *extra)
    model = _Model(
        network,
        groups,
        synapses,
        weights,
        {key: values.copy() for key, values in workload.parameters.biases.items()},
    )
    model.optional = {
        "readout": [groups["readout"], synapses["hidden_1_to_readout"],
                    synapses["hidden_2_to_readout"]],
        "predictions": [groups[name] for name in _PREDICTED]
        + [synapses[name] for name in _DENSE[-2:]],
    }  # fmt: skip
    return model


def _group(
    b: Any, size: int, name: str, senders: list[str], counters: dict[str, Any], clock: Any
) -> Any:
    """Bernoulli neurons: one current a sender, weighted by the sender's gain."""
    lines = ["b : 1", "I_lateral : 1", "steady : 1", "c : 1", "a : 1", "total : 1"]
    lines += [f"I_{pre} : 1" for pre in senders]
    lines += [f"n_{pre} : 1 (linked)" for pre in senders]
    drive = ["b", "steady*int(t > dt/2)"]
    drive += [f"I_{pre}/sqrt(clip(n_{pre}, 1, 1000000))" for pre in senders]
    if name in ("hidden_1", "hidden_2"):
        lines.append("n_own : 1 (linked)")
        drive.append("I_lateral/sqrt(clip(n_own, 1, 1000000))")
    if name in _SENDERS:
        if "n_own : 1 (linked)" not in lines:
            lines.append("n_own : 1 (linked)")
        reset = "c += inside; a += inside/sqrt(clip(n_own, 1, 1000000)); total += 1"
    else:
        reset = "c += inside; total += 1"
    lines.append("burn_in : 1 (shared)")
    lines.append("inside = int(t > (burn_in - 0.5)*dt) : 1 (shared)")
    group = b.NeuronGroup(
        size,
        "\n".join(lines),
        threshold="rand() < " + " + ".join(drive),
        reset=reset,
        clock=clock,
        name=name,
    )
    for pre in senders:
        setattr(group, f"n_{pre}", b.linked_var(counters[pre], "n", index=np.zeros(size, int)))
    if "n_own : 1 (linked)" in lines:
        group.n_own = b.linked_var(counters[name], "n", index=np.zeros(size, int))
    return group


def _present(
    b: Any, model: _Model, workload: Workload, image: Floats, label: int | None, parts: str
) -> tuple[dict[str, Floats], dict[str, Floats], float]:
    """One run: rates and normalized traces by population, and all spikes."""
    program = workload.network.program("train")
    for name, objects in model.optional.items():
        for item in objects:
            item.active = name == parts
    for name, group in model.groups.items():
        group.c = group.a = group.total = 0
        group.burn_in = program.burn_in
        group.b = image if name == "image" else model.biases[name]
        currents: Iterable[str] = (v for v in group.variables if v.startswith("I_"))
        for current in currents:
            setattr(group, current, 0)
        if name in _LABEL:
            group.steady = 0 if label is None else model.weights[_LABEL[name]][label]
    model.network.t_ = 0.0
    model.network.run(program.steps * b.ms)
    window, groups = program.window, model.groups
    rates = {name: np.array(group.c) / window for name, group in groups.items()}
    traces = {name: np.array(groups[name].a) / window for name in _SENDERS}
    return rates, traces, sum(float(np.sum(group.total)) for group in groups.values())


def _sample(b: Any, model: _Model, workload: Workload, image: Floats, label: int) -> float:
    """All phases of a sample with learning after each; the spikes."""
    rates, traces, spikes = _present(b, model, workload, image, None, "readout")
    scores = rates["readout"] + 1e-3 * np.arange(len(rates["readout"]))
    scores[label] = -1.0
    hard_negative = int(scores.argmax())
    target = (np.arange(len(scores)) == label).astype(float)
    _learn(model, workload, "readout", target - rates["readout"], traces)
    for chosen, positive in ((label, True), (hard_negative, False)):
        parts = "predictions" if positive else ""
        rates, traces, some = _present(b, model, workload, image, chosen, parts)
        spikes += some
        for name in ("hidden_1", "hidden_2"):
            _learn_hidden(model, workload, name, rates, traces, chosen, positive)
        if positive:
            for name, source in _PREDICTED.items():
                error = rates[source] - rates[name]
                _learn(model, workload, name, error, traces, chosen)
    return spikes


def _learn_hidden(
    model: _Model,
    workload: Workload,
    name: str,
    rates: dict[str, Floats],
    traces: dict[str, Floats],
    label: int,
    positive: bool,
) -> None:
    population = workload.network.population(name)
    assert population.rule is not None
    c = population.rule.coefficients(1 if positive else -1)
    goodness = float(np.sum(rates[name] ** 2))
    modulator = np.clip(0.5 + c.slope * (c.theta - goodness), 0, 1)
    factors = (c.offset + c.gain * modulator) * rates[name]
    _learn(model, workload, name, factors, traces, label)
    lateral = model.synapses[f"{name}_lateral"]
    rate = constants.rate(workload.network.projection(f"{name}_lateral").learning_rate)
    i, j = np.asarray(lateral.i), np.asarray(lateral.j)
    w = np.asarray(lateral.w) + rate * traces[name][i] * factors[j]
    lateral.w[:] = np.where(i == j, np.clip(w, 0, 8), np.clip(w, -8, 0))
    excess = rates[name] - constants.rate(population.bias.target_rate)
    model.biases[name] -= constants.rate(population.bias.homeostasis) * excess


def _learn(
    model: _Model,
    workload: Workload,
    post: str,
    factors: Floats,
    traces: dict[str, Floats],
    label: int | None = None,
) -> None:
    """Change the dense weights and the biases of a population."""
    spec = workload.network
    for name in _DENSE:
        projection = spec.projection(name)
        if projection.post != post:
            continue
        rate = constants.rate(projection.learning_rate)
        change = np.outer(traces[projection.pre], rate * factors)
        model.weights[name] = np.clip(model.weights[name] + change, -8, 8)
        model.synapses[name].w[:] = model.weights[name].ravel()
    if post in _LABEL and label is not None:
        rate = constants.rate(spec.projection(_LABEL[post]).learning_rate)
        model.weights[_LABEL[post]][label] += rate * factors
    bias = spec.population(post).bias
    model.biases[post] += constants.rate(bias.learning_rate) * factors
