"""With an operating-system process for each Lava process: every fault ends in a clear error within
5 seconds and leaves nothing."""

import gc
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from leftovers import belongings, children, memory, old_objects_frozen
from pffspike.circuits import PFF, pff
from pffspike.engines.reference import ReferenceEngine
from pffspike.network import Training, initial

pytest.importorskip("lava", reason="needs lava-nc")
from pffspike.engines.lava import (
    DeadProcessError,
    LavaEngine,
    ModelError,
    StalledError,
    compat,
)

pytestmark = pytest.mark.lava

SECONDS = 5.0
NETWORK = pff(PFF(16, 3, (10, 10), lateral=5, burn_in=2, window=4), "small", Training("digits", 1))
PARAMETERS = initial(NETWORK, 1)
IMAGES = np.arange(16 * 6).reshape(6, 16) / 128
SIGNALS = {"image": IMAGES}


def compiled(**options):
    return LavaEngine(processes=True, **options).compile(NETWORK, "one_pass", PARAMETERS, seed=1)


@pytest.fixture(autouse=True, scope="module")
def _first_build():
    """Import everything, so that what stays by design is there before anything is counted."""
    with compiled() as session:
        session.run(SIGNALS, np.arange(6))
    with old_objects_frozen():
        yield


@pytest.fixture(autouse=True)
def _nothing_is_left():
    before = belongings()
    yield
    assert belongings() == before


@pytest.fixture
def sabotage(monkeypatch):
    """Replace ``run_spk`` in the process of that name, at a certain time step."""

    def install(name, action, step=3):
        from pffspike.engines.lava.processes.connection import models as connection
        from pffspike.engines.lava.processes.population import models as population

        for model in (connection.AbstractPyConnectionModel, population.AbstractPyPopulationModel):
            original = model.run_spk

            def run_spk(self, original=original):
                if self.proc_params["name"] == name and self.time_step == step:
                    action(self)
                else:
                    original(self)

            monkeypatch.setattr(model, "run_spk", run_spk)

    return install


def fault(error, match, **options):
    """Run into a fault; return the text and check the time and that the session is closed."""
    session = compiled(**options)
    start = time.monotonic()
    with pytest.raises(error, match=match) as caught:
        session.run(SIGNALS, np.arange(6))
    assert time.monotonic() - start < SECONDS
    assert not multiprocessing.active_children()
    with pytest.raises(RuntimeError, match="closed"):
        session.run(SIGNALS, np.arange(6))
    return str(caught.value)


def explode(self):
    raise ZeroDivisionError("in the neuron")


def test_exception_in_a_model(sabotage):
    sabotage("hidden_1", explode)
    text = fault(ModelError, "process 'hidden_1' failed in a run")
    assert "Traceback" in text
    assert "in explode" in text
    assert "ZeroDivisionError: in the neuron" in text


def test_exception_of_all_processes_at_once(sabotage):
    sabotage("hidden_1", explode)
    sabotage("hidden_2", explode)
    fault(ModelError, "process 'hidden_[12]' failed in a run")


def test_exception_that_cannot_be_pickled(sabotage):
    class OddError(Exception):
        def __reduce__(self):
            raise TypeError("no")

    def action(self):
        raise OddError(threading.Lock())

    sabotage("hidden_1", action)
    assert "OddError" in fault(ModelError, "'hidden_1' failed")


def test_wrong_shape(sabotage):
    sabotage("hidden_1_self", lambda self: self.a_out.send(np.zeros((2, 3), np.int64)))
    fault(ModelError, r"(?s)'hidden_1_self' failed.*Mismatch")


def test_exception_while_the_network_starts(monkeypatch):
    from pffspike.engines.lava.processes.population import models

    monkeypatch.setattr(models.AbstractPyPopulationModel, "__init__", explode)
    start = time.monotonic()
    with pytest.raises(ModelError, match=r"(?s)failed while the network started.*TypeError"):
        compiled()
    assert time.monotonic() - start < SECONDS


def test_death_while_the_network_starts(monkeypatch):
    from pffspike.engines.lava.processes.population import models

    monkeypatch.setattr(
        models.AbstractPyPopulationModel, "__init__", lambda self, proc_params: os._exit(3)
    )
    with pytest.raises(DeadProcessError, match="exit code 3 while the network started"):
        compiled()


def test_dead_process(sabotage):
    sabotage("hidden_1_lateral", lambda self: os.kill(os.getpid(), signal.SIGKILL))
    fault(DeadProcessError, "'hidden_1_lateral' was ended by signal 9 in a run")


def test_process_killed_between_two_runs():
    with compiled() as session:
        session.run(SIGNALS, np.arange(6))
        victim = next(c for c in multiprocessing.active_children() if c.name == "runtime service")
        os.kill(victim.pid, signal.SIGKILL)
        start = time.monotonic()
        with pytest.raises(DeadProcessError, match="'runtime service' was ended by signal 9"):
            session.run(SIGNALS, np.arange(6))
        assert time.monotonic() - start < SECONDS


