"""How the program of a study ends."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from pffspike.errors import PffspikeError


def run_script(main: Callable[[], None]) -> None:
    """Run the program of a study as the command line runs: a mistake is one sentence.

    Parameters
    ----------
    main : callable
        The program.

    Raises
    ------
    SystemExit
        With the code 2 after a `PffspikeError`, which is told on the error stream, and with 130
        after Ctrl-C.

    Examples
    --------
    >>> run_script(lambda: print("a table"))
    a table
    """
    name = Path(sys.argv[0]).name
    try:
        main()
    except PffspikeError as error:
        sys.stderr.write(f"{name}: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write(f"{name}: interrupted\n")
        sys.exit(130)
