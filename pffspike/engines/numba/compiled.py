"""How the kernel's functions are compiled.

They call one another, and Python calls none of them but the outermost, so they have no entry from
Python or C. Taking large tuples of arrays apart there took a third of the compilation.

A call hands over every field of every array, some 400 words for a plan and its working arrays: a
third of the time of a training step at 64-128-128, before functions that take them became part of
the functions that call them.
"""

from __future__ import annotations

import numba

_INNER = {"nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}

inner = numba.njit(**_INNER)
contracted = numba.njit(fastmath={"contract"}, **_INNER)  #: may fuse a product with a sum
inlined = numba.njit(inline="always")  #: part of its only caller; for those that take plans
