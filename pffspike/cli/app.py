"""The commands and what happens to their errors."""

from __future__ import annotations

import functools
import inspect
import os
import sys
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from typing import Annotated, Any, NoReturn

import typer

import pffspike
from pffspike import PffspikeError, limits
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
from pffspike.cli.output import aside, errors

app = typer.Typer(
    help="Predictive forward-forward learning on spiking neurons: train in Brian2, deploy in Lava.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
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
) -> None:
    errors.quiet = quiet
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
        except PffspikeError as error:
            if _verbose.get():
                traceback.print_exc()
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
