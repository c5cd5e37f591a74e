"""Study 12: cycles of a core by lanes and bits, as its README says."""

import subprocess
import sys
from pathlib import Path

import pytest

import pffspike
from pffspike.circuits import PFF
from pffspike.fpga import make_plan
from pffspike.network import Training

STUDY = Path(__file__).parents[2] / "experiments" / "12-fpga"


def test_the_picture_is_that_of_the_circuit(monkeypatch):
    """Who sends what to whom, and where the memory is, of a core that is small enough to know."""
    pytest.importorskip("amaranth")
    monkeypatch.syspath_prepend(str(STUDY))
    import structure

    network = pffspike.pff(PFF(16, 2, (12,), latent=0, lateral=4), "tiny", Training("none", 1))
    begun = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), 0)
    plan = make_plan(pffspike.quantize(begun, 8, moments=None).trained, lanes=4)
    names, signals, memory = structure.connections(plan)
    assert {name for pair in signals for name in pair} == {*names, structure.HOST}
    assert signals["accumulators", "neurons"] >= 4 * plan.widths.current  # a word of currents
    assert ("neurons", "list") in signals
    assert ("neurons", "accumulators") not in signals  # spikes reach rows by way of the list
    assert memory["accumulators"] >= 8 * 16 * 12  # the weights from the image
    assert max(memory, key=memory.get) == "accumulators"
    sys.modules.pop("structure")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_fast_variant_gives_what_is_expected(tmp_path):
    """The script compares every value with expected.json itself."""
    done = subprocess.run(
        [sys.executable, str(STUDY / "run.py"), "--fast", "-o", str(tmp_path / "results")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in ("timeline.png", "structure.png"):
        assert (tmp_path / "results" / name).stat().st_size > 1000
    assert "| goodness | 6.62 ms |" in (tmp_path / "results" / "table.md").read_text("utf-8")
