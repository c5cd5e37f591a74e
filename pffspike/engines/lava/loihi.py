r"""Learning with Loihi's own means, an inexact option: Lava's LearningDense, traces, rounding.

Every plastic, dense, normalized projection becomes a ``LearningDense`` with the rule

.. math:: dw = c\,u_0 x_1 y_1 - c\,u_0 x_1 y_2

once a presentation (``t_epoch`` is its length), ``c`` a mantissa of three bits times a power of
two. What the exact rule has, and what takes its place:

=====================  =======================================================================
exact                  here
=====================  =======================================================================
post factor ``f_j``    the same, worked out by the neurons (the goodness needs all of a window),
                       sent as ``y_1 = max(f, 0)`` and ``y_2 = max(-f, 0)`` in 7 bits: Loihi has
                       no signed traces
pre trace ``a_i``      ``x_1``, 7 bits, saturating: graded spikes add half their payload in
                       every step, burn-in too; nothing resets it, it decays to `CARRY` at the
                       end of a presentation, before the rule reads it
weights                8 bits and a sign, multiples of 2^`WEIGHT_GRID`
gain of a spike        multiple of 2^-`MESSAGE_BITS`, so that a window fits the trace
rounding of a change   one random number a matrix and presentation, cut to the accumulator's
                       15 bits before; Lava seeds it with 2, whatever the network's seed
rate                   rounded to what ``c`` can hold
=====================  =======================================================================

Projections in blocks and one to one learn by the exact rule (a LearningDense has no mask), and so
do biases.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from pffspike.arithmetic import counter, grids
from pffspike.engines.lava.processes.learning import FACTOR_BITS
from pffspike.engines.lava.processes.plan import Plan, Setting, Synapses
from pffspike.errors import ValidationError
from pffspike.network import constants, exactness, rules, signs, structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Program, Projection
from pffspike.typing import Array

CARRY = 0.25  #: of a pre trace that the next presentation finds, and that the rule reads
MESSAGE_BITS = 6  #: of a gain
_LARGEST_FACTOR = 2.0  #: just fits into 7 bits, up to the last unit
WEIGHT_GRID = -7  #: weights lie within 2
_WEIGHT_LIMIT = 254  #: even, because Lava floors odd weights of mixed sign at the start
_LOST_BITS = 3  #: a product of two traces and a mantissa is this much too wide for its register
_MANTISSA, _EXPONENTS = 7, (-7, 8)
_LONGEST = 63  #: steps of a learning epoch: 6 bits


def is_stock(synapses: Synapses) -> bool:
    """Whether a LearningDense takes the place of a projection."""
    plasticity = synapses.plasticity
    return plasticity is not None and synapses.connectivity == "dense" and synapses.graded


def check(network: Network, program: Program) -> None:
    """Raise `ValidationError` if a program can't learn in this way."""
    if not program.learns:
        return
    if program.steps > _LONGEST:
        raise ValidationError(
            f"program {program.name!r} has presentations of {program.steps} steps; Loihi's "
            f"learning epochs have at most {_LONGEST}"
        )
    for phase in program.phases:
        for population in map(network.population, phase.learn):
            largest = max(
                exactness.post_factor(population, sign, program.window).largest
                for sign in signs.possible(phase)
            )
            if largest > _LARGEST_FACTOR:
                raise ValidationError(
                    f"population {population.name!r}: rule {rules.name(population.rule)!r} has "
                    f"post factors of up to {largest:g}; Loihi's traces of 7 bits hold "
                    f"{_LARGEST_FACTOR:g}; choose another engine, such as 'lava', or halve its "
                    f"coefficients and double the learning rates"
                )
        active = structure.active(network, phase)
        for p in structure.extent(network, program).projections:
            gated = p.name not in phase.projections and {p.pre, p.post} <= active
            if gated and p.learning_rate and p.connectivity == "dense":
                raise ValidationError(
                    f"projection {p.name!r} is not enabled in phase {phase.name!r}, where its "
                    f"populations are active; LearningDense can't be switched off"
                )


