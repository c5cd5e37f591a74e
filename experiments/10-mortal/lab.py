"""Chips of several kinds, and what becomes of networks that are copied to them or taught there."""

import dataclasses

import backpropagation
import spiking

from pffspike import Mismatch, draw_specimen

LEVELS = {
    "gains 0.2": Mismatch(gain=0.2, slope=0.2),
    "gains 0.4": Mismatch(gain=0.4, slope=0.4),
    "thresholds 0.1": Mismatch(threshold=0.1),
    "dead neurons 20 %": Mismatch(dead=0.2),
    "stuck neurons 2 %": Mismatch(stuck=0.02),
    "broken synapses 30 %": Mismatch(broken=0.3),
    "all": Mismatch(gain=0.2, slope=0.2, threshold=0.05, dead=0.05, stuck=0.01, broken=0.1),
}
STAGES = (0, 30, 100, 300, 1000, 3000, 10000)  #: labelled presentations
PARTS, PART = 10, 500  #: of the drift: parts, and presentations of each
INJURY, DRIFT = Mismatch(dead=0.1), Mismatch(gain=0.1)
INJURED, DRIFTING = 1000, 2000  #: first seeds of injuries and drifts
PFF, BP = "spiking PFF", "backpropagation"
IDEAL, COPY, OTHER, OWN = "ideal chip", "copied", "copied from another chip", "trained there"
DISTILLED, COARSE, ADAPTED = "taught by another chip", "copied, 8 bits", "copied, then adapted"
SETTLED = "copied, then homeostasis"


