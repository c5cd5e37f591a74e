"""The site: tutorials run, the reference is whole, equations are numbered, it builds."""

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pffspike

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TUTORIALS = sorted((DOCS / "tutorials").glob("*.py"))
GROUPS = [page for page in (DOCS / "reference").glob("*.rst") if page.stem != "index"]
REFERENCE = "\n".join(page.read_text("utf-8") for page in GROUPS)
LISTED = set(re.findall(r"^(?:   |\.\. py:data:: )([A-Za-z][\w.]*)$", REFERENCE, re.MULTILINE))
NEEDS = {"brian2_notebook": "brian2", "lava_engineer": "lava"}
#: `make docs` runs all of them, too.
SLOW = ("brian2_notebook", "energy", "lava_engineer", "scikit_learn")
RUN = [
    pytest.param(page, id=page.stem, marks=[pytest.mark.slow] if page.stem in SLOW else [])
    for page in TUTORIALS
]


@pytest.mark.timeout(600)  # some ten seconds of a core each, on a machine that is busy too
@pytest.mark.parametrize("tutorial", RUN)
def test_a_tutorial_runs(tutorial: Path, tmp_path: Path, monkeypatch):
    """Alone, in an empty folder, without a screen."""
    pytest.importorskip("matplotlib")
    if needed := NEEDS.get(tutorial.stem):
        pytest.importorskip(needed)
    monkeypatch.setenv("MPLBACKEND", "agg")
    done = subprocess.run(
        [sys.executable, "-W", "error::FutureWarning", str(tutorial)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_there_are_five_tutorials_in_the_order_of_the_gallery():
    order = re.search(r"ORDER = \((.*?)\)", (DOCS / "_ext" / "repository.py").read_text("utf-8"))
    assert order is not None
    assert sorted(re.findall(r'"(\w+)"', order[1])) == [path.stem for path in TUTORIALS]
    assert len(TUTORIALS) == 5


#: Modules whose functions and classes the reference lists one by one, in place of the module.
MODULES = ("caches", "files", "limits", "plots", "representations", "text")


def test_every_public_name_is_in_the_reference():
    assert set(pffspike.__all__) - LISTED - set(MODULES) == set()
    assert all(any(name.startswith(f"{module}.") for name in LISTED) for module in MODULES)


@pytest.mark.parametrize("module", ["brian2", "lava", "plots", "representations", "testing"])
def test_every_public_name_of_a_public_module_is_in_the_reference(module: str):
    needed = {"plots": "matplotlib", "representations": "numpy", "testing": "hypothesis"}
    pytest.importorskip(needed.get(module, module))
    names = importlib.import_module(f"pffspike.{module}").__all__
    again = {"brian2.to_brian2"}  # which the package offers too
    assert {f"{module}.{name}" for name in names} - LISTED - again == set()


def test_what_the_reference_lists_exists():
    pytest.importorskip("brian2")
    pytest.importorskip("lava")
    for name in sorted(LISTED):
        owner, _, last = name.rpartition(".")
        if owner != "neurobench":
            module = importlib.import_module(f"pffspike.{owner}" if owner else "pffspike")
            assert hasattr(module, last), name


def test_equations_of_the_model_are_numbered_once():
    page = (ROOT / "pffspike" / "network" / "model.md").read_text("utf-8")
    numbers = re.findall(r"\\tag\{(\w+)\}", page)
    assert len(numbers) == len(set(numbers)) == page.count("\n$$\n\n") + page.count("\n   $$\n\n")
    assert sorted({int(number.rstrip("ab")) for number in numbers}) == list(range(1, 22))
    mentioned = set(re.findall(r"\((\d+[a-z]?)\)", page)) - {"0", "1", "2"}
    assert mentioned <= set(numbers)


def test_the_picture_of_the_circuit_is_of_the_card():
    """The text of the committed drawing; its lines depend on the version of Matplotlib."""
    drawing = (DOCS / "pictures" / "circuit.svg").read_text("utf-8")
    network = pffspike.load_network("digits")
    said = re.sub(r"<[^>]+>", " ", drawing).split()
    for population in network.populations:
        assert set(population.name.split("_")) <= set(said), population.name
        assert f"{population.size:,}" in said


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_site_builds_without_a_warning_and_without_the_network(tmp_path):
    """Its pages load nothing from elsewhere."""
    done = subprocess.run(
        ["make", "--no-print-directory", "docs", f"SITE={tmp_path / 'site'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    site = tmp_path / "site"
    assert (site / "model.pdf").read_bytes()[:5] == b"%PDF-"
    loaded = re.compile(r'<(?:script|link|img)[^>]+(?:src|href)="(https?:[^"]+)"')
    for page in site.rglob("*.html"):
        assert not loaded.findall(page.read_text("utf-8")), page
    model = (site / "pffspike" / "network" / "model.html").read_text("utf-8")
    assert 'id="equation-14a"' in model
    shutil.rmtree(site)
