"""Study 12: cycles of a core by lanes and bits, as its README says."""

import subprocess
import sys
from pathlib import Path

import pytest

STUDY = Path(__file__).parents[2] / "experiments" / "12-fpga"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_fast_variant_gives_what_is_expected(tmp_path):
    """The script compares every value with expected.json itself."""
    done = subprocess.run(
        [sys.executable, str(STUDY / "run.py"), "--fast", "-o", str(tmp_path / "results")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results" / "timeline.png").stat().st_size > 1000
