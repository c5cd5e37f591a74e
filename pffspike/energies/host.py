"""Energy of this machine, measured: the processor's own counters (RAPL), by way of zeus.

Nothing is estimated. A machine that shows no counters has no figure.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pffspike.errors import FileError, MissingPackageError, install_hint

POWERCAP = Path("/sys/class/powercap/intel-rapl")  #: where Linux shows the counters (AMD's too)

_IDLE_SECONDS = 2.0
_REPETITIONS = 5


@dataclass(frozen=True)
class HostEnergy:
    """Measured energy per inference.

    Parameters
    ----------
    joule : tuple of float
        Per inference, of each repetition, the idle power subtracted. All packages, and memory
        where it has a counter (not ``psys``, which contains them); whatever else ran on the
        machine is in it.
    seconds : tuple of float
        Per inference.
    idle_watt : float
        Before the repetitions.
    zones : tuple of str
        The counters that were added.
    """

    joule: tuple[float, ...]
    seconds: tuple[float, ...]
    idle_watt: float
    zones: tuple[str, ...]

    @property
    def median(self) -> float:
        """Median over the repetitions."""
        return statistics.median(self.joule)


def measure(
    work: Callable[[], object],
    inferences: int,
    *,
    repetitions: int = _REPETITIONS,
    idle_seconds: float = _IDLE_SECONDS,
    folder: Path = POWERCAP,
    wait: Callable[[float], object] = time.sleep,
) -> HostEnergy | None:
    """Measure the energy of a piece of work that does some inferences.

    It is done once before, so that nothing is compiled while the counters run.

    Parameters
    ----------
    work : callable
        What is measured; it is called without arguments.
    inferences : int
        That one call does.
    repetitions : int
        Times that the work is done.
    idle_seconds : float
        Duration of the baseline.
    folder : Path
        With a folder ``intel-rapl:N`` for each package, as Linux lays them out.
    wait : callable
        Does nothing for so many seconds.

    Returns
    -------
    HostEnergy or None
        None where there are no counters.

    Raises
    ------
    ValidationError
        If there are counters, but they may not be read, or zeus is not installed.
    """
    packages = _packages(folder)
    if not packages:
        return None
    meter = _Meter(folder, packages)
    work()
    start, before = time.perf_counter(), meter.joule()
    wait(idle_seconds)
    idle = (meter.joule() - before) / (time.perf_counter() - start)
    joules, seconds = [], []
    for _ in range(repetitions):
        start, before = time.perf_counter(), meter.joule()
        work()
        lasted = time.perf_counter() - start
        joules.append((meter.joule() - before - idle * lasted) / inferences)
        seconds.append(lasted / inferences)
    return HostEnergy(tuple(joules), tuple(seconds), idle, meter.zones)


def _packages(folder: Path) -> list[int]:
    """Numbers of the zones that are packages; others, such as ``psys``, contain packages."""
    zones = [path for path in folder.glob("intel-rapl:*") if path.name.count(":") == 1]
    try:
        names = {int(p.name.split(":")[1]): (p / "name").read_text("utf-8") for p in zones}
    except OSError as error:
        raise FileError(f"the energy counters in {folder} can't be read ({error})") from None
    return sorted(index for index, name in names.items() if name.startswith("package"))


class _Meter:
    """Sum of all packages and their memories, in joule."""

    def __init__(self, folder: Path, packages: Sequence[int]) -> None:
        try:
            from zeus.device.cpu.rapl import RAPLCPU
            from zeus.device.exception import ZeusBaseCPUError
        except ImportError as error:
            raise MissingPackageError(
                f"this machine has energy counters, but zeus, which reads them, is not installed "
                f"({error}); {install_hint('energy')}"
            ) from None
        try:
            self._packages: list[Any] = [RAPLCPU(index, str(folder)) for index in packages]
        except (ZeusBaseCPUError, OSError) as error:
            raise FileError(
                f"the energy counters in {folder} can't be read ({error}); run as root, or let the "
                f"administrator make energy_uj readable"
            ) from None

    @property
    def zones(self) -> tuple[str, ...]:
        """Names of the counters."""
        files = [file for p in self._packages for file in (p.rapl_file, p.dram) if file]
        return tuple(file.name for file in files)

    def joule(self) -> float:
        """Reading; only differences mean something."""
        readings = [package.get_total_energy_consumption() for package in self._packages]
        return sum(r.cpu_mj + (r.dram_mj or 0.0) for r in readings) * 1e-3
