"""Compiles what Brian2 has written, quietly and fast, and says in one sentence what is missing.

Brian2 writes one file for every code object, some eighty for a training program, and each of
them spends its time on the same headers. Here they become one unit: half a minute of compiling
turns into three seconds. And at its end the program would write every array that it has, synapse
indices included; here it writes what is read. Should a later Brian2 write its files differently,
they are compiled as they are, by its own makefile.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Collection, Sequence
from pathlib import Path

from pffspike.errors import ValidationError

_LOG = "compiler.log"
_HELPERS = re.compile(r"^namespace \{$", re.MULTILINE)  #: around a file's own helpers
#: Of an array at the end of the program; the name of its file.
_WRITES = re.compile(
    r"ofstream (outfile_\w+);\s*\1\.open\(results_dir \+ \"([^\"]+)\"[^{]*\{.*?\} else\s*\{.*?\}",
    re.DOTALL,
)
_BRIAN = "using namespace brian;"  #: in each function of a file
#: What runs once, as the code objects that create synapses do: not worth the time that optimizing
#: it takes.
_ONCE = ("objects.cpp", "main.cpp", "run.cpp", "synapses_classes.cpp")
_RARE = re.compile(r"^(before|after)_run_|_synapses_create_\w+_codeobject\.cpp$")
_OFTEN = ("network.cpp", "brianlib/spikequeue.cpp")
#: Linux ends the program with the process that started it, however that ends.
_END_WITH_PARENT = """#ifdef __linux__
#include <csignal>
#include <sys/prctl.h>
static const int ends_with_parent = prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
"""
_REMEDY = (
    "install a C++ compiler and make (on Debian: apt install g++ make), or choose target 'numpy', "
    "which needs neither"
)


def compile_project(directory: Path, flags: Sequence[str], results: Collection[str]) -> None:
    """Compile the C++ project in a directory to the program ``main``.

    Parameters
    ----------
    directory : Path
        What ``device.build(compile=False)`` of Brian2 has written.
    flags : sequence of str
        For the compiler, the one that the environment variable ``CXX`` names or ``g++``.
    results : collection of str
        Names of the files that the program shall write.

    Raises
    ------
    ValidationError
        If there is no compiler or it fails.
    """
    _trim(directory / "objects.cpp", results)
    main = directory / "main.cpp"
    main.write_text(_END_WITH_PARENT + main.read_text())
    with (directory / _LOG).open("w") as log:
        try:
            done = _unite(directory) and _compile_units(directory, flags, log)
            if not done and _finish(_start(["make", f"-j{os.cpu_count()}"], directory, log)):
                raise ValidationError(
                    f"compiling the network in C++ failed ({_reason(directory)}); {_REMEDY}"
                )
        except FileNotFoundError as error:
            raise ValidationError(f"{error.filename!r} was not found; {_REMEDY}") from None


def _trim(path: Path, results: Collection[str]) -> None:
    """Write no array that is not read; change nothing if the file does not look as expected."""
    text = path.read_text()
    if set(results) <= {found[2] for found in _WRITES.finditer(text)}:
        path.write_text(_WRITES.sub(lambda found: found[0] if found[2] in results else "", text))


def _unite(directory: Path) -> bool:
    """Write the two units; False if the files do not look as expected."""
    often: list[str] = []
    rare: list[str] = []
    for number, path in enumerate(sorted(directory.glob("code_objects/*.cpp"))):
        text, anonymous = _HELPERS.subn(f"namespace unit_{number} {{", path.read_text())
        if anonymous != 1 or _BRIAN not in text:
            return False
        texts = rare if _RARE.search(path.name) else often
        texts.append(text.replace(_BRIAN, f"{_BRIAN} using namespace unit_{number};"))
    for unit, texts, names in (("often", often, _OFTEN), ("once", rare, _ONCE)):
        # Brian2 2.9 has its spike queue in a header.
        there = [f'#include "{name}"' for name in names if (directory / name).exists()]
        (directory / f"{unit}.cpp").write_text("\n".join([*texts, *there, ""]))
    return True


def _compile_units(directory: Path, flags: Sequence[str], log: object) -> bool:
    """Compile both units at the same time and link them; False if that fails."""
    compiler = os.environ.get("CXX", "g++")
    commands = [
        [compiler, "-c", *flags, *extra, "-I.", f"{unit}.cpp", "-o", f"{unit}.o"]
        for unit, extra in (("often", []), ("once", ["-O0"]))
    ]
    if _finish(*[_start(command, directory, log) for command in commands]):
        return False
    # Of the inline functions that both units hold, the linker keeps the first: the faster one.
    return not _finish(_start([compiler, "often.o", "once.o", "-o", "main"], directory, log))


def _start(command: list[str], directory: Path, log: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=directory, stdout=log, stderr=log)  # type: ignore[call-overload]


def _finish(*processes: subprocess.Popen[bytes]) -> int:
    """Wait for processes, and kill them if interrupted; the sum of their exit codes."""
    try:
        return sum(abs(process.wait()) for process in processes)
    except BaseException:
        for process in processes:
            process.kill()
            process.wait()
        raise


def _reason(directory: Path) -> str:
    lines = (directory / _LOG).read_text(errors="replace").splitlines()
    said = [line.strip() for line in lines if "error" in line.lower()]
    return said[0][:200] if said else "the compiler gave no reason"
