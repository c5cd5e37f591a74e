"""An eye that looks at images in three saccades, and records what changes.

The method is that of N-MNIST (Orchard, Jayawant, Cohen and Thakor, Frontiers in Neuroscience 9,
2015), which moved an event camera before a screen in three saccades of 100 ms. Ours are: a
simulated sensor as large as the image, without noise, of linear brightness; images that move
smoothly, by sixteenths of a pixel, along a triangle; a pixel's brightness in between by bilinear
interpolation; a look every 3.125 ms, in which a pixel has an event if it has changed by an eighth
of the range from black to white since its last one. All of it is arithmetic of whole numbers, the
same everywhere.
"""

import numpy as np

from pffspike import Recordings

CORNERS = ((0, 0), (1, 1), (-1, 1), (0, 0))  #: down and right, in amplitudes
LOOKS, LOOK = 96, 3125  #: how many, and microseconds of each
PARTS = 16  #: of a pixel
THRESHOLD = 8  #: a change by this part of the range is an event


def path(amplitude):
    """Displacement before the first look and at each, in sixteenths of a pixel."""
    found = []
    for look in range(LOOKS + 1):
        leg, part = divmod(3 * look, LOOKS) if look < LOOKS else (2, LOOKS)
        ends = zip(CORNERS[leg], CORNERS[leg + 1], strict=True)
        found.append([PARTS * amplitude * (a * LOOKS + (b - a) * part) // LOOKS for a, b in ends])
    return found


def moved(image, down, right):
    """An image displaced by sixteenths of a pixel, times 256: whole numbers."""
    rows, columns = image.shape
    (y, below), (x, beside) = divmod(down, PARTS), divmod(right, PARTS)
    edge = max(abs(y), abs(x)) + 1
    padded = np.pad(image.astype(np.int64), edge)

    def shifted(by_y, by_x):
        return padded[edge - by_y : edge - by_y + rows, edge - by_x : edge - by_x + columns]

    return (PARTS - below) * (
        (PARTS - beside) * shifted(y, x) + beside * shifted(y, x + 1)
    ) + below * ((PARTS - beside) * shifted(y + 1, x) + beside * shifted(y + 1, x + 1))


def look(image, levels, amplitude):
    """Times, in microseconds, and neurons of the events of an image: OFF pixels, then ON pixels."""
    least = PARTS**2 * levels // THRESHOLD
    begin, *rest = (moved(image, *place).ravel() for place in path(amplitude))
    reference, times, neurons = begin, [], []
    for number, now in enumerate(rest):
        rise, fall = (np.flatnonzero(sign * (now - reference) >= least) for sign in (1, -1))
        neurons += [fall, rise + image.size]
        times.append(np.full(len(fall) + len(rise), number * LOOK))
        reference = reference.copy()
        reference[rise], reference[fall] = now[rise], now[fall]
    return np.concatenate(times), np.concatenate(neurons)


def recordings(images, shape, levels, amplitude):
    """Recordings of images, made when they are read."""
    return Recordings(
        lambda sample: look(images[sample].reshape(shape), levels, amplitude),
        len(images),
        (2, *shape),
        name="the images seen in saccades",
    )
