"""The config of a study: which systems, on which data, with which seeds.

::

    title = "MNIST"
    datasets = ["mnist"]
    seeds = [0, 1, 2]
    samples = 10_000             # the first so many training images; test_images likewise; or all

    [fast]                       # the variant of minutes, see `Fast`
    samples = 1000

    [systems.knn]
    kind = "neighbours"          # a name in `pffspike.baselines.KINDS`
    title = "k nearest neighbours"
    neighbours = 3               # a setting of this kind
    seeds = [0]                  # instead of the study's, for what takes long

    [systems.pff]
    kind = "spiking"
    card = "mnist"

    [ablations.no_homeostasis]   # the settings of another system, with some changed
    base = "pff"
    changes.pff.homeostasis = 0
    seeds = [0]                  # instead of ablation_seeds, or else the study's
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pffspike.baselines import KINDS
from pffspike.baselines.spiking import Spiking
from pffspike.cards import toml
from pffspike.cards.networks import changed
from pffspike.errors import ValidationError

CONFIG = "config.toml"  #: name of the file in a study's folder
_NAME = re.compile(r"[a-z][a-z0-9_-]*\Z")


@dataclass(frozen=True)
class Fast:
    """The variant of minutes.

    Parameters
    ----------
    samples, test_images : int
        Training and test images, the first ones.
    epochs : int
        Of every system that has epochs.
    changes : mapping
        Settings, by system, that its fast variant and those of its ablations have instead.
    seeds : tuple of int
        Seeds of the fast variant.
    skip : tuple of str
        Systems and ablations that take too long.
    """

    samples: int = 1000
    test_images: int = 500
    epochs: int = 1
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)
    skip: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_numbers(self, "samples", "test_images", "epochs")
        _check_seeds("seeds", self.seeds)


@dataclass(frozen=True)
class System:
    """A row of the table: something to train and judge.

    Parameters
    ----------
    name : str
        Its name in tables.
    kind : str
        In `pffspike.baselines.KINDS`.
    settings : instance of the kind's dataclass
        All that its kind lets choose.
    title : str
        Of its row in the table.
    seeds : tuple of int
        One of them if nothing is random.
    base : str or None
        Of an ablation: the system that it changes.
    tried : int or None
        Settings that were tried before these were chosen; None where nobody counted.
    """

    name: str
    kind: str
    settings: Any
    title: str
    seeds: tuple[int, ...]
    base: str | None = None
    tried: int | None = None


@dataclass(frozen=True)
class Study:
    """A study as it shall be run.

    Parameters
    ----------
    title : str
        Of the study.
    datasets : tuple of str
        Names of data sets, each with all systems.
    systems : tuple of System
        Ablations too.
    samples, test_images : int or None
        The first so many training and test images; all by default.
    """

    title: str
    datasets: tuple[str, ...]
    systems: tuple[System, ...]
    samples: int | None = None
    test_images: int | None = None


@dataclass(frozen=True)
class _Config:
    """What stands in the file."""

    title: str
    datasets: tuple[str, ...]
    seeds: tuple[int, ...]
    systems: Mapping[str, Mapping[str, Any]]
    ablations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    ablation_seeds: tuple[int, ...] | None = None
    fast: Fast = field(default_factory=Fast)
    samples: int | None = None
    test_images: int | None = None

    def __post_init__(self) -> None:
        if not self.datasets:
            raise ValidationError("datasets = () must name at least one data set")
        _check_numbers(self, "samples", "test_images")
        _check_seeds("seeds", self.seeds)
        if self.ablation_seeds is not None:
            _check_seeds("ablation_seeds", self.ablation_seeds)
        if not self.systems:
            raise ValidationError("systems has no table; give at least one, [systems.NAME]")
        for name in (*self.systems, *self.ablations):
            if not _NAME.match(name):
                raise ValidationError(
                    f"the name {name!r} must be lower-case letters, digits, _ and -, beginning "
                    f"with a letter"
                )
        for name in self.ablations:
            if name in self.systems:
                raise ValidationError(f"{name!r} is a system and an ablation; names must differ")


def _check_numbers(table: Fast | _Config, *keys: str) -> None:
    for key in keys:
        value = getattr(table, key)
        if value is not None and value < 1:
            raise ValidationError(f"{key} = {value} must be at least 1")


def _check_seeds(key: str, seeds: tuple[int, ...]) -> None:
    if not seeds or len(set(seeds)) < len(seeds) or min(seeds) < 0:
        raise ValidationError(f"{key} = {seeds} must be different numbers from 0 on, at least one")


def read_study(
    folder: Path, *, fast: bool = False, only: tuple[str, ...] = (), dataset: str | None = None
) -> Study:
    """Read and check the config of a study.

    Parameters
    ----------
    folder : Path
        Of the study: it holds ``config.toml``.
    fast : bool
        The fast variant.
    only : tuple of str
        Systems and ablations; all if empty.
    dataset : str or None
        Instead of the config's.

    Returns
    -------
    Study

    Raises
    ------
    ValidationError
        If there is no config, or for the first key that is wrong.
    """
    path = folder / CONFIG
    config = toml.build(_Config, toml.read(path), str(path))
    systems = _systems(config, path, fast)
    names = [system.name for system in systems]
    _check_known("--only", only, names)
    _check_known(f"{path}: fast.skip", config.fast.skip, names)
    _check_known(f"{path}: fast.changes", tuple(config.fast.changes), list(config.systems))
    if fast:
        systems = [s for s in systems if s.name not in config.fast.skip or s.name in only]
    return Study(
        config.title,
        (dataset,) if dataset else config.datasets,
        tuple(system for system in systems if not only or system.name in only),
        config.fast.samples if fast else config.samples,
        config.fast.test_images if fast else config.test_images,
    )


def _check_known(source: str, names: tuple[str, ...], known: list[str]) -> None:
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1) or known
            raise ValidationError(
                f"{source}: there is no system or ablation {name!r}; give one of: "
                f"{', '.join(close)}"
            )


def _systems(config: _Config, path: Path, fast: bool) -> list[System]:
    tables = {
        name: _shortened(name, table, config.fast) if fast else table
        for name, table in config.systems.items()
    }
    seeds = config.fast.seeds if fast else config.seeds
    systems = [
        _system(name, table, path, f"systems.{name}", seeds, shortened=fast)
        for name, table in tables.items()
    ]
    seeds = config.fast.seeds if fast else config.ablation_seeds or config.seeds
    for name, table in config.ablations.items():
        where = f"ablations.{name}"
        rest = dict(table)
        base = rest.pop("base", None)
        if base not in tables:
            raise ValidationError(
                f"{path}: {where}.base = {base!r} is wrong: it must be one of: "
                f"{', '.join(config.systems)}"
            )
        merged = changed({**tables[base], "seeds": None, "title": name, "tried": None}, rest)
        systems.append(_system(name, merged, path, where, seeds, base, shortened=fast))
    return systems


def _shortened(name: str, table: Mapping[str, Any], fast: Fast) -> dict[str, Any]:
    """Table of a system's fast variant."""
    kind = KINDS.get(table.get("kind", ""))
    changes: dict[str, Any] = {}
    if kind and kind.settings is Spiking:
        changes = {"changes": {"training": {"epochs": fast.epochs}}}
    elif kind and "epochs" in {f.name for f in dataclasses.fields(kind.settings)}:
        changes = {"epochs": fast.epochs}
    return changed(changed(table, changes), fast.changes.get(name, {}))


