"""Unsupervised forward-forward learning: its hybrids, its gradient, and what labels may change."""

import dataclasses

import numpy as np
import pytest

from pffspike.arithmetic import counter
from pffspike.baselines import rate_ff
from pffspike.baselines import unsupervised_ff as uff
from pffspike.data import load
from pffspike.errors import ValidationError

CONFIG = uff.UnsupervisedFF((6, 5), threshold=0.7)


def test_masks_are_smooth_and_half_of_their_pixels_are_set():
    """Neighbours agree more than the bits of a coin, more after more blurs; far pixels do not."""
    agreed = []
    for blurs in (1, 3, 6):
        mask = uff.masks(3, 4000, (8, 8), blurs).reshape(-1, 8, 8)
        near = np.mean(
            [(mask[:, 1:] == mask[:, :-1]).mean(), (mask[..., 1:] == mask[..., :-1]).mean()]
        )
        far = (mask[:, 0, 0] == mask[:, 7, 7]).mean()
        agreed.append(near)
        assert mask.mean() == pytest.approx(0.5, abs=0.05)
        assert far == pytest.approx(0.5, abs=0.05)
    assert 0.6 < agreed[0] < agreed[1] < agreed[2]


def test_a_mask_is_the_blurred_bits_cut_at_a_half():
    bits = (counter.uniform(9, np.arange(12)) < 0.5).astype(float).reshape(3, 4)
    padded = np.pad(bits, 1, mode="edge")
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16
    blurred = [[(padded[r : r + 3, c : c + 3] * kernel).sum() for c in range(4)] for r in range(3)]
    assert np.array_equal(uff.masks(9, 1, (3, 4), 1).reshape(3, 4), np.array(blurred) > 0.5)


def test_each_pixel_of_a_hybrid_is_of_one_of_two_images():
    images = np.arange(12.0).reshape(3, 4)
    mask = np.array([[1, 0, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0]], bool)
    expected = [[0, 9, 2, 11], [4, 5, 6, 7], [4, 5, 6, 7]]
    assert np.array_equal(uff.hybrids(images, mask), expected)


def test_each_layer_descends_on_its_own_loss():
    """Differences of the summed cross-entropy, with what the layer reads held fixed."""
    images = counter.uniform(np.arange(4)[:, None], np.arange(7))
    negatives = counter.uniform(np.arange(4, 8)[:, None], np.arange(7))
    w = rate_ff.initial(rate_ff.RateFF((6, 5)), 4, 3, 1)
    w = {name: v.astype(float) for name, v in w.items()}
    found = uff.gradients(CONFIG, w, images, negatives)
    together = np.concatenate([images, negatives])
    read = together / np.sqrt(np.mean(together**2, axis=1, keepdims=True))
    for layer, units in enumerate((6, 5)):

        def loss(weights, read=read, units=units, bias=w[f"b{layer}"]):
            z = np.maximum(read @ weights + bias, 0)
            away = np.sum(z**2, axis=1) - 0.7 * units
            return np.sum(np.logaddexp(0, np.where(np.arange(8) < 4, -away, away)))

        weights, step = w[f"W{layer}"], 1e-6
        for place in [(0, 0), (3, 4), (5, 2)]:
            moved = [weights.copy(), weights.copy()]
            moved[0][place] += step
            moved[1][place] -= step
            expected = (loss(moved[0]) - loss(moved[1])) / (2 * step)
            assert found[f"W{layer}"][place] == pytest.approx(expected, abs=1e-6)
        z = np.maximum(read @ weights + w[f"b{layer}"], 0)
        read = z / (np.sqrt(np.mean(z**2, axis=1, keepdims=True)) + 1e-8)


def test_labels_change_nothing_but_the_softmax(tmp_path):
    data = load("digits")
    few = dataclasses.replace(
        data, train_images=data.train_images[:60], train_labels=data.train_labels[:60]
    )
    others = dataclasses.replace(few, train_labels=(few.train_labels + 1) % 10)
    stored = []
    for name, part in (("a", few), ("b", others)):
        uff.run(uff.UnsupervisedFF((20, 20), epochs=2), part, 0, tmp_path / name, lambda _: None)
        with np.load(tmp_path / f"{name}.npz") as file:
            stored.append({key: file[key] for key in file.files if key.startswith("parameters.")})
    for name, values in stored[0].items():
        same = np.array_equal(values, stored[1][name])
        assert same == (name not in ("parameters.W", "parameters.b")), name


def test_it_learns_the_digits_and_goes_on(tmp_path):
    config, data = uff.UnsupervisedFF((60, 60), epochs=6, learning_rate=0.003), load("digits")
    result = uff.run(config, data, 0, tmp_path / "run", lambda _: None)
    assert result.modes["one_pass"].accuracy > 0.7
    assert uff.run(config, data, 0, tmp_path / "run", lambda _: None) == result  # its checkpoint


def test_a_batch_of_one_is_refused():
    with pytest.raises(ValidationError, match="batch = 1 must be at least 2"):
        uff.UnsupervisedFF((5,), batch=1)
