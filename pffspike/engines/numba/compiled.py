"""How the kernel's functions are compiled.

They call one another, and Python calls none of them but the outermost, so they have no entry from
Python or C. Taking large tuples of arrays apart there took a third of the compilation.

Plans and working arrays are handed over by reference (`pffspike.engines.numba.borrowed`): as
values they were some 400 words a call, a third of the time of a training step at 64-128-128.
"""

from __future__ import annotations

import numba

_INNER = {"nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}

inner = numba.njit(**_INNER)
contracted = numba.njit(fastmath={"contract"}, **_INNER)  #: may fuse a product with a sum
inlined = numba.njit(inline="always")  #: part of its only caller, and compiled with it alone
