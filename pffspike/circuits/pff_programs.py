"""Programs of predictive forward-forward learning: train, classify, reconstruct, imagine."""

from __future__ import annotations

import itertools

from pffspike.circuits import layers
from pffspike.circuits.pff_parameters import PFF
from pffspike.network.spec import HardNegative, Phase, Program, Projection

_TOP = ("label", "latent")  #: populations that predict the top hidden population


def programs(
    circuit: PFF,
    representation: tuple[Projection, ...],
    generative: tuple[Projection, ...],
) -> tuple[Program, ...]:
    """Make the programs of the circuit, see `pffspike.circuits.pff.pff`."""
    hidden, free = layers.labelled(representation), layers.unlabelled(representation)
    without_label = layers.labelled(p for p in representation if p.pre != "label")
    learned = tuple(p.name for p in generative if p.tied is None and p.pre not in _TOP)
    top = tuple(p.name for p in generative if p.pre in _TOP)
    burn_in, window = circuit.inference
    return (
        _train(circuit, hidden, free, learned),
        *layers.inference_programs(circuit, representation),
        Program("reconstruct", burn_in, window, _reconstruct(circuit, without_label)),
        Program("synthesize", burn_in, window, (_synthesize(circuit),)),
        *_latent(circuit, burn_in, window, hidden + top),
    )


def _train(
    circuit: PFF,
    hidden: tuple[str, ...],
    free: tuple[str, ...],
    learned: tuple[str, ...],
) -> Program:
    names = circuit.names
    top = f"{names[-1]}_prediction"
    below = tuple(f"{name}_prediction" for name in ["image", *names[:-1]])
    streams = (0, 0, 0) if circuit.common_noise else (0, 1, 2)
    also = (learned, below) if circuit.generative_free else ((), ())
    steady = tuple(name for name, acts in circuit.each(circuit.homeostasis_free).items() if acts)
    return Program(
        "train",
        circuit.burn_in,
        circuit.window,
        (
            Phase(
                "free",
                {"image": "image"},
                free + also[0],
                learn=("readout", *also[1], *steady),
                stream=streams[0],
            ),
            Phase(
                "positive",
                {"image": "image", "label": "label"},
                (*hidden, *learned, f"label_to_{top}"),
                sign=1,
                learn=(*names, *below, top),
                stream=streams[1],
            ),
            Phase(
                "negative",
                {"image": "image", "label": "negative"},
                hidden,
                sign=-1,
                learn=tuple(names),
                stream=streams[2],
            ),
        ),
        HardNegative("negative", "readout", "free", noise=circuit.hard_negative_noise),
    )


def _latent(
    circuit: PFF, burn_in: int, window: int, projections: tuple[str, ...]
) -> tuple[Program, ...]:
    """Programs that compare the top population with what label and latent predict of it."""
    if not circuit.latent:
        return ()
    inputs = {"image": "image", "label": "label", "latent": "latent"}
    top = f"{circuit.names[-1]}_prediction"
    return tuple(
        Program(name, burn_in, window, (Phase("imagine", inputs, projections, learn=learn),))
        for name, learn in (("infer_latent", ()), ("learn_latent", (top,)))
    )


def _reconstruct(circuit: PFF, without_label: tuple[str, ...]) -> tuple[Phase, ...]:
    names = circuit.names
    below = (f"{names[0]}_to_image_prediction",)
    levels = ["image", *names]
    top = (f"{names[-1]}_to_{levels[-2]}_prediction",)
    return (
        Phase("below", {"image": "image"}, without_label + below),
        Phase(
            "chain",
            {"image": "image"},
            without_label + top + _chain(circuit, len(names) - 1),
        ),
    )


def _synthesize(circuit: PFF) -> Phase:
    names = circuit.names
    top = f"{names[-1]}_prediction"
    inputs: dict[str, str | int] = {"label": "label"}
    sources: tuple[str, ...] = (f"label_to_{top}",)
    if circuit.latent:
        inputs, sources = {**inputs, "latent": "latent"}, (*sources, f"latent_to_{top}")
    return Phase("synthesize", inputs, sources + _chain(circuit, len(names)))


def _chain(circuit: PFF, layers: int) -> tuple[str, ...]:
    """Projections that predict from the predictions of the lowest ``layers`` hidden populations."""
    levels = ["image", *circuit.names][: layers + 1]
    return tuple(
        f"{name}_prediction_to_{below}_prediction" for below, name in itertools.pairwise(levels)
    )
