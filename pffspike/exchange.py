"""Export: a trained network as integers that can be read without this project.

The folder holds (format version 6, or 5 if nothing is fixed; up to version 4 there
were no ``roles``; up to version 3 no ``SHA256SUMS`` and no ``data``; up to version 2 ``input`` was
called ``driven``, ``sign``
``contrast`` and ``hard_negative`` ``rival``; version 1 had no ``low``, ``high`` and ``provenance``)

- ``model.md``: what such a network computes, in equations: random numbers, presentations,
  learning, training, images, decisions. Whoever follows it gets the same spikes and weights;
- ``network.json``: the values that ``model.md`` speaks of: populations, projections, programs,
  seed, training, data, decisions (`pffspike.export_text`);
- ``weights/<projection>.npy``: ``(n_pre, n_post)`` int32, times ``2^exponent`` of the
  projection; tied projections have none;
- ``biases/<population>.npy``: ``(size,)`` int32, times ``2^-24``;
- ``fixed/weights/<projection>.npy``, ``fixed/biases/<population>.npy``: bool, of the same shapes,
  where learning leaves them as they are; of those that have any;
- ``coding/mean.npy``: for a network whose card says ``coding = "on_off"``, the mean of each
  pixel, ``(pixels,)`` int32, times ``2^-24`` (`pffspike.data.Coding`);
- ``scaling/knots.npy``: for data that were no grey values, ``(features, units + 1)`` float64:
  a feature of value ``x`` has the grey values ``floor(1/2 + 255 clip((x - a) / (b - a), 0, 1))``,
  for all neighbours ``a < b`` in its row (where they are equal, 255 if ``x > a``, else 0);
- ``SHA256SUMS``: digests of all other files, for ``sha256sum --check``; they are compared whenever
  the folder is read;
- ``README.txt``: this description, what the keys of ``network.json`` mean, and this network;
- ``run_lava.py``, ``processes/`` and ``example/``: a script that rebuilds the network on Lava
  without this project, the files of the Lava processes with what each has to know, and inputs with
  the spikes that they cause; ``sums.py`` compares the digests for it;
- ``placement.json``, ``report.md``, ``placement.png``: where its neurons lie on a device, if one
  was named, which design rules it breaks, and what every core holds.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pffspike import cards, export_text, sums
from pffspike.arithmetic import counter, grids
from pffspike.cards import toml
from pffspike.data import Coding, Identity, Scaling, coding_of
from pffspike.data.arrays import read_npy
from pffspike.errors import FileError, PffspikeError, ValidationError
from pffspike.export_description import FORMAT, VERSION, describe_network
from pffspike.files import read_regular, write_folder
from pffspike.network import parameters as parameters_module
from pffspike.network import structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.trained import TrainedNetwork

_WITH_SUMS = 4  #: first version with digests of all files
_READ = (
    "network.json",
    "weights/*.npy",
    "biases/*.npy",
    "fixed/*/*.npy",
    "coding/*.npy",
    "scaling/*.npy",
)


def write_export(
    folder: str | Path,
    trained: TrainedNetwork,
    more: Mapping[str, bytes] | None = None,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Write the export folder of a trained network, whole or not at all.

    Parameters
    ----------
    folder : str or Path
        Must not exist yet.
    trained : TrainedNetwork
        A trained network, whole.
    more : mapping of str to bytes, or None
        Further files, by their paths in the folder.
    notes : mapping of str to str, or None
        Further paragraphs of README.txt, by their titles.

    Raises
    ------
    ValidationError
        If the folder exists or can't be written.
    """
    files = {**_files(trained), **(more or {})}
    for title, text in (notes or {}).items():
        files["README.txt"] += f"\n{title}\n{'-' * len(title)}\n{text}\n".encode()
    write_folder(folder, {**files, sums.NAME: sums.write_sums(files)})


def _files(trained: TrainedNetwork) -> dict[str, bytes]:
    network, parameters = trained.network, trained.parameters
    description = describe_network(trained)
    files = {
        "network.json": (json.dumps(description, indent=1) + "\n").encode(),
        "README.txt": f"{__doc__}\n{export_text.describe(description)}".encode(),
        "model.md": (resources.files("pffspike.network") / "model.md").read_bytes(),
    }
    for name, w in parameters.weights.items():
        files[f"weights/{name}.npy"] = _npy(w, network.projection(name).grid)
    for name, b in parameters.biases.items():
        files[f"biases/{name}.npy"] = _npy(b, grids.DRIVE_GRID)
    for kind, masks in (("weights", parameters.fixed_weights), ("biases", parameters.fixed_biases)):
        files |= {f"fixed/{kind}/{name}.npy": _saved(mask) for name, mask in masks.items()}
    if trained.coding.mean is not None:
        files["coding/mean.npy"] = _npy(trained.coding.mean, grids.DRIVE_GRID)
    if trained.scaling:
        files["scaling/knots.npy"] = _saved(trained.scaling.knots)
    return files


