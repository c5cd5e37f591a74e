"""A way to answer: one of the modes, and its settings."""

from __future__ import annotations

from dataclasses import dataclass

from pffspike.choices import MODES, PROPOSED, TRIALS
from pffspike.errors import ValidationError, unknown
from pffspike.inference.elimination import candidate_network
from pffspike.inference.feedback import feedback_network
from pffspike.inference.stopping import CONFIDENCE, Stopping
from pffspike.network import signals, structure
from pffspike.network.spec import Network

TOLERANCE = 0.001  #: answers that stopping may change, by default


@dataclass(frozen=True)
class Mode:
    """A way to answer.

    Parameters
    ----------
    name : {"goodness", "one_pass", "feedback", "proposal", "early", "late"}
        ``goodness``: present the image under every label, take the label whose goodness is
        best. ``one_pass``: present it once without a label, take the read-out neuron with the
        most spikes, one of equals at random. ``feedback``: the same, while the read-out drives
        the hidden populations as a label would (`pffspike.inference.feedback_network`).
        ``proposal``: goodness decides between the ``candidates`` labels with the most spikes in one
        pass; with 1 this is ``one_pass``, with all labels ``goodness``. ``early``: labels are
        eliminated as soon as they are clearly beaten, by a calibrated rule; with a tolerance of 0
        this is ``goodness``. ``late``: images whose best label is not clear after the full window
        are presented again, under the labels that are left, by the same kind of rule.
    candidates : int or None
        Labels that the read-out proposes: `PROPOSED` of ``proposal`` by default, of ``early`` and
        ``late`` all.
    trials : int or None
        Presentations with fresh noise whose scores are averaged: 1 by default; of ``late`` at most
        so many, 5.
    tolerance : float
        Greatest probability that stopping changes an answer, of ``early`` and ``late``.
    calibration_samples : int or None
        Presentations that calibrate the rule: ``5 / tolerance`` by default, at least 2000.
    confidence : float
        Probability that calibration keeps the tolerance.

    Raises
    ------
    ValidationError
        If there is no such mode, or a number is out of range.

    Examples
    --------
    >>> Mode("early", candidates=3, tolerance=0.01).trials_at_most
    1
    """

    name: str = "goodness"
    candidates: int | None = None
    trials: int | None = None
    tolerance: float = TOLERANCE
    calibration_samples: int | None = None
    confidence: float = CONFIDENCE

    def __post_init__(self) -> None:
        if self.name not in MODES:
            raise unknown("mode", self.name, MODES)
        if not (0 <= self.tolerance < 1 and 0 < self.confidence < 1):
            raise ValidationError(
                f"tolerance = {self.tolerance} must be at least 0 and below 1, confidence = "
                f"{self.confidence} between 0 and 1"
            )
        least = 2 if self.name == "late" else 1
        if self.trials_at_most < least:
            raise ValidationError(
                f"trials = {self.trials} must be at least {least} in mode {self.name!r}"
            )
        for key in ("candidates", "calibration_samples"):
            value = getattr(self, key)
            if value is not None and value < 1:
                raise ValidationError(f"{key} = {value} must be at least 1")

    @property
    def trials_at_most(self) -> int:
        """Presentations of an image under a label, at most."""
        default = TRIALS if self.name == "late" else 1
        return default if self.trials is None else self.trials


AnyMode = str | Mode | Stopping  #: a mode by name, with settings, or with its calibrated rule


def as_mode(mode: str | Mode) -> Mode:
    """Mode of a name; one with settings stays as it is."""
    return Mode(mode) if isinstance(mode, str) else mode


def mode_name(mode: AnyMode) -> str:
    """Name of a mode in any of its forms."""
    return mode.mode if isinstance(mode, Stopping) else as_mode(mode).name


def check_mode(network: Network, mode: AnyMode) -> int:
    """Check that a network can answer in a mode.

    Parameters
    ----------
    network : Network
        Has the programs ``goodness`` and ``one_pass``, as far as the mode needs them.
    mode : str, Mode or Stopping
        The mode.

    Returns
    -------
    int
        Labels between which goodness decides: `PROPOSED` of mode ``proposal`` and all of
        ``early`` and ``late``, unless others are given; 1 of ``one_pass`` and ``feedback``, all of
        ``goodness``.

    Raises
    ------
    ValidationError
        If it can't.

    Examples
    --------
    >>> import pffspike
    >>> check_mode(pffspike.load_network("digits"), "proposal")
    3
    """
    try:
        return _labels(network, mode_name(mode), _candidates(mode))
    except ValidationError as error:
        raise ValidationError(
            f"network {network.name!r} can't classify in mode {mode_name(mode)!r}: {error}"
        ) from None


def _candidates(mode: AnyMode) -> int | None:
    return None if isinstance(mode, str) else mode.candidates


def _labels(network: Network, name: str, candidates: int | None) -> int:
    if name == "one_pass":
        _check_readout(network)
        return 1
    if name == "feedback":
        _check_readout(feedback_network(network))
        return 1
    structure.check_signals(network, "goodness", signals.IMAGE)
    classes = len(network.program("goodness").phases)
    if name == "goodness":
        return classes
    candidate_network(network)
    default = min(PROPOSED, classes) if name == "proposal" else classes
    chosen = default if candidates is None else candidates
    if not 1 <= chosen <= classes:
        raise ValidationError(
            f"candidates = {chosen} must be from 1 to {classes}, the labels there are"
        )
    if chosen < classes:
        _check_readout(network)
    return chosen


def _check_readout(network: Network) -> None:
    """The read-out, whose spikes answer, is active in its program."""
    structure.check_signals(network, "one_pass", signals.IMAGE)
    program, readout = network.program("one_pass"), network.role("readout").name
    if readout not in structure.active(network, program.phases[0]):
        raise ValidationError(
            f"the read-out population {readout!r} is not active in program 'one_pass'; enable a "
            f"projection to it, or name another population in the network's roles"
        )
