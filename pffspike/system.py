"""What differs between operating systems: nothing may fail on one at the first call.

Cores are counted in `pffspike.limits`.
"""

from __future__ import annotations

import platform
import signal


def native() -> str:
    """Flag that makes a C++ compiler use all that this machine's processor can.

    Returns
    -------
    str

    Examples
    --------
    >>> native()[0]
    '-'
    """
    apple = platform.system() == "Darwin" and platform.machine() == "arm64"
    return "-mcpu=native" if apple else "-march=native"  # Apple's compiler refuses the latter


def has_timers() -> bool:
    """Whether a process can be told after it has computed for some time (not on Windows).

    Returns
    -------
    bool

    Examples
    --------
    >>> isinstance(has_timers(), bool)
    True
    """
    return hasattr(signal, "setitimer") and hasattr(signal, "SIGVTALRM")
