"""The one exception that a user's mistake, file or machine can cause."""

from __future__ import annotations


class UserError(Exception):
    """Something a user can mend: its text is one sentence that names the value and the remedy.

    The command line prints the text without a traceback and exits with code 2.
    """


class MissingPackageError(UserError, ImportError):
    """An optional package is absent; the text says what to install."""
