"""Study 12: cycles of a core by lanes and bits, as its README says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import pffspike
from pffspike.circuits import PFF
from pffspike.errors import ValidationError
from pffspike.fpga import make_plan
from pffspike.network import Training

STUDY = Path(__file__).parents[2] / "experiments" / "12-fpga"


def test_the_picture_is_that_of_the_circuit(monkeypatch):
    """Who sends what to whom, and where the memory is, of a core that is small enough to know."""
    pytest.importorskip("amaranth")
    monkeypatch.syspath_prepend(str(STUDY))
    import structure

    network = pffspike.pff(PFF(16, 2, (12,), latent=0, lateral=4), "tiny", Training("none", 1))
    begun = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), 0)
    plan = make_plan(pffspike.quantize(begun, 8, moments=None).trained, lanes=4)
    names, signals, memory = structure.connections(plan)
    assert {name for pair in signals for name in pair} == {*names, structure.HOST}
    assert signals["accumulators", "neurons"] >= 4 * plan.widths.current  # a word of currents
    assert ("neurons", "list") in signals
    assert ("neurons", "accumulators") not in signals  # spikes reach rows by way of the list
    assert memory["accumulators"] >= 8 * 16 * 12  # the weights from the image
    assert max(memory, key=memory.get) == "accumulators"
    sys.modules.pop("structure")


@pytest.fixture
def built(monkeypatch):
    pytest.importorskip("amaranth")
    monkeypatch.syspath_prepend(str(STUDY))
    import built

    yield built
    for name in ("built", "recordings"):
        sys.modules.pop(name)


def begun() -> pffspike.TrainedNetwork:
    """The digits' network of 2 x 50 before it learns."""
    network = pffspike.load_network("digits", {"pff": {"hidden": [50, 50]}})
    return pffspike.TrainedNetwork(network, pffspike.initial(network, 0), 0)


def test_the_readme_has_the_tables_of_what_was_built(built):
    rows = json.loads((STUDY / "built.json").read_text("utf-8"))
    written = built.table(rows)
    assert (STUDY / "built.md").read_text("utf-8") == f"# Cores that were built\n\n{written}"
    assert written in (STUDY / "README.md").read_text("utf-8")
    cores = [built.Core(row["hidden"], row["bits"], row["lanes"]) for row in rows]
    assert cores == [core for core in built.CORES if core in cores]


def test_a_core_beside_the_range_is_refused(built):
    assert built.chosen([]) == list(built.CORES)
    with pytest.raises(ValidationError, match="no core '7-8-16'; the range has 250-8-4, "):
        built.chosen(["7-8-16"])


@pytest.mark.slow
def test_a_core_that_does_not_fit_is_a_row_that_says_so(built, tmp_path, monkeypatch):
    """The mapper refuses it, so no tool runs, and a second run finds the file."""
    text = (STUDY.parents[1] / "hardware" / "ecp5-85.toml").read_text("utf-8")
    card = tmp_path / "small.toml"
    card.write_text(text.replace("value = 208", "value = 7").replace("ecp5-85", "small"), "utf-8")
    monkeypatch.setattr(built, "CARD", card)
    (tmp_path / "built").mkdir()
    pffspike.save(tmp_path / "built" / "digits-50.h5", begun())
    (core,) = built.chosen(["50-8-16"])
    built.build_cores([core], 2, tmp_path)
    (row,) = json.loads((tmp_path / "built.json").read_text("utf-8"))
    estimate = row["estimate"]
    assert estimate["block_rams"] > 7
    assert f"about {estimate['block_rams']} block RAMs and small has 7" in row["refused"]
    written = (tmp_path / "built.md").read_text("utf-8")
    assert f"| 2 x 50 | 8 | 16 | about {estimate['luts']:,} |" in written
    assert written.endswith(f"- 2 x 50, 8 bits, 16 lanes: {row['refused']}.\n")
    (tmp_path / "built" / "digits-50.h5").unlink()
    built.build_cores([core], 2, tmp_path)
    assert (tmp_path / "built.md").read_text("utf-8") == written


@pytest.mark.slow
def test_a_core_that_was_placed_is_not_placed_again(built, tmp_path, monkeypatch):
    """Of a file without cycles the rest is added; with another seed the core is placed anew."""
    (tmp_path / "built").mkdir()
    network = begun()
    pffspike.save(tmp_path / "built" / "digits-50.h5", network)
    plan = make_plan(pffspike.quantize(network, 8).trained, lanes=16)
    used = dict.fromkeys(built.CELLS.values(), 1234)
    before = {"identity": plan.identity.hex(), "tools": {"yosys": "0"}}
    before["built"] = {
        "used": used,
        "available": used,
        "megahertz": 50.0,
        "seed": 2,
        "seconds": 1.0,
    }
    (tmp_path / "built" / "50-8-16.json").write_text(json.dumps(before), "utf-8")
    built.build_cores(built.chosen(["50-8-16"]), 2, tmp_path)
    (row,) = json.loads((tmp_path / "built.json").read_text("utf-8"))
    assert row["built"] == before["built"]
    assert [row[name]["steps"] for name in built.PROGRAMS] == [18, 18 + 3 * 18, 180]
    milliseconds = row["proposal"]["cycles"] / 50_000
    assert 0 < row["one_pass"]["cycles"] < row["proposal"]["cycles"] < row["goodness"]["cycles"]
    written = (tmp_path / "built.md").read_text("utf-8")
    assert "| 2 x 50 | 8 | 16 | 1,234 | 1,234 | 1,234 | 1,234 | 50.0 MHz | 2 |" in written
    assert f" {row['proposal']['cycles']:,.0f} | {milliseconds:.2f} ms |" in written

    def refuse(quantized, lanes, seed):
        raise ValidationError(f"asked for seed {seed}")

    monkeypatch.setattr(built, "placed", refuse)
    with pytest.raises(ValidationError, match="asked for seed 3"):
        built.build_cores(built.chosen(["50-8-16"]), 3, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_fast_variant_gives_what_is_expected(tmp_path):
    """The script compares every value with expected.json itself."""
    done = subprocess.run(
        [sys.executable, str(STUDY / "run.py"), "--fast", "-o", str(tmp_path / "results")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in ("timeline.png", "structure.png"):
        assert (tmp_path / "results" / name).stat().st_size > 1000
    assert "| goodness | 6.62 ms |" in (tmp_path / "results" / "table.md").read_text("utf-8")
