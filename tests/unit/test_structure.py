"""The shape of the package: no import circles, and one meaning for the name of a class."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pffspike

ROOT = Path(pffspike.__file__).parent
LAVA = "pffspike.engines.lava.processes."
ALONE = ROOT / "deployment" / "run_lava.py"  # runs without this package


def modules() -> dict[str, Path]:
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path, known: set[str]) -> set[str]:
    """Modules of the package that a module imports while it is loaded itself."""
    names: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= (inner & known) or {node.module}
            if inner - known:
                names.add(node.module)
    return names & (known - {"pffspike"})


def circle(graph: dict[str, set[str]]) -> list[str]:
    """A circle of imports, or nothing."""
    state: dict[str, int] = {}

    def visit(name: str, trail: list[str]) -> list[str]:
        state[name] = 1
        for other in sorted(graph[name]):
            if state.get(other) == 1:
                return [*trail[trail.index(other) :], other]
            if other not in state and (found := visit(other, [*trail, other])):
                return found
        state[name] = 2
        return []

    for name in sorted(graph):
        if name not in state and (found := visit(name, [name])):
            return found
    return []


def test_a_circle_is_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_module_imports_itself_by_way_of_others():
    found = modules()
    graph = {name: imported(path, set(found)) - {name} for name, path in found.items()}
    assert circle(graph) == []


def private_uses(path: Path, known: set[str]) -> list[str]:
    """Private names of other modules of the package that a module uses."""
    found, names = [], set()
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pffspike"):
            for alias in node.names:
                if alias.name.startswith("_") and not alias.name.startswith("__"):
                    found.append(f"{node.module}.{alias.name}")
                if f"{node.module}.{alias.name}" in known:
                    names.add(alias.asname or alias.name)
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            private = node.attr.startswith("_") and not node.attr.startswith("__")
            if private and node.value.id in names:
                found.append(f"{node.value.id}.{node.attr}")
    return found


def test_what_is_private_stays_in_its_module(tmp_path):
    known = modules()
    found = {name: uses for name, path in known.items() if (uses := private_uses(path, set(known)))}
    assert found == {}
    path = tmp_path / "module.py"
    path.write_text(
        "from pffspike.network import rows\nfrom pffspike.text import _x\nrows._y(), rows.z\n"
    )
    assert private_uses(path, set(known)) == ["pffspike.text._x", "rows._y"]


#: A Lava process bears the name of what it simulates: the circuit, the population.
PROCESSES = {"PFF", "Population"}


def test_the_name_of_a_class_means_one_thing():
    found: dict[str, list[str]] = {}
    for name, path in modules().items():
        if path != ALONE:
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    found.setdefault(node.name, []).append(name)
    several = {name: where for name, where in found.items() if len(where) > 1}
    assert several.keys() <= PROCESSES, several
    for name, where in several.items():
        assert [module.startswith(LAVA) for module in where].count(False) == 1, (name, where)


#: Where usual names may stand: circuits and the benchmark's network give their populations these
#: names, the conformance suite draws networks with them, and each engine speaks its simulator's
#: language; roles and signals are where the names are defined.
NAMING = {"circuits", "benchmarks", "testing", "engines", "network/roles.py", "network/signals.py"}
#: Words that are no populations: parts of an energy, keys of a baseline's and a circuit's settings.
WORDS = {
    "cards/networks.py": {"image"},
    "energies/events.py": {"readout"},
    "baselines/rate_pff_circuit.py": {"latent"},
}
USUAL = re.compile(r"(image|label|readout|latent|hidden_\d+)(_prediction|_to_\w+)?\Z")


def usual_names(path: Path) -> list[tuple[int, str]]:
    """Texts that are the usual name of a population or projection, with their lines.

    The role that is asked for, as in ``network.role("label")``, is none; docstrings, with their
    examples, are longer texts.
    """
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    calls = [n for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    asked = {id(x) for n in calls if n.func.attr in ("role", "has_role") for x in n.args}
    return sorted(
        (node.lineno, node.value)
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if USUAL.match(node.value) and id(node) not in asked
    )


def test_nothing_takes_a_population_for_what_it_is_called():
    found = {}
    for path in modules().values():
        place = path.relative_to(ROOT).as_posix()
        if not any(place == name or place.startswith(f"{name}/") for name in NAMING):
            names = [use for use in usual_names(path) if use[1] not in WORDS.get(place, ())]
            found |= {place: names} if names else {}
    assert found == {}


def test_a_usual_name_is_found(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        '"""A label."""\nx = network.role("label")\n'
        'y = network.population("label"), "image_to_hidden_1", "image of a digit"\n'
    )
    assert usual_names(path) == [(3, "image_to_hidden_1"), (3, "label")]


def loaded_by(code):
    """Modules that a process has loaded after it ran some lines."""
    command = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return set(done.stdout.split())


def test_help_loads_nothing_that_counts():
    assert not loaded_by("import pffspike.cli.app") & {"numpy", "pydantic", "h5py", "brian2"}


def test_the_list_of_engines_loads_none_of_them():
    loaded = loaded_by("import pffspike; pffspike.info()")
    assert not loaded & {"brian2", "numba", "lava", "sympy", "matplotlib"}
