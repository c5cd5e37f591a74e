"""Tables in files and several networks at once: --csv, --latex, --plot, --json -, intervals."""

import csv
import json
import shutil
import subprocess
from pathlib import Path

import pytest

import pffspike
from commands import call, refused
from pffspike import intervals

FEW = ("-n", 12, "-e", "numpy")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two small networks, ``a.h5`` and ``b.h5``, that differ in their seed; they know nothing."""
    folder = tmp_path_factory.mktemp("written")
    network = pffspike.load_network("digits", {"pff": {"hidden": [20, 10]}})
    for seed, name in enumerate(("a.h5", "b.h5")):
        parameters = pffspike.initial(network, seed)
        pffspike.save(folder / name, pffspike.TrainedNetwork(network, parameters, seed))
    return folder


def evaluated(folder, *arguments):
    result = call("evaluate", *arguments, *FEW, cwd=folder)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def both(folder):
    shown = evaluated(
        folder,
        *("a.h5", "b.h5", "--json", "e.json", "--csv", "e.csv", "--latex", "e.tex"),
        *("--plot", "e.svg"),
    )
    return shown, json.loads((folder / "e.json").read_text())


def test_several_networks_have_means_over_seeds(folder, both):
    shown, content = both
    assert content["schema"] == 1
    assert list(content["files"]) == ["a.h5", "b.h5"]
    accuracies = [c["accuracy"]["numpy"]["goodness"] for c in content["files"].values()]
    row = next(row for row in content["over_seeds"] if row["mode"] == "goodness")
    assert row["seeds"] == 2
    assert row["accuracy"] == pytest.approx(sum(accuracies) / 2)
    assert (row["accuracy_low"], row["accuracy_high"]) == intervals.of_mean(accuracies)
    (compared,) = content["compared"]
    assert (compared["mode"], compared["paired_by"], compared["pairs"]) == ("one_pass", "seeds", 2)
    assert "means over seeds of training" in shown
    assert "compared with goodness" in shown


def test_rows_and_the_table_for_print_are_those_of_the_run(folder, both):
    _, content = both
    rows = list(csv.DictReader((folder / "e.csv").read_text().splitlines()))
    assert [(r["file"], r["mode"]) for r in rows] == [
        (file, mode) for file in ("a.h5", "b.h5") for mode in ("goodness", "one_pass")
    ]
    for row in rows:
        found = content["files"][row["file"]]
        assert float(row["accuracy"]) == found["accuracy"]["numpy"][row["mode"]]
        assert float(row["energy_j"]) == found["energy"]["loihi1"]["total"][row["mode"]]
    table = (folder / "e.tex").read_text()
    assert r"one\_pass & 2 &" in table
    assert table.count(r"\toprule") == table.count(r"\bottomrule") == 1
    assert "accuracy (95 \\%)" in table
    if latex := shutil.which("pdflatex"):
        page = (
            r"\documentclass{article}\usepackage{booktabs}\begin{document}"
            f"{table}\\end{{document}}"
        )
        (folder / "page.tex").write_text(page)
        subprocess.run([latex, "-halt-on-error", "page.tex"], cwd=folder, check=True)
    assert (folder / "e.svg").read_bytes().lstrip().startswith(b"<?xml")


def test_written_tables_are_replaced_and_other_files_are_not(folder, both):
    evaluated(folder, "a.h5", "--csv", "e.csv", "--latex", "e.tex")
    assert len((folder / "e.csv").read_text().splitlines()) == 3
    (folder / "notes.csv").write_text("My notes, all of them.\n")
    refused(call("evaluate", "a.h5", "--csv", "notes.csv", cwd=folder), "notes.csv holds something")
    refused(call("evaluate", "a.h5", "--plot", "e.txt", cwd=folder), "unknown ending .txt")


@pytest.mark.parametrize("option", ["--json", "--csv", "--latex"])
def test_the_standard_output_has_one_thing_alone(folder, option):
    done = call("evaluate", "a.h5", *FEW, option, "-", cwd=folder)
    assert done.exit_code == 0, done.output
    assert "test images of digits" in done.stderr
    if option == "--json":
        assert json.loads(done.stdout)["accuracy"]["numpy"].keys() == {"goodness", "one_pass"}
    elif option == "--csv":
        assert done.stdout.startswith("file,network,")
        assert len(done.stdout.splitlines()) == 3
    else:
        assert done.stdout.startswith("% pffspike: a.h5: 12 test images")
        assert done.stdout.endswith("\\end{tabular}\n")
    after = call("evaluate", "a.h5", *FEW, "--mode", "one_pass", cwd=folder)
    assert "test images of digits" in after.stdout, "the next command prints as ever"


def test_one_network_twice_is_refused_before_the_work(folder):
    shutil.copy(folder / "a.h5", folder / "copy.h5")
    refused(
        call("evaluate", "a.h5", "copy.h5", cwd=folder),
        "a.h5 and copy.h5 both hold 'digits' trained from seed 0",
    )
