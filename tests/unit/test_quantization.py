"""Quantization: codes, rounding against error, biases, reports, files."""

import dataclasses

import numpy as np
import pytest

from pffspike import quantization, storage
from pffspike.arithmetic import counter, grids
from pffspike.choices import ROUNDINGS
from pffspike.circuits import PFF, pff
from pffspike.data import load, probabilities
from pffspike.devices import load_device
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import UserError
from pffspike.execution import Execution
from pffspike.network import Training, initial, structure
from pffspike.network import parameters as parameters_module
from pffspike.quantization.rounding import Code, code, damped, error, feedback, nearest
from pffspike.trained import TrainedNetwork


@pytest.fixture(scope="module")
def trained():
    """A digits network with lateral competition, trained for a moment, and what it heard."""
    circuit = PFF(64, 10, (40, 30), burn_in=2, window=4, latent=4)
    network = pff(circuit, "digits", Training("digits", 1))
    data = load("digits")
    images = probabilities(data.train_images[:50], data.levels)
    signals = {"image": images, "label": data.train_labels[:50], "negative": np.full(50, -1)}
    engine = ReferenceEngine()
    with engine.compile(network, "train", initial(network, 1), seed=1) as session:
        session.run(signals, np.arange(50))
        found = session.parameters
    state = TrainedNetwork(network, found, 1)
    moments = quantization.activity(
        state, images[:40], data.train_labels[:40], execution=Execution(engine)
    )
    return state, moments


def random_matrix(rows, columns, key):
    return counter.normal(key, rows * columns).reshape(rows, columns)


def test_codes_follow_signs():
    assert code(8, np.array([-1.0, 2.0])) == Code(-128, 127)
    assert code(8, np.array([0.0, 2.0])) == Code(0, 255)
    assert code(4, np.array([-1.0, 0.0])) == Code(-15, 0)


def test_error_is_that_of_the_summed_input():
    inputs = (counter.uniform(1, np.arange(600)).reshape(100, 6) < 0.3).astype(float)
    change = random_matrix(6, 4, 2)
    direct = np.mean(np.square(inputs @ change).mean(axis=0))
    assert error(change, inputs.T @ inputs / 100) == pytest.approx(direct)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_feedback_beats_nearest_on_correlated_inputs(bits):
    mixing = random_matrix(20, 20, 3)
    moments = damped(mixing @ mixing.T / 20)
    weights = random_matrix(20, 50, 4)
    allowed = code(bits, weights)
    grid = 3 - bits
    rounded = [nearest(weights, grid, allowed), feedback(weights, grid, allowed, moments)]
    for values in rounded:
        assert grids.on_grid(values, grid)
        assert np.abs(values * 2.0**-grid).max() <= 2 ** (bits - 1)
    plain, better = (error(values - weights, moments) for values in rounded)
    assert better < 0.7 * plain


def test_feedback_without_correlations_is_nearest():
    weights = random_matrix(12, 7, 5)
    allowed = Code(-128, 127)
    moments = np.diag(np.linspace(1, 2, 12))
    np.testing.assert_array_equal(
        feedback(weights, -4, allowed, moments), nearest(weights, -4, allowed)
    )


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("bits", [2, 4, 8])
def test_the_result_is_an_ordinary_network(trained, bits, rounding):
    state, moments = trained
    result = quantization.quantize(state, bits, load_device("loihi1"), moments, rounding)
    network, found = result.trained.network, result.trained.parameters
    parameters_module.check(network, found)
    for report in result.weights:
        projection = network.projection(report.projection)
        assert projection.grid == report.exponent
        assert report.high - report.low < 2**bits
        w = found.weights[structure.weights_of(projection)]
        integers = w * 2.0**-report.exponent
        assert integers.min() >= report.low
        assert integers.max() <= report.high
    owners = {p.name: network.projection(p.tied) for p in network.projections if p.tied}
    for name, owner in owners.items():
        projection = network.projection(name)
        assert (projection.grid, projection.low) == (owner.grid, owner.low)
    assert network.projection("hidden_1_lateral").high == 0
    for report in result.biases:
        values = found.biases[report.population] * 2.0**-report.exponent
        assert np.abs(values).max() < 2**12