def test_deadlock_says_who_waits_for_what(sabotage):
    sabotage("hidden_1_to_hidden_2", lambda self: self.s_in.recv())  # forgets to send
    text = fault(StalledError, r"no Lava process finished a step for 1 s", timeout=1.0)
    assert "hidden_2 waits to receive on a_in" in text
    assert not re.search(r"\bhidden_1 waits", text)
    assert "timeout=" in text


def test_endless_loop_is_a_stall(sabotage):
    sabotage("readout", lambda self: time.sleep(60))
    assert "readout is at work" in fault(StalledError, "no Lava process", timeout=0.5)


def test_default_timeout_is_fast_enough(sabotage):
    sabotage("hidden_1_to_hidden_2", lambda self: self.s_in.recv())
    fault(StalledError, "no Lava process finished a step for 4 s")


def test_a_slow_network_is_no_stall(monkeypatch):
    from pffspike.engines.lava.processes.population import models

    original = models.AbstractPyPopulationModel.run_spk
    monkeypatch.setattr(
        models.AbstractPyPopulationModel,
        "run_spk",
        lambda self: (time.sleep(0.3), original(self))[1],
    )
    start = time.monotonic()
    with compiled(timeout=0.9) as session:
        session.run(SIGNALS, np.arange(6))
    assert time.monotonic() - start > 6 * 0.3


def test_stall_message_of_a_stopped_process():
    with compiled(timeout=1.0) as session:
        session.run(SIGNALS, np.arange(6))
        victim = next(c for c in multiprocessing.active_children() if c.name == "readout")
        os.kill(victim.pid, signal.SIGSTOP)
        with pytest.raises(StalledError, match="readout does not answer"):
            session.run(SIGNALS, np.arange(6))


def test_two_networks_at_once_and_one_after_the_other():
    expected = ReferenceEngine().compile(NETWORK, "one_pass", PARAMETERS, seed=1)
    reference = expected.run(SIGNALS, np.arange(6))
    with compiled() as first, compiled(arithmetic="floating") as second:
        for session in (first, second, first):
            assert session.run(SIGNALS, np.arange(6)).same_spikes(reference)
    with compiled() as third:
        assert third.run(SIGNALS, np.arange(6)).same_spikes(reference)


def test_closing_twice_and_closing_after_a_fork():
    session = compiled()
    with compat.forking():
        child = multiprocessing.Process(target=session.close)  # must not touch our processes
        child.start()
        child.join()
    assert child.exitcode == 0
    child.close()
    session.run(SIGNALS, np.arange(6))
    session.close()
    session.close()


def test_a_forgotten_session_ends_when_it_is_collected():
    session = compiled()
    assert children()
    del session
    gc.collect()
    assert not multiprocessing.active_children()


@pytest.mark.slow
@pytest.mark.parametrize("builds", [20])
def test_many_builds_leave_nothing(builds):
    used = []
    for index in range(builds):
        with compiled(arithmetic=("fixed", "floating")[index % 2]) as session:
            session.run(SIGNALS, np.arange(6))
        used.append(memory())
    assert used[-1] - used[builds // 2] < 1024 * 2 * (builds // 2) / 4  # stock Lava: 3.3 MB each


PROGRAM = textwrap.dedent(
    """
    import sys, numpy as np
    from pffspike.circuits import PFF, pff
    from pffspike.network import Training, initial
    from pffspike.engines.lava import LavaEngine
    net = pff(PFF(16, 3, (10, 10), lateral=5), "small", Training("digits", 1))
    s = LavaEngine(lanes=1, processes=True).compile(net, "one_pass", initial(net, 1), seed=1)
    def progress(n):
        print("running", flush=True)
    n = int(sys.argv[1])
    try:
        s.run({"image": np.full((n, 16), 0.5)}, np.arange(n), progress=progress)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        sys.exit(130)
    """
)


def launch(n):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(n)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def members(group):
    """Processes of a process group, without zombies."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def gone(group):
    limit = time.monotonic() + SECONDS
    while members(group) and time.monotonic() < limit:
        time.sleep(0.02)
    return not members(group)


def test_interrupt_ends_everything_without_noise():
    with launch(100_000) as process:
        assert process.stdout.readline() == "running\n"
        assert len(members(process.pid)) > 10
        start = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does
        out, err = process.communicate(timeout=SECONDS)
        assert time.monotonic() - start < SECONDS
    assert process.returncode == 130
    assert out.endswith("interrupted\n")
    assert err == ""
    assert gone(process.pid)


def test_nothing_outlives_a_killed_parent():
    with launch(100_000) as process:
        assert process.stdout.readline() == "running\n"
        process.kill()
        process.wait(SECONDS)
        assert gone(process.pid)


def test_a_program_that_never_closes_ends():
    with launch(2) as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert out == "running\n" * 2
    assert gone(process.pid)
