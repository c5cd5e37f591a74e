"""Latent states, their prior and synthesis."""

import dataclasses

import numpy as np
import pytest
from sklearn.datasets import load_digits

from pffspike import storage
from pffspike.cards import load_network
from pffspike.circuits import PFF, pff
from pffspike.data import from_arrays, load
from pffspike.engines import make_engine
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import UserError
from pffspike.execution import Execution
from pffspike.generation import (
    draw_labels,
    draw_latents,
    fit_mixtures,
    fit_neighbourhoods,
    fit_prior,
    infer_latents,
    learn_latents,
    synthesize,
)
from pffspike.network import Training, initial
from pffspike.trained import TrainedNetwork
from pffspike.training import train


@pytest.fixture(scope="module")
def trained():
    """The network of the digits card, its latent population on top, after 8000 samples."""
    digits = load_digits()
    images, labels = digits.data[:1000] / 16, digits.target[:1000]
    on_top = {"latent": 6, "latent_to": "top", "latent_free": False, "latent_window": None}
    network = load_network("digits", {"pff": {**on_top, "own_predictions": False}})
    signals = {"image": images, "label": labels, "negative": np.full(1000, -1)}
    with make_engine("fastest").compile(network, "train", initial(network, 1), seed=1) as session:
        for epoch in range(8):
            session.run(signals, np.arange(1000) + 1000 * epoch)
        return TrainedNetwork(network, session.parameters, 1), images[:300], labels[:300]


def test_inference_lowers_the_error_of_the_top_population(trained):
    state, images, labels = trained
    run = Execution(seed=2)
    learned, states = learn_latents(state, images, labels, passes=2, execution=run)
    assert states.values.shape == (300, 6)
    assert states.errors[-3:].mean() < 0.98 * states.errors[0]
    before, after = state.parameters.weights, learned.parameters.weights
    changed = {name for name, w in after.items() if (w != before[name]).any()}
    assert changed == {"latent_to_hidden_2_prediction", "label_to_hidden_2_prediction"}
    again = infer_latents(
        learned, images[:10], labels[:10], first_sample=16 * 2 * 300, execution=run
    )
    assert np.array_equal(again.values, states.values[:10])


def test_latent_states_do_not_depend_on_the_engine(trained):
    pytest.importorskip("numba")
    from pffspike.engines.numba import NumbaEngine

    state, images, labels = trained
    found = [
        learn_latents(state, images[:20], labels[:20], passes=1, execution=Execution(engine, 2))
        for engine in (ReferenceEngine(), NumbaEngine())
    ]
    assert found[0][0].parameters.equal(found[1][0].parameters)
    assert np.array_equal(found[0][1].values, found[1][1].values)


def test_a_network_without_latent_population_is_refused(trained):
    _, images, labels = trained
    network = pff(PFF(64, 10, (10,)), "plain", Training("digits", 1))
    with pytest.raises(ValueError, match=r"no latent population; .* latent = 20"):
        infer_latents(
            TrainedNetwork(network, initial(network, 1), 1),
            images[:2],
            labels[:2],
            execution=Execution("numpy", 1),
        )


def two_clusters():
    """Latent states of two classes far apart, each with a spread of 0.05 on the first axis."""
    noise = np.linspace(-0.08, 0.08, 100)
    latents = np.full((200, 3), 0.25)
    latents[100:] = 0.75
    latents[:, 0] += np.tile(noise, 2)
    return latents, np.repeat([0, 1], 100)


def test_draws_follow_the_fitted_prior():
    latents, labels = two_clusters()
    prior = fit_mixtures(latents, labels, 2, 1, 0)
    drawn = draw_labels(prior, 4000, 3)
    assert abs(drawn.mean() - 0.5) < 0.03  # four standard deviations
    values = draw_latents(prior, drawn, 3)
    assert np.allclose(values[drawn == 1].mean(axis=0), 0.75, atol=0.01)
    assert np.allclose(values[drawn == 0].std(axis=0), latents[:100].std(axis=0) + 1e-9, atol=0.012)
    assert np.array_equal(values * 2**24, np.floor(values * 2**24))


def test_too_few_images_for_a_mixture_are_refused():
    latents, labels = two_clusters()
    with pytest.raises(UserError, match="class 0 has 2 images, too few for 5 components"):
        fit_mixtures(latents[98:], labels[98:], 2, 5, 0)


def test_a_prior_of_neighbourhoods_reaches_as_far_as_neighbours():
    """States on a line, far from the line of the other class: samples stay on it."""
    along = np.linspace(0.2, 0.8, 50)
    latents = np.concatenate([[[x, 0.25, 0.5] for x in along], [[0.5, x, 0.75] for x in along]])
    labels = np.repeat([0, 1], 50)
    prior = fit_neighbourhoods(latents, labels, 2, 40, 4)
    assert prior.factors.shape == (2, 40, 3, 4)
    values = draw_latents(prior, np.repeat([0, 1], 2000), 3)
    assert np.array_equal(np.unique(values[:2000, 1:], axis=0), [[0.25, 0.5]])
    assert np.abs(values[:2000, 0].mean() - along[:40].mean()) < 0.02
    assert np.abs(values[:2000, 0].std() - along[:40].std()) < 0.02
    assert len(np.unique(values[:2000, 0])) > 1500  # not the states themselves
    inner = prior.factors[0, 20]  # of the four nearest of equally spaced states
    assert np.allclose(inner @ inner.T, np.diag([2.5 * (along[1] - along[0]) ** 2, 0, 0]))
    with pytest.raises(UserError, match="class 0 has 50 images, too few for 60 components and 4"):
        fit_neighbourhoods(latents, labels, 2, 60, 4)
    with pytest.raises(UserError, match="too few for 3 components and 50 neighbours"):
        fit_neighbourhoods(latents, labels, 2, 3, 50)


