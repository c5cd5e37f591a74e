"""Trials of systems that are not cards: what is drawn, and what the finalists gain."""

import ast
import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

import pffspike
from pffspike.studies.config import read_study

FOLDER = Path(__file__).parents[2] / "experiments" / "01-mnist"


@pytest.fixture
def trials(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import baseline_trials

    yield baseline_trials
    sys.modules.pop("baseline_trials")


def test_no_setting_is_drawn_twice_and_all_can_be(trials):
    for system in trials.SYSTEMS.values():
        possible = trials.number_of_settings(system)
        found = trials.drawn(system, 0, possible)
        assert len({tuple(each.items()) for each in found}) == possible
        assert trials.drawn(system, 0, 5) == found[:5]
        assert trials.drawn(system, 1, 5) != found[:5]


def test_a_setting_without_effect_is_left_out(trials):
    system = trials.SYSTEMS["rate_ff"]
    for settings in trials.drawn(system, 0, trials.number_of_settings(system)):
        assert ("weight_decay" in settings) == (settings["optimizer"] == "momentum")


@pytest.mark.parametrize("name", ["rate_ff", "backpropagation"])
def test_the_best_is_the_first_and_finalists_learn_longer(trials, name, capsys, monkeypatch):
    whole = trials.SYSTEMS[name]
    system = dataclasses.replace(whole, shared={**whole.shared, "hidden": (8, 8), "epochs": 1})
    parts = pffspike.first_samples(pffspike.load_data("digits"), train=200, test=50)
    candidates = trials.drawn(system, 0, 3)
    found = trials.judged(system, candidates, parts)
    assert [accuracy for accuracy, _ in found] == sorted((a for a, _ in found), reverse=True)
    assert all(settings in candidates for _, settings in found)
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["0", "1", "2"]
    kind, seen = trials.KINDS[whole.kind], []

    def run(config, *others):
        seen.append(config)
        return kind.run(config, *others)

    monkeypatch.setattr(
        trials, "KINDS", {**trials.KINDS, whole.kind: dataclasses.replace(kind, run=run)}
    )
    trials.judge(system, candidates[0], parts, 4)
    assert seen[0].epochs == 4
    if "decay" in system.shared:
        assert seen[0].decay ** 4 == pytest.approx(system.shared["decay"])


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--trials", "0"), "--trials 0 must be from 1 to 120"),
        (
            ("--settings", "threshold=3.0"),
            "has threshold = '3.0'; it must be one of: 0.5, 1.0, 2.0",
        ),
        (("--settings", "treshold=1.0"), "has 'treshold'; it must be one of: learning_rate, opt"),
        (("--settings", "batch=50", "--finalists", "2"), "--finalists 2 must be from 0 to 1, the"),
        (("--trials", "121"), "--trials 121 must be from 1 to 120"),
        (("--trials", "3", "--finalists", "4"), "--finalists 4 must be from 0 to 3, the number"),
    ],
)
def test_numbers_that_cannot_be_are_refused(arguments, part):
    done = subprocess.run(
        [sys.executable, str(FOLDER / "baseline_trials.py"), "rate_ff", *arguments],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert part in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("study", "name", "run"),
    [
        ("01-mnist", "rate_ff", "rate_ff"),
        ("02-fashion-mnist", "rate_ff", "rate_ff"),
        ("01-mnist", "backpropagation", "backpropagation_searched"),
        ("01-mnist", "backpropagation", "backpropagation_searched_shifted"),
    ],
)
def test_a_study_has_the_settings_that_won(trials, study, name, run):
    """The stored output of the command that `search.md` names."""
    folder = FOLDER.parent / study
    *rows, last = (folder / f"{name.replace('_', '-')}-trials.txt").read_text("utf-8").splitlines()
    first = rows.index("the best 4 of them, 4 times as long:")
    shown = [(float(line.split()[2].rstrip("%,")), settings_of(line)) for line in rows[:first]]
    system = next(each for each in read_study(folder).systems if each.name == run)
    assert system.tried == len(shown)
    assert [settings for _, settings in shown] == trials.drawn(trials.SYSTEMS[name], 0, len(shown))
    best = [settings for _, settings in sorted(shown, key=lambda row: -row[0])[:4]]
    assert [settings_of(line) for line in rows[first + 1 :]] == best
    won = settings_of(last)
    assert won in best
    assert {name: getattr(system.settings, name) for name in won} == won


def test_settings_can_be_given(trials):
    found = trials.given(trials.SYSTEMS["rate_ff"], "optimizer=adam,batch=50,threshold=2.0")
    assert found == {"optimizer": "adam", "batch": 50, "threshold": 2.0}


def settings_of(line):
    return ast.literal_eval(line[line.index("{") :])
