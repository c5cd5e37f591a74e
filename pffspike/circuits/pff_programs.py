"""Programs of predictive forward-forward learning: train, classify, reconstruct, imagine."""

from __future__ import annotations

import dataclasses
import itertools

from pffspike.circuits import layers
from pffspike.circuits.pff_parameters import PFF
from pffspike.network.spec import HardNegative, Phase, Program, Projection


def latent_projections(circuit: PFF) -> tuple[str, ...]:
    """Names of the projections from the latent population to predictions, the top one first."""
    reached = circuit.names if circuit.latent_to == "all" else circuit.names[-1:]
    names = tuple(f"latent_to_{name}_prediction" for name in reversed(reached))
    return names if circuit.latent else ()


def programs(
    circuit: PFF,
    representation: tuple[Projection, ...],
    generative: tuple[Projection, ...],
) -> tuple[Program, ...]:
    """Make the programs of the circuit, see `pffspike.circuits.pff.pff`."""
    hidden, free = layers.labelled(representation), layers.unlabelled(representation)
    without_label = layers.labelled(p for p in representation if p.pre != "label")
    learned = tuple(p.name for p in generative if p.pre in circuit.names)
    burn_in, window = circuit.inference
    return (
        _train(circuit, hidden, free, learned),
        *layers.inference_programs(circuit, representation),
        Program("reconstruct", burn_in, window, _reconstruct(circuit, without_label)),
        Program("synthesize", burn_in, window, (_synthesize(circuit),)),
        *_latent(circuit, hidden, without_label),
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
    circuit: PFF, hidden: tuple[str, ...], without_label: tuple[str, ...]
) -> tuple[Program, ...]:
    """Programs that compare hidden populations with what label and latent predict of them.

    Weights of the image's prediction of its own learn from both that the prediction below it can
    follow from: the latent population, and the spikes of the population above.
    """
    if not circuit.latent:
        return ()
    names, (burn_in, window) = circuit.names, circuit.inference
    learning_window = window if circuit.latent_window is None else circuit.latent_window
    inputs = {"image": "image", "label": "label", "latent": "latent"}
    reached = names if circuit.latent_to == "all" else names[-1:]
    lowest = 0 if circuit.own_predictions else 1 + names.index(reached[0])
    learn = ["image", *names][lowest:] if circuit.own_predictions else reached
    sources = (*_sources(circuit), *_chain(circuit, len(names), lowest))
    representation = without_label if circuit.latent_free else hidden
    phase = Phase("imagine", inputs, representation + sources)
    learning = [dataclasses.replace(phase, learn=tuple(f"{name}_prediction" for name in learn))]
    if circuit.own_predictions and len(names) > 1:
        chain = _reconstruct(circuit, without_label)[1]
        learning.append(dataclasses.replace(chain, learn=("image_prediction",)))
    return (
        Program("infer_latent", burn_in, window, (phase,)),
        Program("learn_latent", burn_in, learning_window, tuple(learning)),
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
    inputs: dict[str, str | int] = {"label": "label"}
    if circuit.latent:
        inputs = {**inputs, "latent": "latent"}
    return Phase("synthesize", inputs, _sources(circuit) + _chain(circuit, len(circuit.names)))


def _sources(circuit: PFF) -> tuple[str, ...]:
    """Projections with which label and latent population predict."""
    return (f"label_to_{circuit.names[-1]}_prediction", *latent_projections(circuit))


def _chain(circuit: PFF, layers: int, lowest: int = 0) -> tuple[str, ...]:
    """Projections that predict from predictions of hidden populations, down to some level.

    Of the lowest ``layers`` hidden populations; level 0 is the image.
    """
    levels = ["image", *circuit.names][lowest : layers + 1]
    return tuple(
        f"{name}_prediction_to_{below}_prediction" for below, name in itertools.pairwise(levels)
    )
