"""The drawing of a circuit shows every population and projection, wherever they lie."""

import itertools

import pytest

import pffspike

pytest.importorskip("matplotlib")
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from renamed import CROSSED, renamed


def drawn(network):
    axes = pffspike.plots.circuit(network).axes[0]
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    return axes, boxes, arrows


@pytest.mark.parametrize(
    "card", ["digits", "mnist-ff", "fashion-mnist", "digits-chl", "digits-wake-sleep"]
)
def test_a_box_for_each_population_and_an_arrow_for_each_projection(card: str):
    network = pffspike.load_network(card)
    axes, boxes, arrows = drawn(network)
    loops = {p.pre for p in network.projections if p.pre == p.post}
    between = [p for p in network.projections if p.pre != p.post]
    assert len(boxes) == len(network.populations)
    assert len(arrows) == len(between) + len(loops)
    said = [" ".join(text.get_text().split()) for text in axes.texts]
    assert said == [f"{p.name.replace('_', ' ')} {p.size:,}" for p in network.populations]
    dashed = [arrow for arrow in arrows if arrow.get_linestyle() in ("--", "dashed")]
    assert len(dashed) == sum(p.post.endswith("_prediction") for p in between)
    shapes = [box.get_bbox() for box in boxes]
    assert not any(one.overlaps(two) for one, two in itertools.combinations(shapes, 2))


def test_no_two_populations_share_a_place_whatever_they_are_called():
    small = pffspike.load_network("digits", {"pff": {"hidden": [20, 30]}})
    network = renamed(small, CROSSED)
    _, boxes, _ = drawn(network)
    places = [(round(box.get_x(), 3), round(box.get_y(), 3)) for box in boxes]
    assert len(set(places)) == len(network.populations)


def test_populations_side_by_side_are_drawn_one_above_the_other():
    Population, Projection, Goodness = pffspike.Population, pffspike.Projection, pffspike.Goodness
    base = pffspike.load_network("digits")
    populations = (
        base.population("image"),
        *(Population(name, 8, rule=Goodness(1.0)) for name in ("left", "right")),
        base.population("readout"),
    )
    projections = tuple(
        Projection(f"{pre}_to_{post}", pre, post)
        for pre, post in (
            ("image", "left"),
            ("image", "right"),
            ("left", "readout"),
            ("right", "readout"),
        )
    )
    network = pffspike.Network("two", populations, projections, (), base.training)
    _, boxes, _ = drawn(network)
    assert len({(box.get_x(), box.get_y()) for box in boxes}) == 4


def test_a_picture_goes_to_a_path_or_its_text(tmp_path):
    figure = pffspike.plots.circuit(pffspike.load_network("digits"))
    pffspike.plots.save(figure, str(tmp_path / "a.svg"), tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
