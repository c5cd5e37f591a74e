"""The commands and what happens to their errors."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer

from pffspike.cli import (
    benchmark,
    classify,
    demo,
    energy,
    evaluate,
    export,
    info,
    prior,
    quality,
    quantize,
    reconstruct,
    report,
    run,
    sample,
    study,
    train,
)
from pffspike.cli.output import errors
from pffspike.errors import PffspikeError

P = ParamSpec("P")
R = TypeVar("R")

app = typer.Typer(
    help="Predictive forward-forward learning on spiking neurons: train in Brian2, deploy in Lava.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what a user can cause into one sentence and an exit code."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except PffspikeError as error:
            errors.print(f"pffspike: {error}", style="red", markup=False, highlight=False)
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            errors.print("pffspike: interrupted", style="red")
            raise typer.Exit(130) from None

    return wrapper


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
    info.info,
    demo.demo,
    study.study,
    benchmark.benchmark,
):
    app.command()(_guarded(_command))