def _system(
    name: str,
    table: Mapping[str, Any],
    path: Path,
    where: str,
    seeds: tuple[int, ...],
    base: str | None = None,
    *,
    shortened: bool = False,
) -> System:
    rest = dict(table)
    kind, title = rest.pop("kind", None), rest.pop("title", name)
    own, tried = rest.pop("seeds", None), rest.pop("tried", None)
    if tried is not None and (type(tried) is not int or tried < 1):
        raise ValidationError(
            f"{path}: {where}.tried = {tried!r} is wrong: it must be a whole number of settings, 1 "
            f"or more"
        )
    if own is not None and not shortened:
        if not isinstance(own, list) or not all(type(seed) is int for seed in own):
            raise ValidationError(
                f"{path}: {where}.seeds = {own!r} is wrong: it must be a list of whole numbers"
            )
        try:
            _check_seeds(f"{where}.seeds", tuple(own))
        except ValueError as error:
            raise ValidationError(f"{path}: {error}") from None
        seeds = tuple(own)
    if kind not in KINDS:
        raise ValidationError(
            f"{path}: {where}.kind = {kind!r} is wrong: it must be one of: {', '.join(KINDS)}"
        )
    if not isinstance(title, str):
        raise ValidationError(f"{path}: {where}.title = {title!r} is wrong: it must be a text")
    settings: Any = toml.build(KINDS[kind].settings, rest, str(path), where)
    if isinstance(settings, Spiking) and settings.card.endswith(".toml"):
        card = str((path.parent / settings.card).resolve())
        settings = dataclasses.replace(settings, card=card)
    seeds = seeds if KINDS[kind].seeded else seeds[:1]
    return System(name, kind, settings, title, seeds, base, tried)
