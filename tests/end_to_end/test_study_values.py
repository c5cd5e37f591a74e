"""The tables of the studies' READMEs say what the results say that are stored beside them."""

import functools
import json
import re
import statistics
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pffspike import intervals

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
#: How many values of the README of a study are found in its results, at least.
STUDIES = {
    "01-mnist": 107,
    "02-fashion-mnist": 44,
    "04-quantization": 112,
    "05-lava": 6,
    "07-events": 55,
    "08-representations": 182,
    "09-phases": 89,
    "10-mortal": 63,
    "11-dreams": 64,
    "12-fpga": 262,
    "13-online": 65,
    "14-relatives": 48,
}
#: Other studies, and who compares what they say.
ELSEWHERE = {
    "00-digits": "two values of summary.json, which test_demo.py compares",
    "03-benchmark": "times of a machine; only growth.md of them is stored",
    "06-energy-per-inference": "test_energies_are_those_of_one_point below",
}
#: Sections and rows whose results are not stored.
NOT_STORED = {
    "07-events": {"MNIST": "two runs of half an hour; only those of the digits are stored"},
    "01-mnist": {
        "one pass, the answer fed back, four times (--mode feedback --trials 4)": "evaluate",
        "the same, twice": "evaluate",
        "one pass, twice (--mode one_pass --trials 2)": "evaluate",
        "error down the chain": "quality.json is of seed 0, the row of seeds 0 to 2",
        "taken for their class": "likewise",
        "variance within classes": "likewise",
        "recall": "likewise",
        "learned from 1,000 samples": "likewise",
    },
    "05-lava": {"Time a step": "times of a machine"},
    "14-relatives": {
        "What each needs": "test_relatives_study.py: a script prints the table of the page",
        "MNIST, 5,000 images": "likewise",
    },
    "12-fpga": {"Beside other hardware": "times of a machine, beside those of the table above"},
}
#: Values of sentences that are in no stored file.
NOT_STORED_IN_PROSE = {
    "07-events": dict.fromkeys(
        ("80.4 ± 2.1", "78.1 ± 3.5", "67.5 ± 6.9", "2.4 ± 1.7", "10.6 ± 3.1"), "six seeds"
    ),
    "14-relatives": dict.fromkeys(
        ("95.3 ± 1.0", "1.3 (0.2 to 2.4)", "92.3 ± 0.2"), "settings that are not in the config"
    ),
}
#: How many values with a deviation or an interval the sentences of a page have, at least.
PROSE = {
    "01-mnist": 8,
    "07-events": 9,
    "08-representations": 56,
    "09-phases": 38,
    "10-mortal": 29,
    "11-dreams": 9,
    "13-online": 27,
    "14-relatives": 45,
}
PAGES = {"answers.md": 20, "findings.md": 10}
UNITS = {"nJ": 1e-3, "µJ": 1, "mJ": 1e3, "J": 1e6}
NUMBER = r"[+-]?\d[\d,]*(?:\.\d+)?"
VALUE = re.compile(rf"{NUMBER}(?: ± {NUMBER})?(?: \({NUMBER} to {NUMBER}\))?")
UNIT = re.compile(r" (?:%|µJ|ms|MHz)(?= ±|$)")

Group = tuple[str, list[str | float]]  #: a system, and its values in the order of the columns


def plain(cell: str) -> str:
    return re.sub(r"[*`]", "", cell).strip()


def normal(value: str) -> str:
    """Without separators of thousands, the plus, and the sign of nothing."""
    value = re.sub(r"[,+]", "", value)
    return re.sub(r"-(0(?:\.0+)?)(?![\d.])", r"\1", value)


def tables(page: str) -> Iterator[tuple[str, list[str]]]:
    """The heading above each row of a table, and the cells of the row, without heads."""
    heading, head = "", ""
    for line in page.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        if not line.startswith("|"):
            head = ""
        elif not head:
            head = line
        elif not line.startswith("| ---"):
            yield heading, [plain(cell) for cell in line.strip("|").split(" |")]


