"""Specimens of an imperfect chip: what they do to parameters, and that they are what was asked."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pffspike
from pffspike import Mismatch, Probes, draw_specimen
from pffspike.errors import ValidationError
from pffspike.network import initial
from pffspike.network.parameters import check

NETWORK = pffspike.load_network(
    "digits", {"pff": {"hidden": [40, 30]}, "training": {"latent_images": 20}}
)
START = initial(NETWORK, 3)


@given(
    st.builds(
        Mismatch,
        gain=st.floats(0, 2),
        slope=st.floats(0, 2),
        threshold=st.floats(0, 2),
        dead=st.floats(0, 0.5),
        stuck=st.floats(0, 0.5),
        broken=st.floats(0, 1),
    ),
    st.integers(0, 2**64 - 1),
)
@settings(max_examples=25, deadline=None)
def test_any_specimen_holds_a_network(mismatch, seed):
    specimen = draw_specimen(NETWORK, mismatch, seed)
    found = specimen.programmed(START)
    check(NETWORK, found)
    assert found.equal(draw_specimen(NETWORK, mismatch, seed).programmed(START))
    for name, w in found.weights.items():
        post = NETWORK.projection(name).post
        defect = specimen.broken[name] | specimen.dead[post] | specimen.stuck[post]
        assert not w[defect].any()
        assert np.array_equal(found.fixed_weights.get(name, np.zeros_like(defect)), defect)
    for name, b in found.biases.items():
        assert not b[specimen.dead[name]].any()
        assert np.all(b[specimen.stuck[name]] == 1)
        assert not np.any(specimen.dead[name] & specimen.stuck[name])


def test_a_perfect_chip_changes_nothing():
    assert draw_specimen(NETWORK, Mismatch(), 5).programmed(START).equal(START)


def test_the_spread_is_what_was_asked_for():
    specimen = draw_specimen(NETWORK, Mismatch(gain=0.2, threshold=0.1, dead=0.25), 1)
    logarithms = np.log2(np.concatenate([g.ravel() for g in specimen.gains.values()]))
    assert abs(logarithms.mean()) < 0.01
    assert abs(logarithms.std() - 0.2) < 0.01
    assert 8 <= specimen.dead["hidden_1"].sum() + specimen.dead["hidden_2"].sum() <= 28  # of 70


def test_series_of_a_seed_are_nested():
    few, many = (draw_specimen(NETWORK, Mismatch(0.1, dead=d, broken=d), 9) for d in (0.1, 0.3))
    assert np.all(few.dead["hidden_1"] <= many.dead["hidden_1"])
    assert np.all(few.broken["image_to_hidden_1"] <= many.broken["image_to_hidden_1"])
    assert np.array_equal(few.gains["image_to_hidden_1"], many.gains["image_to_hidden_1"])


def test_dead_and_stuck_neurons_stay_so_while_the_others_learn():
    specimen = draw_specimen(
        NETWORK, Mismatch(dead=0.2, stuck=0.1, broken=0.2), 2, populations=("hidden_1", "hidden_2")
    )
    data = pffspike.load_data("digits")
    state = pffspike.begin(NETWORK, data, seed=0, epochs=1)
    state = state.replace(parameters=specimen.programmed(state.parameters))
    learned = pffspike.train(state, data, execution=pffspike.Execution("fastest", 0))
    again = specimen.programmed(learned.parameters)
    assert again.equal(learned.parameters)
    assert not learned.parameters.equal(state.parameters)
    recording = pffspike.run(
        learned,
        "one_pass",
        {"image": data.test_images[:5] / data.levels},
        execution=pffspike.Execution("numpy", 0, probes=Probes(rasters=("hidden_1", "hidden_2"))),
    )
    for name, raster in recording.rasters.items():
        assert not raster[..., specimen.dead[name]].any()
        assert raster[..., specimen.stuck[name]].all()
        assert raster[..., ~(specimen.dead[name] | specimen.stuck[name])].any()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"gain": -0.1}, "mismatch: gain = -0.1 must be from 0 to 4"),
        ({"dead": 1.5}, "mismatch: dead = 1.5 must be from 0 to 1"),
        ({"slope": float("nan")}, "mismatch: slope = nan must be from 0 to 4"),
        ({"dead": 0.6, "stuck": 0.6}, "dead + stuck = 1.2 must be at most 1"),
    ],
)
def test_what_can_not_be_is_refused(change, sentence):
    with pytest.raises(ValidationError) as error:
        Mismatch(**change)
    assert sentence in str(error.value)


def test_populations_must_exist_and_be_able_to_be_stuck():
    with pytest.raises(ValidationError, match="population of a specimen 'hiden_1' does not exist"):
        draw_specimen(NETWORK, Mismatch(), 0, populations=["hiden_1"])
    with pytest.raises(ValidationError, match="population of a specimen 'image' does not exist"):
        draw_specimen(NETWORK, Mismatch(), 0, populations=["image"])
    hidden = NETWORK.population("hidden_1")
    low = dataclasses.replace(hidden, bias=dataclasses.replace(hidden.bias, limit=0.5))
    others = tuple(low if p.name == "hidden_1" else p for p in NETWORK.populations)
    with pytest.raises(ValidationError, match="can't be stuck: their bias would be 1, and its lim"):
        draw_specimen(NETWORK.replace(populations=others), Mismatch(stuck=0.1), 0)
