"""Every engine passes the suite that `pffspike.testing` ships; so does one of another package."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pffspike.engines import available_engines, engine_names, make_engine
from pffspike.engines.base import Engine, Session, Task
from pffspike.errors import MissingPackageError, ValidationError
from pffspike.network import (
    Network,
    Phase,
    Population,
    Program,
    Projection,
    Training,
    initial,
)
from pffspike.recording import Probes
from pffspike.testing import CHECKS, Case, compare
from pffspike.testing.checks import Check, random_networks

#: random networks in the default suite, and in the slow one
EXAMPLES = {
    "numpy": (100, 600),
    "numba": (100, 300),
    "brian2:numpy": (12, 150),
    "brian2:cython": (0, 4),
    "brian2:cpp_standalone": (0, 20),
    "lava:fixed": (0, 100),
    "lava:checked": (20, 200),
    "lava:floating": (20, 200),
}


def marks(engine: str) -> list[pytest.MarkDecorator]:
    """Marks of an engine's tests: by package, and slow if it is left out of the default suite."""
    family = engine.partition(":")[0]
    named = [getattr(pytest.mark, family)] if family != "numpy" else []
    slow = [pytest.mark.slow] if EXAMPLES[engine][0] == 0 else []
    return [*named, *slow, pytest.mark.timeout(1800 if slow else 300)]


ENGINES = [pytest.param(name, marks=marks(name)) for name in EXAMPLES]


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder for Brian2's compiled programs, so that the user's own stays as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PFFSPIKE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.mark.parametrize("check", CHECKS[1:], ids=lambda check: check.__name__)
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_keeps_the_promise(engine: str, check: Check) -> None:
    """Spikes, learning, refusals and closing, the same on all."""
    pytest.importorskip(engine.split(":")[0])
    check(make_engine(engine))


@pytest.mark.parametrize("engine", [p for p in ENGINES if EXAMPLES[str(p.values[0])][0]])
def test_random_networks_agree(engine: str) -> None:
    """Sizes, connectivity, rules of any form, phases, gating, normalization, ties, edges."""
    pytest.importorskip(engine.split(":")[0])
    random_networks(make_engine(engine), EXAMPLES[engine][0])


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("engine", ENGINES)
def test_many_random_networks_agree(engine: str) -> None:
    """The same, more of them."""
    pytest.importorskip(engine.split(":")[0])
    random_networks(make_engine(engine), EXAMPLES[engine][1])


def process_engine(runtime: str) -> Engine:
    """The hierarchical Lava process as an engine."""
    pytest.importorskip("lava")
    from lava_process_engine import ProcessEngine

    return ProcessEngine(runtime)


@pytest.mark.lava
@pytest.mark.parametrize(
    ("runtime", "examples"),
    [
        ("cooperative", 5),
        ("stock", 1),
        pytest.param("cooperative", 100, marks=pytest.mark.slow),
        pytest.param("stock", 15, marks=pytest.mark.slow),
    ],
)
@pytest.mark.timeout(1800)
def test_the_lava_process_agrees_on_random_networks(runtime: str, examples: int) -> None:
    """By its ports, on Lava's own runtime and on this project's."""
    random_networks(process_engine(runtime), examples)


@pytest.mark.lava
@pytest.mark.parametrize("check", CHECKS[1:], ids=lambda check: check.__name__)
@pytest.mark.parametrize("runtime", ["cooperative", pytest.param("stock", marks=pytest.mark.slow)])
@pytest.mark.timeout(1800)
def test_the_lava_process_keeps_the_promise(runtime: str, check: Check) -> None:
    """As every engine."""
    check(process_engine(runtime))


def edges() -> Network:
    """Blocks of one neuron, which are no synapse, and a program without any projection."""
    populations = (
        Population("image", 3, input=True),
        Population("hidden", 3),
        Population("alone", 1),
    )
    projections = (
        Projection("lateral", "image", "hidden", connectivity="blocks", block=1),
        Projection("up", "hidden", "alone"),
    )
    shown = Phase("shown", {"image": "image"}, ())
    programs = (
        Program("blocks", 0, 1, (Phase("shown", {"image": "image"}, ("lateral", "up")),)),
        Program("no_synapse", 0, 64, (Phase("shown", {"image": "image"}, ("lateral",)),)),
        Program("no_projection", 2, 2, (shown,)),
    )
    return Network("edges", populations, projections, programs, Training("digits", 1))


EDGES = ("blocks", "no_synapse", "no_projection")


