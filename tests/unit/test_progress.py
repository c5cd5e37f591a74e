"""Progress of commands: no Ctrl-C is lost."""

import os
import signal

import pytest

from pffspike.cli import output


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
