"""Draws of several neurons at a time, in vectors that LLVM fits to the processor.

Numba gives LLVM loops, which it makes vectors of; but it then stores a byte for each neuron and
reads all of them again to list those that spike. Here the answers of `LANES` neurons are bits of a
number, as the comparison gives them.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from pffspike.arithmetic import counter

LANES = 16  #: neurons that are drawn at once
WIDE, NARROW = 64, 16  #: columns whose sums stay in registers
_MANTISSA = 52  #: bits of a double-precision number after the leading one
_MAGIC = 0x4330000000000000  #: 2^52 in double precision: its last bits count in units of 1


@intrinsic
def trailing_zeros(typing_context, word):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Number of zeros below the lowest bit that is set."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return builder.cttz(arguments[0], cgutils.true_bit)

    return types.int64(types.uint64), generate


@intrinsic
def count_ones(typing_context, word):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Number of bits that are set."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


@intrinsic
def spike_bits(typing_context, probabilities, offsets, first, key):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Which of `LANES` neurons from ``first`` on spike, a bit each, the lowest for the first.

    Neuron ``j`` spikes where the uniform number of `pffspike.arithmetic.counter` is below
    ``probabilities[j]``; ``key + offsets[j]`` is what its output mixes.
    """

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        kinds, (_, _, first, key) = signature.args, arguments
        assert all(kind.layout == "C" for kind in kinds[:2])
        word, real = ir.IntType(64), ir.DoubleType()

        def load(place: int, element: ir.Type):  # type: ignore[no-untyped-def]
            array = context.make_array(kinds[place])(context, builder, arguments[place])
            begin = builder.gep(array.data, [first])
            kind = ir.VectorType(element, LANES).as_pointer()
            return builder.load(builder.bitcast(begin, kind), align=8)

        def constant(value: float, element: ir.Type = word) -> ir.Constant:
            return ir.Constant(ir.VectorType(element, LANES), [value] * LANES)

        empty = ir.Constant(ir.VectorType(word, LANES), ir.Undefined)
        keys = builder.insert_element(empty, key, ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        x = builder.add(builder.shuffle_vector(keys, empty, zeros), load(1, word))
        for shift, factor in zip(counter.SHIFTS, counter.FACTORS, strict=False):
            x = builder.mul(builder.xor(x, builder.lshr(x, constant(shift))), constant(factor))
        # The last shift of the mixing does not reach the bits that count.
        x = builder.lshr(x, constant(64 - counter.UNIFORM_BITS))
        x = builder.bitcast(builder.or_(x, constant(_MAGIC)), ir.VectorType(real, LANES))
        uniform = builder.fsub(x, constant(2.0**_MANTISSA, real))
        scaled = builder.fmul(load(0, real), constant(2.0**counter.UNIFORM_BITS, real))
        spikes = builder.fcmp_ordered(">", scaled, uniform)
        return builder.zext(builder.bitcast(spikes, ir.IntType(LANES)), word)

    wanted = types.uint64(probabilities, offsets, types.int64, types.uint64)
    return wanted, generate


@intrinsic(prefer_literal=True)
def sum_columns(  # type: ignore[no-untyped-def]
    typing_context,  # noqa: ARG001
    sums,
    weights,
    offset,  # noqa: ARG001
    width,  # noqa: ARG001
    column,  # noqa: ARG001
    senders,
    n_spikes,  # noqa: ARG001
    columns,
):
    """Sum ``columns`` columns, from ``column`` on, of the rows of weights of senders.

    A row has ``width`` columns, and that of sender 0 begins at ``offset``.
    """

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        kinds = signature.args
        assert all(kinds[k].layout == "C" for k in (0, 1, 5))
        to, table, listed = (
            context.make_array(kinds[k])(context, builder, arguments[k]).data for k in (0, 1, 5)
        )
        offset, width, column, n_spikes = (arguments[k] for k in (2, 3, 4, 6))
        element = context.get_value_type(kinds[1].dtype)
        vector = ir.VectorType(element, kinds[7].literal_value)
        begin = builder.add(offset, column)
        total = cgutils.alloca_once_value(builder, ir.Constant(vector, None))
        with cgutils.for_range(builder, n_spikes) as loop:
            sender = builder.load(builder.gep(listed, [loop.index]))
            row = builder.mul(builder.sext(sender, width.type), width)
            first = builder.gep(table, [builder.add(begin, row)])
            part = builder.load(builder.bitcast(first, vector.as_pointer()), align=16)
            builder.store(builder.add(builder.load(total), part), total)
        place = builder.bitcast(builder.gep(to, [column]), vector.as_pointer())
        builder.store(builder.load(total), place, align=16)
        return context.get_dummy_value()

    whole = types.int64
    return types.void(sums, weights, whole, whole, whole, senders, whole, columns), generate
