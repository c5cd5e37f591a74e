"""Roles are data of the network, not names; a missing one is one sentence; hashes stay."""

import dataclasses

import numpy as np
import pytest

import pffspike
from pffspike import Execution, Mode, Roles, ValidationError
from pffspike.cards import card_text, known_networks, load_network, network_hash, read_card, toml
from pffspike.circuits import PFF, pff
from pffspike.network import Network, Training, structure
from pffspike.storage import load, save
from renamed import CROSSED, OTHER, renamed

#: Of all cards: a change of one makes stored networks foreign.
HASHES = {
    "digits": "b18ba5a13cdd95b6f1628252f03c29a8e33b9c9cf108e8d2e260c5ea516d3c53",
    "digits-loihi1": "f23ae7aa957a421af6ef2ec1afdfcccb937d6296ef09c7f3ae3c870d9cf169eb",
    "digits-ff-hybrids": "9584a5bdc9b3645c6987b71e026c1056227080887cbf7ee5af3f60dc2fe6dfab",
    "digits-wake-sleep": "8e995e3a1ab1b2c62cdb5c690750c2d841c0cbc64ead6702116717f847ca313a",
    "fashion-mnist": "1d962c8dc74ad38e532514ebf516ee381b55c64158b741f4f7c0a4eb8b91a7d0",
    "mnist": "20c1d71739adb98ed036057523145443aacbcf012446fb06a0b4549eeb2f291a",
    "mnist-ff": "7ed6fa833bda74fb029cc896b4730103388a8241ba2d5f1c040695436a807d1c",
    "mnist-light": "ceab36d5dab7f54839fd32428b1f606153cde60b67490e92459d7053ca746f78",
}
CIRCUIT = PFF(64, 10, (20, 10), burn_in=1, window=4, latent=4, bias=0.2, threshold=(1.0,))
NUMPY = Execution("numpy", 3)


def network(latent: int = 4) -> Network:
    circuit = dataclasses.replace(CIRCUIT, latent=latent)
    return pff(circuit, "small", Training("digits", 1, hard_negatives=0.5))


@pytest.fixture(scope="module")
def data():
    return pffspike.first_samples(pffspike.load_data("digits"), train=150, test=6)


def test_hashes_of_the_shipped_cards_stay():
    shipped = {name: network_hash(load_network(name)) for name in known_networks()}
    assert {name: shipped[name] for name in HASHES} == HASHES


def test_the_usual_names_are_neither_written_nor_hashed():
    plain = load_network("digits")
    said = plain.replace(roles=Roles("image", "label", "readout", "latent"))
    assert said == plain
    assert network_hash(said) == network_hash(plain)
    assert "roles" not in toml.parse(card_text(plain), "card")


def test_roles_are_part_of_a_network_and_of_its_card_and_file(tmp_path, data):
    other = renamed(network(), OTHER)
    assert structure.roles(other) == {
        "input": "eye",
        "label": "told",
        "readout": "vote",
        "latent": "dream",
    }
    assert read_card(toml.parse(card_text(other), "card")) == other
    assert network_hash(other) != network_hash(other.replace(roles=Roles("eye", "told", "vote")))
    trained = pffspike.begin(other, data, seed=0)
    save(tmp_path / "net.h5", trained)
    assert load(tmp_path / "net.h5").network == trained.network
    pffspike.export(trained, tmp_path / "out", dataset=data)
    assert load(tmp_path / "out").network == trained.network


@pytest.mark.parametrize(
    ("roles", "sentence"),
    [
        ({"input": "eye"}, "roles: input = 'eye' does not exist; there are: image, label"),
        ({"input": "hidden_1"}, "roles: input = 'hidden_1' must be an input population"),
        ({"readout": "label", "label": ""}, "readout = 'label' must be no input population"),
        ({"input": "label"}, "input and label are both 'label'; name different populations"),
    ],
)
def test_a_role_that_can_not_be_is_refused(roles, sentence):
    with pytest.raises(ValidationError, match=sentence):
        network().replace(roles=Roles(**roles))
    with pytest.raises(
        ValidationError, match="role 'reader' does not exist; did you mean 'readout'"
    ):
        network().role("reader")


