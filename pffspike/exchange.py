"""Export: a trained network as integers that can be read without this project.

The folder holds (format version 3; up to version 2 ``input`` was called ``driven``, ``sign``
``contrast`` and ``hard_negative`` ``rival``; version 1 had no ``low``, ``high`` and ``provenance``)

- ``network.json``: populations (size, gain table as integers times 2^-10), projections
  (populations, exponent of the weights, range of the integers, whether they are weighted by the
  gain), programs, the seed, the card the network was made from, and where it comes from;
- ``weights/<projection>.npy``: ``(n_pre, n_post)`` int32, times ``2^exponent`` of the
  projection; tied projections have none;
- ``biases/<population>.npy``: ``(size,)`` int32, times ``2^-24``;
- ``coding/mean.npy``: for a network whose card says ``coding = "on_off"``, the mean of each
  pixel, ``(pixels,)`` int32, times ``2^-24`` (`pffspike.data.Coding`);
- ``README.txt``: this description and the equations of a step;
- ``run_lava.py`` and ``example/``: a script that rebuilds the network on Lava without this
  project, and inputs with the spikes that they cause;
- ``placement.json``, ``report.md``, ``placement.png``: where its neurons lie on a device, if one
  was named, which design rules it breaks, and what every core holds.
"""

from __future__ import annotations

import inspect
import io
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pffspike import cards
from pffspike.arithmetic import grids
from pffspike.cards import toml
from pffspike.data import Coding
from pffspike.errors import FileError, ValidationError
from pffspike.network import parameters as parameters_module
from pffspike.network import spec, structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.trained import TrainedNetwork

FORMAT, VERSION = "pffspike export", 3
_GAIN_EXPONENT = -10  #: fine enough for both kinds of normalization


def write_export(
    folder: str | Path, trained: TrainedNetwork, more: Mapping[str, bytes] | None = None
) -> None:
    """Write the export folder of a trained network, whole or not at all.

    Parameters
    ----------
    folder : str or Path
        Must not exist yet.
    trained : TrainedNetwork
    more : mapping of str to bytes, or None
        Further files, by their paths in the folder.

    Raises
    ------
    ValidationError
        If the folder exists or can't be written.
    """
    target = Path(folder)
    if target.exists():
        raise ValidationError(f"{target} exists; remove it or choose another folder")
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        for name, content in {**_files(trained), **(more or {})}.items():
            (temporary / name).parent.mkdir(exist_ok=True)
            (temporary / name).write_bytes(content)
        temporary.chmod(0o755)
        temporary.replace(target)
        temporary = None
    except OSError as error:
        raise FileError(
            f"{target} can't be written: {error.strerror}; free some space or choose another place"
        ) from None
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _files(trained: TrainedNetwork) -> dict[str, bytes]:
    network, parameters = trained.network, trained.parameters
    files = {
        "network.json": (json.dumps(_description(trained), indent=1) + "\n").encode(),
        "README.txt": f"{__doc__}\n{inspect.getdoc(spec)}\n".encode(),
    }
    for name, w in parameters.weights.items():
        files[f"weights/{name}.npy"] = _npy(w, network.projection(name).grid)
    for name, b in parameters.biases.items():
        files[f"biases/{name}.npy"] = _npy(b, grids.DRIVE_GRID)
    if trained.coding.mean is not None:
        files["coding/mean.npy"] = _npy(trained.coding.mean, grids.DRIVE_GRID)
    return files


def _npy(values: npt.NDArray[np.float64], grid: int) -> bytes:
    buffer = io.BytesIO()
    integers = (values * 2.0**-grid).astype(np.int32)
    np.save(buffer, integers, allow_pickle=False)
    return buffer.getvalue()


def _description(trained: TrainedNetwork) -> dict[str, Any]:
    network = trained.network
    return {
        "format": FORMAT,
        "version": VERSION,
        "hash": cards.network_hash(network),
        "seed": str(trained.seed),
        "populations": [_population(network, p.name) for p in network.populations],
        "projections": [
            {
                "name": p.name,
                "pre": p.pre,
                "post": p.post,
                "weights": structure.weights_of(p),
                "exponent": p.grid,
                "low": round(p.low * 2.0**-p.grid),
                "high": round(p.high * 2.0**-p.grid),
                "weighted_by_gain": p.normalized,
            }
            for p in network.projections
        ],
        "programs": toml.plain(list(network.programs)),
        "card": cards.card_text(network),
        "provenance": dict(trained.provenance),
    }


def _population(network: Network, name: str) -> dict[str, Any]:
    population = network.population(name)
    table = grids.gain_table(population.normalization, population.size)
    return {
        "name": name,
        "index": network.index(name),
        "size": population.size,
        "input": population.input,
        "gain_exponent": _GAIN_EXPONENT,
        "gain": (table * 2.0**-_GAIN_EXPONENT).astype(int).tolist(),
        "bias_exponent": grids.DRIVE_GRID,
    }


def read_export(folder: str | Path) -> TrainedNetwork:
    """Read an export folder back; weights and biases are the same, bit for bit.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    TrainedNetwork

    Raises
    ------
    ValidationError
        If the folder is no export, or a file is missing, foreign or damaged.
    """
    path = Path(folder)
    try:
        description = json.loads((path / "network.json").read_text("utf-8"))
        if description["format"] != FORMAT or description["version"] > VERSION:
            raise FileError(
                f"{path} has format {description['format']!r}, version {description['version']}; "
                f"this program reads {FORMAT!r} up to version {VERSION}"
            )
        network = cards.read_card(toml.parse(description["card"], str(path)), str(path), warn=False)
        found = _read_parameters(path, network)
        coding = Coding()
        if network.training.coding == "on_off":
            coding = Coding(_load(path / "coding" / "mean.npy", grids.DRIVE_GRID))
        return TrainedNetwork(
            network,
            found,
            int(description["seed"]),
            engine="export",
            coding=coding,
            provenance=description.get("provenance", {}),
        )
    except FileError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileError(
            f"{path} is not a complete export folder ({error}); export the network again"
        ) from None


def _read_parameters(path: Path, network: Network) -> Parameters:
    weights = {
        name: _load(path / "weights" / f"{name}.npy", network.projection(name).grid)
        for name in structure.trainable(network)
    }
    biases = {
        p.name: _load(path / "biases" / f"{p.name}.npy", grids.DRIVE_GRID)
        for p in network.populations
        if not p.input
    }
    found = Parameters(weights, biases)
    parameters_module.check(network, found)
    return found


def _load(path: Path, grid: int) -> npt.NDArray[np.float64]:
    integers = np.load(path, allow_pickle=False)
    if not np.issubdtype(integers.dtype, np.integer):
        raise ValidationError(f"{path.name} holds {integers.dtype}, not integers")
    return integers.astype(np.float64) * 2.0**grid
