"""dbt in processes forked from one that has imported it: importing takes a third of the time that compiling does."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

from kpi_runner.parsed import PARSED

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(["dbt.cli.main", "dbt.adapters.duckdb"])

#: Where runs of `kpi` keep theirs, too.
TEMPLATES = Path(__file__).resolve().parents[2] / PARSED


def call_dbt(
    arguments: Sequence[str], environment: Mapping[str, str], read: Path | None, output: Path
) -> tuple[bool, str]:
    """Whether a dbt command succeeds, and what it says, which goes through the file `output`.

    `read` is what dbt has kept of the project, if it need not read it; then it is as quick as in `kpi run`, else as
    everybody has it. `environment` is the whole of the command's.
    """
    process = FORKS.Process(target=_invoke, args=(list(arguments), dict(environment), read, output))
    process.start()
    process.join()
    return process.exitcode == 0, output.read_text(encoding="utf-8")


def _invoke(arguments: list[str], environment: dict[str, str], read: Path | None, output: Path) -> None:
    """Does so in a process of its own; its exit code says whether it succeeded."""
    with output.open("w", encoding="utf-8") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    os.environ.clear()
    os.environ.update(environment)

    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    from kpi_runner.dbt_events import pass_over_debugging
    from kpi_runner.dbt_macros import find_macros_quickly
    from kpi_runner.dbt_templates import KeptTemplates

    manifest = None
    if read:
        gc.set_threshold(1_000_000)
        pass_over_debugging()
        find_macros_quickly()
        manifest = Manifest.from_msgpack(read.read_bytes())
        manifest.build_flat_graph()  # type: ignore[no-untyped-call]
    templates = KeptTemplates(TEMPLATES)
    templates.use()
    done = dbtRunner(manifest).invoke(arguments)
    templates.keep()
    sys.stdout.flush()
    if done.exception and not output.stat().st_size:
        print(done.exception)
    sys.exit(not done.success)
