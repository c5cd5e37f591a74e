"""Golden small nets: spikes and learned weights of this format version, for ever.

A difference means that stored networks no longer give what they gave. If that is intended, say
so in the changelog and write the file anew: ``python tests/golden/test_golden.py``.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from pffspike.arithmetic import counter
from pffspike.circuits import PFF, pff
from pffspike.engines.reference import ReferenceEngine
from pffspike.network import Training, initial
from pffspike.recording import Probes

FILE = Path(__file__).with_name("golden.json")
NETWORKS = {
    "pff-9-10-10-3": PFF(
        9, 3, (10, 10), window=4, burn_in=2, threshold=(1.0,), generative_free=False
    ),
    "pff-9-20-3-high-shift": PFF(
        9, 3, (20,), positive="high", normalization="shift", generative_free=False
    ),
    "pff-9-10-20-10-3-latent": PFF(
        9, 3, (10, 20, 10), latent=4, common_noise=True, generative_free=False
    ),
    "pff-9-10-20-10-3-free": PFF(9, 3, (10, 20, 10)),
}


def digest(name: str) -> dict[str, str]:
    """Hashes of the spikes and the weights after 40 training samples, and of an inference."""
    network = pff(NETWORKS[name], "golden", Training("digits", 1))
    samples = np.arange(40)
    signals = {
        "image": counter.uniform(samples[:, None], np.arange(9)),
        "label": samples % 3,
        "negative": np.where(samples % 2, -1, (samples + 1) % 3),
    }
    hidden = tuple(p.name for p in network.populations if p.name.startswith("hidden"))
    engine, probes = ReferenceEngine(), Probes(rasters=hidden)
    with engine.compile(network, "train", initial(network, 1), seed=2, probes=probes) as session:
        trained = session.run(signals, samples)
        parameters = session.parameters
    with engine.compile(network, "goodness", parameters, seed=2, probes=probes) as session:
        inferred = session.run(signals, samples)
    hashes = {}
    for key, arrays in (
        ("training spikes", trained.rasters),
        ("inference spikes", inferred.rasters),
        ("weights", parameters.weights),
        ("biases", parameters.biases),
    ):
        total = hashlib.sha256()
        for array_name in sorted(arrays):
            total.update(np.ascontiguousarray(arrays[array_name]).tobytes())
        hashes[key] = total.hexdigest()
    return hashes


@pytest.mark.parametrize("name", NETWORKS)
def test_spikes_and_weights_are_the_golden_ones(name):
    assert digest(name) == json.loads(FILE.read_text())[name]


if __name__ == "__main__":
    FILE.write_text(json.dumps({name: digest(name) for name in NETWORKS}, indent=2) + "\n")
