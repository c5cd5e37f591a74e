"""Images moved at random."""

import numpy as np

from pffspike.data.augmentation import flipped, mirrored, shifted


def test_displacements_are_uniform_and_pixels_from_outside_are_zero():
    image = np.zeros((5, 6), np.uint8)
    image[2, 3] = 7
    image[0, 0] = 9
    count = 9000
    images = np.repeat(image.reshape(1, -1), count, axis=0)
    moved = shifted(images, (5, 6), 1, np.arange(count), 3).reshape(count, 5, 6)
    seven, row, column = np.nonzero(moved == 7)
    assert np.array_equal(seven, np.arange(count))  # it never leaves the image
    places = np.bincount((row - 1) * 3 + column - 2, minlength=9)
    # 1000 each, standard deviation 30
    assert np.all(np.abs(places - 1000) < 150)
    corner = (moved == 9).any(axis=(1, 2))
    assert np.array_equal(corner, (row >= 2) & (column >= 3))
    assert moved.sum() == 7 * count + 9 * corner.sum()


def test_a_sample_always_moves_alike_and_zero_moves_nothing():
    images = np.arange(4 * 16).reshape(4, 16)
    whole = shifted(images, (4, 4), 2, np.arange(4) + 5, 1)
    assert np.array_equal(whole[2:], shifted(images[2:], (4, 4), 2, np.arange(2, 4) + 5, 1))
    assert shifted(images, (4, 4), 0, np.arange(4), 1) is images


def test_half_of_the_images_are_mirrored_always_the_same_ones():
    images = np.tile(np.arange(6), (2000, 1))
    numbers = np.arange(2000)
    shown = flipped(images, (2, 3), numbers, 1)
    mirror = (shown == mirrored(images, (2, 3))).all(axis=1)
    assert np.array_equal(shown[~mirror], images[~mirror])
    assert abs(mirror.mean() - 0.5) < 0.045  # four standard deviations
    assert np.array_equal(flipped(images[500:], (2, 3), numbers[500:], 1), shown[500:])
    moved = shifted(images, (2, 3), 1, numbers, 1) != images
    # Mirroring is drawn apart from the displacement.
    assert abs(mirror[moved.any(axis=1)].mean() - 0.5) < 0.05
