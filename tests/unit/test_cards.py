"""Cards: round trip, hash, and one sentence for whatever is wrong."""

import copy
import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pffspike.cards import card_text, known_networks, load_network, network_hash, read_card, toml
from pffspike.circuits import PFF, pff
from pffspike.errors import UserError
from pffspike.network import Training

CIRCUITS = st.builds(
    PFF,
    image=st.integers(1, 9),
    classes=st.integers(2, 4),
    hidden=st.lists(st.sampled_from([10, 20, 30]), min_size=1, max_size=3).map(tuple),
    latent=st.integers(0, 3),
    burn_in=st.integers(0, 5),
    window=st.sampled_from([1, 2, 8, 16]),
    threshold=st.floats(0.5, 20).map(lambda value: (value,)),
    positive=st.sampled_from(["low", "high"]),
    normalization=st.sampled_from(["sqrt", "shift", "none"]),
    learning_rate=st.floats(0, 1).map(lambda value: (value,)),
    homeostasis=st.floats(0, 1),
    lateral=st.sampled_from([0, 5, 10]),
    readout_from=st.sampled_from(["top", "all"]),
    common_noise=st.booleans(),
)


@given(CIRCUITS)
@settings(max_examples=50, deadline=None)
def test_any_network_survives_a_card(circuit):
    network = pff(circuit, "random", Training("digits", 3, decay=0.9))
    again = read_card(toml.parse(card_text(network), "text"))
    assert again == network
    assert network_hash(again) == network_hash(network)


@pytest.mark.parametrize("name", known_networks())
def test_the_packaged_cards_load_and_survive_a_round_trip(name):
    network = load_network(name)
    assert network.name == name
    assert read_card(toml.parse(card_text(network), "text")) == network


def test_the_hash_is_stable_and_ignores_only_the_description():
    circuit = PFF(4, 2, (10,), generative_free=False)
    network = pff(circuit, "fixed", Training("digits", 1))
    # A golden value: a change of it makes stored networks foreign, so it needs a new format.
    assert network_hash(network) == GOLDEN_HASH
    assert network_hash(network.replace(description="other")) == network_hash(network)
    assert network_hash(network.replace(name="other")) != network_hash(network)
    whole = pff(dataclasses.replace(circuit, threshold=(4,)), "fixed", Training("digits", 1))
    assert network_hash(whole) == network_hash(network)


GOLDEN_HASH = "2d5b8dd295840456ec7ad1b685b751c0930109ccfb630f1bbc3bf81b6ee25ea6"


def explicit() -> dict:
    return toml.parse(card_text(load_network("digits")), "text")


def circuit_card() -> dict:
    return {
        "name": "a",
        "circuit": "pff",
        "training": {"dataset": "digits", "epochs": 1},
        "pff": {"image": 64, "classes": 10, "hidden": [20]},
    }


def edited(card: dict, path: str, value: object) -> dict:
    card = copy.deepcopy(card)
    place = card
    *parents, last = path.split(".")
    for part in parents:
        place = place[int(part)] if part.isdigit() else place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return card


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("populations.2.size", -5, "populations.2: size = -5 must be from 1 to"),
        ("populations.2.size", "5", "populations.2.size = '5' is wrong: input should be a valid"),
        ("populations.2.size", 2.5, "populations.2.size = 2.5 is wrong"),
        ("populations.2.siz", 5, "populations.2.siz is not a known key; did you mean size?"),
        ("populations.2.size", None, "populations.2.size is missing; add it"),
        ("populations.2.rule.kind", "good", "it must be 'goodness' or 'contrast' or 'delta'"),
        ("populations.2.rule.thresold", 3.0, "did you mean threshold?"),
        ("projections.2.connectivity", "foo", "should be 'dense', 'one_to_one' or 'blocks'"),
        ("projections.2.pre", "foo", "pre = 'foo' does not exist; there are: image, label"),
        ("programs.0.window", 7, "programs.0: window = 7 must be a power of two"),
        ("programs.0.window", 256, "lower the window (256)"),
        ("programs.0.phases.1.sign", 2, "phases.1: sign = 2 must be -1, 0, 1 or the name of"),
        ("programs.0.phases.1.sign", 0.5, "phases.1.sign = 0.5 is wrong: it must be an integer or"),
        ("programs.0.phases.1.inputs.image", 0.5, "inputs.image = 0.5 is wrong: it must be an int"),
        ("training.epochs", 0, "training: epochs = 0 must be from 1 to 1000000000"),
        ("training", None, "training is missing; add it"),
    ],
)
def test_a_wrong_explicit_card_names_key_value_and_remedy(path, value, sentence):
    with pytest.raises(UserError) as error:
        read_card(edited(explicit(), path, value), "my.toml")
    assert str(error.value).startswith("my.toml: ")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("circuit", "pf", "circuit = 'pf' does not exist; did you mean 'pff'"),
        ("pff", None, "pff is missing; add it"),
        ("pff.hiden", [20], "pff.hiden is not a known key; did you mean hidden?"),
        ("pff.hidden", ["20"], "pff.hidden.0 = '20' is wrong"),
        ("pff.hidden", [25], "lateral = 10 must be 0 or divide the sizes hidden = (25,)"),
        ("pff.hidden", [], "must name the size of at least one population"),
        ("pff.hidden", [50, 0], "hidden = (50, 0) must be at least 1"),
        ("pff.homeostasis_free", [True, False, True], "must have one value, or one for each of"),
        ("pff.lateral", 7, "lateral = 7 must be 0 or divide the sizes hidden"),
        ("name", 3, "name = 3 is wrong: it must be a text"),
        ("populations", [], "populations is not a known key; a card with circuit = 'pff' has"),
    ],
)
def test_a_wrong_circuit_card_names_key_value_and_remedy(path, value, sentence):
    with pytest.raises(UserError) as error:
        read_card(edited(circuit_card(), path, value), "my.toml")
    assert sentence in str(error.value)


def test_files_that_are_no_cards_get_a_sentence(tmp_path):
    with pytest.raises(UserError, match="can't be read: No such file"):
        load_network(tmp_path / "absent.toml")
    (tmp_path / "broken.toml").write_text("name = ")
    with pytest.raises(UserError, match="is not valid TOML"):
        load_network(tmp_path / "broken.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is not UTF-8 text"):
        load_network(tmp_path / "binary.toml")
    with pytest.raises(UserError, match=r"network 'digit' does not exist; did you mean 'digits'"):
        load_network("digit")


def test_a_circuit_card_and_its_explicit_form_have_the_same_hash(tmp_path):
    short = read_card(circuit_card())
    path = tmp_path / "long.toml"
    path.write_text(card_text(short))
    assert network_hash(load_network(path)) == network_hash(short)


def test_every_field_of_the_circuit_can_stand_on_a_card():
    card = circuit_card()
    card["pff"] = toml.plain(dataclasses.replace(PFF(64, 10, (20,)), burn_in=7))
    assert read_card(card).program("train").burn_in == 7