def values(cells: Iterable[str]) -> list[str]:
    """What cells that hold one value and nothing else say, with "%" if that is its unit."""
    found = []
    for cell in cells:
        bare = UNIT.sub("", cell)
        if VALUE.fullmatch(bare):
            found.append(normal(bare) + (" %" if bare != cell and "%" in cell else ""))
    return found


def rows_of_tables(text: str) -> list[Group]:
    """All values of each system of a stored table; one without a name belongs to that above."""
    systems: dict[str, list[str | float]] = {}
    name = ""
    for _, (first, *cells) in tables(text):
        name = first or name
        found = systems.setdefault(name, [])
        for cell in (first, *cells) if VALUE.fullmatch(first) else cells:
            found += [normal(value) for value in VALUE.findall(UNIT.sub("", cell))]
    return list(systems.items())


def groups(study: str) -> list[Group]:
    """What is stored of a study: tables, and records of JSON where there is no table."""
    folder = EXPERIMENTS / study
    stored = [path for path in sorted(folder.rglob("*.md")) if path.name != "README.md"]
    found = [group for path in stored for group in rows_of_tables(path.read_text("utf-8"))]
    read = {path.name: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}
    if "quality.json" in read:
        found += of_quality(read["quality.json"])
    if study == "04-quantization":
        for records in read["expected.json"]["full"].values():
            for record in records:
                bits = [] if record["bits"] is None else [record["bits"]]
                found.append((record["rounding"], [*bits, *ordered(record["accuracy"])]))
    if study == "05-lava":
        learning = read["expected.json"]["learning"]
        found += [
            (name, ordered(record)[::-1])
            for name, record in learning.items()
            if isinstance(record, dict)
        ]
    if study == "14-relatives":
        systems = read["results.json"]["digits"]
        found += [
            (system["title"], beside_backpropagation(system, systems))
            for system in systems.values()
        ]
    if study == "12-fpga":
        for record in read["expected.json"]["full"]:
            row = [record[key] for key in ("bits", "lanes", "multipliers", "block_rams")]
            for mode in ("one_pass", "goodness"):
                cycles = record[f"{mode} cycles"]
                row += [record[f"{mode} accuracy"], cycles, cycles / 50e3]
            found.append(("", row))
    return found


def of_quality(quality: Any) -> Iterator[Group]:
    """Samples by the columns of the two tables of a page, and errors of reconstructions."""
    for name, sample in quality["samples"].items():
        yield name, [sample[key] for key in ("accuracy", "entropy", "distance", "copies")]
        if "recall" in sample:
            yield name, [sample[key] for key in ("variance", "precision", "recall", "teaching")]
    for name, error in quality["summed_squared_error"].items():
        yield name, [error]


def beside_backpropagation(system: Any, systems: Any) -> list[str]:
    """Accuracies by mode, and the best less that through the same neurons, with intervals."""
    modes = [mode["values"] for _, mode in sorted(system["accuracy"].items())]
    best = max(modes, key=statistics.fmean)
    other = systems["straight_through"]["accuracy"]["one_pass"]["values"]
    _, between = with_interval([100 * (a - b) for a, b in zip(best, other, strict=True)])
    return [*(with_interval([100 * v for v in mode])[0] for mode in modes), between]


def with_interval(found: Sequence[float]) -> tuple[str, str]:
    """A mean with half of its interval over seeds, and with the ends of it."""
    mean, (low, high) = statistics.fmean(found), intervals.of_mean(found)
    half = f"{mean:.1f} ± {high - mean:.1f}"
    return normal(half), normal(f"{mean:.1f} ({low:.1f} to {high:.1f})")


def ordered(accuracy: dict[str, float]) -> list[float]:
    return [accuracy["goodness"], accuracy["one_pass"]]


def same(said: str, stored: str | float) -> bool:
    """Whether a page rounds a stored value; it may leave out the deviation."""
    number = said.removesuffix(" %")
    if isinstance(stored, str):
        return number == stored or number == stored.split(" ")[0]
    if not re.fullmatch(NUMBER, number):
        return False
    decimals = len(number.partition(".")[2])
    return number == f"{stored * (100 if said.endswith('%') else 1):.{decimals}f}"


