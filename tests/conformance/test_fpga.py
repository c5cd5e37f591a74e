"""The core of the FPGA gives the spikes of the reference engine, every neuron in every step."""

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pffspike.arithmetic import counter
from pffspike.cards import load_network
from pffspike.circuits.pff import pff
from pffspike.circuits.pff_parameters import PFF
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import PffspikeError, ValidationError
from pffspike.execution import Execution
from pffspike.inference.classification import classify
from pffspike.inference.elimination import candidate_network
from pffspike.inference.goodness import goodness_scores
from pffspike.inference.mode import Mode
from pffspike.inference.proposal import ranking
from pffspike.network import initial, structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Training
from pffspike.quantization import quantize
from pffspike.recording import Probes
from pffspike.testing.strategies import networks
from pffspike.trained import TrainedNetwork

pytest.importorskip("amaranth")
from pffspike.fpga import Driver, classify_by_proposal, make_plan
from pffspike.fpga.cycles import cycles
from pffspike.fpga.simulation import SimulatedLink

PHASES = [Phase.explicit, Phase.generate]  # to shrink would take minutes
KINDS = (
    lambda b: (-(1 << b - 1), (1 << b - 1) - 1),
    lambda b: (0, 2**b - 1),
    lambda b: (1 - 2**b, 0),
)


def quantized(network: Network, key: int) -> TrainedNetwork:
    """The network with random weights of few bits, of both signs or one, and random biases."""
    projections, weights = {}, {}
    for number, p in enumerate(network.projections):
        child = counter.derive_key(key, number)
        if p.tied:
            owner = projections[p.tied]
            projections[p.name] = dataclasses.replace(
                p, grid=owner.grid, low=owner.low, high=owner.high
            )
            continue
        bits, kind, below = (int(counter.integers(child, n, m)[0]) for n, m in enumerate((8, 3, 5)))
        low, high = KINDS[kind](bits + 1)
        grid = -below - bits if kind else -below - bits - 1
        unit = 2.0**grid
        projections[p.name] = dataclasses.replace(
            p, grid=grid, low=low * unit, high=high * unit, learning_rate=0.0
        )
        shape = (network.population(p.pre).size, network.population(p.post).size)
        values = low + counter.integers(
            child, np.arange(9, 9 + shape[0] * shape[1]), high - low + 1
        )
        mask = structure.mask(network, p)
        weights[p.name] = np.where(mask, values.reshape(shape) * unit, 0.0)
    biases = {
        p.name: np.floor(
            (counter.uniform(counter.derive_key(key, 99, n), np.arange(p.size)) - 0.3)
            * p.bias.limit
            / 4
            * 2**24
        )
        * 2.0**-24
        for n, p in enumerate(network.populations)
        if not p.input
    }
    made = network.replace(projections=tuple(projections.values()))
    return TrainedNetwork(made, Parameters(weights, biases), 0)


def resting(network: Network, window: int) -> Network:
    """The network with a program that learns nothing and sees no signal in time."""
    program = network.programs[0]
    phases = tuple(
        dataclasses.replace(
            phase,
            inputs={n: "probabilities" if s == "raster" else s for n, s in phase.inputs.items()},
            learn=(),
            sign=0,
        )
        for phase in program.phases
    )
    program = dataclasses.replace(program, window=window, phases=phases, hard_negative=None)
    return network.replace(programs=(program,))


