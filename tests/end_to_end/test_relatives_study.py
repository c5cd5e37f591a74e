"""Study 14: the page says what the specifications of spiking circuits and the results say."""

import subprocess
import sys
from pathlib import Path

STUDY = Path(__file__).parents[2] / "experiments" / "14-relatives"


def test_the_page_has_the_needs_of_the_specifications():
    command = [sys.executable, STUDY / "structure.py"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert len(done.stdout.splitlines()) == 10
    assert done.stdout in (STUDY / "README.md").read_text("utf-8")


def test_the_page_has_the_table_of_mnist():
    command = [sys.executable, STUDY / "compare.py"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert len(done.stdout.splitlines()) == 17
    assert done.stdout in (STUDY / "README.md").read_text("utf-8")
