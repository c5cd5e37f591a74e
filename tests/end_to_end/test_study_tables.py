"""`table.md` of a study is what its script writes of the `results.json` beside it."""

import importlib
import json
import re
import sys
from pathlib import Path

import pytest

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
WRITTEN = {
    "07-events": lambda run, found: f"{run.TITLE}\n\n{run.markdown(found)}",
    "08-representations": lambda run, found: run.markdown(found),
    "09-phases": lambda run, found: run.markdown(found, run.CONDITIONS),
    "09-phases/mnist": lambda run, found: run.markdown(
        found, {title: run.CONDITIONS[title] for title in found["table"]}
    ),
    "10-mortal": lambda run, found: run.markdown(
        found["runs"], found["differences"], found["joule_a_presentation"], run.STAGES
    ),
    "11-dreams": lambda run, found: run.markdown(found["table"]),
    "11-dreams/mnist": lambda run, found: run.markdown(found["table"]),
    "13-online": lambda run, found: run.markdown(found["table"], found["differences"]),
}


@pytest.fixture
def script(request, monkeypatch):
    """The module `run` of a study."""
    folder = EXPERIMENTS / request.param.partition("/")[0]
    monkeypatch.syspath_prepend(str(folder))
    names = {path.stem for path in folder.glob("*.py")}
    for name in names:
        sys.modules.pop(name, None)
    yield request.param, importlib.import_module("run")
    for name in names:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("script", WRITTEN, indirect=True)
def test_the_table_is_that_of_the_results(script):
    study, run = script
    found = json.loads((EXPERIMENTS / study / "results.json").read_text("utf-8"))
    assert (EXPERIMENTS / study / "table.md").read_text("utf-8") == WRITTEN[study](run, found)


def test_the_site_has_every_stored_table():
    """Sphinx warns of pages that no list names or that have no title, and warnings are errors."""
    listed = (EXPERIMENTS.parent / "docs" / "studies.md").read_text("utf-8")
    pages = [path.relative_to(EXPERIMENTS).with_suffix("") for path in EXPERIMENTS.rglob("*.md")]
    pages = [page for page in pages if not {"runs", "fast"} & set(page.parts)]
    assert len(pages) > 30
    for page in pages:
        assert re.search(rf"\.\./experiments/{page.as_posix()}>?$", listed, re.MULTILINE), page
        assert (EXPERIMENTS / page).with_suffix(".md").read_text("utf-8").startswith("# "), page
