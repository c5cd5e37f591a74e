"""With all Lava processes in one thread, too, every fault is a clear error and nothing is left."""

import dataclasses
import gc
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

from leftovers import belongings, memory, old_objects_frozen
from pffspike.circuits import PFF, pff
from pffspike.engines import make_engine
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import UserError
from pffspike.network import Parameters, Training, initial

pytest.importorskip("lava", reason="needs lava-nc")
from pffspike.engines.lava import LavaEngine, ModelError, RangeError, StalledError

pytestmark = pytest.mark.lava

SECONDS = 5.0
NETWORK = pff(PFF(16, 3, (10, 10), lateral=5, burn_in=2, window=4), "small", Training("digits", 1))
PARAMETERS = initial(NETWORK, 1)
SIGNALS = {
    "image": np.arange(16 * 6).reshape(6, 16) / 128,
    "label": np.arange(6) % 3,
    "negative": np.full(6, -1),
}


def compiled(program="one_pass", parameters=PARAMETERS, **options):
    return LavaEngine(**options).compile(NETWORK, program, parameters, seed=1)


@pytest.fixture(autouse=True, scope="module")
def _first_build():
    """Import everything, so that what stays by design is there before anything is counted."""
    with compiled() as session:
        session.run(SIGNALS, np.arange(6))
    with old_objects_frozen():
        yield


@pytest.fixture(autouse=True)
def _nothing_is_left():
    before = belongings(), signal.getsignal(signal.SIGVTALRM)
    yield
    assert (belongings(), signal.getsignal(signal.SIGVTALRM)) == before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


@pytest.fixture
def sabotage(monkeypatch):
    """Replace a method in the process of that name, at a certain time step."""

    def install(name, action, step=3, method="run_spk"):
        from pffspike.engines.lava.processes.connection import models as connection
        from pffspike.engines.lava.processes.population import models as population

        for model in (connection.AbstractPyConnectionModel, population.AbstractPyPopulationModel):
            original = getattr(model, method)

            def replaced(self, original=original):
                if self.proc_params["name"] == name and self.time_step == step:
                    action(self)
                else:
                    original(self)

            monkeypatch.setattr(model, method, replaced)

    return install


def fault(error, match, program="one_pass", **options):
    """Run into a fault; return the text and check the time and that the session is closed."""
    session = compiled(program, **options)
    start = time.process_time()  # the guard counts it too
    with pytest.raises(error, match=match) as caught:
        session.run(SIGNALS, np.arange(6))
    assert time.process_time() - start < SECONDS
    with pytest.raises(RuntimeError, match="closed"):
        session.run(SIGNALS, np.arange(6))
    return str(caught.value)


def explode(self):
    raise ZeroDivisionError("in the neuron")


def test_exception_in_a_model(sabotage):
    sabotage("hidden_1", explode)
    text = fault(ModelError, "process 'hidden_1' failed in a run")
    assert "in explode" in text
    assert "ZeroDivisionError: in the neuron" in text


def test_exception_while_learning(sabotage):
    sabotage("image_to_hidden_1", explode, step=12, method="run_lrn")  # end of the second phase
    text = fault(ModelError, "'image_to_hidden_1' failed", "train")
    assert "_lrn" in text


def test_wrong_shape(sabotage):
    sabotage("hidden_1_self", lambda self: self.a_out.send(np.zeros((2, 3), np.int64)))
    fault(ModelError, r"(?s)'hidden_1_self' failed.*Mismatch.*a_out")


def test_exception_while_the_network_starts(monkeypatch):
    from pffspike.engines.lava.processes.population import models

    def broken(self, proc_params):
        raise ZeroDivisionError("at the start")

    monkeypatch.setattr(models.AbstractPyPopulationModel, "__init__", broken)
    with pytest.raises(
        ModelError, match=r"(?s)process '.*' failed while the network started.*start"
    ):
        compiled()


def test_deadlock_is_found_at_once(sabotage):
    sabotage("hidden_1_to_hidden_2", lambda self: self.s_in.recv())  # forgets to send
    start = time.monotonic()
    text = fault(StalledError, "wait for each other")
    assert time.monotonic() - start < 2.0  # no time-out had to pass
    assert "hidden_2 waits to receive on a_in" in text
    assert not re.search(r"\bhidden_1 waits", text)


def test_a_channel_that_nobody_empties(sabotage):
    def flood(self):
        while True:
            self.a_out.send(self.silence)

    sabotage("hidden_1_to_hidden_2", flood)
    assert "hidden_1_to_hidden_2 waits to send on a_out" in fault(StalledError, "wait for each")


def test_endless_loop_is_a_stall(sabotage):
    def forever(self):
        while True:
            pass

    sabotage("readout", forever)
    text = fault(StalledError, "no Lava process finished a step for 0.5 s", timeout=0.5)
    assert "readout is at work" in text
    assert isinstance(StalledError(""), UserError)


