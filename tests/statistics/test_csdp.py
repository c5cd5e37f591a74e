"""CSDP: its rule is a derivative by traces, its neurons leak and are reset, and it learns."""

import dataclasses

import numpy as np

from gradient_cases import numbers
from pffspike.baselines import csdp
from pffspike.data import load
from pffspike.inputs import first_samples


def test_what_csdp_learns_is_the_derivative_of_its_loss_by_the_traces():
    config = csdp.CSDP((6, 5), threshold=2.0)
    layers = csdp._begin(config, csdp.initial(config, 7, 3, seed=1), 4)
    sent = [np.abs(numbers(k, 4, size)) > 0.5 for k, size in enumerate((7, 6, 5, 3))]
    sent = [spikes.astype(float) for spikes in sent]
    label, true = np.eye(3)[[0, 2, 1, 1]], np.array([[1.0], [0.0], [1.0], [0.0]])
    for k, layer in enumerate(layers):
        layer.trace = np.abs(numbers(10 + k, *layer.trace.shape)) % 1
    found = csdp.gradients(config, layers, sent, label, true)

    def loss(traces):
        goodness = np.square(traces["1"]).sum(axis=1, keepdims=True) - config.threshold
        return np.log(1 + np.exp(np.where(true > 0, -goodness, goodness))).mean()

    traces = {"1": layers[0].trace.copy()}
    slope = found["1.below"] / config.resistance
    expected = np.zeros_like(traces["1"])
    for place in np.ndindex(expected.shape):
        near = {}
        for step in (1e-6, -1e-6):
            moved = {"1": traces["1"].copy()}
            moved["1"][place] += step
            near[step] = loss(moved)
        expected[place] = (near[1e-6] - near[-1e-6]) / 2e-6
    np.testing.assert_allclose(slope, sent[0].T @ expected, atol=1e-5)
    above = config.resistance * sent[2].T @ expected
    np.testing.assert_allclose(found["1.above"], above, atol=1e-5)
    inhibits = config.lateral_resistance * sent[1].T @ expected
    np.testing.assert_allclose(found["1.itself"], inhibits, atol=1e-5)
    assert set(found) == set(csdp.shapes(config, 7, 3))


def test_neurons_of_csdp_leak_spike_and_are_reset():
    config = csdp.CSDP((1,), jitter=0.0)
    (layer, _) = csdp._begin(config, csdp.initial(config, 1, 2, seed=0), 1)
    spikes = []
    for _ in range(20):
        layer.advance(config, np.array([[0.5]], np.float32))
        spikes.append(int(layer.sent[0, 0]))
        assert layer.trace[0, 0] == 1 or not layer.sent[0, 0]
    # Euler's potential is 0.5 (1 - 0.97^n), above 0.055 for n >= 4; silence lowers the threshold
    assert spikes[:4] == [0, 0, 0, 1]
    assert 4 <= sum(spikes) <= 6


def test_csdp_learns_the_digits_and_goes_on_from_its_checkpoint(tmp_path):
    data = first_samples(load("digits"), train=400, test=100)
    config = csdp.CSDP((40,), epochs=3, steps=20, batch=25, learning_rate=0.01)
    whole = csdp.run(config, data, 0, tmp_path / "whole", lambda share: None)
    mode = whole.modes["one_pass"]
    assert mode.accuracy > 0.45  # chance: 0.1
    assert 0 < mode.operations.Effective_ACs < 0.5 * mode.operations.Dense
    for epochs in (1, 3):
        part = dataclasses.replace(config, epochs=epochs)
        result = csdp.run(part, data, 0, tmp_path / "cut", lambda share: None)
    assert result.modes == whole.modes