def _npy(values: npt.NDArray[np.float64], grid: int) -> bytes:
    return _saved((values * 2.0**-grid).astype(np.int32))


def _saved(array: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def read_export(folder: str | Path) -> TrainedNetwork:
    """Read an export folder back; weights and biases are the same, bit for bit.

    Parameters
    ----------
    folder : str or Path
        Of the export.

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
        return _read(path, json.loads(read_regular(path / "network.json")))
    except _NewerError as error:
        raise FileError(str(error)) from None
    except (
        PffspikeError,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        reason = str(error).partition(";")[0]
        raise FileError(
            f"{path} is not a complete export folder ({reason}); export the network again"
        ) from None


class _NewerError(Exception):
    """The folder is none of this program's, or one of a later version."""


def _read(path: Path, description: dict[str, Any]) -> TrainedNetwork:
    version = description["version"]
    if description["format"] != FORMAT or version > VERSION:
        raise _NewerError(
            f"{path} has format {description['format']!r}, version {version}; "
            f"this program reads {FORMAT!r} up to version {VERSION}"
        )
    if version not in range(1, VERSION + 1):
        raise ValidationError(f"it states version {version!r}")
    if version >= _WITH_SUMS or (path / sums.NAME).exists():
        sums.check_sums(path, _READ)
    network = cards.read_card(toml.parse(description["card"], str(path)), str(path), warn=False)
    if description["hash"] != cards.network_hash(network):
        raise ValidationError("the card does not have the hash that network.json states")
    seed = int(description["seed"])
    counter.check_seed(seed)
    data, place = read_identity(description.get("data")), path / "coding" / "mean.npy"
    mean = _load(place, grids.DRIVE_GRID) if network.training.coding == "on_off" else None
    return TrainedNetwork(
        network,
        _read_parameters(path, network),
        seed,
        engine="export",
        coding=read_coding(network, mean, data),
        provenance=description.get("provenance", {}),
        data=data,
        scaling=_read_scaling(path),
    )


def read_coding(network: Network, mean: Any, data: Identity | None) -> Coding:
    """Coding of a stored network.

    Parameters
    ----------
    network : Network
        Its training says how images are coded.
    mean : (pixels,) array_like of float, or None
        Mean of each pixel, as it was stored.
    data : Identity or None
        Of the data that it was trained on: the shape of an image.

    Returns
    -------
    Coding

    Raises
    ------
    ValidationError
        If the mean is missing or does not fit, or the shape is not known where it is needed.

    Examples
    --------
    >>> read_coding(cards.load_network("digits"), None, None).encoding
    'rates'
    """
    kind, size = network.training.coding, network.role("input").size
    if kind == "on_off":
        mean = np.array(0.0 if mean is None else mean, np.float64)
        if mean.shape != (size // 2,):
            raise ValidationError(f"coding/mean has shape {mean.shape}, not {(size // 2,)}")
    if kind == "saccades" and data is None:
        raise ValidationError("it does not say of which shape the images are that it sees move")
    shape = data.shape if data else (1, size)
    return coding_of(network, mean if kind == "on_off" else None, (shape[0], shape[1]))


def _read_scaling(path: Path) -> Scaling | None:
    file = path / "scaling" / "knots.npy"
    return Scaling(read_npy(file).astype(np.float64)) if file.exists() else None


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
    found = Parameters(
        weights,
        biases,
        _load_fixed(path / "fixed" / "weights"),
        _load_fixed(path / "fixed" / "biases"),
    )
    parameters_module.check(network, found)
    return found


def _load_fixed(folder: Path) -> dict[str, Any]:
    return {file.stem: read_npy(file) for file in sorted(folder.glob("*.npy"))}


def _load(path: Path, grid: int) -> npt.NDArray[np.float64]:
    integers = read_npy(path)
    if not np.issubdtype(integers.dtype, np.integer):
        raise ValidationError(f"{path.name} holds {integers.dtype}, not integers")
    return integers.astype(np.float64) * 2.0**grid


def read_identity(content: Any) -> Identity | None:
    """Identity of data from plain values, as files and export folders hold it.

    Parameters
    ----------
    content : mapping or None
        What the export says of the data; None: nothing.

    Returns
    -------
    Identity or None

    Raises
    ------
    ValidationError
        If a value can't be.

    Examples
    --------
    >>> read_identity({"name": "own", "levels": 16, "shape": [2, 2], "classes": 3}).pixels
    4
    """
    return None if content is None else toml.build(Identity, content, "data")
