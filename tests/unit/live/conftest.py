"""A trained network, its data and its page, served to a client without a network."""

import pytest
from starlette.testclient import TestClient

import pffspike
from live_cases import SMALL
from pffspike import Execution, LiveNetwork
from pffspike.live.application import application
from pffspike.live.worker import Worker


@pytest.fixture(scope="package")
def data():
    return pffspike.first_samples(pffspike.load_data("digits"), train=120, test=40)


@pytest.fixture(scope="package")
def trained(data):
    network = pffspike.load_network("digits", SMALL | {"training": {"latent_images": 0}})
    return pffspike.train(network, data, epochs=1, execution=Execution("numpy"))


@pytest.fixture(scope="package")
def live(trained, data):
    return LiveNetwork(
        trained, data, Execution("numpy"), tolerance=0.1, calibration_samples=40, name="net.h5"
    )


@pytest.fixture(scope="package")
def client(live):
    with TestClient(application(live, Worker()), base_url="http://127.0.0.1:8250") as client:
        yield client
