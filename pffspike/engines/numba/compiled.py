"""How the kernel's functions are compiled.

They call one another, and Python calls none of them but the outermost, so they have no entry from
Python or C. Taking large tuples of arrays apart there took a third of the compilation.
"""

from __future__ import annotations

import numba

_INNER = {"nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}

inner = numba.njit(**_INNER)
contracted = numba.njit(fastmath={"contract"}, **_INNER)  #: may fuse a product with a sum
