"""The package ``nir``, or one sentence that says how to install it."""

from __future__ import annotations

from pffspike.errors import MissingPackageError, install_hint

try:
    import nir
except ImportError:
    raise MissingPackageError(
        f"NIR is not installed, so no NIR file can be read or written; {install_hint('nir')}"
    ) from None

__all__ = ["nir"]