def follow(said: Sequence[str], stored: Sequence[str | float]) -> bool:
    """Whether all values are stored in this order, others between them."""
    rest = iter(stored)
    return all(any(same(value, other) for other in rest) for value in said)


def test_every_study_is_compared():
    studies = {path.parent.name for path in EXPERIMENTS.glob("*/README.md")}
    assert studies == STUDIES.keys() | ELSEWHERE.keys()


@pytest.mark.parametrize("study", STUDIES)
def test_each_row_is_of_one_stored_system(study):
    stored = groups(study)
    assert stored
    found, wrong = 0, []
    for heading, cells in tables((EXPERIMENTS / study / "README.md").read_text("utf-8")):
        said = values(cells)
        if not said or {heading, cells[0]} & NOT_STORED.get(study, {}).keys():
            continue
        named = [cell for cell in cells[:2] if cell and not values([cell])]
        told = [group for group in stored if any(name in group[0] for name in named)]
        if any(follow(said, group[1]) for group in told or stored):
            found += len(said)
        else:
            wrong.append((cells, [name for name, _ in told]))
    assert not wrong
    assert found >= STUDIES[study], found


def unsigned(value: str) -> str:
    """The same of a loss and of a gain."""
    mean, *ends = re.findall(NUMBER, value)
    if not mean.startswith("-"):
        return value
    if "±" in value:
        return value[1:]
    low, high = (normal(f"-{end}".replace("--", "")) for end in ends)
    return f"{mean[1:]} ({high} to {low})"


def uncertain(text: str) -> list[str]:
    """Values with a deviation or an interval, without units and signs."""
    bare = re.sub(r"[*`+,]|\s+(?:%|µJ)", "", re.sub(r"\s+", " ", text))
    return [unsigned(normal(v)) for v in VALUE.findall(bare) if "±" in v or " to " in v]


def pairs(content: object) -> Iterator[list[float]]:
    """Means with half of their intervals, wherever they are in a file of results."""
    if isinstance(content, list) and [type(part) for part in content] == [float, float]:
        yield content
    elif isinstance(content, list | dict):
        for part in content.values() if isinstance(content, dict) else content:
            yield from pairs(part)


def within_seeds(results: dict[str, Any]) -> Iterator[str]:
    """Studies 09 and 14: means of a system, and differences of any two within a seed."""
    if "runs" in results:
        series = [
            (block, [100 * run["accuracy"] for run in runs.values()])
            for blocks in results["runs"].values()
            for block, runs in blocks.items()
        ]
    else:
        series = [
            ("", [100 * value for value in accuracy["values"]])
            for system in results.get("digits", results.get("mnist")).values()
            for accuracy in system["accuracy"].values()
        ]
    for block, mine in series:
        others = [other for at, other in series if at == block and other is not mine]
        for found in (mine, *([a - b for a, b in zip(mine, o, strict=True)] for o in others)):
            yield from with_interval(found)


def between_systems(results: dict[str, Any]) -> Iterator[str]:
    """Studies 01 and 02: differences of two systems within a seed, with their standard errors."""
    (systems,) = (found for name, found in results.items() if name != "study")
    series = [
        dict(zip(accuracy["seeds"], accuracy["values"], strict=True))
        for system in systems.values()
        if "base" not in system
        for accuracy in system["accuracy"].values()
    ]
    for mine in series:
        for other in series:
            pairs = [100 * (value - other[seed]) for seed, value in mine.items() if seed in other]
            if len(pairs) > 1:
                error = statistics.stdev(pairs) / len(pairs) ** 0.5
                yield f"{statistics.fmean(pairs):.2f} ± {error:.2f}"


