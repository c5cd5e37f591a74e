"""Arrays without reference counts, for code whose callers hold the arrays, and tuples by reference.

Numba counts references to every slice of an array, with locked instructions: a sixth of the time
of a training step, before this was added. And it handles a tuple as a value, so that each mention
of a field copies all of the tuple, some hundred words for one of arrays, which LLVM then takes
apart again: a fifth of the time of compilation.
"""

from __future__ import annotations

from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    infer_getattr,
    intrinsic,
    lower_getattr_generic,
    models,
    register_model,
)


class Borrowed(types.Type):
    """A named tuple in memory, known by its address.

    Parameters
    ----------
    record : numba.types.NamedTuple
        What lies there.
    """

    def __init__(self, record: types.NamedTuple) -> None:
        self.record = record
        super().__init__(name=f"Borrowed({record})")


@register_model(Borrowed)
class _Address(models.PrimitiveModel):
    def __init__(self, manager, kind):  # type: ignore[no-untyped-def]
        super().__init__(manager, kind, manager.lookup(kind.record).get_value_type().as_pointer())


@infer_getattr
class _Fields(AttributeTemplate):
    key = Borrowed

    def generic_resolve(self, kind, name):  # type: ignore[no-untyped-def]
        fields = kind.record.fields
        return kind.record[fields.index(name)] if name in fields else None


@lower_getattr_generic(Borrowed)
def _field(context, builder, kind, address, name):  # type: ignore[no-untyped-def]
    place = kind.record.fields.index(name)
    value = builder.load(cgutils.gep_inbounds(builder, address, 0, place))
    return _uncounted(context, builder, kind.record[place], value)


@intrinsic
def borrow(typing_context, value):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Same array, or named tuple of arrays by reference, or tuple of these; nothing is counted."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return _borrow(context, builder, signature.args[0], arguments[0])

    return _kind(value)(value), generate


def _kind(kind: types.Type) -> types.Type:
    if isinstance(kind, types.NamedTuple):
        return Borrowed(kind)
    return types.Tuple([_kind(k) for k in kind]) if isinstance(kind, types.BaseTuple) else kind


def _borrow(context, builder, kind, value):  # type: ignore[no-untyped-def]
    if isinstance(kind, types.NamedTuple):
        return cgutils.alloca_once_value(builder, value)
    if isinstance(kind, types.BaseTuple):
        members = [
            _borrow(context, builder, member, builder.extract_value(value, k))
            for k, member in enumerate(kind)
        ]
        return context.make_tuple(builder, _kind(kind), members)
    return _uncounted(context, builder, kind, value)


def _uncounted(context, builder, kind, value):  # type: ignore[no-untyped-def]
    if not isinstance(kind, types.Array):
        return value
    array = context.make_array(kind)(context, builder, value)
    for field in ("meminfo", "parent"):
        setattr(array, field, cgutils.get_null_value(getattr(array, field).type))
    return array._getvalue()
