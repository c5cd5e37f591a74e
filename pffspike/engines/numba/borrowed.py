"""Arrays without reference counts, for code whose callers hold the arrays.

Numba counts references to every slice of an array, with locked instructions: a sixth of the time
of a training step, before this was added.
"""

from __future__ import annotations

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def borrow(typing_context, value):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Same array, or tuple of arrays, whose references are not counted."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return _borrow(context, builder, signature.args[0], arguments[0])

    return value(value), generate


def _borrow(context, builder, kind, value):  # type: ignore[no-untyped-def]
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value)
        for field in ("meminfo", "parent"):
            setattr(array, field, cgutils.get_null_value(getattr(array, field).type))
        return array._getvalue()
    if isinstance(kind, types.BaseTuple):
        members = [
            _borrow(context, builder, member, builder.extract_value(value, k))
            for k, member in enumerate(kind)
        ]
        return context.make_tuple(builder, kind, members)
    return value
