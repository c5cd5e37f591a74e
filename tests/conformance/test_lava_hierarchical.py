"""The hierarchical process gives the spikes and weights of the reference, on Lava's own runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from pffspike import circuits
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import ValidationError
from pffspike.network import Network, Training, initial, structure
from pffspike.recording import Probes

pytest.importorskip("lava")
from pffspike.engines.lava import compat
from pffspike.lava import PFF

pytestmark = pytest.mark.lava

SAMPLES = 2
SLOW = pytest.mark.slow


@pytest.fixture(scope="module")
def network() -> Network:
    circuit = circuits.PFF(64, 10, (20, 20), threshold=(4.0,))
    return circuits.pff(circuit, "digits", Training("digits", 1))


@pytest.fixture(scope="module")
def signals() -> dict[str, Any]:
    digits = load_digits()
    labels = digits.target[:SAMPLES]
    return {"image": digits.data[:SAMPLES] / 16, "label": labels, "negative": (labels + 1) % 10}


def expected(network: Network, program: str, signals: Any) -> tuple[dict[str, Any], Any]:
    """``(steps, units)`` spikes of every population, and what the reference engine learns."""
    names = tuple(p.name for p in structure.extent(network, network.program(program)).populations)
    probes, start = Probes(rasters=names), initial(network, 3)
    with ReferenceEngine().compile(network, program, start, seed=3, probes=probes) as session:
        recording = session.run(signals, np.arange(SAMPLES))
        rasters = {
            name: raster.transpose(1, 0, 2).reshape(-1, raster.shape[2])
            for name, raster in recording.rasters.items()
        }
        return rasters, session.parameters


def run(process: Any, names: Any, arithmetic: str, sources: Any = ()) -> tuple[dict[str, Any], Any]:
    """Connect sinks, run on Lava's own runtime, and read everything."""
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg
    from lava.proc.io.sink import RingBuffer

    tag = {"fixed": "fixed_pt", "floating": "floating_pt"}[arithmetic]
    sinks = {}
    for name in names:
        port = getattr(process, f"{name}_out")
        sinks[name] = RingBuffer(shape=port.shape, buffer=process.steps)
        port.connect(sinks[name].a_in)
    for name, source in sources:
        source.s_out.connect(getattr(process, f"{name}_in"))
    # Lava's own sources and sinks have models without a tag.
    chosen = Loihi2SimCfg(select_tag=tag, select_sub_proc_model=True)
    process.run(condition=RunSteps(num_steps=process.steps), run_cfg=chosen)
    try:
        found = {name: sink.data.get().T != 0 for name, sink in sinks.items()}
        return found, process.parameters()
    finally:
        process.stop()


@pytest.fixture(autouse=True)
def surroundings() -> Any:
    """Lava forks, and gives the root logger handlers: neither is a test's business."""
    with compat.logging_untouched(), compat.forking():
        yield


@pytest.mark.parametrize(
    ("arithmetic", "program"),
    [
        ("fixed", "train"),
        ("floating", "one_pass"),
        pytest.param("floating", "train", marks=SLOW),
        pytest.param("fixed", "one_pass", marks=SLOW),
        pytest.param("fixed", "goodness", marks=SLOW),
        pytest.param("fixed", "reconstruct", marks=SLOW),
        pytest.param("floating", "synthesize", marks=SLOW),
    ],
)
def test_spikes_and_weights_agree(
    network: Network, signals: Any, arithmetic: str, program: str
) -> None:
    """Several samples and phases, learning among them."""
    wanted, learned = expected(network, program, signals)
    process = PFF(network, program, signals, seed=3, arithmetic=arithmetic)
    process_start = PFF(network, program, signals, seed=3).parameters()
    assert process_start.equal(initial(network, 3))
    found, after = run(process, wanted, arithmetic)
    for name, raster in wanted.items():
        assert np.array_equal(found[name], raster), name
    assert after.equal(learned)
    assert after.equal(process_start) != network.program(program).learns


def test_spikes_from_a_source_of_ones_own(network: Network, signals: Any) -> None:
    """An event source in place of the input population gives what its spikes give."""
    from lava.proc.io.source import RingBuffer

    wanted, _ = expected(network, "one_pass", signals)
    process = PFF(network, "one_pass", samples=np.arange(SAMPLES), seed=3, external=("image",))
    source = RingBuffer(data=wanted["image"].T.astype(np.int32))
    found, _ = run(process, ["readout", "hidden_1"], "fixed", [("image", source)])
    assert np.array_equal(found["readout"], wanted["readout"])
    assert np.array_equal(found["hidden_1"], wanted["hidden_1"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"external": ("hidden_1",)}, "'hidden_1' is no input of program 'train'"),
        ({"arithmetic": "exact"}, "must be 'fixed' or 'floating'"),
        ({"samples": []}, "rows for 0 samples"),
    ],
)
def test_mistakes_are_named(network: Network, signals: Any, options: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        PFF(network, "train", signals, **options)


def test_a_hard_negative_to_be_chosen_is_refused(network: Network, signals: Any) -> None:
    unknown = {**signals, "negative": np.full(SAMPLES, -1)}
    with pytest.raises(ValidationError, match="a hard negative to be chosen"):
        PFF(network, "train", unknown)
