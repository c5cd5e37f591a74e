"""What the runs for a report give, and its sections show."""

from __future__ import annotations

from dataclasses import dataclass

from pffspike.energies import Energy
from pffspike.evaluation import Evaluation


@dataclass(frozen=True, eq=False)
class Answered:
    """Test images answered in one way.

    Parameters
    ----------
    mode, setting : str
        The mode, and what else is special.
    evaluation : Evaluation
        With the energy on the first device.
    energies : tuple of Energy
        Of every device.
    """

    mode: str
    setting: str
    evaluation: Evaluation
    energies: tuple[Energy, ...]

    @property
    def title(self) -> str:
        """The mode in words."""
        return self.mode.replace("_", " ")
