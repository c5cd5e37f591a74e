"""Commands, called in this process (fast enough to call many of them) or in one of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from pffspike.cli.app import app


def call(*arguments: object, cwd: Path | None = None) -> Result:
    """Run a command; what it prints and its exit code, with any exception that is none of ours."""
    before = Path.cwd()
    try:
        os.chdir(cwd or before)
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    finally:
        os.chdir(before)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def in_a_process(*arguments: object, cwd: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command as a shell does, where something about its process is tested."""
    return subprocess.run(
        [sys.executable, "-m", "pffspike", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        **options,
    )


@contextmanager
def running(command: Sequence[object], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A process, alone in its group, which ends with the test, whatever the test finds."""
    with subprocess.Popen(
        [str(word) for word in command],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def refused(result: Result, *parts: str) -> None:
    """One sentence, exit code 2."""
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    for part in parts:
        assert part in " ".join(result.output.split()), result.output
