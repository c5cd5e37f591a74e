"""Energies by hand: two neurons, the example of the docs, a measurement that was published."""

import re
from pathlib import Path

import numpy as np
import pytest

from energy_cases import two_neurons
from pffspike import price_ann
from pffspike.devices import load_device
from pffspike.energies import CoreLoad, EventCount, Traffic, energy, energy_of_events


def test_the_example_by_hand_is_what_the_code_says():
    result = energy([two_neurons()], load_device("loihi1"))
    assert result.events == pytest.approx(4 * 23.6e-12 + 20 * 52e-12 + 7 * 29e-12, rel=1e-12)
    assert result.total - result.events == pytest.approx(10 * 10e-6 * 104.4e-3, rel=1e-12)
    for text in ("4 x 23.6 pJ", "20 x 52 pJ", "7 x 29 pJ", "= 1337.4 pJ", "= 10.44 µJ"):
        assert text in energy.__doc__
    assert result.events == pytest.approx(1337.4e-12, rel=1e-9)


def test_the_card_of_the_docs_is_one(tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "energy.md").read_text("utf-8")
    card = tmp_path / "my-chip.toml"
    card.write_text(re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[0], "utf-8")
    result = energy([two_neurons()], load_device(card))
    assert result.total == pytest.approx(4 * 10e-12 + 20 * 30e-12 + 10 * 1e-9, rel=1e-9)
    assert price_ann(7400, 7400, card).total == pytest.approx(7400 * 20e-12, rel=1e-9)


def test_the_example_of_the_docs_is_what_the_code_says():
    text = (Path(__file__).parents[2] / "docs" / "energy.md").read_text("utf-8")
    cores = (
        CoreLoad(neuron_update=10, spike=4, message_out=4),
        CoreLoad(synaptic_operation=4, neuron_update=10, spike=3, message_in=4),
    )
    placed = Traffic(0, 4, hops_x=4, cores=cores, tiles=2)
    result = energy([two_neurons()], load_device("loihi1"), traffic=placed)
    step = (4 * 3.8 + 10 * 9.7 + 3 * 30 + 4 * 16) * 1e-9 / 10 + 1.0e-6
    assert result.total - result.events == pytest.approx(10 * step * 2 * 0.816e-3, rel=1e-9)
    assert result.whole_chip - result.events == pytest.approx(10 * step * 104.4e-3, rel=1e-9)
    for event, joule in result.by(lambda term: term.event).items():
        shown = f"{joule * 1e12:.5g} pJ" if event != "static" else f"{joule * 1e9:.5g} nJ"
        assert f"| {shown} |" in text or not joule, (event, shown)
    assert f"**{result.events * 1e12:.1f} pJ**" in text
    assert f"| {step * 1e6:.6g} us |" in text
    assert f"**{result.total * 1e9:.4g} nJ**" in text
    assert f"**{result.whole_chip * 1e6:.4g} µJ**" in text


def test_the_query_of_frady_is_met_by_both_profiles_as_far_as_the_docs_say():
    """51 to 58 million synaptic events and 4.6 million updates: 1.33 mJ of events, measured."""
    text = (Path(__file__).parents[2] / "docs" / "energy.md").read_text("utf-8")
    for name, within in (("davies2018", (8, 21)), ("sana-fe", (61, 80))):
        for operations, more in zip((51e6, 58e6), within, strict=True):
            query = [
                EventCount(event, "representation", "search", "query", np.array([number]))
                for event, number in (("synaptic_operation", operations), ("neuron_update", 4.6e6))
            ]
            found = energy_of_events(query, load_device("loihi1")).profiles[name].events
            assert round(100 * (found / 1.33e-3 - 1)) == more
        assert f"{within[0]} to {within[1]} %" in text, name
