"""Cards that nobody writes in earnest: one sentence that names the key, at once."""

import contextlib
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pffspike.cards import card_text, known_networks, load_network, read_card, toml
from pffspike.circuits import FF, PFF, pff
from pffspike.errors import PffspikeError, ValidationError
from pffspike.network import Bias, Training, initial

START = 'name = "x"\ncircuit = "pff"\n[training]\ndataset = "digits"\nepochs = 1\n'
LISTED = 'name = "x"\ncircuit = "pff"\ntraining = []\n'
PFF_TABLE = "[pff]\nimage = 64\nclasses = 10\nhidden = [20, 20]\n"


def card(extra: str = "", table: str = PFF_TABLE, start: str = START) -> str:
    return f"{start}{table}{extra}"


HOSTILE = {
    "arrays 3000 deep": ("a = " + "[" * 3000 + "]" * 3000, "deep in each other"),
    "tables 3000 deep": ("a = " + "{a = " * 3000 + "1" + "}" * 3000, "deep in each other"),
    "keys 3000 deep": (".".join(["a"] * 3000) + " = 1", "deep in each other"),
    "headers 500 deep": (card() + "[" + ".".join(["a"] * 500) + "]", "deep in each other"),
    "a list of circuits": (card(start=START.replace('"pff"', '["pff"]')), "circuit ="),
    "a number as circuit": (card(start=START.replace('"pff"', "5")), "circuit ="),
    "a number as a table": (card(table="", start="pff = 5\n" + START), "pff = 5 is wrong"),
    "a list as training": (
        'name = "x"\ncircuit = "pff"\ntraining = []\n' + PFF_TABLE,
        "training =",
    ),
    "a list as populations": ('name = "x"\npopulations = 5\n', "populations"),
    "a digit too many": (card("latent = " + "9" * 5000), "latent = 99.* more digits"),
    "a large integer": (card("latent = " + "9" * 400), "latent"),
    "an infinite rate": (card("learning_rate = [inf]"), "learning_rate"),
    "no number": (card("slope = nan"), "slope"),
    "a huge rate": (card("learning_rate = [1e308]"), "learning_rate"),
    "a huge readout rate": (card("readout_rate = 1e308"), "learning_rate"),
    "a huge threshold": (card("threshold = [1e308]"), "threshold|too large|drive|bits"),
    "a huge scale": (card("label_scale = 1e308"), "scale"),
    "a huge bias": (card("bias = 1e308"), "initial"),
    "a key twice": (card("latent = 1\nlatent = 2"), "'latent = 2'"),
    "a table twice": (card() + "[pff]\n", r"'\[pff\]'"),
    "a limit off the grid": (
        card("bias_limit = 0.2"),
        "bias_limit = 0.2 must be .* nearest",
    ),
    "one class": (card(table=PFF_TABLE.replace("10", "1")), "classes = 1 must be from 2"),
    "many classes": (card(table=PFF_TABLE.replace("10", "1000000")), "classes = 1000000"),
    "huge layers": (card(table=PFF_TABLE.replace("20, 20", "100000, 100000")), "of memory"),
    "huge populations": (card(table=PFF_TABLE.replace("20, 20", "1000000000000")), "size"),
    "many layers": (card(table=PFF_TABLE.replace("20, 20", "20, " * 5000)), "hidden names 5000"),
    "a long burn-in": (card("burn_in = 1000000000"), "burn_in = 1000000000 must be from 0"),
    "a long window": (card("window = 1073741824"), "window = 1073741824 must be a power of two"),
    "endless epochs": (card(start=START.replace("= 1\n", "= 1000000000000\n")), "epochs"),
    "a path as a name": (card(start=START.replace('"x"', '"../../x"')), "name = '../../x'"),
    "zero bytes": ('name = "\\u0000"\n', "name|missing"),
    "no text": ("\ufeff\x00\x01", "not valid TOML"),
}


@pytest.mark.parametrize(("text", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_one_sentence_at_once(tmp_path, text, sentence):
    path = tmp_path / "card.toml"
    path.write_text(text, "utf-8")
    start = time.perf_counter()
    with pytest.raises(PffspikeError, match=sentence) as caught:
        load_network(path)
    assert time.perf_counter() - start < 10
    said = str(caught.value)
    assert "card.toml" in said
    assert len(said) < 1000
    assert "\n" not in said


@pytest.mark.parametrize("name", ["", ".", "/dev/zero", "/", "x" * 5000, "a\x00b/c"])
def test_what_is_no_file_is_refused_at_once(name):
    with pytest.raises(PffspikeError):
        load_network(name)


def test_a_large_file_is_no_card(tmp_path):
    path = tmp_path / "card.toml"
    with path.open("wb") as file:
        file.truncate(2**25)
    with pytest.raises(PffspikeError, match="so it is not a card"):
        load_network(path)


@pytest.mark.parametrize("limit", [0.2, 1 / 3, 1e-9])
def test_a_limit_that_biases_cannot_reach_is_refused(limit):
    with pytest.raises(ValidationError, match="limit = "):
        Bias(limit=limit)


def test_the_shipped_cards_are_read():
    for name in known_networks():
        assert load_network(name).name == name


@pytest.mark.parametrize("name", ["digits", "fashion-mnist", "mnist", "mnist-light"])
def test_training_windows_that_53_bits_cannot_hold_are_refused_when_the_card_is_read(name):
    """As the README says; no engine refuses a window that a card has accepted."""
    long = load_network(name, {"pff": {"window": 32, "inference_window": 1024}})
    assert long.program("train").window == 32
    with pytest.raises(ValidationError, match=r"needs 5\d bits; lower the window \(64\)") as error:
        load_network(name, {"pff": {"window": 64}})
    assert "\n" not in str(error.value)


values = st.recursive(
    st.none().flatmap(
        lambda _: st.sampled_from([0, 1, -1, 2**70, 0.5, 1e308, True, "", "x", "pff"])
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=4,
)
keys = st.sampled_from(
    sorted(
        {*PFF.__dataclass_fields__, *FF.__dataclass_fields__, "name", "circuit", "training", "pff"}
        | {"populations", "projections", "programs", "epochs", "dataset", "decay"}
    )
)


@given(st.lists(st.tuples(st.sampled_from(["", "pff", "training"]), keys, values), max_size=3))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_card_with_any_values_is_read_or_refused_in_a_sentence(changes):
    data = toml.parse(card(), "card")
    for table, key, value in changes:
        target = data.get(table) if table else data
        if isinstance(target, dict):
            target[key] = value
    with contextlib.suppress(PffspikeError):
        network = read_card(data)
        assert read_card(toml.parse(card_text(network), "again")) == network


def test_memory_is_estimated_before_it_is_allocated(monkeypatch):
    network = pff(PFF(64, 10, (1000, 1000)), "large", Training("digits", 1))
    monkeypatch.setenv("PFFSPIKE_MEMORY_LIMIT", "50M")
    with pytest.raises(ValidationError, match="network 'large' needs about"):
        initial(network, 0)
