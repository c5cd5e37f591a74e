"""A compiled Brian2 program as a process: it ends with the one that started it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from pffspike import caches

pytest.importorskip("brian2")

pytestmark = pytest.mark.brian2


@pytest.mark.skipif(sys.platform != "linux", reason="Linux ends children with their parent")
def test_a_program_ends_with_the_process_that_started_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However that ends: here it is killed."""
    monkeypatch.setenv(caches.VARIABLE, str(tmp_path))
    code = (
        "import numpy as np\n"
        "from pffspike.circuits import PFF, pff\n"
        "from pffspike.engines.brian2 import Brian2Engine\n"
        "from pffspike.network import Training, initial\n"
        "net = pff(PFF(8, 2, (5,), lateral=0), 'tiny', Training('none', 1))\n"
        "n = 50000\n"
        "signals = {'image': np.full((n, 8), 0.5), 'label': np.zeros(n, int),\n"
        "           'negative': np.ones(n, int)}\n"
        "engine = Brian2Engine('cpp_standalone', chunk=n, flags=('-w', '-O0'))\n"
        "with engine.compile(net, 'train', initial(net, 1), seed=3) as session:\n"
        "    session.run(signals, np.arange(n))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    deadline, child = time.monotonic() + 80, None
    while child is None and time.monotonic() < deadline and parent.poll() is None:
        child = next((pid for pid in _children(parent.pid) if _runs_main(pid)), None)
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    assert child is not None
    deadline = time.monotonic() + 10
    while _runs_main(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs_main(child)


def _children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(path.parent.name))
    return found


def _runs_main(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"./main")
    except OSError:
        return False
