"""Names of the arrays that functions take and give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]  #: of any type
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]  #: of random numbers
Multiples = npt.NDArray[np.int32]  #: weights in units of their grid; any range allowed fits
Signals = Mapping[str, Array]  #: by name: (samples,) classes or (samples, units) probabilities
#: Called with a stage of the work, how much of it is done, and how much there is in all.
ProgressCallback = Callable[[str, int, int], None]
Progress = Callable[[int], None]  #: called with the number of samples finished since the last call
