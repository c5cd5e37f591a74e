"""What commands print fits 80 columns, says the rest when asked to, and goes into a log whole."""

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from commands import call, refused
from pffspike.cli import output
from pffspike.cli.tables import fitted


@pytest.fixture
def folder(tmp_path, trained_file, monkeypatch) -> Path:
    (tmp_path / "net.h5").write_bytes(trained_file.read_bytes())
    monkeypatch.setattr(output.console, "width", 80)
    return tmp_path


COMMANDS = {
    "info": ("info",),
    "info of a network": ("info", "net.h5"),
    "classify": ("classify", "net.h5", "--index", 0, "--index", 7, "-e", "numpy"),
    "classify many": ("classify", "net.h5", *(x for k in range(9) for x in ("--index", k))),
    "evaluate": ("evaluate", "net.h5", "-n", 12, "-e", "numpy", "--mode", "goodness"),
    "energy": ("energy", "net.h5", "--samples", 3, "-e", "numpy", "--device", "cortex-m4f"),
    "energy of layers": ("energy", "--ann", "64,64,10", "--device", "cortex-m4f"),
    "reconstruct": ("reconstruct", "net.h5", "-n", 3, "-e", "numpy"),
    "quantize": ("quantize", "net.h5", "--bits", 8, "-o", "q.h5", "-e", "numpy"),
    "export": ("export", "net.h5", "-o", "out"),
    "cache": ("cache",),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_tables_of_a_command_fit_80_columns(folder, name):
    result = call(*COMMANDS[name], cwd=folder)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    drawn = [line for line in lines if line[:1] in "┏┡└┃│"]
    assert drawn or name in ("export", "cache")
    assert [line for line in drawn if cell_len(line) > 80] == []
    assert not [line for line in drawn if "…" in line]


def cells(table) -> list[list[str]]:
    return [[str(cell) for cell in column.cells] for column in table.columns]


def test_a_table_that_is_too_wide_loses_nothing():
    columns = ["engine", *(f"column {k}" for k in range(12))]
    rows = [[f"engine {n}", *(f"{n} at {k}" for k in range(12))] for n in range(20)]
    parts = list(fitted(columns, rows, 60))
    assert len(parts) > 1
    seen = [column for part in parts for column in cells(part)]
    for k in range(13):
        assert [str(row[k]) for row in rows] in seen
    for part in parts:
        assert str(part.columns[0].header) == "engine"
    (turned,) = fitted(columns, rows[:2], 60)
    assert len(turned.columns) == 3


def test_square_brackets_are_shown_as_written(capsys):
    output.table("a [b] table", ["[red]"], [["[/] [bold]x[/bold] :smile:"]])
    said = capsys.readouterr().out
    for text in ("a [b] table", "[red]", "[/] [bold]x[/bold] :smile:"):
        assert text in said


def test_help_keeps_square_brackets_and_breaks_lines_where_the_terminal_ends():
    said = re.sub(r"[\s│]+", " ", call("search", "--help").output)
    assert "'.[search]'" in said
    assert "such as [pff] with" in said
    assert "choices = [[14, 10], [12, 10]]" in said
    paragraph = call("train", "--help").output.partition("Samples of your own")[2]
    lines = [line.strip() for line in paragraph.partition("\n \n")[0].splitlines()]
    assert min(map(len, lines[:2])) > 40


def test_remarks_stand_behind_an_option(folder):
    arguments = ("evaluate", "net.h5", "-n", 5, "-e", "numpy", "--mode", "one_pass")
    short = call(*arguments, cwd=folder)
    assert "not counted" not in short.output
    assert "--notes says" in short.output
    long = call("--notes", *arguments, cwd=folder)
    assert "not counted" in long.output
    assert "--notes says" not in long.output
    assert "--notes says" not in call("-q", *arguments, cwd=folder).output


def test_a_log_holds_all_that_is_said_line_by_line(folder):
    arguments = ("--log", "all.log", "-q", "evaluate", "net.h5", "-n", 5, "-e", "numpy")
    assert call(*arguments, cwd=folder).exit_code == 0
    refused(call("--log", "all.log", "evaluate", "absent.h5", cwd=folder), "absent.h5")
    assert call("evaluate", "net.h5", "-n", 5, "-e", "numpy", cwd=folder).exit_code == 0  # without
    lines = (folder / "all.log").read_text("utf-8").splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} .", line) for line in lines)
    text = "\n".join(lines)
    for said in ("numpy goodness: 5 of 5", "not counted", "│ numpy", "pffspike: absent.h5"):
        assert said in text
    assert "Traceback" in text  # as -v says
    assert sum("pffspike 0." in line for line in lines) == 2  # each run says how it was called


def test_a_log_that_can_not_be_written_is_one_sentence(tmp_path):
    refused(call("--log", tmp_path / "no" / "a.log", "info"), "can't be written", "another place")
    refused(call("--log", tmp_path, "info"), "can't be written")
