"""Studies: config, hashes of runs, tables."""

import dataclasses
import json
from pathlib import Path

import pytest

from pffspike import storage
from pffspike.baselines import KINDS
from pffspike.baselines.spiking import dense_operations
from pffspike.errors import FileError, UserError
from pffspike.studies import runs, table
from pffspike.studies.cluster import execute_all
from pffspike.studies.config import read_study
from pffspike.studies.resumed import begun
from pffspike.studies.script import run_script

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
CONFIG = """
title = "Small"
datasets = ["digits"]
seeds = [0, 1]
ablation_seeds = [1]

[fast]
samples = 60
test_images = 40
skip = ["logistic"]

[fast.changes.mlp]
epochs = 2

[systems.knn]
kind = "neighbours"
title = "nearest"

[systems.logistic]
kind = "logistic"

[systems.mlp]
kind = "perceptron"
hidden = [5]

[systems.pff]
kind = "spiking"
card = "digits"
engine = "numpy"
changes.pff = { hidden = [10, 10], burn_in = 1 }

[ablations.bare]
base = "pff"
title = "without homeostasis"
changes.pff.homeostasis = 0

[ablations.short]
base = "pff"
changes.pff.inference_window = 4
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG)
    return tmp_path


def edited(folder: Path, old: str, new: str) -> None:
    assert CONFIG.count(old) == 1
    (folder / "config.toml").write_text(CONFIG.replace(old, new))


def test_systems_and_ablations_have_their_settings_and_seeds(folder):
    systems = {system.name: system for system in read_study(folder).systems}
    assert list(systems) == ["knn", "logistic", "mlp", "pff", "bare", "short"]
    assert systems["knn"].seeds == (0,), "nothing is random"
    assert systems["pff"].seeds == (0, 1)
    bare = systems["bare"]
    assert (bare.base, bare.seeds, bare.title) == ("pff", (1,), "without homeostasis")
    assert bare.settings.changes["pff"] == {"hidden": [10, 10], "burn_in": 1, "homeostasis": 0}
    assert systems["short"].title == "short"


def test_the_fast_variant_is_smaller(folder):
    study = read_study(folder, fast=True)
    systems = {system.name: system for system in study.systems}
    assert (study.samples, study.test_images) == (60, 40)
    assert "logistic" not in systems
    assert "logistic" in {s.name for s in read_study(folder, fast=True, only=("logistic",)).systems}
    assert systems["mlp"].settings.epochs == 2
    assert systems["bare"].settings.changes["training"] == {"epochs": 1}
    assert systems["bare"].settings.changes["pff"]["homeostasis"] == 0


def test_a_study_may_take_the_first_images_only(folder):
    assert (read_study(folder).samples, read_study(folder).test_images) == (None, None)
    edited(folder, "[fast]", "samples = 90\ntest_images = 50\n\n[fast]")
    study = read_study(folder)
    assert (study.samples, study.test_images) == (90, 50)
    data = runs.plan(study)[0].data
    assert len(data.load().train_images) == 90
    assert read_study(folder, fast=True).samples == 60
    edited(folder, "[fast]", "test_images = 0\n\n[fast]")
    with pytest.raises(UserError, match="test_images = 0 must be at least 1"):
        read_study(folder)


def test_a_system_may_have_seeds_of_its_own(folder):
    edited(folder, "hidden = [5]\n", "hidden = [5]\nseeds = [3]\n")
    assert {s.name: s.seeds for s in read_study(folder).systems}["mlp"] == (3,)
    assert {s.name: s.seeds for s in read_study(folder, fast=True).systems}["mlp"] == (0,)


def test_an_ablation_may_have_seeds_of_its_own(folder):
    """Those of its base are not its own."""
    edited(folder, "burn_in = 1 }\n", "burn_in = 1 }\nseeds = [4]\n")
    found = {s.name: s.seeds for s in read_study(folder).systems}
    assert (found["pff"], found["bare"]) == ((4,), (1,))
    edited(folder, 'base = "pff"\ntitle', 'base = "pff"\nseeds = [3]\ntitle')
    assert {s.name: s.seeds for s in read_study(folder).systems}["bare"] == (3,)
    assert {s.name: s.seeds for s in read_study(folder, fast=True).systems}["bare"] == (0,)


def test_settings_tried_are_told_beside_a_system(folder):
    """They change no run, and an ablation does not inherit them."""
    before = {run.system.name: run.hash for run in runs.plan(read_study(folder))}
    edited(folder, "burn_in = 1 }\n", "burn_in = 1 }\ntried = 53\n")
    study = read_study(folder)
    assert {s.name: s.tried for s in study.systems if s.tried} == {"pff": 53}
    planned = runs.plan(study)
    assert {run.system.name: run.hash for run in planned} == before
    found = [(run, stored(run, 0.9)) for run in planned if run.system.name in ("mlp", "pff")]
    content = table.summarize(study, found, missing=0)
    assert table.tidy_rows("digits", "pff", content["digits"]["pff"])[0]["settings_tried"] == 53
    lines = table.markdown(study, content, "pffspike study x").splitlines()
    assert lines[6].endswith("| spikes | steps | settings tried |")
    assert (
        "| mlp | goodness | 90.00 ± 0.00 % | 2 | 1,234 | 3.5 s | 10 | 2.00 M | 30 | 5 |  |  |"
        in lines
    )
    assert (
        "| pff | goodness | 90.00 ± 0.00 % | 2 | 1,234 | 3.5 s | 10 | 2.00 M | 30 | 5 |  | 53 |"
        in lines
    )


MISTAKES = {
    "settings tried": (
        "hidden = [5]\n",
        "hidden = [5]\ntried = 0\n",
        "systems.mlp.tried = 0 is wrong: it must be a whole number of settings",
    ),
    "own seeds": ("hidden = [5]\n", "hidden = [5]\nseeds = [0.5]\n", "seeds = [0.5] is wrong"),
    "own equal seeds": ("hidden = [5]\n", "hidden = [5]\nseeds = [1, 1]\n", "must be different"),
    "unknown key": (
        "datasets =",
        "dataset = 1\ndatasets =",
        "dataset is not a known key; did you mean datasets?",
    ),
    "no data set": ('["digits"]', "[]", "datasets = () must name at least one"),
    "equal seeds": ("seeds = [0, 1]\n", "seeds = [1, 1]\n", "seeds = (1, 1) must be different"),
    "unknown kind": ('"neighbours"', '"neighbors"', "systems.knn.kind = 'neighbors' is wrong"),
    "unknown setting": (
        "hidden = [5]",
        "hidden = [5]\nhiden = [5]",
        "systems.mlp.hiden is not a known key",
    ),
    "wrong setting": ("hidden = [5]", "hidden = [0]", "hidden = (0,) must name sizes"),
    "no setting": ("hidden = [5]", "", "systems.mlp.hidden is missing; add it"),
    "unknown mode": ('engine = "numpy"', 'modes = ["x"]', "modes has 'x'; it must be some of"),
    "unknown base": (
        'base = "pff"\ntitle',
        'base = "p"\ntitle',
        "ablations.bare.base = 'p' is wrong",
    ),
    "unknown fast change": ("[fast.changes.mlp]", "[fast.changes.m]", "no system or ablation 'm'"),
    "bad name": ("[systems.mlp]", '[systems."m l"]', "the name 'm l' must be lower-case"),
    "same name": ("[ablations.bare]", "[ablations.knn]", "'knn' is a system and an ablation"),
    "text as number": (
        "test_images = 40",
        'test_images = "40"',
        "fast.test_images = '40' is wrong",
    ),
    "no samples": ("samples = 60", "samples = 0", "samples = 0 must be at least 1"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_config_is_refused_in_one_sentence(mistake, folder):
    old, new, sentence = MISTAKES[mistake]
    edited(folder, old, new)
    with pytest.raises(UserError) as error:
        read_study(folder)
    assert sentence in str(error.value)
    assert str(folder / "config.toml") in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_only_seen_with_the_card_is_refused_before_anything_runs(folder):
    edited(folder, "changes.pff.homeostasis = 0", "changes.pff.homeostasi = 0")
    with pytest.raises(UserError, match=r"pff\.homeostasi is not a known key"):
        runs.plan(read_study(folder))
    edited(folder, 'card = "digits"', 'card = "digitz"')
    with pytest.raises(UserError, match="'digitz' does not exist"):
        runs.plan(read_study(folder))
    with pytest.raises(UserError, match=r"--only: there is no system or ablation 'mpl'.*mlp"):
        read_study(folder, only=("mpl",))
    with pytest.raises(UserError, match=r"config.toml can't be read"):
        read_study(folder / "absent")


def hashes(folder: Path) -> dict:
    planned = runs.plan(read_study(folder, fast=True))
    return {(run.system.name, run.seed): (run.hash, run.training_hash) for run in planned}


def test_a_change_gives_new_names_to_the_runs_that_it_concerns_and_no_others(folder):
    before = hashes(folder)
    assert len(set(before.values())) == len(before)
    edited(folder, 'title = "nearest"', 'title = "other"')
    assert hashes(folder) == before, "a title changes no result"
    edited(folder, 'engine = "numpy"', 'engine = "fastest"')
    assert hashes(folder) == before, "exact engines give the same result"
    edited(folder, "burn_in = 1", "burn_in = 2")
    after = hashes(folder)
    changed = {name for name, _ in before if before[name, 0] != after[name, 0]}
    assert changed == {"pff", "bare", "short"}
    edited(folder, "test_images = 40", "test_images = 30")
    fewer = hashes(folder)
    assert all(fewer[key][0] != before[key][0] for key in before)
    assert all(fewer[key][1] == before[key][1] for key in before), "the training is the same"


def test_runs_that_differ_in_inference_only_share_the_training(folder):
    found = hashes(folder)
    assert found["pff", 0][0] != found["short", 0][0]
    assert found["pff", 0][1] == found["short", 0][1] != found["bare", 0][1]


def do(planned: list, output: Path) -> dict:
    done = execute_all(planned, output, jobs=1, listen=lambda label, share: None)
    return {run.system.name: problem for run, problem in done}


def test_runs_are_stored_and_a_failing_one_leaves_the_others(folder):
    planned = runs.plan(read_study(folder, fast=True))
    absent = dataclasses.replace(planned[1].data, directory=folder / "absent")
    planned[1] = dataclasses.replace(planned[1], data=absent)
    problems = do(planned, folder)
    assert [name for name, problem in problems.items() if problem] == ["mlp"]
    assert "absent is not a folder" in str(problems["mlp"])
    stored = {run.system.name: runs.read_result(folder, run) for run in planned}
    assert stored.pop("mlp") is None
    assert all(stored.values())
    assert {"result", "versions", "machine", "settings", "run", "schema"} == set(stored["pff"])
    runs.result_path(folder, planned[0]).write_text('{"result": 1')
    assert runs.read_result(folder, planned[0]) is None, "a damaged file is done again"


def test_a_run_of_a_shared_training_does_not_train_again(folder):
    planned = {run.system.name: run for run in runs.plan(read_study(folder, fast=True))}
    do([planned["pff"]], folder)
    network = folder / "runs" / f"{planned['pff'].training_hash}.h5"
    before = network.stat().st_mtime_ns
    assert do([planned["short"]], folder) == {"short": None}
    assert network.stat().st_mtime_ns == before
    results = [runs.read_result(folder, planned[name])["result"] for name in ("pff", "short")]
    assert results[0]["training_seconds"] == results[1]["training_seconds"] > 0
    steps = [result["modes"]["one_pass"]["steps"] for result in results]
    assert steps == [17, 5]


def stored(run, accuracy: float) -> dict:
    operations = {"Effective_MACs": 10.0, "Effective_ACs": 2e6, "Dense": 30.0}
    mode = {"accuracy": accuracy, "operations": operations, "spikes": 5.0}
    result = {"modes": {"goodness": mode}, "parameters": 1234, "training_seconds": 3.0 + run.seed}
    return {"result": result, "versions": {"python": "3"}, "machine": table_machine}


table_machine = {"processor": "abacus", "cores": 2, "system": "Linux"}


def test_the_table_has_means_over_seeds_and_differences_over_common_ones(folder):
    study = read_study(folder)
    planned = [run for run in runs.plan(study) if run.system.name in ("pff", "bare")]
    values = {("pff", 0): 0.9, ("pff", 1): 0.94, ("bare", 1): 0.92}
    found = [(run, stored(run, values[run.system.name, run.seed])) for run in planned]
    content = table.summarize(study, found, missing=4)
    accuracy = content["digits"]["pff"]["accuracy"]["goodness"]
    assert accuracy["mean"] == pytest.approx(0.92)
    assert accuracy["standard_deviation"] == pytest.approx(0.0283, abs=1e-4)
    assert (accuracy["seeds"], accuracy["values"]) == ([0, 1], [0.9, 0.94])
    assert content["digits"]["bare"]["accuracy"]["goodness"]["standard_deviation"] is None
    assert content["digits"]["pff"]["training_seconds"]["mean"] == 3.5
    assert content["digits"]["pff"]["spikes_per_inference"] == {"goodness": 5.0}
    assert content["digits"]["pff"]["steps_per_inference"] == {}
    assert "knn" not in content["digits"]
    json.dumps(content)
    text = table.markdown(study, content, "pffspike study x")
    lines = text.splitlines()
    row = "| pff | goodness | 92.00 ± 2.83 % | 2 | 1,234 | 3.5 s | 10 | 2.00 M | 30 | 5 |  |"
    assert row in lines
    assert "| without homeostasis | pff | goodness | 92.00 % | -2.00 | 1 | 2.00 M |" in lines
    assert "**Incomplete: 4 runs are missing.**" in lines
    assert text.count("abacus") == 1


def test_a_difference_has_the_standard_error_of_the_pairs(folder):
    edited(folder, "ablation_seeds = [1]\n", "")
    study = read_study(folder)
    planned = [run for run in runs.plan(study) if run.system.name in ("pff", "bare")]
    values = {("pff", 0): 0.9, ("pff", 1): 0.94, ("bare", 0): 0.88, ("bare", 1): 0.93}
    found = [(run, stored(run, values[run.system.name, run.seed])) for run in planned]
    text = table.markdown(study, table.summarize(study, found, missing=0), "pffspike study x")
    row = "| without homeostasis | pff | goodness | 90.50 ± 3.54 % | -1.50 ± 0.50 | 2 | 2.00 M |"
    assert row in text.splitlines()


def test_a_spiking_system_may_learn_from_the_first_images_only(folder):
    edited(folder, 'engine = "numpy"\n', 'engine = "numpy"\nsamples = 30\n')
    some = {run.system.name: run for run in runs.plan(read_study(folder, fast=True))}
    assert do([some["pff"]], folder) == {"pff": None}
    (network,) = (folder / "runs").glob("*.h5")
    trained = storage.load(network)
    assert trained.samples_per_epoch == 30
    edited(folder, 'engine = "numpy"\n', 'engine = "numpy"\nsamples = 0\n')
    with pytest.raises(UserError, match="samples = 0 must be at least 1"):
        read_study(folder)


@pytest.mark.parametrize("name", ["01-mnist", "02-fashion-mnist"])
@pytest.mark.parametrize("fast", [False, True])
def test_the_studies_of_the_repository_can_be_read(name, fast):
    study = read_study(EXPERIMENTS / name, fast=fast)
    for system in study.systems:
        assert KINDS[system.kind].inputs(system.settings, study.datasets[0])
    assert {"knn", "backpropagation", "rate_pff", "rate_ff", "spiking_ff", "spiking_pff"} <= {
        system.name for system in study.systems
    }


def test_dense_operations_count_every_synapse_in_every_step():
    import numpy as np

    from pffspike.cards import load_network
    from pffspike.engines import make_engine
    from pffspike.network import initial

    changes = {"pff": {"hidden": [10, 20], "lateral": 10, "inference_window": 4, "burn_in": 1}}
    network = load_network("digits", changes)
    with make_engine("numpy").compile(network, "one_pass", initial(network, 0), seed=0) as session:
        recording = session.run({"image": np.zeros((2, 64))}, np.arange(2))
    forward, back, lateral = 64 * 10 + 10 * 20, 20 * 10, 30 * 9 + 30
    readout = 10 * 30
    assert dense_operations([recording]) == 2 * 5 * (forward + back + lateral + readout)


def test_runs_of_an_interrupted_study_are_kept_and_those_of_another_variant_refused(tmp_path):
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"fast": False, "epochs": 3, "runs": {"PFF": {"0": 0.5}}}))
    assert begun(path, {"fast": False, "epochs": 3}) == {"PFF": {"0": 0.5}}
    assert begun(tmp_path / "absent.json", {"fast": False}) == {}
    for other in ({"fast": True}, {"epochs": 4}, {"card": "digits"}):
        with pytest.raises(FileError, match=r"is of another variant, .*; give another folder"):
            begun(path, other)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"runs": []}', "[" * 100_000, b"\xff"])
def test_a_file_that_holds_no_runs_is_refused(tmp_path, content):
    path = tmp_path / "results.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(FileError, match="holds no runs of a study"):
        begun(path, {})


@pytest.mark.parametrize(
    ("error", "code"), [(UserError("the folder is full"), 2), (KeyboardInterrupt(), 130)]
)
def test_a_script_ends_with_a_sentence_and_a_code(error, code, capsys):
    def main():
        raise error

    with pytest.raises(SystemExit) as ended:
        run_script(main)
    said = capsys.readouterr().err
    assert ended.value.code == code
    assert said.count("\n") == 1
    assert (str(error) or "interrupted") in said
