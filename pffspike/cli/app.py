"""The commands and what happens to their errors."""

from __future__ import annotations

import functools
import inspect
import os
import shlex
import sys
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

import pffspike
from pffspike import limits
from pffspike.cli import (
    benchmark,
    cache,
    classify,
    demo,
    energy,
    evaluate,
    export,
    info,
    live,
    output,
    outputs,
    prior,
    quality,
    quantize,
    reconstruct,
    report,
    run,
    sample,
    search,
    study,
    train,
)
from pffspike.cli.log import Log
from pffspike.cli.output import aside, errors
from pffspike.errors import PffspikeError

app = typer.Typer(
    help="Predictive forward-forward learning on spiking neurons: train in Brian2, deploy in Lava.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # brackets stay, and lines are broken where the terminal ends
    context_settings={"help_option_names": ["-h", "--help"]},
)


#: Whether an error is told with the place in the program where it arose.
_verbose = ContextVar("verbose", default=False)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"pffspike {pffspike.__version__}")
        raise typer.Exit


@app.callback()
def _before(
    version: Annotated[  # noqa: ARG001
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and end."
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print results and errors: no progress, no notes.")
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Print where in the program an error arose, too."),
    ] = False,
    notes: Annotated[
        bool,
        typer.Option(
            "--notes", help="Print what columns mean, where values come from, what they leave out."
        ),
    ] = False,
    log: Annotated[
        Path | None,
        typer.Option(
            "--log", help="Add all that -v and --notes would print to this file, with the time."
        ),
    ] = None,
) -> None:
    try:
        opened = Log(log) if log else None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        _fail(f"--log {log} can't be written: {reason}; choose another place")
    output.begin(quiet=quiet, notes=notes, log=opened)
    if opened:
        opened.write(f"pffspike {pffspike.__version__}: {shlex.join(sys.argv[1:])}")
    _verbose.set(verbose)


_SHARED = {
    "force": Annotated[
        bool, typer.Option("--force", help="Replace existing files of another kind.")
    ],
    "memory_limit": Annotated[
        str | None,
        typer.Option(
            help=f"Memory that may be used, such as 8G (default: ${limits.VARIABLE}, or three "
            "quarters of this machine's)."
        ),
    ],
}  #: options of every command


def _guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Check a command's outputs first; turn what a user can cause into one sentence and a code."""

    @functools.wraps(command)
    def wrapper(*, force: bool, memory_limit: str | None, **given: Any) -> None:
        try:
            with limits.limited(memory_limit):
                outputs.check(command.__name__, given, force)
                with aside(outputs.places(command.__name__, given)):
                    command(**given)
                    output.end()
        except PffspikeError as error:
            if _verbose.get():
                traceback.print_exc()
            _logged()
            _fail(str(error))
        except MemoryError:
            _fail(
                "this machine's memory is exhausted; use fewer samples or a smaller network, or "
                "end other programs"
            )
        except BrokenPipeError:  # whoever read the output has gone
            sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115  (for the last flush)
            raise typer.Exit(1) from None
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            _fail(f"{place}{error.strerror or error}; check the path, the rights and the space")
        except KeyboardInterrupt:
            errors.quiet = False
            errors.print("pffspike: interrupted", style="red")
            raise typer.Exit(130) from None

    signature = inspect.signature(command, eval_str=True)
    shared = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=False if name == "force" else None,
            annotation=annotation,
        )
        for name, annotation in _SHARED.items()
    ]
    own = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in signature.parameters.values()]
    wrapper.__signature__ = signature.replace(parameters=[*own, *shared])  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in [*own, *shared]}
    del wrapper.__wrapped__
    return wrapper


def _logged() -> None:
    """Add to the log where in the program an error arose."""
    if errors.told:
        errors.told.write(traceback.format_exc())


def _fail(text: str) -> NoReturn:
    errors.quiet = False
    errors.print(f"pffspike: {text}", style="red")
    raise typer.Exit(2) from None


for _command in (
    train.train,
    evaluate.evaluate,
    classify.classify,
    reconstruct.reconstruct,
    prior.prior,
    quality.quality,
    sample.sample,
    quantize.quantize,
    export.export,
    run.run,
    energy.energy,
    report.report,
    live.live,
    info.info,
    demo.demo,
    study.study,
    search.search,
    benchmark.benchmark,
    cache.cache,
):
    app.command()(_guarded(_command))
