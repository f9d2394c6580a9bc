"""Runs dbt for a build, and ends with the process that started it.

    dbt_child.py PARENT_PID PARSED_DIR PARSE_VARS COMMON_OPTION… -- BUILD_OPTION…

Reading the project takes dbt longer than building a small company, so what it has read stays in PARSED_DIR for the
next run. dbt reads anew what has changed in the project, but all of it where one of the vars has; so it reads with
those left out that shape no model (PARSE_VARS), and builds with all (in BUILD_OPTION). Its manifest.json lies there,
too; the build gets a copy, of the project as it was read for it. Compiled templates lie above, for all PARSED_DIRs.

What dbt has to say comes as JSON lines, of those events alone that somebody asks for (see dbt_log.py).
"""

from __future__ import annotations

import atexit
import ctypes
import fcntl
import gc
import json
import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

from kpi_runner.dbt_events import pass_over_debugging
from kpi_runner.dbt_macros import find_macros_quickly
from kpi_runner.dbt_templates import KeptTemplates

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.base_types import EventMsg

#: From <linux/prctl.h>: the signal that this process gets when its parent dies.
PR_SET_PDEATHSIG = 1

#: Events that are told, beside errors: how far the build has come.
PROGRESS = ("LogModelResult", "LogSeedResult")

#: Held by whoever prints a line.
TELLING = threading.Lock()

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


def tell(event: EventMsg) -> None:
    """Prints an event as dbt's JSON log has it, if it is an error or progress."""
    if event.info.level == "error" or event.info.name in PROGRESS:
        from dbt_common.events.functions import env_scrubber, msg_to_json

        print_line(env_scrubber(msg_to_json(event)))


def print_line(line: str) -> None:
    """Prints a line as one: models are built side by side, and lines begun at once would be read as one, and lost."""
    with TELLING:
        print(line, flush=True)


def parsed(directory: Path, variables: str, common: list[str], target: Path) -> Manifest:
    """The project as dbt has read it, one run at a time in this directory; ends the process where dbt cannot.

    `target` is the build's directory, which gets manifest.json. dbt rejects what it has kept of a project whose
    database lies elsewhere; so here that is always in the directory.
    """
    from dbt.cli.main import dbtRunner

    database = os.environ.get("KPI_DUCKDB_PATH")
    with (directory / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if database is not None:
            os.environ["KPI_DUCKDB_PATH"] = str(directory / Path(database).name)
        options = [*common, "--target-path", str(directory), "--vars", variables]
        read = dbtRunner(callbacks=[tell]).invoke(["parse", *options])
        if database is not None:
            os.environ["KPI_DUCKDB_PATH"] = database
        if not read.success:
            end(REFUSED)
        manifest = cast("Manifest", read.result)
        write_manifest(manifest, directory)
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(directory / "manifest.json", target)
    return manifest


def write_manifest(manifest: Manifest, directory: Path) -> None:
    """Writes manifest.json, unless it is of what dbt has kept: that is written anew where the project has changed."""
    file, kept = directory / "manifest.json", directory / "partial_parse.msgpack"
    if not file.exists() or not kept.exists() or file.stat().st_mtime_ns < kept.stat().st_mtime_ns:
        unfinished = file.with_suffix(".unfinished")
        manifest.write(str(unfinished))  # type: ignore[no-untyped-call]
        unfinished.replace(file)


def await_word() -> None:
    """Says that the project is read, and waits for a line; ends the process where nobody is left to write one."""
    print_line(json.dumps({"info": {"name": "ProjectRead", "level": "info", "msg": ""}, "data": {}}))
    if not sys.stdin.readline():
        sys.exit(REFUSED)


def end(code: int) -> NoReturn:
    """Ends this process and runs what is to be run at its end, but leaves all that dbt keeps to the system to free."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main(arguments: list[str]) -> None:
    """Builds, and ends the process with dbt's exit code."""
    from dbt.cli.main import dbtRunner

    gc.set_threshold(1_000_000)  # Searching all that dbt keeps of a project for cycles, again and again, finds few.
    pass_over_debugging()
    find_macros_quickly()
    directory, variables, *options = arguments
    border = options.index("--")
    common, build = options[:border], options[border + 1 :]
    templates = KeptTemplates(Path(directory).parent)
    templates.use()
    manifest = parsed(Path(directory), variables, common, Path(build[build.index("--target-path") + 1]))
    await_word()
    built = dbtRunner(manifest, callbacks=[tell]).invoke(["build", *common, *build])
    templates.keep()
    end(0 if built.success else 1 if built.exception is None else REFUSED)


if __name__ == "__main__":
    end_with(int(sys.argv[1]))
    main(sys.argv[2:])
