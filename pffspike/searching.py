"""Search for settings of a card: trainings judged on images kept back, the hopeless ones cut short.

The last training images are kept back and judge; the test part is never looked at. Trials are
proposed by the tree-structured Parzen estimator and pruned by the median of the others after as
many epochs (Optuna). They stand in a file, so a search goes on where it stopped.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pffspike import inference, training
from pffspike.cards import toml
from pffspike.cards.networks import load_network
from pffspike.data import Dataset, identify, load
from pffspike.errors import FileError, MissingPackageError, ValidationError, install_hint
from pffspike.execution import Execution, counting, made
from pffspike.network.spec import Network
from pffspike.own import network_for
from pffspike.trained import TrainedNetwork

if TYPE_CHECKING:
    import optuna

_KINDS = ({"choices"}, {"low", "high"}, {"low", "high", "log"})  #: keys of a setting's range
_STARTUP = 5  #: trials drawn at random, before any is pruned


@dataclass(frozen=True)
class Search:
    """What is searched, and how a trial is judged.

    Parameters
    ----------
    card : str or Path
        Network card whose settings are the base.
    space : mapping
        By table and key of the card, such as ``{"pff": {"homeostasis": {"low": 0.001, "high": 0.01,
        "log": True}, "threshold": {"choices": [[14, 10], [12, 10]]}}}``: a range or choices.
    epochs : int
        Of a trial.
    samples : int or None
        Training images of a trial; all that are not kept back by default.
    validation : int
        Images kept back, the last of the training part.
    mode : {"goodness", "one_pass", "feedback"}
        How they are classified.
    seed : int
        Of trainings and of proposals.

    Raises
    ------
    ValidationError
        If the space is empty, or a range has not the right keys.
    """

    card: str | Path
    space: Mapping[str, Mapping[str, Mapping[str, Any]]]
    epochs: int
    samples: int | None = None
    validation: int = 10_000
    mode: str = "goodness"
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.names:
            raise ValidationError("the space of a search is empty; give at least one setting")
        for name, given in self.names.items():
            if not isinstance(given, Mapping) or set(given) not in _KINDS:
                raise ValidationError(
                    f"{name} = {given!r} must have choices = [...], or low and high, and may have "
                    f"log = true"
                )
            if not given.get("choices", True):
                raise ValidationError(f"{name} has no choices; give at least one")
        if self.mode not in ("goodness", "one_pass", "feedback"):
            raise ValidationError(
                f"mode {self.mode!r} can't judge a search; give goodness, one_pass or feedback"
            )

    @property
    def names(self) -> dict[str, Mapping[str, Any]]:
        """Ranges by ``table.key``."""
        return {
            f"{table}.{key}": given
            for table, keys in self.space.items()
            for key, given in keys.items()
        }

    @property
    def digest(self) -> str:
        """Hash of all that the trials of one file must share."""
        content = {**toml.plain(self), "card": toml.plain(load_network(self.card))}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def search(
    config: Search,
    file: str | Path,
    trials: int = 20,
    *,
    dataset: Dataset | None = None,
    execution: Execution = Execution(),
) -> optuna.Study:
    """Search, or go on with the search of a file.

    Parameters
    ----------
    config : Search
        What is searched, and how settings are judged.
    file : str or Path
        Journal of the trials, made if missing.
    trials : int
        There shall be in the end, pruned ones included; those of the file count.
    dataset : Dataset or None
        That of the card by default; a network is sized to another one, as to data of one's own.
        Its test part is not used.
    execution : Execution
        Engine and progress; the seed is that of the search.

    Returns
    -------
    optuna.Study
        ``best_params`` holds the settings of the best trial, choices by their position.

    Raises
    ------
    MissingPackageError
        Without Optuna.
    FileError
        If the file is something else.
    ValidationError
        If the file holds another search, if too few images are left, or for a setting that the
        card has not.

    Examples
    --------
    >>> space = {"pff": {"slope": {"low": 0.0625, "high": 0.5, "log": True}}}
    >>> config = Search("digits", space, epochs=3, samples=1000, validation=300)
    >>> search(config, "slope.journal", trials=20).best_params  # doctest: +SKIP
    """
    try:
        import optuna
        from optuna.storages.journal import JournalFileBackend
    except ImportError:
        raise MissingPackageError(f"searching needs Optuna; {install_hint('search')}") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # a setting's fault is told by its error
    data = kept_back(config, dataset or load(load_network(config.card).training.dataset))
    execution = Execution(made(execution.engine), config.seed, progress=execution.progress)
    first = {
        name: 0 if "choices" in given else given["low"] for name, given in config.names.items()
    }
    _network(config, data, settings_of(config, first))  # a wrong key is told before any trial
    try:
        storage = optuna.storages.JournalStorage(JournalFileBackend(str(file)))
        study = optuna.create_study(
            study_name="search",
            storage=storage,
            direction="maximize",
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=_STARTUP),
        )
    except (ValueError, KeyError, TypeError):
        raise FileError(f"{file} is no journal of a search; give another file") from None
    before = study.user_attrs.setdefault("digest", config.digest)
    if before != config.digest:
        raise ValidationError(
            f"{file} holds a search with another card, space or judgement; give another file"
        )
    study.set_user_attr("digest", config.digest)
    learned = study.user_attrs.setdefault("data", identify(data).train)
    if learned != identify(data).train:
        raise ValidationError(f"{file} holds a search on other training images; give another file")
    study.set_user_attr("data", learned)
    finished = [t for t in study.trials if t.state.is_finished()]
    report = counting(execution, "trials", trials, len(finished))
    for number in range(len(finished), trials):
        study.sampler = optuna.samplers.TPESampler(
            seed=config.seed + number, n_startup_trials=_STARTUP
        )
        study.optimize(
            lambda trial: _judge(config, data, execution.replace(progress=None), trial),
            n_trials=1,
        )
        if report:
            report(1)
    return study


def kept_back(config: Search, dataset: Dataset) -> Dataset:
    """Data set whose test part are the images that a search keeps back for judging.

    Parameters
    ----------
    config : Search
        What is searched, and how.
    dataset : Dataset
        The whole data set.

    Returns
    -------
    Dataset

    Raises
    ------
    ValidationError
        If there are not that many images.
    """
    rest = len(dataset.train_images) - config.validation
    if config.validation < 1 or rest < (config.samples or 1):
        raise ValidationError(
            f"{config.validation} images kept back leave {rest} of {len(dataset.train_images)} for "
            f"training, but {config.samples or 1} are needed; keep back fewer"
        )
    return dataclasses.replace(
        dataset,
        train_images=dataset.train_images[: config.samples or rest],
        train_labels=dataset.train_labels[: config.samples or rest],
        test_images=dataset.train_images[rest:],
        test_labels=dataset.train_labels[rest:],
    )


def settings_of(config: Search, chosen: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Changes of the card that a trial stands for.

    Parameters
    ----------
    config : Search
        What is searched, and how.
    chosen : mapping of str to object
        By ``table.key``: a number, or the position of a choice.

    Returns
    -------
    dict
        For `pffspike.cards.load_network`.

    Examples
    --------
    >>> config = Search("digits", {"pff": {"threshold": {"choices": [[14, 10], [12, 8]]}}}, 1)
    >>> settings_of(config, {"pff.threshold": 1})
    {'pff': {'threshold': [12, 8]}}
    """
    found: dict[str, dict[str, Any]] = {}
    for name, given in config.names.items():
        table, key = name.split(".", 1)
        value = given["choices"][chosen[name]] if "choices" in given else chosen[name]
        found.setdefault(table, {})[key] = value
    return found


