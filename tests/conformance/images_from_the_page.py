"""Images by the page ``model.md`` alone, for `from_the_page`."""

from __future__ import annotations

import numpy as np

from numbers_from_the_page import HYBRIDS, SHIFTS, derive, uniform


class Images:
    """What a network is given of an image.

    ``content`` is that of ``network.json``, ``mean`` that of each pixel, if images are coded by
    their differences from it.
    """

    def __init__(self, content, mean):
        self.data, self.training, self.mean = content["data"], content["training"], mean
        self.steps = {p["burn_in"] + p["window"] for p in content["programs"]}.pop()

    # --- section 4: training images

    def hybrid(self, grey, other, m, seed):
        """A training image and the one before it, mixed by a smooth mask (14a)."""
        rows, columns = self.data["shape"]
        drawn = uniform(derive(seed, HYBRIDS, m), range(rows * columns)) < 1 / 2
        v = drawn.reshape(rows, columns) * 1.0
        for _ in range(min(max(1, min(rows, columns) // 4), 12)):
            for axis in (0, 1):
                wide = np.pad(v, [(1, 1) if k == axis else (0, 0) for k in (0, 1)], "edge")
                below, beyond = np.delete(wide, [-2, -1], axis), np.delete(wide, [0, 1], axis)
                v = below / 4 + v / 2 + beyond / 4
        return np.where(v.ravel() > 1 / 2, grey, other)

    def shifted(self, grey, m, seed):
        """A training image mirrored and moved at random."""
        d = self.training["shift"]
        *draws, mirror = uniform(derive(seed, SHIFTS, m), [0, 1, 2])
        if self.training["flip"] and int(2 * mirror):
            grey = self.mirrored(grey)
        return self.moved(grey, *(int(u * (2 * d + 1)) - d for u in draws))

    def mirrored(self, grey):
        """An image, left and right exchanged."""
        return np.fliplr(np.reshape(grey, self.data["shape"])).ravel()

    def moved(self, grey, down, right):
        """An image moved by some pixels."""
        rows, columns = self.data["shape"]
        old, new = np.reshape(grey, (rows, columns)), np.zeros((rows, columns), int)
        for y in range(max(0, down), min(rows, rows + down)):
            for x in range(max(0, right), min(columns, columns + right)):
                new[y, x] = old[y - down, x - right]
        return new.ravel()

    # --- section 5: spike probabilities

    def encode(self, grey):
        """Spike probabilities of the image population."""
        levels = self.data["levels"]
        x = (2**25 * np.asarray(grey, np.int64) + levels) // (2 * levels) * 2.0**-24  # (16)
        if self.training["coding"] == "saccades":
            return self.seen(grey)
        if self.mean is not None:
            difference = 2 * (x - self.mean)  # (17)
            x = np.clip(np.concatenate([difference, -difference]), 0, 1)
        s, kind = self.steps, self.training["encoding"]
        if kind == "latency":  # (20)
            return (np.floor((1 - x) * s) == np.arange(s)[:, None]) & (x > 0)
        if kind == "even":  # (21)
            done = np.floor(np.outer(range(s + 1), x) + 1 / 2)
            return np.diff(done, axis=0)
        return x

    def seen(self, grey):
        """ON and OFF events of an image that moves in three saccades (19)."""
        levels, s = self.data["levels"], self.steps
        a = max(1, min(self.data["shape"]) // 8)
        corners = a * np.array([(0, 0), (1, 1), (-1, 1), (0, 0)])
        reference, found = np.asarray(grey) * 0.0, []
        for t in range(-1, s):
            k = min(2, 3 * (t + 1) // s)
            m = 3 * (t + 1) - k * s
            place = corners[k] + (2 * (corners[k + 1] - corners[k]) * m + s) // (2 * s)
            v = self.moved(grey, *place).astype(np.int64)
            x = (2**25 * v + levels) // (2 * levels) * 2.0**-24
            if t < 0:
                reference = x
                continue
            on, off = x - reference >= 1 / 8, reference - x >= 1 / 8
            reference = np.where(on | off, x, reference)
            found.append(np.concatenate([on, off]))
        return np.array(found) * 1.0
