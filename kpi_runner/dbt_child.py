"""Runs dbt for a build, and ends with the process that started it.

    dbt_child.py PARENT_PID PARSED_DIR PARSE_VARS COMMON_OPTION… -- BUILD_OPTION…

Reading the project takes dbt longer than building a small company, so what it has read stays in PARSED_DIR for the
next run. dbt reads anew what has changed in the project, but all of it where one of the vars has; so it reads with
those left out that shape no model (PARSE_VARS), and builds with all (in BUILD_OPTION).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

#: From <linux/prctl.h>: the signal that this process gets when its parent dies.
PR_SET_PDEATHSIG = 1

#: dbt's own exit code for what is no failure of a model.
REFUSED = 2


def end_with(parent: int) -> None:
    """Makes this process end when its parent does, however the parent ends; Linux alone can do that.

    Elsewhere the child goes on to its end, and the lock that it inherited keeps other runs away.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("The process that started this build has ended.")


def parsed(directory: Path, variables: str, common: list[str]) -> Manifest:
    """The project as dbt has read it, one run at a time in this directory; ends the process where dbt cannot.

    dbt rejects what it has kept of a project whose database lies elsewhere; so here that is always in the directory.
    """
    from dbt.cli.main import dbtRunner

    database = os.environ["KPI_DUCKDB_PATH"]
    with (directory / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.environ["KPI_DUCKDB_PATH"] = str(directory / Path(database).name)
        read = dbtRunner().invoke(["parse", *common, "--target-path", str(directory), "--vars", variables])
        os.environ["KPI_DUCKDB_PATH"] = database
    if not read.success:
        sys.exit(REFUSED)
    return cast("Manifest", read.result)


def main(arguments: list[str]) -> None:
    """Builds, and ends the process with dbt's exit code."""
    from dbt.cli.main import dbtRunner

    directory, variables, *options = arguments
    border = options.index("--")
    common, build = options[:border], options[border + 1 :]
    built = dbtRunner(parsed(Path(directory), variables, common)).invoke(["build", *common, *build])
    sys.exit(0 if built.success else 1 if built.exception is None else REFUSED)


if __name__ == "__main__":
    end_with(int(sys.argv[1]))
    main(sys.argv[2:])