def compared(trained, program, signals, samples, seed, lanes=4):
    """Run a program on a core and on the reference, and compare all that is recorded."""
    plan = make_plan(trained, [program], lanes)
    driver = Driver(plan, SimulatedLink(plan))
    found, replies = driver.run(program, signals, samples, seed)
    names = structure.populations_of(trained.network, program)
    with ReferenceEngine().compile(
        trained.network,
        program,
        trained.parameters,
        seed=seed,
        probes=Probes(counts=names, rasters=names),
    ) as session:
        expected = session.run(signals, samples)
    for name in names:
        assert np.array_equal(found.rasters[name], expected.rasters[name]), name
        assert np.array_equal(found.counts[name], expected.counts[name]), name
        assert np.array_equal(found.spikes[name], expected.spikes[name]), name
        assert np.array_equal(found.goodness[name], expected.goodness[name]), name
    assert [reply.cycles for reply in replies] == cycles(plan, expected).tolist()
    return expected, replies


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=PHASES,
    suppress_health_check=list(HealthCheck),
)
@given(networks(), st.integers(0, 2**60), st.sampled_from([1, 2, 4]), st.sampled_from([2, 4, 8]))
def test_random_networks_spike_as_in_the_reference(network, key, window, lanes):
    trained = quantized(resting(network, window), key)
    program = trained.network.program("main")
    samples = np.array([int(counter.integers(key, 7, 2**24)[0])])
    signals = {}
    for number, name in enumerate(structure.extent(trained.network, program).signals):
        sizes = [
            trained.network.population(p).size
            for phase in program.phases
            for p, source in phase.inputs.items()
            if source == name
        ]
        child = counter.derive_key(key, 50, number)
        if name == "probabilities":
            signals[name] = counter.uniform(child, np.arange(sizes[0]))[None]
        else:
            signals[name] = counter.integers(child, 0, min(sizes))
    compared(trained, "main", signals, samples, key, lanes)


def small() -> TrainedNetwork:
    """A circuit with two hidden populations, weights of six bits as they begin."""
    circuit = PFF(9, 3, (10, 6), latent=0, burn_in=1, window=4, lateral=2)
    network = pff(circuit, "small", Training("none", 1))
    begun = TrainedNetwork(network, initial(network, 5), 0)
    return quantize(begun, 6, moments=None).trained


def images(key: int, number: int) -> dict:
    return {"image": counter.uniform(key, np.arange(9 * number)).reshape(number, 9)}


def test_one_pass_answers_as_the_reference_with_ties_drawn_alike():
    samples = np.array([3, 2**50, 17])
    expected, replies = compared(small(), "one_pass", images(1, 3), samples, seed=6)
    best = ranking(expected.counts["readout"], samples, 6)[:, 0]
    assert [reply.winner for reply in replies] == best.tolist()


def test_goodness_answers_as_the_reference():
    expected, replies = compared(
        small(), "goodness", images(2, 2), np.array([0, 1]), seed=2**64 - 1
    )
    scores = goodness_scores(expected)
    assert [reply.phase for reply in replies] == scores.argmax(axis=1).tolist()
    assert len({tuple(row) for row in scores.tolist()}) > 1
    assert all(reply.winner == -1 for reply in replies)


@pytest.mark.parametrize("candidates", [1, 2, 3])
def test_proposal_answers_and_spikes_as_on_any_engine(candidates):
    trained, shown, seed = small(), images(2, 2)["image"], 2**63 + 5
    plan = make_plan(trained, lanes=4)
    driver = Driver(plan, SimulatedLink(plan))
    found, taken = classify_by_proposal(driver, shown, candidates, seed=seed, spikes=True)
    mode, execution = Mode("proposal", candidates), Execution("numpy", seed=seed)
    expected = classify(trained, shown, mode, execution=execution)
    assert found.predicted.tolist() == expected.predicted.tolist()
    assert np.array_equal(found.scores, expected.scores)
    assert np.array_equal(found.margins, expected.margins)
    assert np.isfinite(found.scores).sum() == (6 if candidates == 1 else 2 * candidates)
    assert len(found.recordings) == len(expected.recordings) == (2 if candidates == 2 else 1)
    for ours, theirs in zip(found.recordings, expected.recordings, strict=True):
        assert ours.samples.tolist() == theirs.samples.tolist()
        assert ours.spikes.keys() == theirs.spikes.keys()
        for name in theirs.spikes:
            assert np.array_equal(ours.spikes[name], theirs.spikes[name]), name
            assert np.array_equal(ours.rasters[name].sum(axis=(0, 2)), theirs.spikes[name]), name
    assert taken.sum() == sum(cycles(plan, each).sum() for each in found.recordings)