def _network(config: Search, data: Dataset, changes: Mapping[str, Any]) -> Network:
    """Network of the card with changes, sized to data that are not those that the card names."""
    network = load_network(config.card, changes)
    if data.name == network.training.dataset:
        return network
    return network_for(data, config.card, changes=changes)


def _judge(config: Search, data: Dataset, execution: Execution, trial: optuna.Trial) -> float:
    """Train as a trial says; its accuracy on the images kept back."""
    import optuna

    chosen = {
        name: trial.suggest_categorical(name, list(range(len(given["choices"]))))
        if "choices" in given
        else trial.suggest_float(name, given["low"], given["high"], log=given.get("log", False))
        for name, given in config.names.items()
    }
    network = _network(config, data, settings_of(config, chosen))
    accuracy = 0.0

    def checkpoint(state: TrainedNetwork) -> None:
        nonlocal accuracy
        epoch, rest = divmod(state.samples_done, state.samples_per_epoch)
        if rest or not epoch:
            return
        answer = inference.classify(
            state,
            state.coding.encode(data.test_images, data.levels),
            config.mode,
            samples=np.arange(len(data.test_images)),
            execution=execution,
        )
        accuracy = answer.accuracy(data.test_labels)
        trial.report(accuracy, epoch)
        if epoch < config.epochs and trial.should_prune():
            raise optuna.TrialPruned

    training.train(
        network,
        data,
        epochs=config.epochs,
        checkpoint=checkpoint,
        checkpoint_every=len(data.train_images),
        execution=execution,
    )
    return accuracy