def test_a_slow_network_is_no_stall(monkeypatch):
    from pffspike.engines.lava.processes.population import models

    original = models.AbstractPyPopulationModel.run_spk

    def slow(self):
        limit = time.process_time() + 0.05
        while time.process_time() < limit:
            pass
        original(self)

    monkeypatch.setattr(models.AbstractPyPopulationModel, "run_spk", slow)
    with compiled(timeout=0.3) as session:
        session.run(SIGNALS, np.arange(6))


def test_interrupt_in_a_model(sabotage):
    def interrupt(self):
        signal.raise_signal(signal.SIGINT)

    sabotage("hidden_2", interrupt)
    fault(KeyboardInterrupt, None)


def test_networks_side_by_side_and_within_each_other():
    expected = ReferenceEngine().compile(NETWORK, "one_pass", PARAMETERS, seed=1)
    reference = expected.run(SIGNALS, np.arange(6))
    with compiled(lanes=2) as first, compiled(arithmetic="floating") as second:
        seen = []

        def other(_):
            seen.append(second.run(SIGNALS, np.arange(6)))

        assert first.run(SIGNALS, np.arange(6), progress=other).same_spikes(reference)
        assert len(seen) == 3
        assert all(recording.same_spikes(reference) for recording in seen)


def test_a_network_in_another_thread():
    found = []

    def work():
        with compiled() as session:
            found.append(session.run(SIGNALS, np.arange(6)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    with compiled() as session:
        assert session.run(SIGNALS, np.arange(6)).same_spikes(found[0])


def test_closing_twice_and_a_forgotten_session():
    session = compiled()
    session.close()
    session.close()
    forgotten = compiled()
    del forgotten
    gc.collect()


PROGRAM = textwrap.dedent(
    """
    import sys, numpy as np
    import pffspike.network as network
    from pffspike.circuits import PFF, pff
    from pffspike.engines.lava import LavaEngine
    net = pff(PFF(16, 3, (10, 10), lateral=5), "small", network.Training("digits", 1))
    s = LavaEngine(lanes=1).compile(net, "one_pass", network.initial(net, 1), seed=1)
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


@pytest.mark.parametrize("samples", [2, 100_000])
def test_a_program_ends_by_itself_or_by_ctrl_c_without_noise(samples):
    pipe = subprocess.PIPE
    # Python hides ImportWarnings; networkx gives one where pandas is missing.
    strict = ["-W", "error", "-W", "ignore::ImportWarning"]
    command = [sys.executable, *strict, "-c", PROGRAM, str(samples)]
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        first = process.stdout.readline()
        assert first == "running\n"
        if samples > 2:
            process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=30)
    assert err == ""
    assert process.returncode == (130 if samples > 2 else 0)
    assert (first + rest).endswith("interrupted\n" if samples > 2 else "running\n")


@pytest.mark.slow
def test_fifty_builds_leave_nothing():
    used = []
    for index in range(60):
        with compiled("train", arithmetic=("fixed", "floating")[index % 2]) as session:
            session.run(SIGNALS, np.arange(6))
        used.append(memory())
    # Ten builds fill caches and free lists; stock Lava leaves 3.3 MB in each of the others.
    assert used[-1] - used[9] < 50 * 1024 / 10


def widened(scale):
    """The network with image weights beyond what it was planned for, as a fault would make them."""
    weights = dict(PARAMETERS.weights)
    weights["image_to_hidden_1"] = weights["image_to_hidden_1"] * scale
    return Parameters(weights, PARAMETERS.biases)


def test_debug_mode_names_what_does_not_fit(monkeypatch):
    monkeypatch.setattr("pffspike.engines.base.check_parameters", lambda network, given: None)
    session = compiled(parameters=widened(2.0**38), checked=True)
    with session, pytest.raises(RangeError, match=r"into 53 bits in step \d of phase 0") as caught:
        session.run(SIGNALS, np.arange(6))
    assert "projection 'image_to_hidden_1'" in str(caught.value)
    with compiled(parameters=widened(2.0**38)) as session:  # without it the numbers go on
        session.run(SIGNALS, np.arange(6))


def test_debug_mode_looks_at_payloads_and_changes_nothing(monkeypatch):
    from pffspike.engines.lava.processes import ranges

    expected = ReferenceEngine().compile(NETWORK, "train", PARAMETERS, seed=1)
    with (
        expected,
        make_engine("lava:checked").compile(NETWORK, "train", PARAMETERS, seed=1) as session,
    ):
        assert session.run(SIGNALS, np.arange(6)).same_spikes(expected.run(SIGNALS, np.arange(6)))
        assert session.parameters.equal(expected.parameters)
    monkeypatch.setattr(ranges.CheckedModel, "_watch", lambda self, name, port, bits: None)
    fine = tuple(dataclasses.replace(p, grid=-24) for p in NETWORK.projections)
    monkeypatch.setattr(
        "pffspike.engines.lava.processes.connection.models.WEIGHT_BITS", 20
    )  # a narrower device
    with (
        LavaEngine(checked=True).compile(
            NETWORK.replace(projections=fine), "train", PARAMETERS, seed=1
        ) as session,
        pytest.raises(RangeError, match="as a weight does not fit into 20 bits in step 5"),
    ):
        session.run(SIGNALS, np.arange(6))
