"""Pictures of recordings, histories and weights. Every function returns a Matplotlib figure."""

from pffspike.errors import MissingPackageError, install_hint

try:
    import matplotlib as mpl  # noqa: F401  (to say in one sentence that it is missing)
except ImportError:
    raise MissingPackageError(
        f"Matplotlib is not installed, so nothing can be drawn; {install_hint('plot')}"
    ) from None

from pffspike.plots.activity import goodness_history, raster
from pffspike.plots.benchmark import growth
from pffspike.plots.canvas import check_ending, save, save_all
from pffspike.plots.energy import Point, accuracy_against_energy, pareto_front, ranges, shares
from pffspike.plots.images import confusion, image_rows, image_sheet, receptive_fields
from pffspike.plots.network import circuit

__all__ = [
    "Point",
    "accuracy_against_energy",
    "check_ending",
    "circuit",
    "confusion",
    "goodness_history",
    "growth",
    "image_rows",
    "image_sheet",
    "pareto_front",
    "ranges",
    "raster",
    "receptive_fields",
    "save",
    "save_all",
    "shares",
]
