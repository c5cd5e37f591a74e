"""Images that are encoded in time, and rasters, go through everything that images go through."""

from __future__ import annotations

import numpy as np
import pytest

import pffspike

CARDS = {
    "saccades": {"pff": {"image": 128}, "training": {"coding": "saccades"}},
    "latency": {"training": {"encoding": "latency"}},
    "even": {"pff": {"image": 128}, "training": {"coding": "on_off", "encoding": "even"}},
}
MODES = ("goodness", "one_pass", "feedback", "proposal", "early", "late")


@pytest.fixture(scope="module", params=CARDS)
def trained(request):
    """A small network that has learned for a moment, and its data."""
    changes = CARDS[request.param]
    pff = {
        "hidden": [20, 20],
        "window": 4,
        "inference_window": 4,
        "latent_window": 4,
        **changes.get("pff", {}),
    }
    training = {"epochs": 1, **changes["training"]}
    network = pffspike.load_network("digits", {"pff": pff, "training": training})
    data = pffspike.first_samples(pffspike.load_data("digits"), train=60, test=6)
    return pffspike.train(network, data, execution=pffspike.Execution("numpy")), data


def test_a_file_and_an_export_code_images_alike(trained, tmp_path):
    """What is stored encodes other images as the network that was trained."""
    network, data = trained
    shown = network.coding.encode(data.test_images, data.levels)
    pffspike.save(tmp_path / "net.h5", network)
    pffspike.export(network, tmp_path / "export", dataset=data)
    for path in ("net.h5", "export"):
        again = pffspike.load(tmp_path / path).coding.encode(data.test_images, data.levels)
        assert again.shape == shown.shape
        assert np.array_equal(again.raster(), shown.raster())


@pytest.mark.parametrize("mode", MODES)
def test_events_and_their_raster_are_answered_alike(trained, mode):
    """In every mode, on two engines; numbered by their content, so in any order."""
    network, data = trained
    events = network.coding.encode(data.test_images, data.levels)
    way = pffspike.Mode(mode)
    if mode in pffspike.CALIBRATED:
        way = pffspike.Mode(mode, tolerance=0.1, calibration_samples=60)
        way = pffspike.calibrate(network, data, way, execution=pffspike.Execution("numpy"))
    run = pffspike.Execution("numpy", 3)
    answer = pffspike.classify(network, events, way, execution=run)
    raster = pffspike.classify(network, events.raster(), way, execution=run)
    assert np.array_equal(answer.scores, raster.scores)
    turned = pffspike.classify(network, events[np.arange(6)[::-1]], way, execution=run)
    assert np.array_equal(turned.scores[::-1], answer.scores)
    assert np.array_equal(turned.predicted[::-1], answer.predicted)


def test_energy_counts_the_events(trained):
    """Spikes of the input are the events of the images, once a presentation."""
    network, data = trained
    events = network.coding.encode(data.test_images, data.levels)
    result = pffspike.evaluate(network, data, "one_pass", execution=pffspike.Execution("numpy"))
    (recording,) = result.classification.recordings
    assert np.array_equal(recording.spikes[network.network.role("input").name], events.counts)
    assert result.energy.total > 0


def test_quantized_weights_are_fitted_to_the_events(trained):
    """Quantization by the spikes of training images takes them as they are coded."""
    network, data = trained
    rounded = pffspike.quantize(network, 8, "loihi1", 10, dataset=data).trained
    events = network.coding.encode(data.test_images, data.levels)
    answer = pffspike.classify(rounded, events, "one_pass", execution=pffspike.Execution("numpy"))
    assert len(answer.predicted) == 6


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_signals_in_time_are_expanded_part_by_part(trained, engine, monkeypatch):
    """Parts of any length give what the whole gives, learning included."""
    pytest.importorskip(engine)
    network, data = trained
    labels = data.train_labels[:20]
    signals = {
        "image": network.coding.encode(data.train_images[:20], data.levels),
        "label": labels,
        "negative": (labels + 1) % 10,
    }
    found = []
    for most in (2**26, 1, 20000):
        monkeypatch.setattr("pffspike.engines.given._BYTES", most)
        with pffspike.open_session(network, "train", pffspike.Execution(engine)) as session:
            found.append((session.run(signals, np.arange(20)), session.parameters))
    for recording, parameters in found[1:]:
        assert recording.same_spikes(found[0][0])
        assert parameters.equal(found[0][1])
