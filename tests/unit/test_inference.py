"""Inference modes: what is equal to what, exactly, and what each of them costs."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_cases import (
    CLASSES,
    ENGINE,
    POPULATIONS,
    SEEDS,
    VARIANTS,
    WINDOW,
    answer,
    build,
    cost,
    images,
    initially,
    rule,
)
from pffspike.data import Coding
from pffspike.execution import Execution
from pffspike.inference import (
    AugmentedViews,
    Mode,
    Stopping,
    calibrate,
    classify,
    goodness_scores,
)
from pffspike.inference.elimination import candidate_network
from pffspike.inference.goodness import prefix_scores
from pffspike.inference.keys import trial_seed
from pffspike.network import initial
from pffspike.recording import Probes, Recording


def same_answers(one, two):
    np.testing.assert_array_equal(one.predicted, two.predicted)
    np.testing.assert_array_equal(one.scores, two.scores)
    assert cost(one) == cost(two)


def run(network, program, n, seed, window=None, trial=0):
    """Every label of every image, by program ``goodness`` or by program ``candidate``."""
    everything = Probes(
        counts=("hidden_1",),
        rasters=tuple(p.name for p in network.populations if p.name in POPULATIONS),
    )
    samples, labels = np.arange(n), np.zeros(n, int)
    if program == "candidate":
        network = candidate_network(network, window)
        samples, labels = np.repeat(samples, CLASSES), np.tile(np.arange(CLASSES), n)
    with ENGINE.compile(
        network, program, initial(network, 1), seed=trial_seed(seed, trial), probes=everything
    ) as session:
        return session.run({"image": images(n, seed)[samples], "candidate": labels}, samples)


@pytest.mark.parametrize("variant", VARIANTS)
@given(seed=SEEDS)
@settings(max_examples=10, deadline=None)
def test_a_candidate_has_the_spikes_of_its_phase_of_goodness(variant, seed):
    network = build(variant)
    phases, candidates = (run(network, name, 3, seed) for name in ("goodness", "candidate"))
    for field in ("spikes", "goodness", "counts", "rasters"):
        for name, values in getattr(phases, field).items():
            np.testing.assert_array_equal(values, getattr(candidates, field)[name])


@pytest.mark.parametrize("variant", VARIANTS)
@given(seed=SEEDS, exponent=st.integers(0, 3))
@settings(max_examples=15, deadline=None)
def test_a_shorter_window_is_a_prefix_of_the_same_presentation(variant, seed, exponent):
    network, window = build(variant), 2**exponent
    long, short = (run(network, "candidate", 3, seed, w) for w in (WINDOW, window))
    burn_in = long.program.burn_in
    for name, raster in short.rasters.items():
        np.testing.assert_array_equal(raster, long.rasters[name][: burn_in + window])
    counted = long.rasters["hidden_1"][burn_in : burn_in + window].sum(axis=0)
    np.testing.assert_array_equal(short.counts["hidden_1"], counted)
    np.testing.assert_array_equal(goodness_scores(short), prefix_scores(long, window))


@pytest.mark.parametrize("variant", VARIANTS)
def test_proposal_of_all_labels_is_goodness(variant):
    network = build(variant)
    same_answers(answer(network, Mode("proposal", CLASSES)), answer(network, "goodness"))


def test_proposal_of_one_label_is_one_pass():
    network = build()
    same_answers(answer(network, Mode("proposal", 1)), answer(network, "one_pass"))


@given(seed=SEEDS, candidates=st.integers(2, CLASSES - 1))
@settings(max_examples=15, deadline=None)
def test_proposal_takes_the_best_of_the_labels_proposed(seed, candidates):
    network = build()
    proposal = answer(network, Mode("proposal", candidates), seed=seed)
    votes = answer(network, "one_pass", seed=seed)
    goodness = answer(network, "goodness", seed=seed).scores
    entered = np.isfinite(proposal.scores)
    assert np.all(entered.sum(axis=1) == candidates)
    assert np.all(entered[np.arange(12), votes.predicted])
    least = np.where(entered, votes.scores, np.inf).min(axis=1)
    most = np.where(entered, -np.inf, votes.scores).max(axis=1)
    assert np.all(least >= most)
    np.testing.assert_array_equal(proposal.scores, np.where(entered, goodness, -np.inf))
    np.testing.assert_array_equal(proposal.predicted, proposal.scores.argmax(axis=1))
    assert cost(proposal).steps == (1 + candidates) * (2 + WINDOW)


@pytest.mark.parametrize("candidates", [None, 2])
def test_early_with_a_tolerance_of_0_changes_nothing(candidates):
    network = build()
    mode = Mode("early", candidates, tolerance=0)
    never = calibrate(initially(network), images(5), mode, execution=Execution(ENGINE))
    assert math.isinf(never.limit)
    assert never.calibration_samples == 0
    early = answer(network, never)
    same_answers(early, answer(network, Mode("proposal", candidates or CLASSES)))


def expected_race(network, n, seed, limit):
    """One image after the other, by the words of the rule: answers, windows, total steps."""
    by_window = {
        w: goodness_scores(run(network, "candidate", n, seed, w)).reshape(n, CLASSES)
        for w in (1, 2, 4, 8)
    }
    answers, presented = [], {}
    for k in range(n):
        racing = set(range(CLASSES))
        for window, scores in by_window.items():
            if len(racing) == 1:
                break
            presented |= dict.fromkeys(((k, label) for label in racing), window)
            best = max(scores[k, label] for label in racing)
            if window < WINDOW:
                racing = {c for c in racing if (best - scores[k, c]) * window**0.5 <= limit}
            else:
                racing = {min(c for c in racing if scores[k, c] == best)}
        answers.append(racing.pop())
    return answers, presented


@given(seed=SEEDS, limit=st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0]))
@settings(max_examples=25, deadline=None)
def test_early_drops_labels_by_the_rule_and_charges_each_presentation_once(seed, limit):
    network = build("high")
    early = answer(network, rule(limit), n=6, seed=seed)
    answers, presented = expected_race(network, 6, seed, limit)
    assert early.predicted.tolist() == answers
    assert cost(early).steps == sum(presented.values()) / 6  # no burn-in in this network
    charged = [
        (int(sample), recording.program.window)
        for recording in early.recordings
        for sample in recording.samples
    ]
    assert sorted(charged) == sorted((k, window) for (k, _), window in presented.items())
    spikes = 0
    for (k, label), window in presented.items():
        whole = run(network, "candidate", 6, seed, window)
        spikes += sum(int(values[k * CLASSES + label]) for values in whole.spikes.values())
    assert cost(early).spikes == spikes / 6


@pytest.mark.parametrize("mode", ["early", "late"])
@given(seed=SEEDS, limit=st.sampled_from([0.0, 1.0, 3.0, 6.0, math.inf]))
@settings(max_examples=15, deadline=None)
def test_trials_go_on_with_the_labels_that_are_left(mode, seed, limit):
    network, trials, n = build("high"), 3, 6
    found = answer(network, rule(limit, CLASSES, mode, trials), n=n, seed=seed)
    full = [
        goodness_scores(run(network, "candidate", n, seed, WINDOW, k)).reshape(n, -1)
        for k in range(trials)
    ]
    shorter = () if mode == "late" or math.isinf(limit) else (1, 2, 4)
    compared = [
        (w, goodness_scores(run(network, "candidate", n, seed, w)).reshape(n, -1)) for w in shorter
    ]
    compared += [(WINDOW * (k + 1), sum(full[: k + 1]) / (k + 1)) for k in range(trials)]
    steps = 0
    for image in range(n):
        racing, before = set(range(CLASSES)), 0
        for spent, scores in compared:
            if len(racing) == 1:
                break
            steps, before = steps + len(racing) * (spent - before), spent
            best = max(scores[image, label] for label in racing)
            lead = best - sorted(scores[image, label] for label in racing)[-2]
            if spent < WINDOW * trials:
                racing = {c for c in racing if (best - scores[image, c]) * spent**0.5 <= limit}
            else:
                racing = {min(c for c in racing if scores[image, c] == best)}
        assert found.predicted[image] == racing.pop()
        assert found.margins[image] == lead
    assert cost(found).steps == steps / n  # no burn-in in this network


def test_trials_average_what_other_seeds_give():
    network = build()
    for mode in ("goodness", "one_pass"):
        mean = answer(network, Mode(mode, trials=3)).scores
        singles = [answer(network, mode).scores]
        singles += [
            classify(
                initially(network),
                images(12, 3),
                mode,
                samples=np.arange(12),
                execution=Execution(ENGINE, trial_seed(3, k)),
            ).scores
            for k in (1, 2)
        ]
        np.testing.assert_array_equal(mean, sum(singles) / 3)


@pytest.mark.parametrize("mode", ["goodness", "one_pass", "late"])
def test_trials_after_the_first_present_their_views(mode):
    network, grey, numbers = build(), np.arange(9 * 6).reshape(6, 9), np.arange(6)
    views = AugmentedViews(grey, (3, 3), 60, Coding())
    late = rule(math.inf, mode="late", trials=3)
    several = late if mode == "late" else Mode(mode, trials=3)

    def scores(x, way, seed=4, views=None):
        run = Execution(ENGINE, seed)
        return classify(
            initially(network), x, way, samples=numbers, views=views, execution=run
        ).scores

    single = "goodness" if mode == "late" else mode
    shown = [Coding().encode(grey, 60), views(1, numbers), views(2, numbers)]
    assert np.array_equal(shown[1].reshape(6, 3, 3)[:, :, 1:], shown[0].reshape(6, 3, 3)[:, :, :2])
    each = [scores(x, single, trial_seed(4, trial)) for trial, x in enumerate(shown)]
    np.testing.assert_array_equal(scores(shown[0], several, views=views), sum(each) / 3)


@pytest.mark.parametrize("mode", ["goodness", "one_pass", "proposal", "late"])
@given(order=st.permutations(range(12)), kept=st.integers(1, 12))
@settings(max_examples=10, deadline=None)
def test_an_answer_does_not_depend_on_the_place_of_an_image(mode, order, kept):
    network, shown = build(), images(12, 3)
    way = rule(2.0, mode="late", trials=3) if mode == "late" else mode
    whole, some = (
        classify(initially(network), x, way, execution=Execution(ENGINE, 3))
        for x in (shown, shown[order[:kept]])
    )
    np.testing.assert_array_equal(some.predicted, whole.predicted[order[:kept]])
    np.testing.assert_array_equal(some.scores, whole.scores[order[:kept]])
    np.testing.assert_array_equal(some.margins, whole.margins[order[:kept]])


def test_progress_counts_every_image_once():
    network = build()
    for mode in (
        Mode("proposal", 2),
        rule(1.0),
        rule(math.inf),
        rule(1.0, mode="late", trials=3),
        Mode("goodness", trials=2),
    ):
        told: list[tuple[int, int]] = []
        answer(network, mode, n=300, progress=lambda _, *counts, told=told: told.append(counts))
        assert told[0] == (0, 300)
        assert told[-1] == (300, 300)
        assert sorted(told) == told


def test_no_images_no_cost():
    for mode in (Mode("proposal", 2), rule(1.0)):
        nothing = answer(build(), mode, n=0)
        assert nothing.predicted.shape == (0,)
        assert cost(nothing).steps == 0


def test_select_keeps_samples_with_all_that_was_recorded():
    recording = run(build(), "goodness", 5, 0)
    parts = [recording.select(np.array(chosen)) for chosen in ([0, 1], [2, 3, 4])]
    again = Recording.join(parts)
    assert again.same_spikes(recording)
    assert parts[0].rasters["hidden_1"].shape == (10, 2 * CLASSES, 10)
    mask = np.array([True, True, False, False, False])
    assert recording.select(mask).same_spikes(parts[0])


def test_what_does_not_fit_is_refused():
    network = build()
    for fields, message in (
        ({"name": "fast"}, "mode 'fast' does not exist"),
        ({"trials": 0}, "trials = 0 must be at least 1 in mode 'goodness'"),
        ({"name": "late", "trials": 1}, "trials = 1 must be at least 2 in mode 'late'"),
        ({"tolerance": -0.1}, "must be at least 0 and below 1"),
        ({"tolerance": 1.0}, "must be at least 0 and below 1"),
        ({"candidates": 0}, "candidates = 0 must be at least 1"),
    ):
        with pytest.raises(ValueError, match=message):
            Mode(**fields)
    for mode, options, message in (
        (
            "fast",
            {},
            "'fast' does not exist; did you mean 'late'. There are: goodness",
        ),
        ("early", {}, "mode 'early' needs a stopping rule; give what pffspike.calibrate"),
        (Mode("late"), {}, "mode 'late' needs a stopping rule"),
        ("goodness", {"samples": [1, 2]}, "give one number an image"),
        (Mode("proposal", 5), {}, "candidates = 5 must be from 1 to 4"),
        (Stopping(1.0, 0.1, 0.95, 1, 4, 16), {}, "a window of 16 steps"),
    ):
        with pytest.raises(ValueError, match=message):
            answer(network, mode, **options)
    with pytest.raises(ValueError, match="mode 'goodness' has no stopping rule; give one of"):
        calibrate(initially(network), images(5), "goodness")


def test_goodness_by_other_phases_than_labels_is_refused():
    network = build()
    programs = tuple(p for p in network.programs if p.name != "goodness")
    swapped = network.program("goodness").phases[::-1]
    other = type(programs[0])("goodness", 2, WINDOW, swapped)
    with pytest.raises(ValueError, match="must have a phase for each label, in order"):
        candidate_network(network.replace(programs=(*programs, other)))
