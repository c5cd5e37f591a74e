"""Hybrid images: exact masks, keyed by sample; who can't have them."""

from fractions import Fraction

import numpy as np
import pytest

import pffspike
from pffspike.arithmetic import counter
from pffspike.circuits import FF, ff
from pffspike.data import hybrids
from pffspike.errors import ValidationError
from pffspike.network import Training, structure

CIRCUIT = FF(64, 10, (20, 10), window=4, threshold=(2.0,), negatives="hybrids", bias=0.2)
NETWORK = ff(CIRCUIT, "small", Training("digits", 2))


def blurred(bits: np.ndarray, blurs: int) -> np.ndarray:
    """The same mask in exact fractions, pixel by pixel."""
    rows, columns = bits.shape
    values = [[Fraction(int(b)) for b in row] for row in bits]

    def at(y, x):
        return values[min(max(y, 0), rows - 1)][min(max(x, 0), columns - 1)]

    for _ in range(blurs):
        for dy, dx in ((1, 0), (0, 1)):
            values = [
                [
                    at(y - dy, x - dx) / 4 + at(y, x) / 2 + at(y + dy, x + dx) / 4
                    for x in range(columns)
                ]
                for y in range(rows)
            ]
    return np.array([[value > Fraction(1, 2) for value in row] for row in values])


@pytest.mark.parametrize(("shape", "blurs"), [((3, 9), 1), ((8, 8), 2), ((13, 12), 3)])
def test_a_mask_is_blurred_exactly_and_is_of_its_sample(shape, blurs):
    pixels, numbers = shape[0] * shape[1], np.array([5, 900, 7])
    made = hybrids(np.ones((3, pixels)), np.zeros((3, pixels)), shape, numbers, seed=4)
    for row, number in zip(made, numbers, strict=True):
        key = counter.derive_key(4, counter.HYBRIDS, int(number))
        bits = counter.uniform(key, np.arange(pixels)) < 0.5
        assert np.array_equal(row.reshape(shape), blurred(bits.reshape(shape), blurs))


def test_half_of_a_hybrid_is_of_each_image():
    made = hybrids(np.ones((500, 64)), np.zeros((500, 64)), (8, 8), np.arange(500), seed=1)
    assert made.mean() == pytest.approx(0.5, abs=0.03)
    assert 0.1 < made.mean(axis=1).std() < 0.25
    # Neighbours are mostly of the same image, and were drawn independently.
    columns = made.reshape(500, 8, 8)
    assert (columns[:, :, 1:] == columns[:, :, :-1]).mean() > 0.75


def test_no_label_reaches_hidden_populations():
    train = NETWORK.program("train")
    enabled = {name for phase in train.phases for name in phase.projections}
    assert all(NETWORK.projection(name).pre != "label" for name in enabled)
    assert structure.extent(NETWORK, train).signals == ("image", "label", "hybrid")
    assert [program.name for program in NETWORK.programs] == ["train", "one_pass"]


def test_a_training_is_the_same_in_whatever_parts_it_is_done():
    data = pffspike.first_samples(pffspike.load_data("digits"), train=30, test=5)
    run = pffspike.Execution("fastest", 3)
    whole = pffspike.train(NETWORK, data, execution=run)
    parts = pffspike.train(NETWORK, data, checkpoint_every=7, execution=run)
    assert whole.parameters.equal(parts.parameters)
    labels = np.roll(data.train_labels, 1)
    other = pffspike.Dataset(**{**vars(data), "train_labels": labels})
    shuffled = pffspike.train(NETWORK, other, execution=run).parameters
    for name, w in whole.parameters.weights.items():
        assert np.array_equal(w, shuffled.weights[name]) == (not name.endswith("readout")), name


def test_hybrids_are_of_pictures():
    values = counter.uniform(np.arange(30)[:, None], np.arange(4))
    table = pffspike.own_dataset(values, np.arange(30) % 3, name="table")
    circuit = FF(table.train_images.shape[1], 3, (5,), window=4, negatives="hybrids")
    network = ff(circuit, "small", Training("table", 1))
    with pytest.raises(ValidationError, match="hybrids of two pictures, but data set 'table' is a"):
        pffspike.train(network, table)
