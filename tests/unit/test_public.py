"""The public surface: what `import pffspike` gives, how fast, and that the command line uses it."""

import ast
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import pffspike
from pffspike import Execution, Mode

PACKAGE = Path(pffspike.__file__).parent


def test_everything_that_is_listed_is_there():
    for name in pffspike.__all__:
        assert getattr(pffspike, name) is not None
    assert dir(pffspike) == sorted([*pffspike.__all__, "__version__"])


def test_the_version_is_that_of_the_package():
    from importlib.metadata import version

    assert pffspike.__version__ == version("pffspike")


def test_importing_loads_nothing_else():
    code = "import sys, pffspike; print(*(m for m in sys.modules if m.startswith('pffspike.')))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
    code = (
        "import time; start = time.perf_counter(); import pffspike; "
        "print(time.perf_counter() - start)"
    )
    seconds = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(3)
    ]
    assert min(seconds) < 0.3


@pytest.mark.parametrize("path", sorted((PACKAGE / "cli").glob("*.py")), ids=lambda p: p.stem)
def test_the_command_line_uses_the_public_interface_alone(path):
    allowed = {*pffspike.__all__, "typing", "errors"}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pffspike"):
            inner = node.module.partition(".")[2]
            light = inner in ("", "choices", "cli", "typing", "errors")
            assert light or inner.startswith("cli."), node.module
            if not inner:
                assert {name.name for name in node.names} <= allowed
        if isinstance(node, ast.Import):
            names = [n.name for n in node.names if n.name.startswith("pffspike")]
            assert set(names) <= {"pffspike"}


@pytest.fixture(scope="module")
def trained():
    return pffspike.train("digits", epochs=1)


def test_values_say_in_short_what_they_are(trained):
    data = pffspike.load_data("digits")
    images = pffspike.probabilities(data.test_images[:3], data.levels)
    values = [
        trained,
        trained.network,
        trained.parameters,
        data,
        Execution(),
        pffspike.classify(trained, images, "one_pass"),
        pffspike.run(trained, "one_pass", {"image": images}),
        pffspike.reconstruct(trained, images),
        pffspike.sample(trained, 2),
        pffspike.quantize(trained, 8, moments=None),
        pffspike.evaluate(trained, pffspike.first_samples(data, test=3), "one_pass"),
    ]
    for value in values:
        text = repr(value)
        assert text.startswith(type(value).__name__)
        assert len(text) <= 200
        assert "array" not in text


def test_former_keywords_work_with_a_warning(trained):
    data = pffspike.first_samples(pffspike.load_data("digits"), test=4)
    images = pffspike.probabilities(data.test_images, data.levels)
    with pytest.warns(FutureWarning, match=r"engine= is now execution=pffspike.Execution\(...\)"):
        former = pffspike.classify(
            trained, images, "proposal", engine="numpy", seed=3, candidates=2
        )
    present = pffspike.classify(
        trained, images, Mode("proposal", 2), execution=Execution("numpy", 3)
    )
    np.testing.assert_array_equal(former.scores, present.scores)
    told = []
    with pytest.warns(FutureWarning, match="progress="):
        pffspike.train("digits", epochs=1, seed=0, progress=told.append)
    assert sum(told) == 1437
    with pytest.warns(FutureWarning, match="progress="):  # what today's Execution takes is kept
        again = pffspike.classify(trained, images, engine="numpy", progress=False)
    assert again.scores.shape == (4, 10)
    with pytest.raises(ValueError, match="progress=5 is neither True, False, None nor a function"):
        Execution(progress=5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pffspike.classify(trained, images, "one_pass")


def test_what_a_run_needs_is_checked_before_anything_is_computed(trained):
    with pytest.raises(ValueError, match="seed = -1 must be "):
        Execution(seed=-1)
    with pytest.raises(ValueError, match="engine 'nunba' does not exist; did you mean 'numba'"):
        pffspike.train("digits", execution=Execution("nunba"))
    with pytest.raises(ValueError, match="checkpoint_every = 0 must be at least 1"):
        pffspike.train("digits", checkpoint_every=0)
    with pytest.raises(
        ValueError, match="400 test samples are none or more than the 360 of data set 'digits'"
    ):
        pffspike.first_samples(pffspike.load_data("digits"), test=400)
    with pytest.raises(ValueError, match="label 10 is not a class"):
        pffspike.sample(trained, label=10)
