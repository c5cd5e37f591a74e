"""Mode feedback: the read-out drives the hidden populations as a label would."""

import dataclasses

import numpy as np
import pytest

from pffspike.arithmetic import counter
from pffspike.circuits import PFF, pff
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import ValidationError
from pffspike.inference.elimination import candidate_network
from pffspike.inference.feedback import feedback_network
from pffspike.network import Network, Projection, Training, initial
from pffspike.recording import Probes

PIXELS, CLASSES = 9, 4
ENGINE = ReferenceEngine()


def build() -> Network:
    circuit = PFF(PIXELS, CLASSES, (10, 10), burn_in=2, window=8, bias=0.2)
    return pff(circuit, "low", Training("digits", 1))


def images(n: int, key: int = 0):
    keys = counter.derive_keys(key, np.arange(n))
    return counter.uniform(keys[:, None], np.arange(PIXELS))


def test_feedback_presents_the_answer_as_a_label():
    """With a read-out that always spikes for label 2, one pass is a presentation of label 2."""
    network, shown = build(), images(5, 3)
    parameters = initial(network, 1)
    biases = {**parameters.biases, "readout": np.where(np.arange(CLASSES) == 2, 1.0, -1.0)}
    forced = dataclasses.replace(parameters, biases=biases)
    fed = feedback_network(network)
    probes = Probes(rasters=("hidden_1", "hidden_2", "readout"))
    with ENGINE.compile(fed, "one_pass", forced, seed=3, probes=probes) as session:
        found = session.run({"image": shown}, np.arange(5)).rasters
    assert found["readout"][:, :, 2].all()
    assert found["readout"].sum() == found["readout"][:, :, 2].sum()
    labelled = candidate_network(network)
    probes = Probes(rasters=("hidden_1", "hidden_2"))
    with ENGINE.compile(labelled, "candidate", forced, seed=3, probes=probes) as session:
        expected = session.run({"image": shown, "candidate": np.full(5, 2)}, np.arange(5)).rasters
    for name, raster in expected.items():
        np.testing.assert_array_equal(found[name], raster)
    assert feedback_network(network).projection("readout_to_hidden_2").tied == "label_to_hidden_2"


def test_a_projection_of_the_same_name_is_named():
    """A network of one's own may lead the read-out back by a projection of the same name."""
    network = build()
    own = Projection("readout_to_hidden_2", "readout", "hidden_2")
    clash = network.replace(projections=(*network.projections, own))
    with pytest.raises(ValidationError, match="projection 'readout_to_hidden_2', the name of"):
        feedback_network(clash)
