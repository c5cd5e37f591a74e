"""Results as tidy tables and data frames: values, units in names, means over seeds, differences."""

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import pffspike
from pffspike import Execution, intervals
from pffspike.errors import MissingPackageError, ValidationError
from pffspike.studies.study import StudyResult

RUN = Execution("numpy")


def small(seed):
    card = {"pff": {"hidden": [20, 10]}}
    network = pffspike.load_network("digits", card)
    data = pffspike.first_samples(pffspike.load_data("digits"), test=30)
    return pffspike.TrainedNetwork(network, pffspike.initial(network, seed), seed), data


@pytest.fixture(scope="module")
def networks():
    return [small(seed) for seed in range(3)]


@pytest.fixture(scope="module")
def results(networks):
    return [
        pffspike.evaluate(trained, data, mode, execution=RUN)
        for trained, data in networks
        for mode in ("goodness", "one_pass")
    ]


def test_an_evaluation_is_a_row_with_units_and_intervals(results):
    (row,) = results[0].tidy_rows()
    found = results[0]
    assert row["accuracy"] == found.accuracy == found.right.mean()
    right = int(found.right.sum())
    assert (row["accuracy_low"], row["accuracy_high"]) == intervals.of_fraction(right, 30)
    assert (row["energy_j"], row["device"]) == (found.energy.total, "loihi1")
    assert row["energy_low_j"] < row["energy_j"] < row["energy_high_j"]
    assert found.energy.by_inference.mean() == pytest.approx(found.energy.total)
    assert len(found.energy.by_inference) == row["images"] == 30
    assert found.energy.spread.deviation == row["energy_sd_j"]
    assert (row["mode"], row["engine"], row["trained_seed"]) == ("goodness", "numpy", 0)
    json.dumps(row)  # plain values


def test_energies_are_a_row_a_device_and_a_term(networks):
    trained, data = networks[0]
    found = pffspike.energy(
        trained, data, "one_pass", pricing=["loihi1", "cortex-m4f"], execution=RUN
    )
    rows = found.tidy_rows()
    assert [row["device"] for row in rows] == ["loihi1", "cortex-m4f"]
    assert [row["energy_j"] for row in rows] == [energy.total for energy in found.energies]
    terms = found.energies[0].tidy_rows()
    own = [t["energy_j"] for t in terms if t["profile"] == found.energies[0].default]
    assert sum(e for e in own if e) == pytest.approx(found.energies[0].total)
    priced = [term for term in terms if term["value_j"]]
    assert priced
    for term in priced:
        assert term["count"] * term["value_j"] == pytest.approx(term["energy_j"])
        assert term["source"]


def test_a_classification_is_a_row_an_image(results):
    answers = results[1].classification
    rows = answers.tidy_rows()
    assert [row["predicted"] for row in rows] == answers.predicted.tolist()
    scores = [[row[f"score_{label}"] for label in range(10)] for row in rows]
    assert np.array_equal(scores, answers.scores)


def test_means_over_seeds_have_an_interval_over_seeds(results):
    rows = pffspike.over_seeds(results)
    assert [(row["mode"], row["seeds"]) for row in rows] == [("goodness", 3), ("one_pass", 3)]
    own = [found for found in results if found.mode == "goodness"]
    accuracies = [found.accuracy for found in own]
    assert rows[0]["accuracy"] == pytest.approx(np.mean(accuracies))
    interval = intervals.of_mean(accuracies)
    assert (rows[0]["accuracy_low"], rows[0]["accuracy_high"]) == interval
    assert rows[0]["energy_j"] == pytest.approx(np.mean([f.energy.total for f in own]))
    assert "trained_seed" not in rows[0]


def test_differences_are_paired_by_seed_or_by_image(results):
    (by_seed,) = pffspike.compare(results)
    pairs = [(g.accuracy, o.accuracy) for g, o in zip(results[::2], results[1::2], strict=True)]
    assert (by_seed["paired_by"], by_seed["pairs"]) == ("seeds", 3)
    assert by_seed["accuracy_difference"] == pytest.approx(np.mean([o - g for g, o in pairs]))
    (by_image,) = pffspike.compare(results[:2])
    assert (by_image["paired_by"], by_image["pairs"]) == ("images", 30)
    ends = intervals.of_difference(results[1].right, results[0].right)
    assert (by_image["accuracy_difference_low"], by_image["accuracy_difference_high"]) == ends
    ratio = results[1].energy.total / results[0].energy.total
    assert by_image["energy_ratio"] == pytest.approx(ratio)
    assert by_image["energy_ratio_low"] < ratio < by_image["energy_ratio_high"]
    assert pffspike.compare(results[:1]) == pffspike.compare([]) == []


def test_what_can_not_be_compared_is_named(results, networks):
    with pytest.raises(ValidationError, match="two of the results are of 'digits' trained from"):
        pffspike.over_seeds([results[0], results[0]])
    trained, data = networks[0]
    fewer = pffspike.evaluate(
        trained, pffspike.first_samples(data, test=5), "one_pass", execution=RUN
    )
    with pytest.raises(ValidationError, match="5 images of 'digits' and 30 of 'digits' can't be"):
        pffspike.compare([results[0], fewer])


def test_frames_hold_the_rows(results, monkeypatch):
    pandas = pytest.importorskip("pandas")
    frame = pandas.concat([found.to_frame() for found in results], ignore_index=True)
    assert len(frame) == 6
    assert frame.groupby("mode").accuracy.mean()["goodness"] == pytest.approx(
        pffspike.over_seeds(results)[0]["accuracy"]
    )
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingPackageError, match="this needs pandas"):
        results[0].to_frame()


def test_quality_has_a_row_for_all_that_is_measured():
    judgement = pffspike.generation.judge.Judgement(0.9, 0.1, 1.5, 0.0)
    diversity = pffspike.generation.diversity.Diversity(0.5, 0.6, 0.7, 0.8)
    found = pffspike.Quality({"free": 4.0}, {"synthesized": (judgement, diversity)}, {}, None)
    rebuilt, synthesized = found.tidy_rows()
    assert rebuilt.keys() == synthesized.keys()
    assert (rebuilt["name"], rebuilt["summed_squared_error"]) == ("free", 4.0)
    assert np.isnan(rebuilt["precision"])
    assert (synthesized["entropy_nat"], synthesized["precision"]) == (0.1, 0.6)


def test_a_study_is_a_row_a_system_and_mode():
    @dataclasses.dataclass
    class Named:
        datasets: tuple[str, ...]

    accuracy = {"mean": 0.9, "standard_deviation": 0.01, "seeds": [0, 1], "values": [0.89, 0.91]}
    system = {
        "title": "PFF",
        "accuracy": {"goodness": accuracy},
        "operations_per_inference": {
            "goodness": {"Effective_MACs": 0.0, "Effective_ACs": 5.0, "Dense": 9.0}
        },
        "parameters": 7,
        "training_seconds": {"mean": 1.5},
        "spikes_per_inference": {"goodness": 3.0},
        "steps_per_inference": {"goodness": 18.0},
    }
    content = {"study": {}, "digits": {"pff": system}}
    (row,) = StudyResult(Named(("digits",)), content, 2, 0, (Path(), Path())).tidy_rows()
    assert (row["system"], row["seeds"], row["effective_acs"]) == ("pff", 2, 5.0)
    assert row["accuracy_low"] < 0.89 < 0.91 < row["accuracy_high"]
