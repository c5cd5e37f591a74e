"""What several files of end-to-end tests begin with."""

from pathlib import Path

import pytest

from commands import in_a_process


@pytest.fixture(scope="session")
def trained_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that the command line has trained for a moment; copy it."""
    folder = tmp_path_factory.mktemp("trained")
    result = in_a_process(
        "train", "digits", "-e", "numpy", "-n", 60, "--epochs", 1, "-o", "net.h5", cwd=folder
    )
    assert result.returncode == 0, result.stderr
    return folder / "net.h5"
