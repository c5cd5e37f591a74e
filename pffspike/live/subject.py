"""A trained network as the live page shows it: what it can do, and its answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pffspike import generation, inference
from pffspike.choices import CALIBRATED, MODES
from pffspike.data import Dataset
from pffspike.devices import known_devices, load_device
from pffspike.errors import ValidationError, unknown
from pffspike.execution import Execution
from pffspike.inference import AnyMode, Mode
from pffspike.inference.confidence import Confidence
from pffspike.inference.views import views_of_test
from pffspike.inputs import encoded_test, first_samples
from pffspike.live import timeline
from pffspike.live.picture import Canvas
from pffspike.live.question import Question
from pffspike.network import structure
from pffspike.network.spec import Network
from pffspike.recording import Probes
from pffspike.trained import TrainedNetwork
from pffspike.typing import ProgressCallback

_WINDOWS = tuple(2**k for k in range(7))  #: that the page offers, beside the network's own
_JUDGED = 300  #: test images that the probability of being right is fitted on
_IMAGINED = 8  #: samples of the answered class
_SCARCE = 64  #: rules and confidences that are kept


@dataclass(frozen=True, eq=False)
class LiveNetwork:
    """A trained network, its data, and how it is run.

    Parameters
    ----------
    trained : TrainedNetwork
        Any that can classify; trained or not, quantized or not.
    dataset : Dataset or None
        Its test part can be shown, its training part calibrates modes ``early`` and ``late``;
        None: images can be drawn, and these modes are not offered.
    execution : Execution
        Engine and seed; a question may ask for another seed.
    device : str
        Name or path of the device card that the page begins with.
    tolerance : float
        Of modes ``early`` and ``late``, see `pffspike.Mode`.
    calibration_samples : int
        Of these modes.
    name : str
        What the page calls the network, such as the name of its file.

    Raises
    ------
    ValidationError
        If the network can't classify in any mode, or there is no such device.

    Examples
    --------
    >>> import pffspike
    >>> data = pffspike.load_data("digits")
    >>> live = LiveNetwork(pffspike.begin(pffspike.load_network("digits"), data, seed=0), data)
    >>> live.modes
    ('goodness', 'one_pass', 'feedback', 'proposal', 'early', 'late')
    """

    trained: TrainedNetwork
    dataset: Dataset | None = None
    execution: Execution = Execution()
    device: str = "loihi1"
    tolerance: float = 0.01
    calibration_samples: int = 500
    name: str = ""
    _kept: dict[tuple[object, ...], Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        load_device(self.device)
        Mode("early", None, None, self.tolerance, self.calibration_samples)
        if not self.modes:
            inference.check_mode(self.trained.network, "goodness")  # says why not

    @property
    def modes(self) -> tuple[str, ...]:
        """Modes in which the network can answer here."""
        able = (mode for mode in MODES if _can(inference.check_mode, self.trained.network, mode))
        return tuple(mode for mode in able if self.dataset or mode not in CALIBRATED)

    @property
    def windows(self) -> tuple[int, ...]:
        """Windows that can be asked for; input in time has the steps of the network's own."""
        own = self._own_window
        if self.canvas.in_time:
            return (own,)
        return tuple(sorted({*_WINDOWS, own}))

    @property
    def canvas(self) -> Canvas:
        """What can be drawn, and how."""
        return Canvas(self.trained, self.dataset)

    @property
    def _own_window(self) -> int:
        programs = {program.name: program for program in self.trained.network.programs}
        return (programs.get("goodness") or programs["one_pass"]).window

    def describe(self) -> dict[str, Any]:
        """Say what the page needs to know of the network, in plain values."""
        network, data = self.trained.network, self.trained.data
        label = network.role("label")
        names = data.class_names if data else ()
        return {
            "name": network.name,
            "file": self.name,
            "description": network.description,
            "training": self._training(),
            "engine": self.execution.engine_name,
            "classes": list(names or map(str, range(label.size))),
            "populations": timeline.populations(network, self._probed()),
            "modes": list(self.modes),
            "windows": list(self.windows),
            "window": self._own_window,
            "noise": self.execution.seed,
            "devices": list(dict.fromkeys([self.device, *known_devices()])),
            "samples": len(self.dataset.test_images) if self.dataset else 0,
            "reconstructs": _can(inference.check_reconstruction, network),
            "synthesizes": _can(generation.check_synthesis, network),
            **self.canvas.describe(),
        }

    def _training(self) -> str:
        trained = self.trained
        if not trained.samples_done:
            return "not trained: its weights are as they were drawn"
        done = f"{trained.samples_done:,} of {trained.samples_total:,} training samples"
        bits = trained.provenance.get("bits")
        return f"{done}, seed {trained.seed}{f', rounded to {bits} bits' if bits else ''}"

    def sample(self, number: int) -> dict[str, Any]:
        """Give a test sample: its grey values, if it has any, and its class.

        Parameters
        ----------
        number : int
            From 0.

        Returns
        -------
        dict

        Raises
        ------
        ValidationError
            If there is no such sample.
        """
        data = self._data(number)
        return {
            "sample": number,
            "class": int(data.test_labels[number]),
            **self.canvas.shown(data, number),
        }

    def answer(
        self, question: Question, progress: ProgressCallback | None = None
    ) -> dict[str, Any]:
        """Classify an image, and give all that led to the answer, in plain values.

        Parameters
        ----------
        question : Question
            The image and the way.
        progress : callable or None
            Told of a calibration.

        Returns
        -------
        dict

        Raises
        ------
        ValidationError
            If the image does not fit the network, or the way does not exist.
        """
        trained = self._windowed(question.window)
        device = load_device(self._known_device(question.device))
        seen = self._seen(question)
        probes = Probes(rasters=self._probed())
        found = inference.classify(
            trained,
            encoded_test(trained, seen),
            self._way(question, progress),
            views=views_of_test(trained, seen),
            execution=self.execution.replace(seed=question.noise, probes=probes, progress=progress),
        )
        shown = timeline.passes(found)
        goodness, readout = timeline.scores(shown, found.scores.shape[1])
        number = question.sample
        return {
            "predicted": int(found.predicted[0]),
            "true": None if number is None else int(seen.test_labels[0]),
            "margin": _plain(found.margins[0]),
            "scores": _plain(found.scores[0]),
            "decides": "read_out" if found.candidates == 1 else "goodness",
            "steps": max(p.end for p in shown),
            "goodness": _plain(goodness),
            "read_out": _plain(readout),
            "presentations": timeline.spikes(shown),
            "costs": timeline.costs(shown, device),
            "command": self._command(question),
        }

    def imagine(
        self, question: Question, progress: ProgressCallback | None = None
    ) -> dict[str, Any]:
        """Reconstruct an image, and synthesize some of the class that is answered in one way.

        Parameters
        ----------
        question : Question
            The image and the way.
        progress : callable or None
            Told of the work.

        Returns
        -------
        dict
            ``reconstructions`` by phase and ``samples``: grey values in [0, 1]; absent where the
            network has no circuit for them.
        """
        trained, seen = self._windowed(question.window), self._seen(question)
        images = encoded_test(trained, seen)
        execution = self.execution.replace(seed=question.noise, progress=progress)
        found: dict[str, Any] = {}
        if _can(inference.check_reconstruction, trained.network):
            rebuilt = inference.reconstruct(
                trained, images, window=question.window, execution=execution
            )
            found["reconstructions"] = {k: _plain(v[0]) for k, v in rebuilt.images.items()}
        if _can(generation.check_synthesis, trained.network):
            way = self._way(question, progress)
            views = views_of_test(trained, seen)
            answer = inference.classify(trained, images, way, views=views, execution=execution)
            label = int(answer.predicted[0])
            drawn = generation.sample(self.trained, _IMAGINED, label, execution=execution)
            found |= {"class": label, "samples": _plain(drawn.images)}
        return found

    def confidence(
        self, question: Question, progress: ProgressCallback | None = None
    ) -> dict[str, Any]:
        """Fit how often answers of a way are right, by their margin, to the first test samples.

        Parameters
        ----------
        question : Question
            Its mode and window count.
        progress : callable or None
            Told of the work.

        Returns
        -------
        dict
            ``intercept`` and ``slope`` of `pffspike.Confidence` (absent if all answers are right,
            or all wrong), the ``samples`` and the ``accuracy``.
        """
        if not self.dataset:
            return {"samples": 0}
        return self._once(
            ("confidence", question.mode, question.window),
            lambda: self._judged(question, progress),
        )

    def _judged(self, question: Question, progress: ProgressCallback | None) -> dict[str, Any]:
        assert self.dataset is not None
        trained = self._windowed(question.window)
        count = min(_JUDGED, len(self.dataset.test_images))
        some = first_samples(self.dataset, test=count)
        found = inference.classify(
            trained,
            encoded_test(trained, some),
            self._way(question, progress),
            views=views_of_test(trained, some),
            execution=self.execution.replace(progress=progress),
        )
        right = found.predicted == some.test_labels
        told: dict[str, Any] = {"samples": count, "accuracy": float(right.mean())}
        try:
            fitted: Confidence = inference.fit_confidence(found.margins, right)
        except ValidationError:
            return told
        return {**told, "intercept": fitted.intercept, "slope": fitted.slope}

    def _known_device(self, name: str) -> str:
        """A device of the page, which reads no other file for whoever asks."""
        known = [self.device, *known_devices()]
        if name not in known:
            raise unknown("device card", name, known)
        return name

    def _way(self, question: Question, progress: ProgressCallback | None) -> AnyMode:
        """The mode; its rule is calibrated once for a window, with the seed of the page."""
        if question.mode not in self.modes:
            inference.check_mode(self.trained.network, question.mode)  # says why not
            raise ValidationError(
                f"mode {question.mode!r} is calibrated on training samples, which are not here; "
                f"start the page with --data, or choose another mode"
            )
        if question.mode not in CALIBRATED:
            return question.mode
        mode = Mode(question.mode, None, None, self.tolerance, self.calibration_samples)
        return self._once(
            ("rule", question.mode, question.window),
            lambda: inference.calibrate(
                self._windowed(question.window),
                self.dataset,
                mode,
                execution=self.execution.replace(progress=progress),
            ),
        )

    def _once(self, key: tuple[object, ...], make: Callable[[], Any]) -> Any:
        """Give what was made before, or make it; only so much is kept."""
        if key not in self._kept:
            while len(self._kept) >= _SCARCE:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = make()
        return self._kept[key]

    def _windowed(self, window: int | None) -> TrainedNetwork:
        if window is None or window == self._own_window:
            return self.trained
        if window not in self.windows:
            raise ValidationError(
                f"window = {window} is none that this network can answer with; give one of: "
                f"{', '.join(map(str, self.windows))}"
            )
        return self.trained.replace(network=structure.with_window(self.trained.network, window))

    def _seen(self, question: Question) -> Dataset:
        """The image of a question as the test part of a data set."""
        if question.shown == "sample":
            number = question.sample or 0
            data = self._data(number)
            some = slice(number, number + 1)
            return dataclasses.replace(
                data, test_images=data.test_images[some], test_labels=data.test_labels[some]
            )
        return self.canvas.read(question.pixels, question.values)

    def _data(self, number: int) -> Dataset:
        if self.dataset is None:
            raise ValidationError("there are no test samples here; start the page with --data")
        if not 0 <= number < len(self.dataset.test_images):
            raise ValidationError(
                f"sample {number} does not exist; test samples are 0 to "
                f"{len(self.dataset.test_images) - 1}"
            )
        return self.dataset

    def _probed(self) -> tuple[str, ...]:
        """Populations whose spikes the page shows."""
        network = self.trained.network
        programs = [p for p in network.programs if p.name in ("goodness", "one_pass")]
        used = {p.name for one in programs for p in structure.extent(network, one).populations}
        return tuple(p.name for p in network.populations if p.name in used)

    def _command(self, question: Question) -> str | None:
        """The command that answers the same, if there is one."""
        own = question.window in (None, self._own_window)
        same_rule = question.mode not in CALIBRATED or question.noise == self.execution.seed
        if question.sample is None or not own or not same_rule:
            return None
        said = f"pffspike classify {self.name} --index {question.sample} --mode {question.mode}"
        if question.mode in CALIBRATED:
            said += f" --tolerance {self.tolerance:g}"
            said += f" --calibration-samples {self.calibration_samples}"
        return f"{said} --seed {question.noise}"


def _can(check: Callable[..., object], network: Network, *arguments: object) -> bool:
    """Whether a network passes a check."""
    try:
        check(network, *arguments)
    except ValidationError:
        return False
    return True


def _plain(values: Any) -> Any:
    """Numbers as JSON has them; None where there is none."""
    array = np.asarray(values, np.float64)
    if array.ndim:
        return [_plain(value) for value in array]
    return float(array) if np.isfinite(array) else None
