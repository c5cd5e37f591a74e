"""Information a spike, few-shot probes and lesions: known values, bounds, and what chance gives."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import pffspike
from pffspike.errors import UserError
from pffspike.representations import few_shot, information_per_spike, lesion

LABELS = np.arange(60) % 3
RATES = arrays(np.float64, (60, 4), elements=st.sampled_from([0.0, 0.125, 0.5, 1.0]))


@given(RATES, st.sampled_from([0.25, 3.0]))
@settings(max_examples=30)
def test_information_has_its_bounds_whatever_the_unit_of_rates(rates, scale):
    found = information_per_spike(rates, LABELS, permutations=1)
    active = rates.any(axis=0)
    assert np.isnan(found.per_neuron[~active]).all()
    assert ((found.per_neuron[active] >= 0) & (found.per_neuron[active] < np.log2(3) + 1e-9)).all()
    again = information_per_spike(scale * rates, LABELS, permutations=1)
    assert np.allclose(again.per_neuron, found.per_neuron, equal_nan=True)
    if active.any():
        weights = rates.mean(axis=0)[active]
        assert found.per_spike == pytest.approx(
            np.average(found.per_neuron[active], weights=weights), abs=1e-12
        )


def test_information_of_known_neurons():
    """For one class of three, for two alike, for all alike, and a silent one."""
    rates = np.zeros((60, 4))
    rates[LABELS == 0, 0] = 0.3
    rates[LABELS < 2, 1] = 0.3
    rates[:, 2] = 0.3
    found = information_per_spike(rates, LABELS)
    assert found.per_neuron[:3] == pytest.approx([np.log2(3), np.log2(1.5), 0.0])
    assert np.isnan(found.per_neuron[3])
    assert found.per_spike == pytest.approx((0.1 * np.log2(3) + 0.2 * np.log2(1.5)) / 0.6)
    assert found.excess > 0.4


def test_noise_says_no_more_of_classes_than_chance():
    rates = np.random.default_rng(3).random((300, 40))
    found = information_per_spike(rates, np.arange(300) % 3)
    assert found.per_spike > 0
    assert abs(found.excess) < 0.001


def test_silence_says_nothing():
    found = information_per_spike(np.zeros((6, 2)), [0, 1] * 3)
    assert np.isnan(found.per_spike)
    assert np.isnan(found.permuted)


def test_a_probe_learns_classes_that_differ_and_no_others():
    """Classes 0 and 1 differ; 2 and 3 are the same, so half of their answers are wrong."""
    rng = np.random.default_rng(5)
    labels = np.arange(400) % 4
    centres = np.eye(3)[np.minimum(labels, 2)]
    found = few_shot(centres + rng.uniform(0, 0.1, centres.shape), labels, 5, draws=8)
    assert found.recall[:2].tolist() == [1.0, 1.0]
    assert found.f1[:2].tolist() == [1.0, 1.0]
    assert found.recall[2:].sum() == pytest.approx(1.0, abs=0.2)
    assert found.accuracy.mean() == pytest.approx(found.recall.mean())
    assert (found.confusion.sum(axis=2) == 95).all()


@given(st.integers(0, 2**32), st.integers(1, 4))
@settings(max_examples=10, deadline=None)
def test_probes_are_asked_for_all_but_their_shots_and_the_unit_of_rates_does_not_matter(
    seed, shots
):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat([0, 1, 2], [5, 6, 7]))
    rates = rng.random((18, 4)) + np.eye(4)[labels]
    found = few_shot(rates, labels, shots, draws=2, seed=seed)
    assert (found.confusion.sum(axis=2) == np.array([5, 6, 7]) - shots).all()
    assert np.array_equal(
        few_shot(4 * rates, labels, shots, draws=2, seed=seed).confusion, found.confusion
    )


def test_more_shots_are_answered_better():
    rng = np.random.default_rng(7)
    labels = np.arange(500) % 5
    rates = rng.random((500, 20)) + 0.5 * np.eye(20)[labels]
    few, many = (few_shot(rates, labels, shots, draws=5).accuracy.mean() for shots in (1, 20))
    assert few > 0.25
    assert many > few + 0.1


@pytest.mark.parametrize(
    ("labels", "options", "sentence"),
    [
        ([0, 0, 1, 1], {"shots": 2}, "fewer shots than a class has images"),
        ([0, 0, 0, 0], {"shots": 1}, "two classes or more"),
        ([0, 0, 1, 1], {"shots": 0}, "shots = 0 must be at least 1"),
        ([0, 0, 1, 1], {"shots": 1, "draws": 0}, "draws = 0 must be at least 1"),
        ([0, 0, 1, 1], {"shots": 1, "seed": -1}, "seed"),
        ([0, 0, 2, 2], {"shots": 1}, "class 1 has no image"),
    ],
)
def test_what_cannot_be_probed_is_one_sentence(labels, options, sentence):
    with pytest.raises(UserError, match=sentence):
        few_shot(np.ones((4, 2)), labels, **options)


def test_information_without_permutations_is_refused():
    with pytest.raises(UserError, match="permutations = 0"):
        information_per_spike(np.ones((2, 2)), [0, 1], permutations=0)


@pytest.fixture(scope="module")
def small():
    """A small network of the digits card, with tied predictions, trained on some images."""
    network = pffspike.load_network(
        "digits", {"pff": {"hidden": [20, 20], "own_predictions": False}}
    )
    data = pffspike.first_samples(pffspike.load_data("digits"), train=40, test=10)
    execution = pffspike.Execution("numpy", seed=1)
    return pffspike.train(network, data, epochs=1, execution=execution), data


def rates_of(trained, data, engine):
    images = trained.coding.encode(data.test_images, data.levels)
    execution = pffspike.Execution(engine, seed=1)
    return pffspike.reconstruct(trained, images, execution=execution).hidden


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_silenced_neurons_never_spike_and_others_keep_their_weights(small, engine):
    trained, data = small
    mask = np.arange(20) % 3 == 0
    found = lesion(trained, {"hidden_1": mask, "hidden_2": ~mask})
    rates = rates_of(found, data, engine)
    assert not rates["hidden_1"][:, mask].any()
    assert not rates["hidden_2"][:, ~mask].any()
    assert rates["hidden_1"][:, ~mask].any()
    for name, w in trained.parameters.weights.items():
        post = trained.network.projection(name).post
        kept = {"hidden_1": ~mask, "hidden_2": mask}.get(post, np.ones(w.shape[1], bool))
        assert np.array_equal(found.parameters.weights[name][:, kept], w[:, kept])


def test_learning_does_not_revive_them_and_the_whole_network_stays(small):
    trained, data = small
    before = copy.deepcopy(trained.parameters)
    mask = np.arange(20) < 7
    damaged = lesion(trained, {"hidden_1": mask})
    execution = pffspike.Execution("numpy", seed=1)
    again = pffspike.train(damaged, data, epochs=1, execution=execution)
    assert not again.parameters.equal(damaged.parameters)
    assert not rates_of(again, data, "numpy")["hidden_1"][:, mask].any()
    assert trained.parameters.equal(before)


def test_a_lesion_of_no_neuron_changes_nothing(small):
    trained, _ = small
    none = lesion(trained, {"hidden_1": np.zeros(20, bool)})
    assert none.parameters.equal(trained.parameters)


def test_populations_with_the_same_weights_are_silenced_alike(small):
    trained, _ = small
    source = trained.network.projection("hidden_1_to_hidden_2")
    shared = pffspike.Projection("shared", source.pre, "hidden_1_prediction", tied=source.name)
    network = trained.network.replace(projections=(*trained.network.projections, shared))
    both, mask = trained.replace(network=network), np.arange(20) < 3
    with pytest.raises(UserError, match="has the weights of 'hidden_2'; silence the same"):
        lesion(both, {"hidden_2": mask})
    alike = lesion(both, {"hidden_2": mask, "hidden_1_prediction": mask})
    assert not alike.parameters.weights[source.name][:, mask].any()


@pytest.mark.parametrize(
    ("neurons", "sentence"),
    [
        ({"hidden_3": np.ones(20, bool)}, "hidden_3"),
        ({"image": np.ones(64, bool)}, "population of a lesion"),
        ({"hidden_1": np.ones(19, bool)}, "give 20 booleans"),
        ({"hidden_1": [1] * 20}, "type int64; give 20 booleans"),
    ],
)
def test_what_is_no_lesion_is_one_sentence(small, neurons, sentence):
    with pytest.raises(UserError, match=sentence):
        lesion(small[0], neurons)
