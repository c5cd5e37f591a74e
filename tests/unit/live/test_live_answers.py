"""The live page: its numbers are those of the library."""

import json

import numpy as np
import pytest

import pffspike
from commands import call
from live_cases import asked, raster
from pffspike import Execution, LiveNetwork, Mode, Probes, energies, mapping
from pffspike.live import timeline
from pffspike.live.question import Question


@pytest.mark.parametrize("mode", ["goodness", "one_pass", "feedback", "proposal", "early", "late"])
def test_an_answer_is_that_of_classify(client, live, trained, data, mode):
    told = asked(client, sample=7, mode=mode, noise=0)
    way = mode
    if mode in pffspike.CALIBRATED:
        way = pffspike.calibrate(
            trained,
            data,
            Mode(mode, tolerance=0.1, calibration_samples=40),
            execution=Execution("numpy"),
        )
    images = trained.coding.encode(data.test_images[7:8], data.levels)
    known = pffspike.classify(trained, images, way, execution=Execution("numpy"))
    assert told["predicted"] == known.predicted[0]
    assert told["margin"] == pytest.approx(known.margins[0])
    finite = np.isfinite(known.scores[0])
    scores = [s if ok else None for s, ok in zip(known.scores[0].tolist(), finite, strict=True)]
    assert told["scores"] == scores
    last = told[told["decides"]][-1]
    for label in np.flatnonzero(finite):
        assert last[label] == pytest.approx(known.scores[0, label])
    assert told["true"] == data.test_labels[7]
    counts = energies.counts(known.recordings)
    assert told["costs"]["spikes"][-1] == counts.spikes
    assert told["costs"]["operations"][-1] == counts.synaptic_operations
    assert told["costs"]["steps"][-1] == counts.steps


def test_spikes_are_those_of_a_recorded_run(client, trained, data):
    told = asked(client, sample=3, mode="goodness", noise=5)
    names = pffspike.populations_of(trained.network, "goodness")
    execution = Execution("numpy", 5, probes=Probes(rasters=names))
    images = trained.coding.encode(data.test_images[3:4], data.levels)
    recording = pffspike.classify(trained, images, execution=execution).recordings[0]
    assert [one["under"] for one in told["presentations"]] == list(range(10))
    for label, one in enumerate(told["presentations"]):
        assert set(one["spikes"]) == set(names)
        for name in names:
            found = raster(one, trained.network, name)
            np.testing.assert_array_equal(found, recording.rasters[name][:, label])


@pytest.mark.parametrize("device", ["loihi1", "cortex-m4f", "truenorth"])
@pytest.mark.parametrize("mode", ["goodness", "proposal"])
def test_energy_grows_to_that_of_the_whole_inference(client, trained, data, device, mode):
    told = asked(client, sample=3, mode=mode, device=device)["costs"]
    names = {
        n for p in ("goodness", "one_pass") for n in pffspike.populations_of(trained.network, p)
    }
    images = trained.coding.encode(data.test_images[3:4], data.levels)
    execution = Execution("numpy", probes=Probes(rasters=tuple(sorted(names))))
    answer = pffspike.classify(trained, images, mode, execution=execution)
    card = pffspike.load_device(device)
    whole = energies.energy(
        answer.recordings, card, traffic=mapping.traffic(answer.recordings, card)
    )
    for name in ("events", "total", "whole_chip"):
        known = getattr(whole, name)
        if known is None:
            assert told[name] is None
        else:
            assert told[name][-1] == pytest.approx(known, rel=1e-9)
            assert np.all(np.diff(told[name]) > 0)


def test_labels_that_stopping_ends_end_earlier(trained, data):
    page = LiveNetwork(trained, data, Execution("numpy"), tolerance=0.8, calibration_samples=40)
    told = page.answer(Question(sample=0, mode="early"))
    ends = {one["under"]: one["begin"] + one["steps"] for one in told["presentations"]}
    assert set(ends) == set(range(10))
    assert max(ends.values()) == told["steps"]
    beaten = [label for label, score in enumerate(told["scores"]) if score is None]
    assert beaten
    assert min(ends.values()) < 10  # the full presentation
    for label in beaten:  # its last score stays
        assert told["goodness"][ends[label]][label] == told["goodness"][-1][label]


def test_later_trials_follow_each_other(trained, data):
    images = trained.coding.encode(data.test_images[:1], data.levels)
    names = pffspike.populations_of(trained.network, "goodness")
    execution = Execution("numpy", probes=Probes(rasters=names))
    answer = pffspike.classify(trained, images, Mode("goodness", trials=3), execution=execution)
    found = timeline.passes(answer)
    assert [(p.begin, p.trial) for p in found] == [(0, 0), (10, 1), (20, 2)]
    goodness, _ = timeline.scores(found, 10)
    np.testing.assert_allclose(goodness[-1], answer.scores[0])


def test_a_window_is_that_of_the_library(client, trained, data):
    told = asked(client, sample=1, mode="one_pass", window=32)
    programs = [p for p in trained.network.programs if p.name == "one_pass"]
    assert told["steps"] == 32 + programs[0].burn_in
    assert told["command"] is None


def test_what_is_drawn_is_answered_as_its_grey_values(client, data):
    drawn = asked(client, pixels=data.test_images[5].tolist(), noise=9)
    chosen = asked(client, sample=5, noise=9)
    assert drawn["scores"] == chosen["scores"]
    assert drawn["true"] is None
    assert chosen["true"] == data.test_labels[5]


def test_reconstruction_and_samples_are_those_of_the_library(client, trained, data):
    found = asked(client, "imagine", sample=2, noise=4)
    execution = Execution("numpy", 4)
    images = trained.coding.encode(data.test_images[2:3], data.levels)
    known = pffspike.reconstruct(trained, images, execution=execution).images
    assert found["reconstructions"] == {name: image[0].tolist() for name, image in known.items()}
    samples = pffspike.sample(trained, 8, found["class"], execution=execution)
    assert found["samples"] == samples.images.tolist()


def test_confidence_is_fitted_to_test_samples(client, trained, data):
    found = asked(client, "confidence", sample=0, mode="one_pass")
    images = trained.coding.encode(data.test_images, data.levels)
    answer = pffspike.classify(trained, images, "one_pass", execution=Execution("numpy"))
    right = answer.predicted == data.test_labels
    assert found["samples"] == 40
    assert found["accuracy"] == pytest.approx(right.mean())
    fitted = pffspike.fit_confidence(answer.margins, right)
    assert (found["intercept"], found["slope"]) == (fitted.intercept, fitted.slope)


def test_the_command_that_is_shown_gives_the_same(trained, tmp_path):
    pffspike.save(tmp_path / "net.h5", trained)
    page = LiveNetwork(
        trained,
        pffspike.load_data("digits"),
        Execution("numpy"),
        tolerance=0.2,
        calibration_samples=30,
        name="net.h5",
    )
    for question in (Question(sample=11, noise=3), Question(sample=11, mode="early")):
        told = page.answer(question)
        words = told["command"].split()
        assert words[0] == "pffspike"
        result = call(*words[1:], "-e", "numpy", "--json", "a.json", cwd=tmp_path)
        assert result.exit_code == 0, result.output
        known = json.loads((tmp_path / "a.json").read_text())
        assert known["predicted"] == [told["predicted"]]
        assert known["scores"] == [told["scores"]]
