"""What a folder of `pffspike export` holds beside the integer network.

- ``run_lava.py``: rebuilds the network on Lava and runs it, with NumPy and lava-nc alone, after
  ``sums.py`` has compared every file with its digest;
- ``processes/``: the Lava processes, the very files that the engine runs, and ``programs.json``,
  what each has to know in each program;
- ``example/<program>.npz``: inputs of some images and the spikes that they cause;
- with a device: ``placement.json``, ``report.md`` and, if Matplotlib is installed,
  ``placement.png``.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from pffspike import mapping
from pffspike.arithmetic import grids
from pffspike.devices import Device
from pffspike.engines.lava.planning import make_plan
from pffspike.engines.lava.processes.arithmetic import Arithmetic
from pffspike.engines.lava.processes.plan import to_json
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import MissingPackageError, ValidationError
from pffspike.mapping import Placement, Violation
from pffspike.network import signals, structure
from pffspike.network.events import Stimulus, frames, in_time
from pffspike.network.spec import Network
from pffspike.recording import Probes, Recording
from pffspike.trained import TrainedNetwork

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

#: Packages of the copy that are empty there, and modules beside those of the processes.
_PACKAGES = ("", "arithmetic", "network", "engines", "engines/lava")
_MODULES = (
    "errors.py",
    "typing.py",
    "arithmetic/counter.py",
    "arithmetic/grids.py",
    "network/constants.py",
    "network/hard_negatives.py",
    "network/rows.py",
    "engines/lava/compat.py",
    "engines/lava/errors.py",
)
_SAMPLES = {"one_pass": 4, "goodness": 1}  #: images of the example, by program


@dataclass(frozen=True)
class Deployment:
    """A network on a device.

    Parameters
    ----------
    trained : TrainedNetwork
        The network.
    device : Device
        The card of the device.
    placement : Placement
        Cores of its neurons.
    violations : list of Violation
        Of the design rules, errors first.
    """

    trained: TrainedNetwork
    device: Device
    placement: Placement
    violations: list[Violation]


def deploy(
    trained: TrainedNetwork,
    device: Device,
    *,
    learning: bool = False,
    placement: str = "cores",
    images: Stimulus | None = None,
) -> Deployment:
    """Place a network on a device and apply the design rules.

    Parameters
    ----------
    trained : TrainedNetwork
        A network whose weights the device can hold, or else a rule says so.
    device : Device
        With limits and formats.
    learning : bool
        Whether it learns on the device, see `pffspike.mapping.place`.
    placement : {"cores", "speed", "energy"}
        Objective of the placement, see `pffspike.mapping.arrange`.
    images : (samples, pixels) ndarray of float64 or None
        Spike probabilities of some images, whose spikes say how much work neurons have; needed for
        ``speed`` and ``energy``.

    Returns
    -------
    Deployment
        The placement, and the design rules that the network breaks.

    Raises
    ------
    ValidationError
        If the objective is not known, or needs images or values of the card that are missing.

    Examples
    --------
    >>> from pffspike import schedules
    >>> from pffspike.cards import load_network
    >>> from pffspike.data import load
    >>> from pffspike.devices import load_device
    >>> untrained = schedules.begin(load_network("digits"), load("digits"), seed=0)
    >>> len(deploy(untrained, load_device("loihi1")).placement.cores)
    4
    """
    mapping.check_objective(placement)
    network = trained.network
    if placement == "cores":
        placed = mapping.place(network, device, learning=learning)
    elif images is None:
        raise ValidationError(
            f"a placement for {placement} needs spikes of images, and the data set of the network "
            f"is not at hand; give --data or place for cores"
        )
    else:
        recordings = [_run(trained, p.name, images) for p in network.programs if p.name in _SAMPLES]
        placed = mapping.arrange(recordings, device, placement, network=network, learning=learning)
    return Deployment(trained, device, placed, mapping.check(placed, trained.parameters, device))


def _run(trained: TrainedNetwork, program: str, images: Stimulus, seed: int = 0) -> Recording:
    """Run a program on the reference engine and keep every spike."""
    network = trained.network
    names = tuple(p.name for p in structure.extent(network, network.program(program)).populations)
    with ReferenceEngine().compile(
        network, program, trained.parameters, seed=seed, probes=Probes(rasters=names)
    ) as session:
        return session.run({signals.IMAGE: images}, np.arange(len(images)))


def extra_files(
    trained: TrainedNetwork,
    images: Stimulus | None,
    deployment: Deployment | None,
) -> dict[str, bytes]:
    """Files beside the integer network, by their paths in the folder.

    Parameters
    ----------
    trained : TrainedNetwork
        A trained network, whole.
    images : (samples, pixels) ndarray of float64 or None
        Spike probabilities for the example; None: no example.
    deployment : Deployment or None
        Placement on a device; None: no device was named.

    Returns
    -------
    dict of str to bytes
    """
    package = resources.files("pffspike")
    files = {
        "run_lava.py": (package / "deployment" / "run_lava.py").read_bytes(),
        "sums.py": (package / "sums.py").read_bytes(),
        **_processes(package, trained.network),
    }
    if images is not None:
        programs = {p.name for p in trained.network.programs}
        for program, samples in _SAMPLES.items():
            if program in programs:
                files[f"example/{program}.npz"] = example(trained, program, images[:samples])
    if deployment is not None:
        files |= _placement(deployment)
    return files


def _processes(package: Traversable, network: Network) -> dict[str, bytes]:
    """Source files of the Lava processes, as they are, and the plans of all programs."""
    files = {f"{folder}/__init__.py": b"" for folder in _PACKAGES}
    files |= {name: package.joinpath(name).read_bytes() for name in _MODULES}
    files |= dict(_sources(package / "engines" / "lava" / "processes", "engines/lava/processes"))
    found = {f"processes/pffspike/{name.lstrip('/')}": text for name, text in files.items()}
    plans = {p.name: to_json(make_plan(network, p, Arithmetic("fixed"))) for p in network.programs}
    return found | {"processes/programs.json": (json.dumps(plans) + "\n").encode()}


def _sources(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for each in folder.iterdir():
        if each.is_dir() and each.name not in ("pff", "__pycache__"):  # PFF reads specifications
            yield from _sources(each, f"{path}/{each.name}")
        elif each.name.endswith(".py"):
            yield f"{path}/{each.name}", each.read_bytes()


def example(trained: TrainedNetwork, program: str, images: Stimulus, seed: int = 0) -> bytes:
    """``.npz`` of the inputs of a program and every spike that the reference engine gives.

    Arrays: ``image`` ``(samples, neurons)`` or ``(samples, steps, neurons)`` int32, times 2^-24;
    ``samples``, ``seed``; and ``spikes/<population>`` ``(samples, phases, steps, units)`` bool.
    """
    chosen = trained.network.program(program)
    recording = _run(trained, program, images, seed)
    samples = recording.samples
    shown = frames(images, chosen.steps) if in_time(images) else np.asarray(images)
    arrays = {
        signals.IMAGE: (shown * 2.0**-grids.DRIVE_GRID).astype(np.int32),
        "samples": samples,
        "seed": np.array(seed),
    }
    for name, raster in recording.rasters.items():
        by_phase = raster.reshape(chosen.steps, len(samples), len(chosen.phases), -1)
        arrays[f"spikes/{name}"] = np.moveaxis(by_phase, 0, 2)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _placement(deployment: Deployment) -> dict[str, bytes]:
    content = mapping.summary(deployment.placement, deployment.violations, deployment.device)
    files = {
        "placement.json": (json.dumps(content, indent=1) + "\n").encode(),
        "report.md": mapping.markdown(content).encode(),
    }
    try:
        from pffspike.plots.placement import placement
    except MissingPackageError:
        return files  # the picture is all that is missing
    buffer = io.BytesIO()
    placement(deployment.placement, deployment.device).savefig(buffer, format="png")
    return files | {"placement.png": buffer.getvalue()}
