"""The compiled engine: the reference engine's semantics in code that Numba compiles.

Numba stores what it has compiled; the first use on a machine takes up to 30 seconds.
"""

from pffspike.errors import MissingPackageError, install_hint

try:
    import numba  # noqa: F401  (to say in one sentence that it is missing)
except ImportError as error:
    raise MissingPackageError(
        f"the compiled engine needs Numba ({error}); {install_hint('numba')}"
    ) from None

from pffspike.engines.numba.session import NumbaEngine

__all__ = ["NumbaEngine"]
