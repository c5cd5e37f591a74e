"""`pffspike benchmark` end to end: that it measures everything, not how fast anything is."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pffspike.benchmarks.plan import FULL
from pffspike.benchmarks.suite import chosen_engines
from pffspike.data import load
from pffspike.errors import UserError

KEYS = {"train_step_over_limit", "speedup_over_recipe", "bytes_per_synapse", "machine", "seed",
        "train_step", "growth", "whole_training", "memory", "epoch_seconds", "minutes_to",
        "learning"}  # fmt: skip
needs_compiler = pytest.mark.skipif(
    not (shutil.which("g++") or shutil.which("clang++")), reason="needs a C++ compiler"
)


def benchmark(*arguments, cwd, timeout=290, **environment):
    return subprocess.run(
        [sys.executable, "-m", "pffspike", "benchmark", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, **environment},
    )


def test_one_engine_of_each_family_is_timed_unless_others_are_asked_for():
    chosen = chosen_engines([], FULL)
    families = [name.partition(":")[0] for name in chosen]
    assert len(families) == len(set(families))
    assert {"numpy", "numba"} <= set(chosen)
    assert chosen_engines(["brian2:numpy"], FULL) == ["brian2:numpy"]


@needs_compiler
@pytest.mark.timeout(300)  # 15 s of one core
def test_quick_prints_and_writes_the_keys(tmp_path):
    result = benchmark(
        "--quick", "-e", "numpy", "--json", "b.json", "--plot", "g.png", cwd=tmp_path
    )
    assert result.returncode == 0, result.stderr
    content = json.loads((tmp_path / "b.json").read_text())
    assert set(content) >= KEYS
    assert content["train_step_over_limit"]["fastest"] > 0
    assert content["train_step_over_limit"]["fastest_engine"] == "numpy"
    (ratios,) = content["train_step_over_limit_by_size"].values()
    assert ratios["fastest"] > 0
    assert ratios["brian2"] is None, "it was not asked for"
    assert 0 < content["first_use_s"] < 60
    assert list(content["minutes_to"]) == ["95", "97", "98"]
    for name, learned in content["learning"].items():
        assert learned["images_per_second"] > 0
        assert [content["minutes_to"][goal][name] for goal in ("95", "97", "98")] == [
            next((s / 60 for _, s, a in learned["curve"] if a >= goal), None)
            for goal in (0.95, 0.97, 0.98)
        ]
        assert set(learned["not_reached"]) == {
            goal for goal, times in content["minutes_to"].items() if times[name] is None
        }
    assert content["bytes_per_synapse"] > 0
    assert all(key in result.stdout for key in ("over_limit.brian2", "bytes_per_synapse"))
    raw = content["whole_training"]["limit"]["seconds_per_step"]
    assert len(raw) == content["plan"]["rounds"]
    assert (tmp_path / "g.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "environment", "part"),
    [
        (("--quick",), {"CXX": "no-such-compiler"}, "no C++ compiler was found"),
        (("--quick", "-e", "nonsense"), {}, "does not exist"),
        (("--data", "no-such-folder"), {}, "is not a folder"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path, arguments, environment, part):
    result = benchmark(*arguments, cwd=tmp_path, **environment)
    assert result.returncode == 2
    sentences = [x for x in result.stderr.splitlines() if x.startswith("pffspike: ")]
    assert len(sentences) == 1
    assert part in sentences[0]
    assert "Traceback" not in result.stderr


@needs_compiler
@pytest.mark.slow
@pytest.mark.brian2
@pytest.mark.timeout(600)
def test_quick_with_brian2_has_its_figures(tmp_path):
    result = benchmark("--quick", "-e", "brian2", "--json", "b.json", cwd=tmp_path, timeout=590)
    assert result.returncode == 0, result.stderr
    content = json.loads((tmp_path / "b.json").read_text())
    assert content["train_step_over_limit"]["brian2"] > 0
    assert content["speedup_over_recipe"] > 0
    assert content["memory"]["brian2:cpp_standalone"]["bytes_per_synapse"] > 0


@needs_compiler
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_full_command_has_the_keys(tmp_path):
    try:
        load("mnist")
    except UserError as missing:
        pytest.skip(str(missing))
    result = benchmark("--json", "b.json", cwd=tmp_path, timeout=1790)
    assert result.returncode == 0, result.stderr
    assert set(json.loads((tmp_path / "b.json").read_text())) >= KEYS


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_growth_is_measured_and_drawn(tmp_path):
    """Wide networks and more labels take longer; the picture and the tables are written."""
    pytest.importorskip("numba")
    pytest.importorskip("distributed")
    script = Path(__file__).parents[2] / "experiments" / "03-benchmark" / "growth.py"
    command = [sys.executable, script, "--fast", "-o", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "scaling.png").stat().st_size > 1000
    table = json.loads((tmp_path / "growth.json").read_text())["table"]
    narrow, wide = table["width"]
    assert wide["synapses"] > 2 * narrow["synapses"]
    assert wide["train"] > 1.3 * narrow["train"]
    two, ten = table["classes"]
    assert ten["goodness"] > 1.3 * two["goodness"]