class Lab:
    """Ideal networks of all seeds, and the chips of a level.

    Parameters
    ----------
    data : Dataset
        The digits.
    chips : int
        How many there are of each kind; network and chip of the same number are tried together.
    epochs : int
        Of every training.
    stages : tuple of int
        Presentations after which an adaptation is judged.
    """

    def __init__(self, data, chips, epochs, stages):
        self.data, self.numbers, self.epochs, self.stages = data, range(chips), epochs, stages
        self.network = spiking.card()
        self.pff = [spiking.trained(self.network, data, i, epochs) for i in self.numbers]
        self.bp = [backpropagation.Network(data, i, epochs).train() for i in self.numbers]

    def chips(self, mismatch):
        """The chips of a kind."""
        return [
            draw_specimen(self.network, mismatch, i, populations=spiking.HIDDEN)
            for i in self.numbers
        ]

    def ideal(self):
        """Accuracies of both without any chip."""
        return {
            f"{PFF}: {IDEAL}": [spiking.accuracy(state, self.data) for state in self.pff],
            f"{BP}: {IDEAL}": [network.accuracy() for network in self.bp],
        }

    def level(self, mismatch):
        """Accuracies of every condition, and curves of adaptation, chip by chip."""
        chips, data = self.chips(mismatch), self.data
        own = [
            spiking.trained(self.network, data, i, self.epochs, chip)
            for i, chip in enumerate(chips)
        ]
        found: dict[str, list] = {}

        def add(system, condition, value):
            found.setdefault(f"{system}: {condition}", []).append(value)

        for i, chip in enumerate(chips):
            j = (i + 1) % len(chips)
            copy = spiking.programmed(self.pff[i], chip)
            moved = spiking.programmed(own[j], chip, chips[j].nominal(own[j].parameters))
            taught = spiking.trained(
                self.network, spiking.labelled(own[j], data), i, self.epochs, chip
            )
            add(PFF, COPY, spiking.accuracy(copy, data))
            add(PFF, OTHER, spiking.accuracy(moved, data))
            add(PFF, OWN, spiking.accuracy(own[i], data))
            add(PFF, DISTILLED, spiking.accuracy(taught, data))
            add(PFF, ADAPTED, self.recovery(copy))
            add(PFF, SETTLED, self.recovery(copy, labels=False))
            network = self.bp[i]
            loop = backpropagation.Network(data, i, self.epochs).train(chip)
            add(BP, COPY, network.accuracy(chip))
            add(BP, COARSE, network.rounded(8).accuracy(chip))
            add(BP, OWN, loop.accuracy(chip))
            add(BP, ADAPTED, self.recovery_in_the_loop(network.copy(), chip))
        return found

    def life(self, mismatch):
        """Trained on a chip, then a tenth of the neurons dies, or gains drift."""
        found: dict[str, list] = {}
        for i, chip in enumerate(self.chips(mismatch)):
            own = spiking.trained(self.network, self.data, i, self.epochs, chip)
            loop = backpropagation.Network(self.data, i, self.epochs).train(chip)
            injury = draw_specimen(self.network, INJURY, INJURED + i, populations=spiking.HIDDEN)
            injured = spiking.programmed(own, injury)
            worse = dataclasses.replace(
                chip, dead={name: mask | injury.dead[name] for name, mask in chip.dead.items()}
            )
            rows = {
                f"{PFF}: before": spiking.accuracy(own, self.data),
                f"{BP}: before": loop.accuracy(chip),
                f"{PFF}: injured": self.recovery(injured),
                f"{PFF}: injured, homeostasis": self.recovery(injured, labels=False),
                f"{BP}: injured": self.recovery_in_the_loop(loop.copy(), worse),
                f"{PFF}: drift, learning": self.drift(own, i, "labels"),
                f"{PFF}: drift, homeostasis": self.drift(own, i, "homeostasis"),
                f"{PFF}: drift, off": self.drift(own, i, None),
                f"{BP}: drift, learning": self.drift_in_the_loop(loop.copy(), chip, i, True),
                f"{BP}: drift, off": self.drift_in_the_loop(loop.copy(), chip, i, False),
            }
            for name, value in rows.items():
                found.setdefault(name, []).append(value)
        return found

    def where(self, mismatch):
        """Accuracy of the copy if synapses of one projection alone are broken."""
        found: dict[str, list] = {}
        for i, chip in enumerate(self.chips(mismatch)):
            for name in (n for n, mask in chip.broken.items() if mask.any()):
                broken = {n: mask & (n == name) for n, mask in chip.broken.items()}
                copy = spiking.programmed(self.pff[i], dataclasses.replace(chip, broken=broken))
                row = found.setdefault(f"{PFF}: {name}", [])
                row.append(spiking.accuracy(copy, self.data))
        return found

    def recovery(self, state, labels=True):
        """Accuracy after each stage."""
        curve = [spiking.accuracy(state, self.data)]
        for first, end in zip(self.stages, self.stages[1:], strict=False):
            state = spiking.adapted(state, self.data, first, end, labels=labels)
            curve.append(spiking.accuracy(state, self.data))
        return curve

    def recovery_in_the_loop(self, network, chip):
        """The same of backpropagation."""
        curve = [network.accuracy(chip)]
        for first, end in zip(self.stages, self.stages[1:], strict=False):
            curve.append(network.adapt(chip, first, end).accuracy(chip))
        return curve

    def drift(self, state, i, how):
        """Accuracy before and after each part of a random walk of the gains."""
        curve = [spiking.accuracy(state, self.data)]
        for k in range(PARTS):
            state = spiking.programmed(state, self._walk(i, k))
            if how:
                first = k * PART
                state = spiking.adapted(
                    state, self.data, first, first + PART, labels=how == "labels"
                )
            curve.append(spiking.accuracy(state, self.data))
        return curve

    def drift_in_the_loop(self, network, chip, i, learning):
        """The same of backpropagation."""
        curve = [network.accuracy(chip)]
        for k in range(PARTS):
            walk = self._walk(i, k)
            gains = {name: g * walk.gains[name] for name, g in chip.gains.items()}
            chip = dataclasses.replace(chip, gains=gains)
            if learning:
                network.adapt(chip, k * PART, (k + 1) * PART)
            curve.append(network.accuracy(chip))
        return curve

    def _walk(self, i, k):
        seed = DRIFTING + PARTS * i + k
        return draw_specimen(self.network, DRIFT, seed, populations=spiking.HIDDEN)


def last(value):
    """Accuracy at the end of a curve, or of what has none."""
    return value[-1] if isinstance(value, list) else value
