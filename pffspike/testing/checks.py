"""What an engine has to pass: each check is a function of an engine that raises if it fails."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings

from pffspike.arithmetic import counter
from pffspike.circuits import PFF, pff
from pffspike.engines.base import Engine, Session
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import SessionClosedError, ValidationError
from pffspike.network import Parameters, initial
from pffspike.network.events import Events
from pffspike.network.rules import Coefficients, Rule
from pffspike.network.spec import Network, Training
from pffspike.recording import Probes
from pffspike.testing.comparing import compare, raises, require
from pffspike.testing.strategies import Case, cases
from pffspike.typing import Array

Check = Callable[[Engine], None]

PROGRAMS = ("train", "one_pass", "goodness", "reconstruct", "synthesize")
_SEED = 11


def random_networks(engine: Engine, examples: int = 25) -> None:
    """Random networks of everything that a network may contain give what exact fractions give.

    Parameters
    ----------
    engine : Engine
        To be held to it.
    examples : int
        Number of networks, the same ones in every call.
    """

    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def check(case: Case) -> None:
        compare(engine, case)

    check()


def learning_and_inference(engine: Engine) -> None:
    """All programs of a small network of predictive forward-forward learning."""
    network = _network()
    for program in PROGRAMS:
        compare(engine, _case(network, 6 if program == "train" else 2), program, scale=0.7)


def two_runs_continue_as_one(engine: Engine) -> None:
    """Learning goes on where the last run of a session has left it; progress adds up."""
    network, seen = _network(), list[int]()
    case = _case(network, 7)
    with _session(engine, network, "train") as session:
        session.run(case.signals, case.samples)
        whole = session.parameters
    with _session(engine, network, "train") as session:
        for part in (slice(0, 3), slice(3, 3), slice(3, 7)):
            signals = {name: values[part] for name, values in case.signals.items()}
            session.run(signals, case.samples[part], progress=seen.append)
        require(session.parameters.equal(whole), "two runs learn what one run learns")
    require(sum(seen) == 7, f"progress adds up to the samples, not to {sum(seen)}")


def input_in_time(engine: Engine) -> None:
    """Probabilities of each step, rasters and events, also after input that was always the same.

    A signal that is too short is refused by one sentence, before anything is learned.
    """
    network = _network()
    still, steps = _case(network, 6), network.program("train").steps
    shown = _in_time(still, steps + 2)  # what lies beyond the presentation is not shown
    start = dataclasses.replace(still, some_fixed=True).start
    compare(engine, shown, "train", scale=0.7)
    events = Events.from_raster(shown.signals["image"] > 0.5)
    expected = ReferenceEngine().compile(network, "train", start, seed=_SEED)
    with engine.compile(network, "train", start, seed=_SEED) as session, expected:
        for each in (expected, session):
            each.run(still.signals, still.samples)
        for image in (events.first(steps - 1), shown.signals["image"][:, : steps - 1]):
            with raises(ValidationError, f"signal 'image' has {steps - 1} steps, but a presen"):
                session.run({**still.signals, "image": image}, still.samples)
        wanted = expected.run({**still.signals, "image": events.raster()}, still.samples)
        found = session.run({**still.signals, "image": events}, still.samples)
        require(wanted.same_spikes(found), "events give what their raster gives")
        require(session.parameters.equal(expected.parameters), "events teach what it teaches")


def _in_time(case: Case, steps: int) -> Case:
    """Probabilities that differ from step to step, every third sample a raster."""
    places = np.arange(steps * 9).reshape(steps, 9) + 1000
    values = counter.uniform(case.samples[:, None, None], places)
    values[::3] = values[::3] < 0.3
    return dataclasses.replace(case, signals={**case.signals, "image": values})


def a_run_without_samples(engine: Engine) -> None:
    """An empty run is a run: of no presentation, and nothing is learned."""
    network = _network()
    case = _case(network, 0)
    with _session(engine, network, "train") as session:
        require(session.run(case.signals, []).presentations == 0, "nothing was presented")
        require(session.parameters.equal(initial(network, _SEED)), "nothing was learned")


def what_is_given_stays_as_it_is(engine: Engine) -> None:
    """Neither the parameters that a session is compiled with nor those it gives are its own."""
    network = _network()
    case, start = _case(network, 2), initial(network, _SEED)
    with engine.compile(network, "train", start, seed=_SEED) as session:
        session.run(case.signals, case.samples)
        for w in session.parameters.weights.values():
            w[:] = 0.0
        require(any(w.any() for w in session.parameters.weights.values()), "a copy is given")
    require(start.equal(initial(network, _SEED)), "the parameters given are not changed")


def a_closed_session(engine: Engine) -> None:
    """It can be closed again, still gives its parameters, and refuses to run."""
    network = _network()
    case = _case(network, 1)
    session = _session(engine, network, "train")
    session.run(case.signals, case.samples)
    learned = session.parameters
    session.close()
    session.close()
    require(session.parameters.equal(learned), "parameters outlive the session")
    with raises(SessionClosedError, "is closed; compile the network again"):
        session.run(case.signals, case.samples)


def wrong_input(engine: Engine) -> None:
    """Each mistake is refused by one sentence that names it, and the session goes on."""
    network = _network()
    case, start = _case(network, 2), initial(network, _SEED)
    with raises(ValidationError, "program 'trian' does not exist; did you mean 'train'"):
        engine.compile(network, "trian", start, seed=0)
    with raises(ValidationError, "probes: counts: population 'hiden_1' does not exist"):
        engine.compile(network, "train", start, seed=0, probes=Probes(counts=("hiden_1",)))
    wrong = start.copy()
    wrong.weights["image_to_hidden_1"][0, 0] += 2.0**-30
    with raises(ValidationError, "weights of 'image_to_hidden_1' must be multiples of 2^-16"):
        engine.compile(network, "train", wrong, seed=0)
    with raises(ValidationError, "biases are for"):
        engine.compile(network, "train", Parameters(start.weights, {}), seed=0)
    with _session(engine, network, "train") as session:
        for signals, sentence in _wrong_signals(case):
            with raises(ValidationError, sentence):
                session.run(signals, case.samples)
        with raises(ValidationError, "give integers"):
            session.run(case.signals, case.samples + 0.5)
        for scale in (-1.0, float("nan"), float("inf")):
            with raises(ValidationError, f"learning_scale = {scale} must be"):
                session.run(case.signals, case.samples, learning_scale=scale)
        with raises(ValidationError, "bits; lower the window"):
            session.run(case.signals, case.samples, learning_scale=1e12)
        require(session.parameters.equal(start), "nothing was learned from wrong input")
        session.run(case.signals, case.samples)


def _wrong_signals(case: Case) -> Iterator[tuple[dict[str, Array], str]]:
    image, label = case.signals["image"], case.signals["label"]
    without = {name: values for name, values in case.signals.items() if name != "image"}
    yield without, "signal 'image' is missing"
    for name, values, sentence in (
        ("image", image[:1], "signal 'image' has 1 rows for 2 samples"),
        ("image", image[:, :-1], "signal 'image' has shape (2, 8)"),
        ("image", image + 1.0, "holds values outside [0, 1]"),
        ("image", image * np.nan, "holds values outside [0, 1]"),
        ("image", image * 0.0 + 0.1, "is not on the grid 2^-24"),
        ("label", image, "classes"),
        ("label", label * 0 + 3, "holds class 3; classes must be from 0 to 2"),
        ("label", label * 0 - 1, "holds class -1; classes must be from 0"),
        ("negative", label * 0 - 2, "holds class -2; classes must be from -1"),
    ):
        yield {**case.signals, name: values}, sentence


@dataclasses.dataclass(frozen=True)
class _OwnRule(Rule):
    """A rule that no engine has met: Hebbian below a goodness, anti-Hebbian above it."""

    offset: float = -0.375
    kind: str = "own"

    def coefficients(self, sign: int) -> Coefficients:
        return Coefficients(self.offset - 0.25 * sign, 1.5, 0.75, 1.25)


def a_rule_of_its_own(engine: Engine) -> None:
    """A rule that the package does not know runs exactly; one off the form is refused by name."""
    network = _with_rule(_OwnRule())
    compare(engine, _case(network, 6), "train")
    network = _with_rule(_OwnRule(offset=0.1))
    with raises(ValidationError, "population 'hidden_1': rule 'own' in a phase of sign -1"):
        engine.compile(network, "train", initial(network, _SEED), seed=0)


def signs_that_are_data(engine: Engine) -> None:
    """Signs of each sample teach what exact fractions say; what is no sign is refused."""
    network = _network()
    train = network.program("train")
    named = {"positive": "sign", "negative": "opposite"}
    phases = (dataclasses.replace(f, sign=named.get(f.name, f.sign)) for f in train.phases)
    programs = (dataclasses.replace(train, phases=tuple(phases)),)
    case = _case(network.replace(programs=programs), 7)
    signs = case.samples % 3 - 1
    signals = {**case.signals, "sign": signs, "opposite": -signs}
    compare(engine, dataclasses.replace(case, signals=signals), "train", scale=0.7)
    with _session(engine, case.network, "train") as session:
        for wrong, sentence in (
            (signs * 2, "signal 'sign' holds -2; a sign must be -1, 0 or 1"),
            (signs * 0.5, "signal 'sign' has shape (7,) and type float64; give (7,) integers, the"),
            (signs[:3], "signal 'sign' has 3 rows for 7 samples"),
        ):
            with raises(ValidationError, sentence):
                session.run({**signals, "sign": wrong}, case.samples)
        with raises(ValidationError, "signal 'sign' is missing; program 'train' needs it"):
            session.run(case.signals, case.samples)


def what_is_fixed(engine: Engine) -> None:
    """Learning changes neither weights nor biases that are fixed, and all others as ever."""
    case = dataclasses.replace(_case(_network(), 6), some_fixed=True)
    compare(engine, case, "train", scale=0.7)
    start = case.start
    with engine.compile(case.network, "train", start, seed=_SEED) as session:
        session.run(case.signals, case.samples)
        learned = session.parameters
    for values in ("weights", "biases"):
        for name, mask in getattr(start, f"fixed_{values}").items():
            before, after = (getattr(p, values)[name] for p in (start, learned))
            require(np.array_equal(before[mask], after[mask]), f"{values} of {name!r} stay")
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"hiden_1": np.zeros(6, bool)}, "fixed parameters: population 'hiden_1' does not exist"),
        ({"hidden_1": np.zeros(5, bool)}, "population 'hidden_1' have shape (5,) and type bool"),
        ({"hidden_1": np.zeros(6)}, "population 'hidden_1' have shape (6,) and type float64"),
    )
    for fixed, sentence in wrong:
        with raises(ValidationError, sentence):
            wrongly = dataclasses.replace(start, fixed_biases=fixed)
            engine.compile(case.network, "train", wrongly, seed=0)


def all_that_it_records(engine: Engine) -> None:
    """Drives, probabilities and weights are those of the reference engine, if it keeps them."""
    network = _network()
    case = _case(network, 5)
    names = [p.name for p in network.populations]
    kept = {
        kind: tuple(q.name for q in network.projections) if kind == "weights" else tuple(names)
        for kind in engine.records
    }
    start, probes = initial(network, _SEED), Probes(**kept)
    found = []
    for each in (ReferenceEngine(), engine):
        with each.compile(network, "train", start, seed=_SEED, probes=probes) as session:
            found.append(session.run(case.signals, case.samples))
    require(found[0].same_spikes(found[1]), f"{', '.join(kept)} are those of the reference")


#: All that an engine has to pass.
CHECKS: tuple[Check, ...] = (
    random_networks,
    learning_and_inference,
    two_runs_continue_as_one,
    input_in_time,
    a_run_without_samples,
    what_is_given_stays_as_it_is,
    a_closed_session,
    wrong_input,
    a_rule_of_its_own,
    signs_that_are_data,
    what_is_fixed,
    all_that_it_records,
)


def assert_conforms(engine: Engine) -> None:
    """Hold an engine to everything that engines promise.

    Parameters
    ----------
    engine : Engine
        Of anybody.

    Raises
    ------
    AssertionError
        Which says what differs.

    Examples
    --------
    >>> from pffspike.engines import make_engine
    >>> assert_conforms(make_engine("numpy"))  # doctest: +SKIP
    """
    for check in CHECKS:
        check(engine)


def _network() -> Network:
    circuit = PFF(
        9, 3, (6, 6), lateral=3, window=4, burn_in=1, threshold=(1.0,), learning_rate=(0.3,)
    )
    return pff(circuit, "conformance", Training("digits", 1))


def _with_rule(rule: Rule) -> Network:
    network = _network()
    return network.replace(
        populations=tuple(
            dataclasses.replace(p, rule=rule) if p.name == "hidden_1" else p
            for p in network.populations
        )
    )


def _case(network: Network, samples: int) -> Case:
    numbers = np.arange(samples) + 40
    labels = counter.integers(numbers, 99, 3)
    signals = {
        "image": counter.uniform(numbers[:, None], np.arange(9)),
        "label": labels,
        "negative": np.where(numbers % 3 == 0, (labels + 1) % 3, -1),
    }
    return Case(network, _SEED, signals, numbers)


def _session(engine: Engine, network: Network, program: str) -> Session:
    return engine.compile(network, program, initial(network, _SEED), seed=_SEED)
