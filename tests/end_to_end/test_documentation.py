"""The Python of the README and of the pages in docs/ runs as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: Pages whose code takes ten to thirty seconds; tests of their subjects compare what they show.
SLOW = {"brian2.md", "own-data.md", "results.md", "specimens.md"}
WITH_CODE = [page for page in PAGES if BLOCK.search(page.read_text("utf-8"))]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.slow if page.name in SLOW else (), id=page.name)
        for page in WITH_CODE
    ],
)
def test_the_python_of_a_page_runs_from_top_to_bottom(page: Path, tmp_path: Path):
    code = "\n".join(BLOCK.findall(page.read_text("utf-8")))
    done = subprocess.run(
        [sys.executable, "-W", "error::FutureWarning", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_readme_has_an_example():
    assert ROOT / "README.md" in WITH_CODE


def test_the_page_of_the_package_index_has_no_relative_link():
    text = (ROOT / "docs" / "pypi.md").read_text("utf-8")
    targets = re.findall(r"\]\(([^)]*)\)", text)
    assert targets
    assert all(target.startswith("https://") for target in targets)
    assert 'readme = "docs/pypi.md"' in (ROOT / "pyproject.toml").read_text("utf-8")
