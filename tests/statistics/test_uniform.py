"""Statistical quality of the uniform numbers, at fixed seeds.

Thresholds: a chi-square or a correlation is refused beyond five standard deviations of what
ideal numbers would give, so that a right generator fails a test with probability below 1e-6.
"""

import numpy as np
import pytest

from pffspike.arithmetic import counter, grids

N = 200_000


def draws(axis: str) -> np.ndarray:
    """Numbers along one axis of the key: neurons, steps, samples, populations or seeds."""
    positions = np.arange(N)
    base = counter.derive_key(12, counter.SPIKES, 0)
    if axis == "neuron":
        return counter.uniform(base, positions)
    if axis == "step":
        return counter.uniform(counter.derive_keys(base, positions), 5)
    if axis == "sample":
        return counter.uniform(counter.derive_keys(counter.derive_keys(base, positions), 3), 5)
    if axis == "population":
        return counter.uniform(base, (positions << 32) + 5)
    seeds = np.array([counter.derive_key(int(s), counter.SPIKES, 0) for s in positions], np.uint64)
    return counter.uniform(seeds, 5)


AXES = pytest.mark.parametrize("axis", ["neuron", "step", "sample", "population", "seed"])


@AXES
def test_uniform_over_256_bins(axis):
    observed = np.bincount((draws(axis) * 256).astype(int), minlength=256)
    chi_square = np.sum((observed - N / 256) ** 2 / (N / 256))
    assert abs(chi_square - 255) < 5 * np.sqrt(2 * 255)


@AXES
def test_lowest_bits_are_uniform(axis):
    lowest = (draws(axis) * 2**24).astype(int) % 16
    observed = np.bincount(lowest, minlength=16)
    chi_square = np.sum((observed - N / 16) ** 2 / (N / 16))
    assert abs(chi_square - 15) < 5 * np.sqrt(2 * 15)


@AXES
@pytest.mark.parametrize("lag", [1, 2, 7, 64, 200])
def test_neighbours_are_uncorrelated(axis, lag):
    u = draws(axis) - 0.5
    correlation = 12 * np.mean(u[:-lag] * u[lag:])
    assert abs(correlation) < 5 / np.sqrt(N - lag)


@AXES
def test_mean_and_variance(axis):
    u = draws(axis)
    assert abs(u.mean() - 0.5) < 5 * np.sqrt(1 / 12 / N)
    assert abs(u.var() - 1 / 12) < 5 * np.sqrt(1 / 180 / N)


def test_neighbouring_streams_are_uncorrelated():
    keys = counter.derive_keys(counter.derive_key(3, counter.SPIKES, 0), np.arange(400))
    u = counter.uniform(keys[:, None], np.arange(1000)) - 0.5
    correlation = 12 * (u @ u.T) / 1000
    off_diagonal = correlation[~np.eye(400, dtype=bool)]
    # 79,800 different pairs; the largest of so many normal numbers stays below 5.5.
    assert np.abs(off_diagonal).max() < 5.5 / np.sqrt(1000)
    assert abs(off_diagonal.std() * np.sqrt(1000) - 1) < 0.02


def test_normal_numbers_have_mean_0_variance_1_and_little_kurtosis():
    x = counter.normal(5, N)
    assert abs(x.mean()) < 5 / np.sqrt(N)
    assert abs(x.var() - 1) < 5 * np.sqrt(2 / N)
    # Sum of twelve uniform numbers: excess kurtosis -6/5/12 = -0.1.
    assert abs(np.mean(x**4) - 2.9) < 0.06


def test_rounding_noise_is_unbiased_and_independent_in_pairs():
    # The noise of a synapse is the sum modulo 1 of a number of its sender and its receiver.
    key = counter.derive_key(8, counter.ROUNDING, 0, 0)
    pre = counter.uniform(counter.derive_key(key, 0), np.arange(500))
    post = counter.uniform(counter.derive_key(key, 1), np.arange(500))
    noise = pre[:, None] + post
    noise -= np.floor(noise)
    rounded = grids.stochastic(np.full(noise.shape, 0.3 * 2.0**-16), noise, -16) * 2.0**16
    assert abs(rounded.mean() - 0.3) < 5 * np.sqrt(0.21 / 500)
    columns = np.corrcoef(noise.T)[~np.eye(500, dtype=bool)]
    assert np.abs(columns.mean()) < 0.05