@pytest.mark.parametrize(
    ("engine", "program"),
    [
        *(("numpy", edge) for edge in EDGES),
        *(
            pytest.param(name, edge, marks=marks(name))
            for name in ("numba", "brian2:numpy", "lava:checked")
            for edge in EDGES
        ),
        # A program takes seconds to compile: by default those whose arrays are empty.
        *(
            pytest.param(
                "brian2:cpp_standalone",
                edge,
                marks=[pytest.mark.brian2, *[pytest.mark.slow] * (edge == "blocks")],
            )
            for edge in EDGES
        ),
        *(
            pytest.param("brian2:cython", edge, marks=[pytest.mark.brian2, pytest.mark.slow])
            for edge in EDGES
        ),
    ],
)
def test_edges_of_connectivity_agree(engine: str, program: str) -> None:
    """On the compiled targets of Brian2 as well, whose empty arrays were once read."""
    pytest.importorskip(engine.split(":")[0])
    image = np.array([[0.0, 0.5, 1.0], [1.0, 0.25, 0.75]])
    compare(make_engine(engine), Case(edges(), 3, {"image": image}, np.arange(2)), program)


@pytest.fixture
def other_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package on the path whose entry point names an engine."""
    shutil.copy(Path(__file__).parents[1] / "fixtures" / "fractions_engine.py", tmp_path)
    described = tmp_path / "fractions_engine-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: fractions_engine\nVersion: 1.0\n"
    )
    entry = "[pffspike.engines]\nfractions = fractions_engine:FractionsEngine\n"
    (described / "entry_points.txt").write_text(entry)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    monkeypatch.undo()


@pytest.mark.usefixtures("other_package")
def test_an_engine_of_another_package_is_found_and_held_to_the_promise() -> None:
    """By its name, with variants behind a colon; the whole suite runs on it."""
    assert "fractions" in engine_names()
    found = {state.name: state for state in available_engines()}["fractions"]
    assert (found.available, found.detail) == (True, "fractions_engine 1.0")
    assert make_engine("fractions:plain").name == "fractions:plain"
    with pytest.raises(ValidationError, match="variant 'odd' must be 'plain'"):
        make_engine("fractions:odd")
    random_networks(make_engine("fractions"), 5)
    for check in CHECKS[1:]:
        check(make_engine("fractions"))


@pytest.mark.usefixtures("other_package")
def test_a_package_that_fails_is_one_sentence(tmp_path: Path) -> None:
    """Versions that do not go together fail in any way; the other engines stay available."""
    (tmp_path / "fractions_engine.py").write_text(
        "def FractionsEngine(variant):\n    import math\n    return math.ptp\n"
    )
    sys.modules.pop("fractions_engine", None)
    says = r"fractions_engine is installed, but can't be imported \(AttributeError: .*ptp"
    with pytest.raises(MissingPackageError, match=says):
        make_engine("fractions")
    found = {state.name: state for state in available_engines()}
    assert not found["fractions"].available
    assert re.match(says, found["fractions"].detail)
    assert found["numpy"].available
    sys.modules.pop("fractions_engine", None)


def test_without_the_package_the_engine_does_not_exist() -> None:
    """The error lists all names and suggests the nearest."""
    with pytest.raises(ValidationError, match="'nunpy' does not exist; did you mean 'numpy'"):
        make_engine("nunpy")
    with pytest.raises(ValidationError, match="engine 'lava:fixd' does not exist"):
        make_engine("lava:fixd")
    with pytest.raises(ValidationError, match="engine 'fractions' does not exist"):
        make_engine("fractions")


class Careless(Engine):
    """The reference engine with a mistake that a check has to find."""

    name = "careless"

    def __init__(self, mistake: str) -> None:
        self.mistake = mistake

    def _compile(self, task: Task) -> Session:
        wrong = self.mistake
        seed = task.seed + (wrong == "seed")
        session = make_engine("numpy").compile(
            task.network, task.program.name, task.parameters, seed=seed, probes=task.probes
        )
        if wrong == "learns nothing":
            session._current = task.parameters
            session._parameters = lambda: initial(task.network, 11)
        if wrong == "closes nothing":
            session.close = lambda: None
        return session


@pytest.mark.parametrize(
    ("mistake", "check"),
    [
        ("seed", "random_networks"),
        ("seed", "learning_and_inference"),
        ("learns nothing", "learning_and_inference"),
        ("closes nothing", "a_closed_session"),
        ("seed", "a_rule_of_its_own"),
        ("learns nothing", "signs_that_are_data"),
    ],
)
def test_checks_find_mistakes(mistake: str, check: str) -> None:
    """A check that can't fail proves nothing."""
    found = {each.__name__: each for each in CHECKS}[check]
    with pytest.raises(AssertionError):
        found(Careless(mistake))


def test_a_text_in_place_of_names_is_refused() -> None:
    """One forgotten comma, and every letter would be a population."""
    with pytest.raises(ValidationError, match=r"rasters = 'hidden' is a text; .* \('hidden',\)"):
        Probes(rasters="hidden")
    assert Probes(rasters=["a", "b"]).rasters == ("a", "b")
