"""Where dbt keeps what it has read of the project, from one run to the next; dbt_child.py says why."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kpi_runner.profiles import Target
from kpi_runner.project import Project

#: Vars that no model's configuration or dependency hangs on, just its SQL, which dbt compiles in every run. A model
#: that reads one of them in its config(), or to choose what it refers to, would be built as its last reader had it.
SHAPING_NO_MODEL = (
    "as_of", "data_dir", "period_start", "period_end", "timezone", "week_start", "fiscal_year_start_month",
    "cohort_window_days", "response_sla_hours", "stale_after_days", "renewal_gap_days", "active_days",
    "reporting_currency", "holidays", "grid", "grid_of_kpis", "incremental", "incremental_from_rows",
    "figures_before",
)  # fmt: skip

#: Where it lies in the project, with the templates that Jinja has compiled (dbt_templates.py).
PARSED = Path("target", "parsed")

#: For how many combinations of targets and other vars it is kept.
MOST_PARSED = 16


def shaping_vars(variables: Mapping[str, Any]) -> str:
    """The vars of a run that models are shaped by, as JSON."""
    return json.dumps({name: value for name, value in variables.items() if name not in SHAPING_NO_MODEL})


def parsed_directory(project: Project, target: Target, schema: str, shaping: str, workplace: Path) -> Path:
    """The directory for runs of the same target, schema that is built, and vars, with a lock file in it.

    It lies in the project; where nothing can be written there, in the workplace, for this run alone.
    """
    parsed = project.directory / PARSED
    what = "\n".join([target.name, schema, target.database, shaping])
    directory = parsed / hashlib.sha256(what.encode()).hexdigest()[:16]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "lock").touch()
        os.utime(directory)  # What is in use is among the newest.
        kept = sorted(filter(Path.is_dir, parsed.iterdir()), key=lambda path: path.stat().st_mtime)
        for old in kept[:-MOST_PARSED]:
            shutil.rmtree(old, ignore_errors=True)
    except OSError:
        directory = workplace / "parsed"
        directory.mkdir()
    return directory
