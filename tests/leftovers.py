"""What a Lava network that was closed must not have left."""

import gc
import logging
import os
import re
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def old_objects_frozen():
    """Keep what exists already out of garbage collection: that of other tests takes a second."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def children():
    """Living or zombie children of this process, whoever started them."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(path.parent.name))
    return found


def belongings():
    """What a network that was closed must not have left."""
    gc.collect()
    lava_process = pytest.importorskip("lava.magma.core.process.process")
    lava_variable = pytest.importorskip("lava.magma.core.process.variable")
    return {
        "children": children(),
        "threads": {thread.name for thread in threading.enumerate()},
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        # channels and probes are anonymous mappings, semaphores files in /dev/shm
        "mappings": len(re.findall("/dev/zero|/dev/shm", Path("/proc/self/maps").read_text())),
        "processes": len(lava_process.ProcessServer().processes),
        "variables": len(lava_variable.VarServer().vars),
        "handlers": list(logging.getLogger().handlers),
    }


def memory():
    """Resident memory of this process in KiB."""
    gc.collect()
    return int(re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[1])