def test_errors_fall_with_bits_and_are_those_reported(trained):
    state, moments = trained
    name = "image_to_hidden_1"
    previous = np.inf
    for bits in (2, 3, 4, 6, 8):
        result = quantization.quantize(state, bits, None, moments)
        report = next(w for w in result.weights if w.projection == name)
        change = result.trained.parameters.weights[name] - state.parameters.weights[name]
        weighed = damped(moments[name].centred)
        assert report.error == pytest.approx(np.sqrt(error(change, weighed)))
        assert report.error < previous
        previous = report.error


def test_the_exponent_is_the_best_of_its_neighbours(trained):
    state, moments = trained
    result = quantization.quantize(state, 4, None, moments, "nearest")
    for report in result.weights:
        if report.tied or report.projection not in moments:
            continue
        projection = state.network.projection(report.projection)
        if projection.connectivity != "dense":
            continue
        weights = state.parameters.weights[report.projection]
        weighed = damped(moments[report.projection].centred)
        allowed = code(4, weights)
        for grid in (report.exponent - 1, report.exponent + 1):
            other = error(nearest(weights, grid, allowed) - weights, weighed)
            assert report.error <= np.sqrt(other) * (1 + 1e-9)


def test_mean_errors_are_made_up_for_by_biases(trained):
    """The mean drive of the read-out stays, although its weights are coarse."""
    state, moments = trained
    result = quantization.quantize(state, 3, None, moments)
    names = ("hidden_1_to_readout", "hidden_2_to_readout")
    assert all(moments[name].steady for name in names)

    def drive(parameters):
        sums = (moments[name].mean @ parameters.weights[name] for name in names)
        return parameters.biases["readout"] + sum(sums)

    np.testing.assert_allclose(drive(result.trained.parameters), drive(state.parameters), atol=1e-6)


def test_what_no_spike_reaches_is_weighed_alike(trained):
    state, moments = trained
    assert "latent_to_hidden_2_prediction" not in moments  # its signal is in no data set
    result = quantization.quantize(state, 8, None, moments)
    measured = {w.projection: w.measured for w in result.weights}
    assert not measured["latent_to_hidden_2_prediction"]
    assert measured["image_to_hidden_1"]


def test_moments_are_those_of_a_raster(trained):
    """Against a direct computation for the read-out's input in one pass."""
    state, moments = trained
    from pffspike.recording import Probes

    data = load("digits")
    images = probabilities(data.train_images[:40], data.levels)
    probes = Probes(rasters=("hidden_2",))
    engine = ReferenceEngine()
    with engine.compile(state.network, "one_pass", state.parameters, seed=0, probes=probes) as run:
        raster = run.run({"image": images}, np.arange(40)).rasters["hidden_2"]
    table = grids.gain_table("sqrt", 30)
    sent = raster[:-1] * table[raster[:-1].sum(axis=2)][:, :, None]
    found = moments["hidden_2_to_readout"]
    np.testing.assert_allclose(found.mean, sent.mean(axis=(0, 1)), rtol=1e-12)
    expected = np.einsum("tbi,tbj->ij", sent, sent) / sent[..., 0].size
    np.testing.assert_allclose(found.second, expected, rtol=1e-9)


def test_files_keep_where_it_came_from(trained, tmp_path):
    state, moments = trained
    result = quantization.quantize(state, 6, load_device("loihi1"), moments).trained
    storage.save(tmp_path / "q.h5", result)
    back = storage.load(tmp_path / "q.h5")
    assert back.network == result.network
    assert back.parameters.equal(result.parameters)
    assert back.provenance == result.provenance
    assert back.provenance["quantized"]["bits"] == 6
    assert storage.load(tmp_path / "q.h5").provenance["quantized"]["device"] == "loihi1"
    storage.save(tmp_path / "t.h5", state)
    assert storage.load(tmp_path / "t.h5").provenance == {}


@pytest.mark.parametrize(
    ("bits", "device", "message"),
    [(1, None, "2 to 16 bits"), (9, "loihi1", "'loihi1' has weights of 2 to 8 bits")],
)
def test_impossible_formats_are_refused(trained, bits, device, message):
    with pytest.raises(UserError, match=message):
        quantization.quantize(trained[0], bits, load_device(device) if device else None, None)


def test_a_device_without_formats_is_refused(trained):
    device = dataclasses.replace(load_device("loihi1"), formats=None)
    with pytest.raises(UserError, match="states no number formats"):
        quantization.quantize(trained[0], 8, device, None)
