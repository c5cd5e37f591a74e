"""The promise of engines as a suite that anybody's engine can be held to.

Every engine gives the same spikes and the same learned weights, bit for bit. Here is what says so:
random networks (`cases`), the specification in exact fractions (`Oracle`), and the checks that
every engine of this project passes (`CHECKS`). In a test of another engine:

.. code-block:: python

    import pytest
    from pffspike.testing import CHECKS

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_my_engine(check):
        check(MyEngine())

Random networks are drawn by Hypothesis: ``pip install '.[testing]'`` in the folder of its source.
"""

from pffspike.errors import MissingPackageError, install_hint

try:
    import hypothesis  # noqa: F401  (to say in one sentence that it is missing)
except ImportError as error:
    raise MissingPackageError(
        f"the conformance suite needs Hypothesis ({error}); {install_hint('testing')}"
    ) from None

from pffspike.testing.checks import CHECKS, assert_conforms
from pffspike.testing.comparing import assert_same, compare
from pffspike.testing.oracle import Oracle
from pffspike.testing.strategies import Case, cases, networks

__all__ = [
    "CHECKS",
    "Case",
    "Oracle",
    "assert_conforms",
    "assert_same",
    "cases",
    "compare",
    "networks",
]
