"""Design rules of a device: formats, biases, random numbers."""

import dataclasses

import numpy as np
import pytest

from mapping_cases import circuit, stated, zeros
from pffspike import mapping
from pffspike.cards import load_network
from pffspike.devices import load_device
from pffspike.engines.reference import ReferenceEngine
from pffspike.mapping.demand import format_bits
from pffspike.network import Parameters, Projection, initial
from pffspike.recording import Probes


def rules_of(network, card=None, parameters=None, **options):
    card = card or load_device("loihi1")
    placed = mapping.place(network, card, **options)
    broken = mapping.check(placed, parameters or zeros(network), card)
    return {f.rule: (f.severity, f.message) for f in broken}


def test_rules_of_a_network_as_trained():
    found = rules_of(load_network("digits"))
    assert found["weight_bits"][0] == "error"
    assert "pffspike quantize --bits 8" in found["weight_bits"][1]
    assert "weight_exponents" not in found  # one fine grid for all


def test_exponents_too_far_apart_are_an_error():
    network = circuit(40)
    changed = tuple(
        dataclasses.replace(p, grid=-18, low=-(2.0**-11), high=2.0**-11 - 2.0**-18)
        if p.name == "hidden_2_to_hidden_1"
        else p
        for p in network.projections
    )
    severity, message = rules_of(network.replace(projections=changed))["weight_exponents"]
    assert severity == "error"
    assert "-8 to 7" in message
    assert "image_to_hidden_1" in message


def test_rules_of_a_network_in_the_formats_of_the_device():
    found = rules_of(circuit(100))
    assert set(found) == {"normalization", "random_numbers"}
    assert {severity for severity, _ in found.values()} == {"warning"}
    assert set(rules_of(circuit(100), load_device("loihi2"))) == set()
    assert "learning" in rules_of(circuit(100), learning=True)
    assert "normalization" not in rules_of(circuit(100, normalization="none"))
    card = load_device("loihi1")
    narrow = dataclasses.replace(card.formats, state_bits=stated(20))
    assert "state_range" in rules_of(circuit(100), dataclasses.replace(card, formats=narrow))


def test_biases_of_too_many_bits_are_found():
    network = circuit(40)
    parameters = initial(network, 0)
    parameters.biases["hidden_1"][0] = 0.15625 + 2.0**-24
    assert "hidden_1" in rules_of(network, parameters=parameters)["biases"][1]


def test_noise_covers_all_probabilities():
    """With exponents and noise as set, a draw has the same unit as the drive."""
    placed = mapping.place(circuit(40, weight_grid=-7, weight_limit=0.5), load_device("loihi1"))
    for core in placed.cores:
        noise = core.noise
        draws = [(r - 128 + noise.mantissa * 64) * 2.0 ** (noise.exponent - 7) for r in (0, 255)]
        assert draws[0] == 0
        assert draws[1] * 256 / 255 == 2**noise.one
    # Stored weights are even: twice the integer, so one unit of 2^-7 is 2 * 2^(6 + exponent).
    for name, exponent in placed.weight_exponents.items():
        post = placed.network.projection(name).post
        one = next(c.noise.one for c in placed.cores for b in c.blocks if b.population == post)
        assert 2 * 2.0 ** (6 + exponent) == 2.0 ** (one - 7)


def test_different_noise_is_on_different_cores():
    network = circuit(40)
    grids = {"image_to_hidden_1": -10, "hidden_1_to_readout": 5}
    network = network.replace(
        projections=tuple(
            dataclasses.replace(p, grid=g, low=-(2.0**g), high=2.0**g)
            if (g := grids.get(p.name)) is not None
            else p
            for p in network.projections
        )
    )
    placed = mapping.place(network, load_device("loihi1"))
    units = [{b.population: c.noise.one for b in c.blocks} for c in placed.cores]
    assert len({core.noise for core in placed.cores}) > 1
    assert all(len(set(unit.values())) == 1 for unit in units)


@pytest.mark.parametrize(
    ("low", "high", "bits"),
    [(-128, 127, 8), (-8, 7, 4), (0, 255, 8), (-15, 0, 4), (-128, 128, 9), (0, 0, 1), (-2, 1, 2)],
)
def test_bits_of_a_format(low, high, bits):
    projection = Projection("p", "a", "b", grid=-3, low=low / 8, high=high / 8)
    assert format_bits(projection) == bits


def coarse(grid, bias):
    """A network without normalization, weights on one grid, biases all the same."""
    options = {"normalization": "none", "weight_grid": grid, "weight_limit": 127 * 2.0**grid}
    network = load_network("digits", {"pff": {"hidden": [20, 20], **options}})
    weights = initial(network, 1)
    biases = {name: np.full_like(values, bias) for name, values in weights.biases.items()}
    return network, Parameters(weights.weights, biases)


def test_a_network_whose_probabilities_the_device_draws_breaks_no_rule():
    network, parameters = coarse(-8, 3 * 2.0**-8)
    assert rules_of(network, load_device("loihi1"), parameters) == {}
    fine_weights, fine_bias = coarse(-9, 2.0**-8), coarse(-8, 2.0**-9)
    for network, parameters in (fine_weights, fine_bias):
        severity, message = rules_of(network, load_device("loihi1"), parameters)["random_numbers"]
        assert severity == "warning"
        assert "multiples of 2^-9, and neurons of the device draw 8 bits" in message


def test_coarse_random_numbers_give_the_same_spikes_to_the_bit():
    network, parameters = coarse(-8, 20 * 2.0**-8)
    spikes = []
    for bits in (24, 8):
        engine = ReferenceEngine(random_bits=bits)
        with engine.compile(
            network, "one_pass", parameters, seed=0, probes=Probes(rasters=("hidden_1", "readout"))
        ) as session:
            recording = session.run({"image": np.full((4, 64), 0.25)}, np.arange(4))
        spikes.append(recording)
    assert spikes[0].rasters["hidden_1"].any()
    assert spikes[0].same_spikes(spikes[1])