def check_fixed(names: Iterable[str], parameters: Parameters) -> None:
    """Raise `ValidationError` if weights are fixed that a LearningDense changes.

    Parameters
    ----------
    names : iterable of str
        Projections that one takes the place of.
    parameters : Parameters
        At the start.
    """
    for name in names:
        if name in parameters.fixed_weights:
            raise ValidationError(
                f"weights of {name!r} are fixed, and Lava's LearningDense changes all of them; "
                f"choose another engine, such as 'lava'"
            )


def constant(learning_rate: float, steps: int, scale: float) -> tuple[int, int]:
    """Mantissa and exponent of the rule's ``c``, with all that fixed point loses made good.

    Parameters
    ----------
    learning_rate : float
        Of the weights.
    steps : int
        Of a presentation.
    scale : float
        Factor of the learning rate.

    Returns
    -------
    mantissa, exponent : int
        The nearest value that Loihi can hold.
    """
    # x_1 = CARRY * steps * a * 2^(MESSAGE_BITS - 1) and y = f * 2^FACTOR_BITS.
    traces = CARRY * steps * 2.0 ** (MESSAGE_BITS - 1 + FACTOR_BITS)
    rate = constants.rate(learning_rate, scale)
    c = rate * 2.0 ** (_LOST_BITS - WEIGHT_GRID) / traces
    if c <= 0:
        return 0, 0
    exponent = math.ceil(math.log2(c / _MANTISSA))
    exponent = min(max(exponent, _EXPONENTS[0]), _EXPONENTS[1])
    return min(round(c * 2.0**-exponent), _MANTISSA), exponent


def make_process(
    plan: Plan, setting: Setting, synapses: Synapses, weights: Array, scale: float
) -> Any:
    """LearningDense of a projection.

    Parameters
    ----------
    plan : Plan
        What is run.
    setting : Setting
        How it is run.
    synapses : Synapses
        Part of the plan that the process is made for.
    weights : (n_pre, n_post) ndarray of int64
        Raw, on the projection's own grid.
    scale : float
        Factor of the learning rate.

    Returns
    -------
    LearningDense
        Or Dense, where the rate is too small for ``c``.
    """
    from lava.magma.core.learning.constants import GradedSpikeCfg
    from lava.magma.core.learning.learning_rule import Loihi3FLearningRule
    from lava.proc.dense.process import Dense, LearningDense
    from lava.utils.weightutils import SignMode

    steps, learned = plan.clock.steps, synapses.plasticity
    mantissa, exponent = constant(learned.learning_rate if learned else 0.0, steps, scale)
    real = weights.T * 2.0 ** (synapses.grid - WEIGHT_GRID)
    even = 2 * np.floor(real / 2 + 0.5)
    options = {
        "name": synapses.name,
        "weights": np.clip(even, -_WEIGHT_LIMIT, _WEIGHT_LIMIT).astype(np.int32),
        "weight_exp": WEIGHT_GRID - MESSAGE_BITS - grids.DRIVE_GRID,
        "sign_mode": SignMode.MIXED,
        "num_message_bits": MESSAGE_BITS + 1,
    }
    if mantissa == 0:
        return Dense(**options)  # a rule of Lava's can't be empty
    product = f"{mantissa}*2^{exponent}*u0*x1"
    rule = Loihi3FLearningRule(
        dw=f"{product}*y1 - {product}*y2",
        x1_impulse=0,
        x1_tau=-steps / math.log(CARRY),
        t_epoch=steps,
        rng_seed=counter.derive_key(setting.seed, counter.ROUNDING) % 2**31,
    )
    return LearningDense(
        learning_rule=rule, graded_spike_cfg=GradedSpikeCfg.ADD_WITH_SATURATION, **options
    )


def raw_weights(projection: Projection, model: Any) -> Array:
    """Weights of a running LearningDense on the projection's own grid, within its range."""
    raw = model.weights.T.astype(np.int64) << (WEIGHT_GRID - projection.grid)
    low, high = (int(limit * 2.0**-projection.grid) for limit in (projection.low, projection.high))
    return np.clip(raw, low, high)
