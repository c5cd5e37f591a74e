"""Device cards: formats and limits are read, checked and optional."""

import dataclasses

import pytest

from pffspike.cards import toml
from pffspike.devices import Device, SourcedValue, load_device
from pffspike.errors import UserError


def test_every_figure_says_where_it_stands():
    for name in ("loihi1", "loihi2"):
        device = load_device(name)
        for part in (device.formats, device.limits):
            for field in dataclasses.fields(part):
                stated = getattr(part, field.name)
                if stated is None and field.name in {"weight_shift", "noise_shift"}:
                    continue  # of the fixed-point format of Loihi 1 alone
                assert stated.source
                if name == "loihi2" and stated.kind != "assumed":
                    assert "lava-nc" in stated.source


def test_a_dense_axon_of_64_weights_of_8_bits_takes_9_words():
    limits = load_device("loihi1").limits
    assert limits.words(64, 8) == 9
    assert limits.words(500, 8) == 7 * 9 + 7  # 10 + 52 * 8 bits
    assert limits.words(10, 8) == 2
    assert limits.words(64, 4) == 5
    assert limits.words(0, 8) == 0


def changed(*path_and_value):
    data = toml.plain(load_device("loihi1"))
    *path, key, value = path_and_value
    target = data
    for part in path:
        target = target[part]
    if value is None:
        del target[key]
    else:
        target[key] = value
    return toml.build(Device, data, "card")


def test_a_card_may_have_no_formats_and_no_limits():
    assert changed("formats", None).formats is None
    assert changed("limits", None).limits is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("formats", "weight_bits", "value", 1), "weight_bits = 1"),
        (("formats", "weight_exponent_low", "value", 9), "weight_exponent_low = 9"),
        (("limits", "compartments", "value", 0), "compartments = 0"),
        (("limits", "mesh_width", None), "go together"),
        (("limits", "cores", "value", 129), "cores = 129"),
        (("limits", "cores", "source", " "), "must say where"),
    ],
)
def test_figures_are_checked(change, message):
    with pytest.raises(UserError, match=message):
        changed(*change)


def test_a_stated_number_has_a_source():
    with pytest.raises(ValueError, match="where 3 stands"):
        SourcedValue(3, "", "assumed")
