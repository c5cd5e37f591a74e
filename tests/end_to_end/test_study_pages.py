"""The READMEs of studies say what their results hold: accuracies and counts of one system a row."""

import json
import re
from pathlib import Path

import pytest

from pffspike.cards import toml
from pffspike.circuits.ff import FF
from pffspike.studies.config import read_study

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
STUDIES = {"01-mnist": "mnist", "02-fashion-mnist": "fashion-mnist"}
HEAD = "| system | label by label | one pass |"


def rows(study):
    """Cells of the table of results."""
    lines = (EXPERIMENTS / study / "README.md").read_text("utf-8").splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith(HEAD)) + 2
    for line in lines[start:]:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


def percent(accuracy):
    mean, deviation = 100 * accuracy["mean"], accuracy["standard_deviation"]
    return f"{mean:.2f}" + (f" ± {100 * deviation:.2f}" if deviation else "")


def figures(system):
    """Everything that a row may say of a system."""
    accuracies = {percent(accuracy) for accuracy in system["accuracy"].values()}
    counts = {
        f"{(count['Effective_MACs'] + count['Effective_ACs']) / 1e6:.1f}"
        for count in system["operations_per_inference"].values()
    }
    return accuracies, counts


@pytest.mark.parametrize("study", STUDIES)
def test_each_row_says_what_one_system_did(study):
    results = json.loads((EXPERIMENTS / study / "results.json").read_text("utf-8"))
    systems = {name: figures(system) for name, system in results[STUDIES[study]].items()}
    found = list(rows(study))
    assert len(found) > 5
    for title, by_label, one_pass, operations in found:
        said = set(re.findall(r"\d+\.\d+(?: ± \d+\.\d+)?(?= %)", by_label + " " + one_pass))
        counted = set(re.findall(r"\d+\.\d(?= M)", operations))
        assert said, title
        assert counted, title
        fitting = [
            name
            for name, (accuracies, counts) in systems.items()
            if said <= accuracies and counted <= counts
        ]
        assert fitting, (title, said, counted)


@pytest.mark.parametrize("study", STUDIES)
def test_the_table_is_of_the_same_results(study):
    results = json.loads((EXPERIMENTS / study / "results.json").read_text("utf-8"))
    table = (EXPERIMENTS / study / "table.md").read_text("utf-8")
    for system in results[STUDIES[study]].values():
        if "base" not in system:
            assert f"| {system['title']} |" in table
            for accuracy in system["accuracy"].values():
                assert percent(accuracy) in table


@pytest.mark.parametrize("study", STUDIES)
def test_the_results_tell_the_settings_tried_that_the_config_tells(study):
    results = json.loads((EXPERIMENTS / study / "results.json").read_text("utf-8"))[STUDIES[study]]
    tried = {system.name: system.tried for system in read_study(EXPERIMENTS / study).systems}
    assert {name: results[name].get("settings_tried") for name in results} == tried
    assert sum(map(bool, tried.values())) >= 5


def test_the_readme_has_the_results_of_the_studies():
    text = (EXPERIMENTS.parent / "README.md").read_text("utf-8")
    found = 0
    for study, dataset in STUDIES.items():
        results = json.loads((EXPERIMENTS / study / "results.json").read_text("utf-8"))
        cards = {
            system["settings"]["card"]: system["accuracy"]
            for system in results[dataset].values()
            if "card" in system["settings"] and not system["settings"].get("changes")
        }
        for card, accuracy in cards.items():
            row = re.search(rf"^\|[^|]+\| `{card}`, [^|]+\|([^|]+)\|([^|]+)\|", text, re.MULTILINE)
            for mode, cell in zip(
                ("goodness", "one_pass"), row.groups() if row else (), strict=False
            ):
                assert cell.split(" %")[0].strip() == percent(accuracy[mode]), (card, mode)
                found += 1
    assert found >= 6


SEARCHED = (
    ("01-mnist", "ff", ("ff-search", "ff-search-2")),
    ("02-fashion-mnist", "ff", ("ff-search", "ff-search-2")),
    ("02-fashion-mnist", "ff-grey", ("ff-search-grey",)),
)


@pytest.mark.parametrize(("study", "card", "rounds"), SEARCHED)
def test_a_card_of_spiking_ff_is_the_best_of_its_search(study, card, rounds):
    """Of the last round, and of the one before in what the last one kept."""
    folder = EXPERIMENTS / study
    trials = [json.loads((folder / f"{name}.json").read_text("utf-8"))["trials"] for name in rounds]
    kept = toml.read(folder / f"{card}.toml")
    again = toml.read(folder / f"{rounds[-1].replace('search', 'space')}.toml")["ff"]
    found = 0
    for name, best in zip(
        rounds, (max(t, key=lambda t: t["accuracy"]) for t in trials), strict=True
    ):
        last = name == rounds[-1]
        for key, value in best["changes"]["ff"].items():
            silent = key == "target_rate" and not best["changes"]["ff"]["homeostasis"]
            if last or not (key in again or silent):
                assert stated(kept["ff"], key) == stated({key: value}, key), (name, key)
                found += 1
        if last:
            assert (
                kept["training"]["hard_negatives"] == best["changes"]["training"]["hard_negatives"]
            )
    assert found >= 5


def stated(parameters, key):
    """What a card says, or leaves at its default; equal values of all populations are one."""
    value = parameters.get(key, FF.__dataclass_fields__[key].default)
    if isinstance(value, list | tuple):
        return sorted(set(value)) if len(set(value)) == 1 else list(value)
    return round(256 * value) / 256 if key == "bias" else value
