"""A network, questions and spikes of the tests of the live page."""

import base64

import numpy as np

SMALL = {"pff": {"hidden": [20, 20], "window": 8, "inference_window": 8, "latent_window": 8}}


def asked(client, path="answer", **question):
    response = client.post(f"/api/{path}", json=question)
    assert response.status_code == 200, response.text
    return response.json()


def raster(presentation, network, name):
    size = network.population(name).size
    bits = np.unpackbits(np.frombuffer(base64.b64decode(presentation["spikes"][name]), np.uint8))
    return bits[: presentation["steps"] * size].reshape(-1, size)
