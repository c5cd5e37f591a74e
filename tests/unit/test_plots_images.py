"""Images side by side: each at its place, however many, with its titles and notes."""

import numpy as np
import pytest

import pffspike

pytest.importorskip("matplotlib")

IMAGES = np.arange(5 * 12).reshape(5, 12) / 60


def picture(drawing):
    axes = drawing.axes[0]
    (shown,) = axes.images
    return axes, np.ma.filled(shown.get_array().astype(float), np.nan)


def test_a_sheet_has_its_images_in_rows():
    axes, whole = picture(
        pffspike.plots.image_sheet(IMAGES, (3, 4), 2, ["a", "b", "c"], ["x", "y"])
    )
    assert whole.shape == (3 * 3 + 2, 2 * 4 + 1)  # a pixel apart
    np.testing.assert_array_equal(whole[4:7, 5:], IMAGES[3].reshape(3, 4))
    np.testing.assert_array_equal(whole[8:, :4], IMAGES[4].reshape(3, 4))
    assert np.isnan(whole[8:, 4:]).all()  # there is no sixth
    assert np.isnan(whole[3]).all()
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b", "c"]
    assert axes.get_yticks().tolist() == [1, 5, 9]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["x", "y"]
    assert axes.get_xticks().tolist() == [1.5, 6.5]


def test_rows_have_names_titles_and_notes():
    rows = {"test_images": IMAGES[:2], "chain": IMAGES[2:4]}
    drawing = pffspike.plots.image_rows(rows, (3, 4), ["7"], {"chain": "error 2"})
    axes, whole = picture(drawing)
    np.testing.assert_array_equal(whole[4:, :4], IMAGES[2].reshape(3, 4))
    assert [text.get_text() for text in axes.get_yticklabels()] == ["test images", "chain"]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["7"]
    assert [(text.get_text(), text.xy[1]) for text in axes.texts] == [("error 2", 5)]
    with pytest.raises(ValueError, match="same shape"):
        pffspike.plots.image_rows({**rows, "chain": IMAGES[:1]}, (3, 4))


def test_fields_are_those_that_vary_most():
    weights = np.array([[0.0, 1.0, 0.1], [0.0, -1.0, 0.2], [0.0, 1.0, 0.1], [0.0, -1.0, 0.2]])
    _, whole = picture(pffspike.plots.receptive_fields(weights, (2, 2), count=2))
    np.testing.assert_array_equal(whole[:, :2], weights[:, 1].reshape(2, 2))
    assert whole.shape == (2, 5)