def test_every_spike_under_a_candidate_is_that_of_the_reference():
    trained, shown = small(), images(2, 2)["image"]
    plan, samples, labels = make_plan(trained, ["goodness"], 4), np.array([7, 3]), np.array([2, 0])
    driver = Driver(plan, SimulatedLink(plan))
    found, replies = driver.run_candidates(shown, labels, samples, 6)
    network = candidate_network(trained.network)
    names = structure.populations_of(network, "candidate")
    probes = Probes(counts=names, rasters=names)
    with ReferenceEngine().compile(
        network, "candidate", trained.parameters, seed=6, probes=probes
    ) as session:
        expected = session.run({"image": shown, "candidate": labels}, samples)
    for name in names:
        assert np.array_equal(found.rasters[name], expected.rasters[name]), name
        assert np.array_equal(found.counts[name], expected.counts[name]), name
    assert [reply.phase for reply in replies] == labels.tolist()
    with pytest.raises(ValidationError, match="label 3 must be from 0 to 2"):
        driver.run_candidates(shown, np.array([2, 3]), samples)
    with pytest.raises(ValidationError, match="'one_pass' is not on the core, which has goodness"):
        classify_by_proposal(driver, shown, 2)


def test_other_programs_that_learn_nothing_spike_as_in_the_reference():
    trained = quantized(small().network, 11)
    expected, _ = compared(trained, "reconstruct", images(4, 1), np.array([8]), seed=2)
    assert expected.spikes["image_prediction"].sum() > 0
    shown = {"label": np.array([2])}
    expected, _ = compared(trained, "synthesize", shown, np.array([9]), seed=2)
    assert expected.spikes["image_prediction"].sum() > 0


def test_a_host_that_stops_in_the_middle_leaves_a_core_that_works():
    trained = small()
    plan = make_plan(trained, ["one_pass"], 4)
    link = SimulatedLink(plan, patience=50)
    driver = Driver(plan, link)
    link.write(b"I" + bytes(7))  # not two of nine numbers
    assert link.read(1, patience=400) == b""
    again = Driver(plan, link)
    link.write(b"R\x01\x00")  # no seed
    assert link.read(1, patience=400) == b""
    found, _ = again.run("one_pass", images(3, 1), np.array([4]), 1)
    expected, _ = driver.run("one_pass", images(3, 1), np.array([4]), 1)
    assert np.array_equal(found.rasters["hidden_1"], expected.rasters["hidden_1"])
    assert found.spikes["hidden_1"][0] > 0


def test_a_host_that_stops_reading_leaves_a_core_that_works():
    trained = small()
    plan = make_plan(trained, ["one_pass"], 4)
    link = SimulatedLink(plan, patience=50)
    driver = Driver(plan, link)
    link.write(b"R\x03\x00\x01" + bytes(16))
    link.read(3)
    link.stop(200)
    link.read(1, patience=2000)  # what was under way
    found, _ = Driver(plan, link).run("one_pass", images(3, 1), np.array([4]), 1)
    expected, _ = driver.run("one_pass", images(3, 1), np.array([4]), 1)
    assert np.array_equal(found.rasters["hidden_1"], expected.rasters["hidden_1"])


def test_the_driver_refuses_another_core_and_what_the_core_lacks():
    trained = small()
    link = SimulatedLink(make_plan(trained, ["one_pass"], 4))
    with pytest.raises(PffspikeError, match="is not that of this network"):
        Driver(make_plan(trained, ["one_pass"], 2), link)
    driver = Driver(make_plan(trained, ["one_pass"], 4), link)
    with pytest.raises(ValidationError, match="'goodness' is not on the core, which has one_pass"):
        driver.run("goodness", images(1, 1), np.array([0]))
    with pytest.raises(ValidationError, match=r"shape \(8,\)"):
        driver.run("one_pass", {"image": np.zeros((1, 8))}, np.array([0]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"programs": ["train"]}, "program 'train' learns"),
        ({"programs": ["two_pass"]}, "did you mean 'one_pass'"),
        ({"lanes": 3}, "lanes = 3 must be one of 2, 4, 8"),
    ],
)
def test_what_the_core_lacks_is_said(change, message):
    with pytest.raises(ValidationError, match=message):
        make_plan(small(), **change)


def test_weights_that_are_not_quantized_are_refused():
    network = load_network("digits")
    with pytest.raises(ValidationError, match=r"need 21 bits.*pffspike quantize --bits 8"):
        make_plan(TrainedNetwork(network, initial(network, 0), 0))


def test_images_in_time_are_refused():
    trained = small()
    training = dataclasses.replace(trained.network.training, encoding="latency")
    with pytest.raises(ValidationError, match="sees images in time"):
        make_plan(trained.replace(network=trained.network.replace(training=training)))
