"""Predictive forward-forward learning on spiking neurons: NumPy, Brian2 and Lava, to the bit.

The public interface is what this module lists; everything is loaded when it is first used.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pffspike import caches, files, limits, plots, representations, text
    from pffspike.benchmarks.measure import benchmark
    from pffspike.brian2 import to_brian2
    from pffspike.callbacks import CsvLog, EarlyStopping, TensorBoard, keep_back
    from pffspike.cards import card_text, known_networks, load_network, network_hash
    from pffspike.cards.toml import read as read_toml
    from pffspike.charging import InferenceEnergy, Pricing, energy
    from pffspike.choices import CALIBRATED, MODES, OBJECTIVES, PROPOSED, ROUNDINGS, STATES
    from pffspike.circuits import PFF
    from pffspike.circuits.chl import CHL, chl
    from pffspike.circuits.ff import FF, ff
    from pffspike.circuits.pff import pff
    from pffspike.circuits.wake_sleep import WakeSleep, wake_sleep
    from pffspike.comparison import Subject, compare, over_seeds
    from pffspike.data import (
        Coding,
        Dataset,
        DataSource,
        Scaling,
        from_arrays,
        is_own,
        is_same,
        load_own,
        own_dataset,
        probabilities,
    )
    from pffspike.data import load as load_data
    from pffspike.data.binning import Binning
    from pffspike.data.event_files import read_events, read_recordings
    from pffspike.data.recordings import Recordings
    from pffspike.demonstration import Demonstration, demo
    from pffspike.deployment import Exported, Target, export
    from pffspike.deployment.nir import from_nir
    from pffspike.devices import Device, known_devices, load_device
    from pffspike.energies import Energy, Metrics, Term, price_ann
    from pffspike.energies.host import HostEnergy
    from pffspike.engines.base import Engine, Session
    from pffspike.engines.registry import available_engines, engine_names, is_exact, make_engine
    from pffspike.engines.registry import resolve as resolve_engine
    from pffspike.errors import (
        FileError,
        MissingPackageError,
        PffspikeError,
        SessionClosedError,
        UserError,
        ValidationError,
        unknown,
    )
    from pffspike.estimator import PFFClassifier
    from pffspike.evaluation import Evaluation, evaluate, summary
    from pffspike.execution import Execution, open_session, run
    from pffspike.fpga.export import ExportedCore, export_fpga
    from pffspike.generation import FittedPrior, Quality, Samples, fit_prior, quality, sample
    from pffspike.inference import (
        AnyMode,
        AugmentedViews,
        Classification,
        Confidence,
        Mode,
        Reconstruction,
        Stopping,
        Views,
        calibrate,
        check_mode,
        check_reconstruction,
        classify,
        coverage,
        fit_confidence,
        label_state,
        reconstruct,
        views_of,
    )
    from pffspike.information import info
    from pffspike.inputs import (
        dataset_of,
        first_samples,
        read_images,
        signals_of,
        trained_levels,
    )
    from pffspike.intervals import Interval
    from pffspike.live import LiveNetwork, serve
    from pffspike.network.events import Events, events_of
    from pffspike.network.parameters import Parameters, initial
    from pffspike.network.rules import Contrast, Delta, Goodness
    from pffspike.network.spec import (
        Bias,
        HardNegative,
        Network,
        Phase,
        Population,
        Program,
        Projection,
        Roles,
        Training,
    )
    from pffspike.network.structure import populations_of
    from pffspike.online import OnlineLearning, learn_online
    from pffspike.own import network_for, own_data, own_training
    from pffspike.quantization.weights import Quantized, check_bits, quantize
    from pffspike.recorded import read_recording, record
    from pffspike.recording import NOTHING, Probes, Recording
    from pffspike.reporting import report
    from pffspike.schedules import begin, lengthened
    from pffspike.searching import Search, search, settings_of
    from pffspike.seeds import seed_jobs, train_seeds
    from pffspike.specimens import Mismatch, Specimen, draw_specimen
    from pffspike.storage import load, save
    from pffspike.studies.study import Resources, StudyCallback, StudyResult, study
    from pffspike.trained import Prior, TrainedNetwork, versions
    from pffspike.training import train
    from pffspike.typing import ProgressCallback

#: Names by the module that defines them.
_MODULES = {
    "pffspike.network.rules": "Contrast Delta Goodness",
    "pffspike.network.spec": (
        "Bias HardNegative Network Phase Population Program Projection Roles Training"
    ),
    "pffspike.network.events": "Events events_of",
    "pffspike.network.parameters": "Parameters initial",
    "pffspike.network.structure": "populations_of",
    "pffspike.circuits.chl": "CHL chl",
    "pffspike.circuits.ff": "FF ff",
    "pffspike.circuits": "PFF",
    "pffspike.circuits.pff": "pff",
    "pffspike.circuits.wake_sleep": "WakeSleep wake_sleep",
    "pffspike.cards": "card_text known_networks load_network network_hash",
    "pffspike.data": (
        "Coding Dataset Scaling DataSource from_arrays is_own is_same load_own own_dataset "
        "probabilities"
    ),
    "pffspike.data.binning": "Binning",
    "pffspike.data.event_files": "read_events read_recordings",
    "pffspike.data.recordings": "Recordings",
    "pffspike.devices": "Device known_devices load_device",
    "pffspike.errors": (
        "FileError MissingPackageError PffspikeError SessionClosedError UserError "
        "ValidationError unknown"
    ),
    "pffspike.engines.base": "Engine Session",
    "pffspike.engines.registry": "available_engines engine_names is_exact make_engine",
    "pffspike.recording": "NOTHING Probes Recording",
    "pffspike.trained": "Prior TrainedNetwork versions",
    "pffspike.typing": "ProgressCallback",
    "pffspike.execution": "Execution open_session run",
    "pffspike.recorded": "read_recording record",
    "pffspike.inputs": "dataset_of first_samples read_images signals_of trained_levels",
    "pffspike.online": "OnlineLearning learn_online",
    "pffspike.own": "network_for own_data own_training",
    "pffspike.specimens": "Mismatch Specimen draw_specimen",
    "pffspike.storage": "load save",
    "pffspike.schedules": "begin lengthened",
    "pffspike.training": "train",
    "pffspike.seeds": "seed_jobs train_seeds",
    "pffspike.inference": (
        "AnyMode Classification Confidence Mode Reconstruction "
        "AugmentedViews Stopping Views calibrate check_mode check_reconstruction classify "
        "coverage fit_confidence label_state reconstruct views_of"
    ),
    "pffspike.estimator": "PFFClassifier",
    "pffspike.evaluation": "Evaluation evaluate summary",
    "pffspike.generation": "FittedPrior Quality Samples fit_prior quality sample",
    "pffspike.quantization.weights": "Quantized check_bits quantize",
    "pffspike.live": "LiveNetwork serve",
    "pffspike.choices": "CALIBRATED MODES OBJECTIVES PROPOSED ROUNDINGS STATES",
    "pffspike.deployment": "Exported Target export",
    "pffspike.deployment.nir": "from_nir",
    "pffspike.fpga.export": "ExportedCore export_fpga",
    "pffspike.reporting": "report",
    "pffspike.studies.study": "Resources StudyCallback StudyResult study",
    "pffspike.benchmarks.measure": "benchmark",
    "pffspike.demonstration": "Demonstration demo",
    "pffspike.information": "info",
    "pffspike.energies": "Energy Metrics Term price_ann",
    "pffspike.energies.host": "HostEnergy",
    "pffspike.callbacks": "CsvLog EarlyStopping TensorBoard keep_back",
    "pffspike.charging": "InferenceEnergy Pricing energy",
    "pffspike.comparison": "Subject compare over_seeds",
    "pffspike.intervals": "Interval",
    "pffspike.brian2": "to_brian2",
    "pffspike.searching": "Search search settings_of",
}
#: Names that are others where they are defined, and modules.
_RENAMED = {
    "read_toml": ("pffspike.cards.toml", "read"),
    "load_data": ("pffspike.data", "load"),
    "resolve_engine": ("pffspike.engines.registry", "resolve"),
}
_SUBMODULES = ("caches", "files", "limits", "plots", "representations", "text")
_SOURCES = _RENAMED | {
    name: (module, name) for module, names in _MODULES.items() for name in names.split()
}

__all__ = [
    "CALIBRATED",
    "CHL",
    "FF",
    "MODES",
    "NOTHING",
    "OBJECTIVES",
    "PFF",
    "PROPOSED",
    "ROUNDINGS",
    "STATES",
    "AnyMode",
    "AugmentedViews",
    "Bias",
    "Binning",
    "Classification",
    "Coding",
    "Confidence",
    "Contrast",
    "CsvLog",
    "DataSource",
    "Dataset",
    "Delta",
    "Demonstration",
    "Device",
    "EarlyStopping",
    "Energy",
    "Engine",
    "Evaluation",
    "Events",
    "Execution",
    "Exported",
    "ExportedCore",
    "FileError",
    "FittedPrior",
    "Goodness",
    "HardNegative",
    "HostEnergy",
    "InferenceEnergy",
    "Interval",
    "LiveNetwork",
    "Metrics",
    "Mismatch",
    "MissingPackageError",
    "Mode",
    "Network",
    "OnlineLearning",
    "PFFClassifier",
    "Parameters",
    "PffspikeError",
    "Phase",
    "Population",
    "Pricing",
    "Prior",
    "Probes",
    "Program",
    "ProgressCallback",
    "Projection",
    "Quality",
    "Quantized",
    "Reconstruction",
    "Recording",
    "Recordings",
    "Resources",
    "Roles",
    "Samples",
    "Scaling",
    "Search",
    "Session",
    "SessionClosedError",
    "Specimen",
    "Stopping",
    "StudyCallback",
    "StudyResult",
    "Subject",
    "Target",
    "TensorBoard",
    "Term",
    "TrainedNetwork",
    "Training",
    "UserError",
    "ValidationError",
    "Views",
    "WakeSleep",
    "available_engines",
    "begin",
    "benchmark",
    "caches",
    "calibrate",
    "card_text",
    "check_bits",
    "check_mode",
    "check_reconstruction",
    "chl",
    "classify",
    "compare",
    "coverage",
    "dataset_of",
    "demo",
    "draw_specimen",
    "energy",
    "engine_names",
    "evaluate",
    "events_of",
    "export",
    "export_fpga",
    "ff",
    "files",
    "first_samples",
    "fit_confidence",
    "fit_prior",
    "from_arrays",
    "from_nir",
    "info",
    "initial",
    "is_exact",
    "is_own",
    "is_same",
    "keep_back",
    "known_devices",
    "known_networks",
    "label_state",
    "learn_online",
    "lengthened",
    "limits",
    "load",
    "load_data",
    "load_device",
    "load_network",
    "load_own",
    "make_engine",
    "network_for",
    "network_hash",
    "open_session",
    "over_seeds",
    "own_data",
    "own_dataset",
    "own_training",
    "pff",
    "plots",
    "populations_of",
    "price_ann",
    "probabilities",
    "quality",
    "quantize",
    "read_events",
    "read_images",
    "read_recording",
    "read_recordings",
    "read_toml",
    "reconstruct",
    "record",
    "report",
    "representations",
    "resolve_engine",
    "run",
    "sample",
    "save",
    "search",
    "seed_jobs",
    "serve",
    "settings_of",
    "signals_of",
    "study",
    "summary",
    "text",
    "to_brian2",
    "train",
    "train_seeds",
    "trained_levels",
    "unknown",
    "versions",
    "views_of",
    "wake_sleep",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.metadata.version("pffspike")
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _SOURCES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _SOURCES[name]
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