def test_a_population_of_a_usual_name_that_can_not_have_the_role_does_not_have_it():
    crossed = renamed(network(latent=0), CROSSED)
    named = crossed.replace(roles=dataclasses.replace(crossed.roles, latent="latent"))
    assert not named.population("latent").input
    assert not named.has_role("latent")


@pytest.mark.parametrize(
    "names",
    [pytest.param(OTHER, id="other", marks=pytest.mark.slow), pytest.param(CROSSED, id="crossed")],
)
def test_results_do_not_depend_on_names(names, data):
    usual, other = network(), renamed(network(), names)
    mine, its = (pffspike.train(n, data, execution=NUMPY) for n in (usual, other))
    same_weights(mine, its)
    mine, its = (
        pffspike.fit_prior(t, data, samples=150, passes=1, components=1, execution=NUMPY).trained
        for t in (mine, its)
    )
    same_weights(mine, its)
    np.testing.assert_array_equal(mine.prior.means, its.prior.means)
    images = pffspike.probabilities(data.test_images, data.levels)
    for name in ("goodness", "one_pass", "feedback", "proposal", "early", "late"):
        mode = Mode(name, tolerance=0.2, calibration_samples=40)
        if name in pffspike.CALIBRATED:
            one, two = (pffspike.calibrate(t, data, mode, execution=NUMPY) for t in (mine, its))
            assert one == two
            mode = one
        one, two = (pffspike.classify(t, images, mode, execution=NUMPY) for t in (mine, its))
        np.testing.assert_array_equal(one.scores, two.scores)
        np.testing.assert_array_equal(one.predicted, two.predicted)
        for first, second in zip(one.recordings, two.recordings, strict=True):
            for population, spikes in first.spikes.items():
                np.testing.assert_array_equal(spikes, second.spikes[names[population]])
    for labels in (None, data.test_labels):
        one, two = (
            pffspike.reconstruct(t, images, labels, execution=NUMPY).images for t in (mine, its)
        )
        for phase in one:
            np.testing.assert_array_equal(one[phase], two[phase])
    one, two = (pffspike.sample(t, 10, window=4, execution=NUMPY).images for t in (mine, its))
    np.testing.assert_array_equal(one, two)
    same_weights(*(pffspike.quantize(t, 6, moments=8, dataset=data).trained for t in (mine, its)))


def same_weights(mine, its) -> None:
    for one, two in (
        (mine.parameters.weights, its.parameters.weights),
        (mine.parameters.biases, its.parameters.biases),
    ):
        assert len(one) == len(two)
    names = zip(mine.network.projections, its.network.projections, strict=True)
    for one, two in names:
        if one.tied is None:
            found = its.parameters.weights[two.name]
            np.testing.assert_array_equal(mine.parameters.weights[one.name], found)
    for one, two in zip(mine.network.populations, its.network.populations, strict=True):
        if not one.input:
            found = its.parameters.biases[two.name]
            np.testing.assert_array_equal(mine.parameters.biases[one.name], found)


def without(role: str) -> Network:
    """The network, with one role that nobody has."""
    other = renamed(network(), OTHER)
    return other.replace(roles=dataclasses.replace(other.roles, **{role: ""}))


