"""Progress: no Ctrl-C is lost, compilations are told of, stages leave a line each at most."""

import io
import os
import signal
import subprocess
import sys

import pytest
from rich.console import Console

from pffspike.choices import COMPILING
from pffspike.cli import output
from pffspike.progress import Bars


class Dropped:
    """Its end is a callback in which Python drops exceptions."""

    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):  # the handler runs between two of these
            pass


def raises(number, frame):
    """A library's handler, as Brian2 has one, that hands on to Python's."""
    signal.default_int_handler(number, frame)


def swallows(number, frame):
    """A handler that only makes a note."""


@pytest.fixture(params=[signal.default_int_handler, raises, swallows])
def handler(request):
    before = signal.signal(signal.SIGINT, request.param)
    yield request.param
    signal.signal(signal.SIGINT, before)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_python_drops_is_raised_at_the_next_report(handler):
    with output.progress() as report:
        report("work", 1, 10)
        doomed = Dropped()
        del doomed  # Python says "Exception ignored" and goes on
        with pytest.raises(KeyboardInterrupt):
            report("work", 1, 10)
    assert signal.getsignal(signal.SIGINT) is handler


def test_without_an_interrupt_nothing_is_raised(handler):
    with output.progress() as report:
        report("work", 10, 10)
    assert signal.getsignal(signal.SIGINT) is handler


def test_an_ignored_interrupt_stays_ignored(handler):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with output.progress() as report:
        signal.raise_signal(signal.SIGINT)
        report("work", 10, 10)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.slow
def test_a_compilation_is_told_once_and_happens_once(tmp_path):
    """Programs that learn and ones that don't, with images or states: one compilation for all."""
    pytest.importorskip("numba")
    script = (
        "import pffspike\n"
        "from pffspike.engines.numba.run import RUNNERS\n"
        "told = []\n"
        "small = {'training': {'latent_images': 2}, 'pff': {'hidden': [20, 20], 'latent': 4}}\n"
        "data = pffspike.first_samples(pffspike.load_data('digits'), train=3)\n"
        "pffspike.train(pffspike.load_network('digits', small), data, epochs=1,\n"
        "    execution=pffspike.Execution('numba', progress=lambda *what: told.append(what)))\n"
        "print([what for what in told if what[0].startswith('compiling')])\n"
        "print([len(runner.run_samples.signatures) for runner in RUNNERS.values()])\n"
        "print('learning latent states' in {what[0] for what in told})\n"
    )
    environment = os.environ | {"PFFSPIKE_CACHE": str(tmp_path)}
    for expected in ("[('compiling (kept)', 0, 1), ('compiling (kept)', 1, 1)]", "[]"):
        words = [sys.executable, "-c", script]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        assert done.stdout.splitlines() == [expected, "[1, 0]", "True"], done.stderr


def test_a_stage_within_another_leaves_no_line():
    """A bar that is interrupted is drawn anew afterwards; what interrupts it goes."""
    said = io.StringIO()
    bars = Bars(Console(file=said, width=80))
    for stage, done in (("long", 0), ("within", 0), ("within", 2), ("long", 1), ("long", 2)):
        bars(stage, done, 2)
    lines = [line for line in said.getvalue().splitlines() if line.strip()]
    assert [line.split()[0] for line in lines] == ["long"]


def test_a_log_is_told_of_long_repetitions_alone():
    """Of a compilation when it begins, too."""
    said = []
    show, _ = output._lines(said.append)
    for _ in range(2):
        show("again", 0, 2)
        show("again", 2, 2)
    show(COMPILING, 0, 1)
    assert [line.split(",")[0] for line in said] == ["again: 2 of 2", f"{COMPILING} ..."]