@functools.cache
def stored_values(study: str) -> frozenset[str]:
    """All values with a deviation or an interval that are stored of a study."""
    found = set()
    for path in (EXPERIMENTS / study).rglob("*.md"):
        if path.name != "README.md":
            found |= set(uncertain(path.read_text("utf-8")))
    for path in (EXPERIMENTS / study).rglob("*.json"):
        results = json.loads(path.read_text("utf-8"))
        for mean, half in pairs(results):
            found |= {
                unsigned(normal(f"{scale * mean:.{digits}f} ± {scale * half:.{digits}f}"))
                for scale in (1, 100)
                for digits in range(4)
            }
        if study[:2] in {"09", "14"} and path.name == "results.json":
            found |= {unsigned(normal(value)) for value in within_seeds(results)}
        if study[:2] in {"01", "02"} and path.name == "results.json":
            found |= {unsigned(normal(value)) for value in between_systems(results)}
    return frozenset(found)


@pytest.mark.parametrize("study", PROSE)
def test_sentences_say_what_is_stored(study):
    page = (EXPERIMENTS / study / "README.md").read_text("utf-8").splitlines()
    said = uncertain("\n".join(line for line in page if not line.startswith("|")))
    left = NOT_STORED_IN_PROSE.get(study, {})
    assert len(said) - len(left) >= PROSE[study]
    assert left.keys() <= set(said)
    assert set(said) - stored_values(study) <= left.keys()


@pytest.mark.parametrize("page", PAGES)
def test_pages_that_quote_studies_say_what_is_stored(page):
    """Row by row of a table, and paragraph by paragraph, each of the studies that it links."""
    text = (EXPERIMENTS.parent / "docs" / page).read_text("utf-8")
    found = 0
    for part in re.split(r"\n\n|\n(?=\|)", text):
        studies = set(re.findall(r"\.\./experiments/(\d\d-[a-z-]+)/", part))
        said = set(uncertain(part))
        assert said <= set().union(*map(stored_values, studies)), studies
        found += len(said)
    assert found >= PAGES[page], found


def energies(cell: str) -> list[tuple[float, float]]:
    """Energies of a cell in microjoule, each with half of its last digit."""
    found = []
    for number, unit in re.findall(rf"({NUMBER}) (nJ|µJ|mJ|J)\b", cell):
        decimals = len(number.partition(".")[2])
        found.append((float(number.replace(",", "")) * UNITS[unit], UNITS[unit] / 2 / 10**decimals))
    return found


def points(table: str) -> list[list[tuple[float, float]]]:
    """With the cores in use, of the events and with the whole chip; or a mean and a deviation."""
    found = []
    for _, cells in tables(table):
        if len(cells) == 12:
            found.append([energies(cells[k])[0] for k in (7, 6, 9) if energies(cells[k])])
        for cell in cells:
            found += [energies(part) for part in cell.split("\\|")]
    return found


def test_energies_are_those_of_one_point():
    """Study 06: `5.9 µJ (5.0; 62)` and `5.9 ± 1.0 µJ` of the page are those of one stored point."""
    study = EXPERIMENTS / "06-energy-per-inference"
    stored = [
        point for path in study.rglob("table.md") for point in points(path.read_text("utf-8"))
    ]
    page = re.sub(r"\s+", " ", (study / "README.md").read_text("utf-8"))
    many = rf"{NUMBER}(?: / {NUMBER})*"
    said = []
    for first, unit, *rest in re.findall(rf"({many}) (nJ|µJ|mJ|J) \(({many}); ({many})\)", page):
        parts = [part.split(" / ") for part in (first, *rest)]
        said += [[f"{number} {unit}" for number in point] for point in zip(*parts, strict=True)]
    for mean, deviation, unit in re.findall(rf"({NUMBER}) ± ({NUMBER}) (µJ)", page):
        said.append([f"{mean} {unit}", f"{deviation} {unit}"])
    assert len(said) >= 47, len(said)
    for point in said:
        wanted = [energies(number)[0] for number in point]
        assert any(
            len(other) >= len(wanted)
            and all(
                abs(a - b) <= 1.001 * (x + y) for (a, x), (b, y) in zip(wanted, other, strict=False)
            )
            for other in stored
        ), point