#: What a command calls, and the role without which it can't.
NEEDS = {
    "train": ("label", lambda t, d: pffspike.train(t.network, d)),
    "train, no input": ("input", lambda t, d: pffspike.train(t.network, d)),
    "evaluate": ("label", lambda t, d: pffspike.evaluate(t, d)),
    "evaluate, one pass": ("readout", lambda t, d: pffspike.evaluate(t, d, "one_pass")),
    "classify": ("readout", lambda t, d: pffspike.check_mode(t.network, "one_pass")),
    "classify, proposal": ("readout", lambda t, d: pffspike.check_mode(t.network, "proposal")),
    "classify, feedback": ("readout", lambda t, d: pffspike.check_mode(t.network, "feedback")),
    "classify, no label": ("label", lambda t, d: pffspike.check_mode(t.network, "feedback")),
    "calibrate": ("input", lambda t, d: pffspike.calibrate(t, d, Mode("early", tolerance=0.1))),
    "reconstruct": ("input", lambda t, d: pffspike.reconstruct(t, IMAGES)),
    "reconstruct, labelled": ("label", lambda t, d: pffspike.reconstruct(t, IMAGES, LABELS)),
    "prior": ("latent", lambda t, d: pffspike.fit_prior(t, d)),
    "sample": ("label", lambda t, d: pffspike.sample(t)),
    "sample, no latent": ("latent", lambda t, d: pffspike.sample(t)),
    "sample, no input": ("input", lambda t, d: pffspike.sample(t)),
    "quality": ("label", lambda t, d: pffspike.quality(t, d)),
    "quality, no latent": ("latent", lambda t, d: pffspike.quality(t, d)),
    "quantize": ("input", lambda t, d: pffspike.quantize(t, 8, dataset=d)),
    "energy": ("readout", lambda t, d: pffspike.energy(t, d, "one_pass")),
    "report": ("label", lambda t, d: pffspike.report(t, d, [pffspike.load_device("loihi1")])),
    "run": ("input", lambda t, d: pffspike.dataset_of(t, d)),
}
IMAGES, LABELS = np.zeros((1, 64)), np.zeros(1, np.int64)
NOUNS = {"readout": "read-out"}


@pytest.mark.parametrize("command", NEEDS)
def test_a_missing_role_is_one_sentence_before_anything_runs(command, data, monkeypatch):
    def nothing_runs(*_):
        raise AssertionError("something was computed")

    role, call = NEEDS[command]
    spec = without(role)
    trained = pffspike.TrainedNetwork(spec, pffspike.initial(spec, 0), 0)
    monkeypatch.setattr(pffspike.Session, "run", nothing_runs)
    with pytest.raises(ValidationError) as caught:
        call(trained, data)
    text = str(caught.value)
    assert f"network 'small' has no {NOUNS.get(role, role)} population; name the one" in text
    assert f'[roles] {role} = "..."' in text


def test_a_read_out_that_is_not_active_can_not_answer():
    spec = network()
    wrong = spec.replace(roles=Roles(readout="image_prediction"))
    with pytest.raises(ValidationError, match="'image_prediction' is not active in program"):
        pffspike.check_mode(wrong, "one_pass")


def test_a_network_without_predictions_can_not_reconstruct():
    spec = network()
    blind = tuple(
        dataclasses.replace(p, rule=None) if p.name == "image_prediction" else p
        for p in spec.populations
    )
    fixed = tuple(
        dataclasses.replace(p, learning_rate=0.0) if p.post == "image_prediction" else p
        for p in spec.projections
    )
    spec = spec.replace(populations=blind, projections=fixed)
    trained = pffspike.TrainedNetwork(spec, pffspike.initial(spec, 0), 0)
    with pytest.raises(ValidationError, match="has no population that predicts 'image'; give one"):
        pffspike.reconstruct(trained, IMAGES)


#: Programs, and what gives them signals.
GIVES = {
    "train": lambda t, d: pffspike.train(t.network, d),
    "goodness": lambda t, d: pffspike.evaluate(t, d),
    "one_pass": lambda t, d: pffspike.evaluate(t, d, "one_pass"),
    "reconstruct": lambda t, d: pffspike.reconstruct(t, IMAGES),
    "synthesize": lambda t, d: pffspike.sample(t),
    "infer_latent": lambda t, d: pffspike.fit_prior(t, d),
}


@pytest.mark.parametrize("program", GIVES)
def test_a_signal_that_is_called_like_a_population_is_one_sentence(program, data):
    spec, programs = renamed(network(), OTHER), []
    for given in spec.programs:
        phases = tuple(
            dataclasses.replace(
                p, inputs={n: n if isinstance(s, str) else s for n, s in p.inputs.items()}
            )
            for p in given.phases
        )
        programs.append(
            dataclasses.replace(given, phases=phases, hard_negative=None)
            if given.name == program
            else given
        )
    spec = spec.replace(programs=tuple(programs))
    trained = pffspike.TrainedNetwork(spec, pffspike.initial(spec, 0), 0)
    asked = "needs the signal '(eye|told)', but it is given (image|label)"
    with pytest.raises(ValidationError, match=f"program '{program}' of network 'small' {asked}"):
        GIVES[program](trained, data)
