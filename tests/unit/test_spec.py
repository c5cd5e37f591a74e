"""The specification: what it accepts and what it refuses, with the sentence it gives."""

import dataclasses

import pytest

from pffspike.circuits import PFF, pff
from pffspike.network import (
    Bias,
    Contrast,
    Delta,
    Goodness,
    HardNegative,
    Network,
    Phase,
    Population,
    Program,
    Projection,
    Training,
    exactness,
    structure,
)


def small(**changes: object) -> Network:
    """A network of two input populations and a hidden one, with some parts replaced."""
    parts: dict[str, object] = {
        "name": "small",
        "populations": (
            Population("image", 4, input=True),
            Population("label", 2, input=True),
            Population("hidden", 6, rule=Goodness(1.0)),
            Population("readout", 2, rule=Delta(signal="label")),
        ),
        "projections": (
            Projection("up", "image", "hidden", learning_rate=0.125),
            Projection("down", "label", "hidden", learning_rate=0.125),
            Projection("read", "hidden", "readout", learning_rate=0.125),
        ),
        "programs": (
            Program(
                "train",
                1,
                4,
                (
                    Phase("free", {"image": "image"}, ("up", "read"), learn=("readout",)),
                    Phase(
                        "positive",
                        {"image": "image", "label": "label"},
                        ("up", "down"),
                        sign=1,
                        learn=("hidden",),
                    ),
                    Phase(
                        "negative",
                        {"image": "image", "label": "negative"},
                        ("up", "down"),
                        sign=-1,
                        learn=("hidden",),
                    ),
                ),
                HardNegative("negative", "readout", "free"),
            ),
        ),
        "training": Training("digits", 1),
    }
    return Network(**{**parts, **changes})


def with_projection(**changes: object) -> Network:
    base = small()
    first = dataclasses.replace(base.projections[0], **changes)
    return small(projections=(first, *base.projections[1:]))


def with_phase(index: int, **changes: object) -> Network:
    program = small().programs[0]
    phases = list(program.phases)
    phases[index] = dataclasses.replace(phases[index], **changes)
    return small(programs=(dataclasses.replace(program, phases=tuple(phases)),))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Population("Image", 4), "name = 'Image' must be lower-case"),
        (lambda: Population("image", 0), "size = 0 must be from 1"),
        (lambda: Population("a", 3, input=True, rule=Contrast()), "can't have a rule"),
        (lambda: Goodness(0.0), "threshold = 0.0 must be above 0"),
        (lambda: Delta(), "give exactly one"),
        (lambda: Delta(population="a", signal="b"), "give exactly one"),
        (lambda: Bias(initial=9.0), "initial = 9.0 must lie within the limit"),
        (lambda: Bias(homeostasis=2.0), "homeostasis = 2.0 must be in"),
        (lambda: Projection("p", "a", "b", low=1.0, high=0.0), "low = 1.0 must not be above"),
        (lambda: Projection("p", "a", "b", high=0.3), "high = 0.3 must be a multiple of 2^-16"),
        (lambda: Projection("p", "a", "b", connectivity="blocks"), "block = 0 goes with"),
        (lambda: Projection("p", "a", "b", tied="c", learning_rate=1.0), "must be 0 where"),
        (lambda: Program("p", 0, 6, ()), "window = 6 must be a power of two"),
        (lambda: Program("p", 0, 8, ()), "has no phases"),
        (lambda: Training("digits", 1, decay=0.0), "decay = 0.0 must be above 0"),
        (lambda: with_projection(pre="imag"), "pre = 'imag' does not exist; did you mean 'image'"),
        (lambda: with_projection(post="label"), "'label' is an input, so nothing can project"),
        (lambda: with_projection(connectivity="one_to_one"), "one_to_one needs equal sizes"),
        (lambda: with_projection(connectivity="blocks", block=2), "block = 2 must divide"),
        (lambda: with_projection(name="read"), "projection 'read' is given twice"),
        (lambda: with_projection(tied="nothing", learning_rate=0.0), "tied = 'nothing' does not"),
        (lambda: with_projection(tied="read", learning_rate=0.0), "must be an untied projection"),
        (lambda: with_phase(0, learn=("image",)), "'image' is an input or not active"),
        (lambda: with_phase(0, projections=("down",)), "starts at 'label', which is not active"),
        (lambda: with_phase(0, inputs={"image": 4}), "image = 4 must be a neuron from 0 to 3"),
        (lambda: with_phase(0, inputs={"hidden": "image"}), "population 'hidden' is no input"),
        (lambda: with_phase(0, inputs={"image": "negative"}), "before the hard negative is known"),
        (lambda: with_phase(1, name="free"), "phase 'free' is given twice"),
        (lambda: with_phase(1, sign=2), "sign = 2 must be -1, 0, 1 or the name of a signal"),
        (lambda: with_phase(1, sign="A"), "sign = 'A' must be -1, 0, 1 or the name of a signal"),
        (lambda: with_phase(1, sign="label"), "sign = 'label' is a signal that popul"),
        (lambda: with_phase(2, sign="negative"), "sign = 'negative' is a signal that popul"),
    ],
)
def test_wrong_parts_are_refused_with_a_sentence(make, sentence):
    with pytest.raises(ValueError, match=r"(?s).*") as error:
        make()
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_the_parts_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        small().populations[0].size = 5


