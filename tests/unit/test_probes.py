"""What a recording may hold beside spikes: drives, probabilities and weights over time."""

import numpy as np
import pytest

import pffspike
from pffspike import Execution, Probes, ValidationError
from pffspike.engines import make_engine
from pffspike.network import structure
from pffspike.recording import KINDS

EVERYTHING = Probes(
    counts=("hidden_1",),
    rasters=("image", "label", "hidden_1", "hidden_2"),
    drives=("image", "label", "hidden_1", "hidden_2"),
    probabilities=("image", "label", "hidden_1", "hidden_2"),
    weights=("image_to_hidden_1", "hidden_1_lateral", "hidden_1_prediction_to_image_prediction"),
)


@pytest.fixture(scope="module")
def network() -> pffspike.Network:
    return pffspike.load_network("digits", {"pff": {"hidden": [20, 10], "lateral": 5}})


@pytest.fixture(scope="module")
def trained(network) -> pffspike.TrainedNetwork:
    return pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)


@pytest.fixture(scope="module")
def shown(trained):
    data = pffspike.first_samples(pffspike.load_data("digits"), test=5)
    return dict(pffspike.signals_of(trained, "train", data))


@pytest.fixture(scope="module")
def recording(network, trained, shown):
    probes = Probes(
        EVERYTHING.counts,
        EVERYTHING.rasters,
        EVERYTHING.drives,
        EVERYTHING.probabilities,
        EVERYTHING.weights[:2],
    )
    return pffspike.run(trained, "train", shown, execution=Execution("numpy", 3, probes))


def test_probabilities_are_clipped_drives_and_bound_the_spikes(recording):
    for name, drive in recording.drives.items():
        probability = recording.probabilities[name]
        assert np.array_equal(np.clip(drive, 0, 1), probability)
        spikes = recording.rasters[name]
        assert spikes.shape == drive.shape
        assert not spikes[probability == 0].any()
        assert spikes[probability == 1].all()
    assert recording.drives["hidden_1"].min() < 0 < recording.drives["hidden_1"].max()


def test_drives_follow_from_spikes_weights_and_biases(network, trained):
    """In a program that does not learn, so that the weights are those it began with."""
    image = np.full((2, 64), 0.25)
    names = ("image", "hidden_1", "hidden_2")
    probes = Probes(rasters=names, drives=("hidden_1",))
    found = pffspike.run(
        trained, "one_pass", {"image": image}, execution=Execution("numpy", 3, probes)
    )
    expected = np.broadcast_to(trained.parameters.biases["hidden_1"], (2, 20)).copy()
    assert np.array_equal(found.drives["hidden_1"][0], expected)
    for projection in map(network.projection, network.program("one_pass").phases[0].projections):
        if projection.post != "hidden_1":
            continue
        sent = found.rasters[projection.pre][4]
        gain = pffspike.arithmetic.grids.gain_table(
            network.population(projection.pre).normalization, sent.shape[1]
        )[sent.sum(axis=1)][:, None]
        arrived = sent.astype(float) @ trained.parameters.weights[structure.weights_of(projection)]
        expected += arrived * (gain if projection.normalized else 1)
    assert np.array_equal(found.drives["hidden_1"][5], expected)


def test_weights_are_those_after_each_sample(network, trained, shown, recording):
    name, engine = "image_to_hidden_1", make_engine("numpy")
    with engine.compile(network, "train", trained.parameters, seed=3) as session:
        for index in range(5):
            one = {key: values[index : index + 1] for key, values in shown.items()}
            session.run(one, [index])
            assert np.array_equal(session.parameters.weights[name], recording.weights[name][index])
    assert not np.array_equal(recording.weights[name][0], recording.weights[name][-1])


@pytest.mark.brian2
def test_the_readable_model_records_the_same(network, trained, shown, recording):
    probes = Probes(**{kind: tuple(getattr(recording, kind)) for kind in KINDS})
    execution = Execution("brian2:equations", 3, probes)
    assert pffspike.run(trained, "train", shown, execution=execution).same_spikes(recording)


@pytest.mark.brian2
def test_a_projection_without_synapses_has_weights_of_zero():
    """Blocks of one neuron connect nobody."""
    engines = pytest.importorskip("pffspike.brian2", exc_type=ImportError)
    network = pffspike.load_network("digits", {"pff": {"hidden": [6, 4], "lateral": 1}})
    trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)
    probes = Probes(weights=("hidden_1_lateral",))
    engine = engines.EquationsEngine("numpy", chunk=2)
    found = pffspike.run(
        trained, "one_pass", {"image": np.zeros((2, 64))}, execution=Execution(engine, 0, probes)
    )
    assert np.array_equal(found.weights["hidden_1_lateral"], np.zeros((2, 6, 6)))


def test_tied_weights_are_those_of_their_owner(network, trained):
    probes = Probes(weights=("hidden_1_prediction_to_image_prediction",))
    found = pffspike.run(
        trained,
        "synthesize",
        {"label": np.arange(2), "latent": np.zeros((2, 40))},
        execution=Execution("numpy", 0, probes),
    )
    owner = trained.parameters.weights["hidden_1_to_image_prediction"]
    for weights in found.weights["hidden_1_prediction_to_image_prediction"]:
        assert np.array_equal(weights, owner)


def test_parts_of_a_recording_hold_all_of_it(recording):
    parts = [recording.select(np.array([k])) for k in range(5)]
    assert pffspike.Recording.join(parts).same_spikes(recording)
    assert "weights of image_to_hidden_1" in repr(recording)


def test_a_file_holds_all_of_it(trained, shown, recording, tmp_path):
    probes = Probes(**{kind: tuple(getattr(recording, kind)) for kind in KINDS})
    pffspike.record(
        tmp_path / "a.h5", trained, "train", shown, execution=Execution("numpy", 3, probes)
    )
    assert pffspike.read_recording(tmp_path / "a.h5").same_spikes(recording)
    assert pffspike.read_recording(tmp_path / "a.h5", slice(1, 3)).same_spikes(
        recording.select(np.array([1, 2]))
    )


def test_xarray_holds_all_of_it(recording):
    pytest.importorskip("xarray")
    found = recording.to_xarray()
    assert np.array_equal(found.hidden_1_drive, recording.drives["hidden_1"])
    assert np.array_equal(found.hidden_1_probability, recording.probabilities["hidden_1"])
    assert found.image_to_hidden_1_weight.dims == (
        "learned_sample",
        "image_neuron",
        "hidden_1_neuron",
    )
    assert found.hidden_1_lateral_weight.shape == (5, 20, 20)


@pytest.mark.parametrize("engine", ["numba", "lava"])
def test_an_engine_that_does_not_record_it_says_who_does(trained, engine):
    pytest.importorskip(engine)
    execution = Execution(engine, probes=Probes(drives=("hidden_1",)))
    with pytest.raises(ValidationError, match=r"does not record drives .* numpy or brian2:equat"):
        pffspike.run(trained, "one_pass", {"image": np.zeros((1, 64))}, execution=execution)


def test_unknown_parts_are_named(trained):
    for probes, name in ((Probes(drives=("hiden_1",)), "hidden_1"), (Probes(weights=("x",)), "x")):
        with pytest.raises(ValidationError, match=name):
            pffspike.run(
                trained,
                "one_pass",
                {"image": np.zeros((1, 64))},
                execution=Execution("numpy", probes=probes),
            )
