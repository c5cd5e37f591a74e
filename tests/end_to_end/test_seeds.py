"""Seeds that train side by side: the same weights as alone, files that go on, one sentence."""

import json
import signal
import sys
import time

import numpy as np
import pytest

import pffspike
from commands import call, refused, running

SEEDS = (3, 0, 7)


@pytest.fixture(scope="module")
def small():
    """A small network and a few images."""
    data = pffspike.first_samples(pffspike.load_data("digits"), train=70, test=5)
    return pffspike.load_network("digits", {"pff": {"hidden": [20, 20]}}), data


def beginnings(network, data, seeds=SEEDS, epochs=1):
    return [pffspike.begin(network, data, seed=seed, epochs=epochs) for seed in seeds]


def same(one: pffspike.TrainedNetwork, other: pffspike.TrainedNetwork) -> bool:
    pairs = zip(one.parameters.weights.items(), other.parameters.weights.items(), strict=True)
    return all(a == b and np.array_equal(v, w) for (a, v), (b, w) in pairs)


@pytest.mark.parametrize("engine", ["numba", pytest.param("numpy", marks=pytest.mark.slow)])
def test_side_by_side_gives_the_weights_of_each_alone(small, engine):
    network, data = small
    run = pffspike.Execution(engine)
    found = pffspike.train_seeds(beginnings(*small), data, jobs=3, execution=run)
    assert [one.seed for one in found] == list(SEEDS)
    for one in found:
        alone = pffspike.train(network, data, epochs=1, execution=run.replace(seed=one.seed))
        assert same(one, alone)
    assert not same(found[0], found[1])


def test_a_checkpoint_goes_on_to_the_same_weights_and_a_finished_one_stays(small):
    data = small[1]
    states: dict[int, list[pffspike.TrainedNetwork]] = {}
    whole = pffspike.train_seeds(beginnings(*small), data, checkpoint_every=20,
        checkpoint=lambda state: states.setdefault(state.seed, []).append(state),
    )  # fmt: skip
    assert states[3][2].samples_done == 40
    again = pffspike.train_seeds([states[3][2], whole[1], states[7][0]], data)
    assert all(map(same, whole, again))
    assert again[1] is whole[1]


def test_a_failure_of_one_ends_the_others(small):
    data = small[1]

    def full(state: pffspike.TrainedNetwork) -> None:
        if state.seed == 3 and state.samples_done:
            raise pffspike.FileError("the disk is full")

    seen = []
    run = pffspike.Execution("numba", progress=lambda stage, done, _: seen.append((stage, done)))
    with pytest.raises(pffspike.FileError, match="the disk is full"):
        pffspike.train_seeds(
            beginnings(*small, (3, 0), 2000), data, checkpoint=full, jobs=2, execution=run
        )
    assert ("seed 3: training", 64) in seen
    assert max((done for stage, done in seen if stage == "seed 0: training"), default=0) < 70_000


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"seeds": ()}, "one or more, all different"),
        ({"seeds": (1, 1)}, "one or more, all different"),
        ({"jobs": 0}, "jobs = 0 must be at least 1"),
        ({"jobs": 2, "execution": pffspike.Execution("brian2:numpy")}, "one seed at a time"),
    ],
)
def test_mistakes_are_said_before_any_work(small, changes, part):
    given = {"seeds": (0, 1), **changes}
    begun = beginnings(*small, given.pop("seeds"))
    with pytest.raises(pffspike.ValidationError, match=part):
        pffspike.train_seeds(begun, small[1], **given)


def test_the_command_writes_a_file_a_seed_and_goes_on(tmp_path):
    arguments = ("train", "digits", "-n", 40, "--hidden", "20,20", "--epochs", 1, "-o", "n.h5")
    result = call(*arguments, "--seeds", 2, "--seed", 4, "--json", "s.json", cwd=tmp_path)
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "s.json").read_text())["files"] == ["n-4.h5", "n-5.h5"]
    before = (tmp_path / "n-5.h5").read_bytes()
    assert call(*arguments, "--seeds", 3, "--seed", 4, cwd=tmp_path).exit_code == 0
    assert (tmp_path / "n-5.h5").read_bytes() == before
    assert sorted(path.name for path in tmp_path.glob("n*")) == ["n-4.h5", "n-5.h5", "n-6.h5"]
    other = call(
        *arguments[:-4], "--epochs", 2, "-o", "n.h5", "--seeds", 2, "--seed", 4, cwd=tmp_path
    )
    assert other.exit_code == 2
    assert (tmp_path / "n-5.h5").read_bytes() == before
    assert call(*arguments, "--seed", 5, cwd=tmp_path).exit_code == 0
    alone, beside = pffspike.load(tmp_path / "n.h5"), pffspike.load(tmp_path / "n-5.h5")
    assert same(alone, beside)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--jobs", 2), "--jobs goes with --seeds"),
        (("--seeds", 2, "--validation", 5), "--validation does not go with --seeds"),
        (("--seeds", 2, "--jobs", 2, "-e", "brian2:numpy"), "one seed at a time"),
    ],
)
def test_mistakes_of_the_command_are_one_sentence(tmp_path, arguments, part):
    result = call("train", "digits", *arguments, cwd=tmp_path)
    refused(result, part)
    assert len([x for x in result.stderr.splitlines() if x.startswith("pffspike: ")]) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow  # once, on a busy machine with Python 3.10, it took longer than it waits
def test_ctrl_c_leaves_checkpoints_that_go_on(tmp_path):
    sizes, place = ["--hidden", "20,20", "-n", "100"], ["-o", "n.h5"]
    options = [*sizes, *place, "--seeds", "2", "--jobs", "2", "--epochs", "3000"]
    command = [sys.executable, "-m", "pffspike", "train", "digits", *options]
    with running(command, cwd=tmp_path) as process:
        end = time.monotonic() + 90
        while not all((tmp_path / f"n-{seed}.h5").exists() for seed in (0, 1)):
            assert time.monotonic() < end
            time.sleep(0.1)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=200)
    assert process.returncode == 130, said
    assert "the same command" in said
    for seed in (0, 1):
        assert not pffspike.load(tmp_path / f"n-{seed}.h5").finished
