"""Device cards: every value has a source, and a card that breaks a rule is refused in words."""

from pathlib import Path

import pytest

from pffspike.devices import EVENTS, Quantity, known_devices, load_device
from pffspike.devices.sourced import PLACEHOLDER
from pffspike.errors import UserError

HARDWARE = Path(__file__).parents[2] / "hardware"
FIGURE = {"value": 1.0, "unit": "pJ", "source": "somewhere", "kind": "assumed"}


def card(tmp_path, changes=(), static=None, **figure):
    """A card with one figure, some of its keys replaced (or, with None, left out)."""
    fields = {k: v for k, v in {**FIGURE, **figure}.items() if v is not None}
    text = (
        'name = "x"\ndescription = ""\ndefault = "p"\nnot_counted = ["all else"]\n'
        "[profiles.p.synaptic_operation]\n"
    )
    text += "".join(f"{k} = {v!r}\n".replace("'", '"') for k, v in fields.items())
    for old, new in changes:
        text = text.replace(old, new)
    path = tmp_path / "x.toml"
    path.write_text(text + (static or ""))
    return path


@pytest.mark.parametrize("name", known_devices())
def test_every_value_of_a_card_has_a_unit_a_source_and_a_kind(name):
    device = load_device(name)
    assert device.name == name
    for profile in device.profiles.values():
        for event, figure in profile.energies.items():
            assert event in EVENTS
            assert figure.si < 1e-6, "an event that costs a microjoule is a slip of the unit"
            assert len(figure.source) > 10
    if device.static:
        assert 0 < device.static.power.si < 10
        assert 1e-7 < device.static.step_time.si < 1e-2


def test_cards_that_assume_another_device_say_so_for_every_value():
    assert {
        figure.kind
        for profile in load_device("loihi2").profiles.values()
        for figure in profile.energies.values()
    } == {"assumed"}


def test_loihi2_carries_the_numbers_of_loihi1():
    one, two = load_device("loihi1"), load_device("loihi2")
    assert one.profiles.keys() == two.profiles.keys()
    for name, profile in one.profiles.items():
        mine = {event: figure.si for event, figure in profile.energies.items()}
        assert mine == {e: f.si for e, f in two.profiles[name].energies.items()}


def test_the_template_is_no_device_until_it_is_filled_in(tmp_path):
    assert "template" not in known_devices()
    with pytest.raises(UserError, match=r"source = 'authors.* is the template's placeholder"):
        load_device(HARDWARE / "template.toml")
    text = (HARDWARE / "template.toml").read_text("utf-8")
    assert all(event in text for event in EVENTS)
    filled = tmp_path / "mine.toml"
    filled.write_text(text.replace(PLACEHOLDER, "somebody, 2026, table 1"))
    device = load_device(filled)
    assert device.static.times.barrier_of(7).si == 1e-6
    filled.write_text(text.replace(PLACEHOLDER, "somebody, 2026, table 1", 3))
    with pytest.raises(UserError, match="placeholder"):
        load_device(filled)


def test_cards_of_2015_are_found_by_their_old_names_with_a_warning():
    for old in ("cpu", "gpu", "arm"):
        with pytest.warns(FutureWarning, match=f"now called '{old}2015'"):
            assert load_device(old).name == f"{old}2015"


def test_one_regression_is_of_one_kind():
    device = load_device("loihi1")
    profile, times = device.profiles["sana-fe"], device.static.times
    values = [*profile.energies.values(), *times.durations.values()]
    values += [barrier.time for barrier in times.barrier]
    assert {value.kind for value in values} == {"measured"}
    assert all("Boyle et al., IEEE TCAD 44(8), 2025" in value.source for value in values)
    assert any("11.7 %" in note and "24.3 %" in note for note in device.not_counted)


def test_a_barrier_is_that_of_the_tiles_reached():
    times = load_device("loihi1").static.times
    found = [times.barrier_of(tiles).value for tiles in (1, 2, 3, 4, 28, 29, 32)]
    assert found == [0.6, 1.0, 1.0, 1.4, 1.4, 1.8, 1.8]


def test_a_card_with_the_old_key_of_the_barrier_is_read_with_a_warning(tmp_path):
    static = "".join(
        f'[static.{key}]\nvalue = 1.0\nunit = "{unit}"\nsource = "x"\nkind = "assumed"\n'
        for key, unit in (("power", "mW"), ("step_time", "us"), ("times.step", "us"))
    )
    with pytest.warns(FutureWarning, match=r"static\.times\.barrier"):
        device = load_device(card(tmp_path, static=static))
    assert device.static.times.barrier_of(1).si == 1e-6


def test_a_card_from_a_path(tmp_path):
    device = load_device(card(tmp_path))
    assert device.profiles["p"].synaptic_operation == Quantity(1.0, "pJ", "somewhere", "assumed")


@pytest.mark.parametrize(
    ("figure", "message"),
    [
        ({"source": None}, "profiles.p.synaptic_operation.source is missing; add it"),
        ({"source": " "}, "must say where 1.0 stands"),
        ({"kind": "guessed"}, "kind = 'guessed' is wrong"),
        ({"unit": "eV"}, "unit = 'eV' is wrong"),
        ({"unit": "mW"}, "synaptic_operation: unit = 'mW' must be one of: J"),
        ({"value": -1.0}, "value = -1.0 must not be negative"),
    ],
)
def test_a_value_that_breaks_a_rule_is_refused(tmp_path, figure, message):
    with pytest.raises(UserError, match=message):
        load_device(card(tmp_path, **figure))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("synaptic_operation", "synaptic_event", "did you mean synaptic_operation"),
        ('default = "p"', 'default = "q"', "must be one of the profiles: p"),
        ('["all else"]', "[]", "must name what the values leave out"),
    ],
)
def test_a_card_that_breaks_a_rule_is_refused(tmp_path, old, new, message):
    with pytest.raises(UserError, match=message):
        load_device(card(tmp_path, [(old, new)]))


def test_dense_operations_are_not_priced_twice(tmp_path):
    path = card(tmp_path)
    text = path.read_text()
    figure = text[text.index("[profiles") :]
    path.write_text(text + figure.replace("synaptic_operation", "dense_operation"))
    with pytest.raises(UserError, match="make two profiles"):
        load_device(path)


def test_static_power_needs_a_power_and_a_time(tmp_path):
    static = "".join(
        f'[static.{key}]\nvalue = 1.0\nunit = "{unit}"\nsource = "x"\nkind = "assumed"\n'
        for key, unit in (("power", "pJ"), ("step_time", "us"))
    )
    with pytest.raises(UserError, match="power: unit = 'pJ' must be one of: W"):
        load_device(card(tmp_path, static=static))
    device = load_device(card(tmp_path, static=static.replace("pJ", "mW")))
    assert device.static.power.si * device.static.step_time.si == pytest.approx(1e-9)


def test_an_unknown_device_names_those_there_are():
    with pytest.raises(UserError, match=r"did you mean 'loihi2'\? There are: .*loihi1"):
        load_device("loihi3")