def test_a_prior_survives_storage_and_a_wrong_one_is_refused(trained, tmp_path):
    state, images, labels = trained
    states = infer_latents(state, images, labels, rounds=2, execution=Execution("numpy", 2))
    prior = fit_mixtures(states.values, labels, 10, 1, 0)
    kept = state.replace(prior=prior)
    storage.save(tmp_path / "net.h5", kept)
    loaded = storage.load(tmp_path / "net.h5")
    assert loaded.prior is not None
    for name, values in vars(prior).items():
        assert np.array_equal(getattr(loaded.prior, name), values)
    wrong = dataclasses.replace(prior, means=prior.means[:, :, :2])
    storage.save(tmp_path / "wrong.h5", kept.replace(prior=wrong))
    with pytest.raises(UserError, match="prior/means has shape"):
        storage.load(tmp_path / "wrong.h5")


def test_synthesis_follows_label_and_latent_state(trained):
    state, images, labels = trained
    asked, run = np.arange(20) % 10, Execution(seed=1)
    made = synthesize(state, asked, execution=run)
    assert made.shape == (20, 64)
    means = np.array([images[labels == k].mean(axis=0) for k in range(10)])
    distances = np.square(made[:, None] - means).sum(axis=2)
    assert (distances.argmin(axis=1) == asked).mean() >= 0.4  # chance: 0.1
    other = synthesize(state, asked, np.full((20, 6), 0.5), execution=run)
    assert not np.array_equal(made, other)


def joint(images: int = 60):
    """A small network whose latent population learns with the rest."""
    changes = {"hidden": [20, 20], "latent": 4, "latent_to": "all", "latent_free": True}
    pff = {**changes, "latent_window": 16, "own_predictions": True}
    return load_network("digits", {"pff": pff, "training": {"epochs": 2, "latent_images": images}})


def test_latent_states_learn_with_the_rest_and_change_nothing_below():
    data = load("digits")
    run = Execution("fastest", 3)
    without, with_them = (train(joint(n), data, execution=run) for n in (0, 60))
    changed = {
        name
        for name, w in with_them.parameters.weights.items()
        if (w != without.parameters.weights[name]).any()
    }
    assert changed == {
        "label_to_hidden_2_prediction",
        "latent_to_hidden_2_prediction",
        "latent_to_hidden_1_prediction",
        "hidden_1_prediction_to_image_prediction",
        "hidden_1_to_image_prediction",  # its error has the bias that is learned with the states
        "hidden_2_to_hidden_1_prediction",
    }
    near = fit_prior(
        with_them, data, samples=200, components=5, neighbours=3, execution=run
    ).trained.prior
    assert near is not None
    assert near.factors.shape == (10, 5, 4, 3)
    prior = fit_prior(with_them, data, samples=200, components=1, execution=run)
    assert prior.trained.parameters.equal(with_them.parameters)  # nothing is learned any more
    assert prior.errors[-1] < 0.9 * prior.errors[0]


def test_latent_states_learn_alike_on_engines_and_after_interruptions():
    pytest.importorskip("numba")
    data = load("digits")
    whole = train(joint(), data, execution=Execution("numba", 3))
    size = {"levels": 16, "shape": (8, 8), "classes": 10}
    part = from_arrays("part", first(data, 100), first(data, 20), **size)
    small = [train(joint(), part, execution=Execution(e, 3)) for e in ("numpy", "numba")]
    assert small[0].parameters.equal(small[1].parameters)
    kept = []
    again = train(
        joint(), data, checkpoint=kept.append, checkpoint_every=500, execution=Execution("numba", 3)
    )
    assert again.parameters.equal(whole.parameters)
    assert [c.samples_done for c in kept] == sorted(c.samples_done for c in kept)
    for state in kept[1::2]:
        assert train(state, data, execution=Execution("numba")).parameters.equal(whole.parameters)
    one = train(joint(), data, epochs=1, execution=Execution("numba", 3))
    more = train(one, data, epochs=1, execution=Execution("numba", 3))
    assert more.parameters.equal(whole.parameters)


def first(data, count):
    return data.train_images[:count], data.train_labels[:count]


@pytest.mark.parametrize("window", [0, 3])
def test_a_latent_window_is_a_power_of_two(window):
    with pytest.raises(UserError, match=f"window = {window} must be a power of two"):
        load_network("digits", {"pff": {"latent": 4, "latent_window": window}})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("latent_to", "all"),
        ("latent_free", True),
        ("latent_window", 16),
        ("own_predictions", True),
    ],
)
def test_settings_of_latent_states_need_a_latent_population(key, value):
    with pytest.raises(UserError, match=f"{key} = {str(value).lower()} needs a latent population"):
        PFF(64, 10, (10,), **{key: value})
