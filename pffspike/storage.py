"""A trained network in one HDF5 file.

Layout (version 2, or 3 if anything is fixed; version 1 had neither the digest nor ``data``, and is
still read)::

    first 512 bytes         digest over all that follows, see `pffspike.sealed`
    /                       attributes: format, version, hash, seed, engine, samples_done,
                            samples_total, samples_per_epoch, versions (JSON), data (JSON, of
                            `pffspike.data.Identity`) if it is known, and provenance (JSON) if
                            the network was made from another one
    /card                   the network as a TOML card, UTF-8
    /weights/<projection>   (n_pre, n_post) float64
    /biases/<population>    (size,) float64
    /fixed_weights/<projection>, /fixed_biases/<population>
                            bool, where learning leaves them as they are; of those that have any
    /history/<column>       (rows,) float64
    /prior/<array>          of `pffspike.trained.Prior`, if there is one
    /coding/mean            (pixels,) float64, of `pffspike.data.Coding`, if it has one
    /scaling/knots          (features, units + 1) float64, of `pffspike.data.Scaling`, if any
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pffspike import cards, sealed
from pffspike.arithmetic import counter
from pffspike.cards import toml
from pffspike.data import Scaling
from pffspike.errors import FileError, ValidationError
from pffspike.exchange import read_coding, read_export, read_identity
from pffspike.files import read_regular, write_whole
from pffspike.network import parameters as parameters_module
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.trained import Prior, TrainedNetwork

FORMAT, VERSION = "pffspike network", 3
_NOTHING_FIXED = 2  #: version of files without anything fixed, which older programs read too
_FIXED = ("fixed_weights", "fixed_biases")
_MOST_SAMPLES = 2**62  #: of a schedule: numbers of samples are integers of 64 bits


def save(path: str | Path, trained: TrainedNetwork) -> None:
    """Write a trained network, whole or not at all.

    Parameters
    ----------
    path : str or Path
        Of the file.
    trained : TrainedNetwork
        A trained network, whole.

    Raises
    ------
    ValidationError
        If the file can't be written; what stood there before is intact.

    Examples
    --------
    >>> import tempfile, pffspike
    >>> network = pffspike.load_network("digits", {"pff": {"hidden": [20, 20]}})
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Path(folder) / "net.h5", trained)
    ...     load(Path(folder) / "net.h5").parameters.equal(trained.parameters)
    True
    """
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w", userblock_size=sealed.BLOCK) as file:
        file.attrs["format"] = FORMAT
        fixed = trained.parameters.fixed_weights or trained.parameters.fixed_biases
        file.attrs["version"] = VERSION if fixed else _NOTHING_FIXED
        file.attrs["hash"] = cards.network_hash(trained.network)
        file.attrs["seed"] = str(trained.seed)
        file.attrs["engine"] = trained.engine
        for name in ("samples_done", "samples_total", "samples_per_epoch"):
            file.attrs[name] = getattr(trained, name)
        file.attrs["versions"] = json.dumps(dict(trained.versions), sort_keys=True)
        if trained.data:
            file.attrs["data"] = json.dumps(toml.plain(trained.data), sort_keys=True)
        if trained.provenance:
            file.attrs["provenance"] = json.dumps(dict(trained.provenance), sort_keys=True)
        file["card"] = cards.card_text(trained.network)
        for group, arrays in (
            ("weights", trained.parameters.weights),
            ("biases", trained.parameters.biases),
            ("history", trained.history),
            ("prior", vars(trained.prior) if trained.prior else {}),
            ("coding", {} if trained.coding.mean is None else {"mean": trained.coding.mean}),
            *([("scaling", vars(trained.scaling))] if trained.scaling else []),
        ):
            target = file.create_group(group)
            for name, values in arrays.items():
                target.create_dataset(name, data=np.asarray(values, np.float64))
        for group in _FIXED if fixed else ():
            for name, mask in getattr(trained.parameters, group).items():
                file.create_dataset(f"{group}/{name}", data=mask, compression="gzip")
    write_whole(Path(path), sealed.seal(buffer.getvalue()))


def load(path: str | Path) -> TrainedNetwork:
    """Read a trained network and check it: digest, version, hash, shapes, grids and ranges.

    Parameters
    ----------
    path : str or Path
        A file, or a folder of `pffspike.export`.

    Returns
    -------
    TrainedNetwork

    Raises
    ------
    ValidationError
        One sentence, if the file is missing, foreign, truncated, newer than this program or
        does not hold what its hash says.

    Examples
    --------
    >>> load("absent.h5")
    Traceback (most recent call last):
    ...
    pffspike.errors.FileError: absent.h5 can't be read: No such file or directory; check the path
    """
    if Path(path).is_dir():
        return read_export(path)
    content = read_regular(path)
    try:
        whole = sealed.is_sealed(content, path)
        with sealed.opened(content, path) as file:
            _check_format(file.attrs, whole, path)
            return _read(file, path)
    except FileError:
        raise
    except (
        OSError,
        KeyError,
        TypeError,
        AttributeError,
        RuntimeError,
        ValueError,
        ArithmeticError,
        MemoryError,
        RecursionError,
    ) as error:
        raise FileError(
            f"{path} is not a complete file of a trained network ({_first_line(error)}); train "
            f"again or take another copy"
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).strip("'\"").partition("\n")[0]


def _check_format(attributes: Mapping[str, Any], whole: bool, path: str | Path) -> None:
    if attributes.get("format") != FORMAT:
        raise FileError(
            f"{path} is an HDF5 file of something else; give a file of `pffspike train`"
        )
    version = int(attributes["version"])
    if version > VERSION:
        raise FileError(
            f"{path} has format version {version}, but this program reads up to {VERSION}; "
            f"install a newer pffspike"
        )
    if version < 1 or (version > 1) != whole:
        raise FileError(
            f"{path} states format version {version}, but {'has' if whole else 'lacks'} the digest "
            f"of version 2; the file was changed, take another copy"
        )


def _check_schedule(trained: TrainedNetwork) -> None:
    done, total, epoch = trained.samples_done, trained.samples_total, trained.samples_per_epoch
    if not 0 <= done <= total < _MOST_SAMPLES or not 0 <= epoch < _MOST_SAMPLES:
        raise ValidationError(
            f"{done} of {total} samples, {epoch} an epoch, are no schedule of a training"
        )
    counter.check_seed(trained.seed)


def _read(file: Any, path: str | Path) -> TrainedNetwork:
    card = file["card"][()].decode()
    network = cards.read_card(toml.parse(card, f"{path}: card"), f"{path}: card", warn=False)
    if cards.network_hash(network) != file.attrs["hash"]:
        raise FileError(
            f"{path}: the card does not have the hash that the file states; the file was changed, "
            f"take another copy"
        )
    groups = {
        group: {name: np.array(file[group][name], np.float64) for name in file[group]}
        for group in ("weights", "biases", "history")
    }
    fixed = (
        {name: np.array(file[group][name]) for name in file.get(group, ())} for group in _FIXED
    )
    parameters = Parameters(groups["weights"], groups["biases"], *fixed)
    parameters_module.check(network, parameters)
    data = read_identity(json.loads(file.attrs.get("data", "null")))
    trained = TrainedNetwork(
        network,
        parameters,
        int(file.attrs["seed"]),
        str(file.attrs["engine"]),
        int(file.attrs["samples_done"]),
        int(file.attrs["samples_total"]),
        int(file.attrs["samples_per_epoch"]),
        groups["history"],
        json.loads(file.attrs["versions"]),
        _prior(network, file["prior"]) if len(file.get("prior", ())) else None,
        read_coding(network, dict(file.get("coding", {})).get("mean"), data),
        json.loads(file.attrs.get("provenance", "{}")),
        data,
        Scaling(np.array(file["scaling"]["knots"], np.float64)) if "scaling" in file else None,
    )
    _check_schedule(trained)
    return trained


def _prior(network: Network, group: Any) -> Prior:
    prior = Prior(**{name: np.array(group[name], np.float64) for name in group})
    classes, latent = network.role("label").size, network.role("latent").size
    components = prior.weights.shape[-1]
    shapes = {
        "shares": (classes,),
        "weights": (classes, components),
        "means": (classes, components, latent),
        "factors": (classes, components, latent, *prior.factors.shape[-1:]),
    }
    for name, shape in shapes.items():
        if getattr(prior, name).shape != shape:
            raise ValidationError(
                f"prior/{name} has shape {getattr(prior, name).shape}, not {shape}"
            )
    return prior
