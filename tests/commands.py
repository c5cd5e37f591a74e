"""Commands called in this process: fast enough to call many of them."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from pffspike.cli.app import app


def call(*arguments: object) -> Result:
    """Run a command; what it prints and its exit code, with any exception that is none of ours."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def refused(result: Result, *parts: str) -> None:
    """One sentence, exit code 2."""
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    for part in parts:
        assert part in " ".join(result.output.split()), result.output
