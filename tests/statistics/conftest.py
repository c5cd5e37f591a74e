"""What the tests of baselines share."""

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True)
def one_thread():
    """Small products lose tenfold by threads on a busy machine; studies do the same."""
    with threadpool_limits(1):
        yield