def test_learning_needs_a_rule():
    populations = list(small().populations)
    populations[2] = Population("hidden", 6)
    with pytest.raises(ValueError, match="needs a rule in population 'hidden'"):
        small(populations=tuple(populations))


def test_a_delta_target_must_have_the_same_size():
    populations = (*small().populations, Population("copy", 5, rule=Delta(population="image")))
    with pytest.raises(ValueError, match="'image' has 4 neurons; it must have 5"):
        small(populations=populations)


def test_activity_and_extent_follow_from_the_phases():
    network = small()
    program = network.program("train")
    assert structure.active(network, program.phases[0]) == {"image", "hidden", "readout"}
    extent = structure.extent(network, program)
    assert [p.name for p in extent.projections] == ["up", "down", "read"]
    assert extent.signals == ("image", "label", "negative")


@pytest.mark.parametrize(("connectivity", "block"), [("dense", 0), ("blocks", 3)])
def test_fan_in_and_fan_out_count_the_mask(connectivity, block):
    network = small(
        populations=(*small().populations, Population("other", 6)),
        projections=(
            *small().projections,
            Projection("extra", "hidden", "other", connectivity=connectivity, block=block),
        ),
    )
    extra = network.projection("extra")
    mask = structure.mask(network, extra)
    assert set(mask.sum(axis=1)) == {structure.fan_out(network, extra)}
    assert set(mask.sum(axis=0)) == {structure.fan_in(network, extra)}


def test_a_drive_over_53_bits_names_the_projection():
    network = with_projection(grid=-24, low=-64.0, high=64.0)
    exactness.check(network)
    wide = Population("image", 2**20 - 1, input=True)
    big = network.replace(populations=(wide, *network.populations[1:]))
    with pytest.raises(ValueError, match=r"projection 'up': .* bits; narrow the range"):
        exactness.check(big)


def test_a_change_over_53_bits_names_the_projection_and_the_window():
    program = dataclasses.replace(small().programs[0], window=1024)
    with pytest.raises(ValueError, match=r"projection '\w+': .* lower the window \(1024\)"):
        exactness.check(small(programs=(program,)))


def test_a_large_mini_batch_can_need_too_many_bits():
    exactness.check(small(), batch=64)
    with pytest.raises(ValueError, match="bits"):
        exactness.check(small(), batch=2**30)


def test_the_pff_circuit_has_both_circuits_and_their_programs():
    network = pff(PFF(16, 3, (20, 30, 10), latent=5), "deep", Training("digits", 1))
    assert [p.name for p in network.programs] == [
        "train",
        "one_pass",
        "goodness",
        "reconstruct",
        "synthesize",
        "infer_latent",
        "learn_latent",
    ]
    assert len(network.program("goodness").phases) == 3
    chain = network.program("reconstruct").phases[1].projections
    assert "hidden_3_to_hidden_2_prediction" in chain
    assert "hidden_1_prediction_to_image_prediction" in chain
    assert "hidden_1_to_image_prediction" not in chain
    assert network.program("synthesize").phases[0].inputs == {"label": "label", "latent": "latent"}


def test_the_pff_circuit_works_with_one_hidden_population():
    network = pff(PFF(16, 3, (20,)), "shallow", Training("digits", 1))
    assert "hidden_1_to_image_prediction" in network.program("reconstruct").phases[1].projections
