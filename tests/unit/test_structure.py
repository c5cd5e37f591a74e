"""The shape of the package: no import circles, and one meaning for the name of a class."""

import ast
from collections import Counter
from pathlib import Path

import pffspike

ROOT = Path(pffspike.__file__).parent
ENGINES = ROOT / "engines"  # each speaks its simulator's language, in which words mean other things
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


def test_the_name_of_a_class_means_one_thing_outside_of_the_engines():
    names = Counter(
        node.name
        for path in modules().values()
        if ENGINES not in path.parents and path != ALONE
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in names.items() if count > 1] == []
