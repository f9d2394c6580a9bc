"""Building the warehouse: dbt, run beside the old figures, which stay until the new ones are whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from kpi_runner.dbt_log import DbtLog, naming_the_delivery
from kpi_runner.errors import DataError, UsageError
from kpi_runner.parsed import parsed_directory, shaping_vars
from kpi_runner.profiles import Target, write_profile
from kpi_runner.project import PROJECT_NAME, Project
from kpi_runner.versions import BuildVersion, build_settings, code_version, is_built_by, kpi_versions, record
from kpi_runner.workplace import Workplace, workplace

#: What every build makes beside the KPIs: what queries, exports and dashboards read.
ALWAYS_BUILT = (
    "kpi_values", "kpi_catalog", "kpi_scorecard", "run_settings", "row_counts", "rejected_rows",
)  # fmt: skip

#: What runs dbt, in a process of its own.
CHILD = Path(__file__).with_name("dbt_child.py")

#: What DuckDB says of a file whose contents are not those that it has written.
DAMAGED = "Corrupt database file"

#: How many seconds dbt has to end by itself when the run is stopped.
PATIENCE = 5.0


def build(project: Project, target: Target, variables: Mapping[str, Any], kpis: Sequence[str]) -> dict[str, float]:
    """Builds the KPIs (all, where none are named) into the target's warehouse, whole or not at all.

    Figures of the run before that nothing has changed since are taken over, where it was one of the same code and
    settings. Returns the seconds that each model took. The new warehouse is built beside the old one and takes
    its place when it is finished; a build that fails leaves the old one as it was. Raises LockedError
    while another run builds, UsageError where dbt refuses one of the variables, and DataError where
    it refuses otherwise.
    """
    with workplace(target) as place:
        code = code_version(project.directory, place.engine_version)
        holding = project.settings() | dict(variables)
        settings = build_settings(holding)
        with place.before() as before:
            if holding["incremental"] and before is not None and is_built_by(target, code, settings):
                seconds = _build_upon(project, target, variables, kpis, place, before)
            else:
                seconds = _run_dbt(project, target, variables, kpis, place)
        manifest = json.loads(_manifest(place).read_text(encoding="utf-8"))
        version = BuildVersion(code, settings, kpi_versions(manifest))
        record(place, version)
        place.take_place()
    return seconds


def _build_upon(
    project: Project,
    target: Target,
    variables: Mapping[str, Any],
    kpis: Sequence[str],
    place: Workplace,
    before: Mapping[str, str],
) -> dict[str, float]:
    """Builds with what the run before has left at hand.

    Figures are taken over from it (macros/kpi/kept_figures.sql); large tables take in what is new (macros/incremental).
    """
    try:
        figures_before = {**before, "begins_with_tables": place.begin_with_tables()}
        return _run_dbt(project, target, dict(variables) | {"figures_before": figures_before}, kpis, place)
    except DataError as error:
        if DAMAGED not in str(error):
            raise
        way_out = "What is damaged is the warehouse of the run before: `--set incremental=false` reads none of it."
        raise DataError(f"{error}\n{way_out}") from None


def _manifest(place: Workplace) -> Path:
    """dbt's manifest of the project, as it was read for this build."""
    return place.directory / "target" / "manifest.json"


def _run_dbt(
    project: Project, target: Target, variables: Mapping[str, Any], kpis: Sequence[str], place: Workplace
) -> dict[str, float]:
    """Runs dbt in a process of its own and follows its log; returns the seconds that each model took."""
    profiles = place.directory / "profiles"
    write_profile(project.profiles_file, PROJECT_NAME, target, place.profile, profiles)
    environment = os.environ | place.environment | {"DBT_PROFILES_DIR": str(profiles)}
    shaping = shaping_vars(variables)
    parsed = parsed_directory(project, target, place.profile.get("schema", target.schema), shaping, place.directory)
    with subprocess.Popen(
        [*_parsing(parsed, shaping), *_building(project, target, variables, kpis, place)],
        cwd=project.directory,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        # Whoever builds holds the lock, also where this process is killed and dbt is not.
        pass_fds=(place.lock,),
    ) as process:
        assert process.stdout is not None

        def go_on() -> None:
            place.receive(_manifest(place), project, variables)
            _tell_to_build(process)

        log = DbtLog(process.stdout, go_on)
        try:
            log.follow()
        except BaseException:
            _stop(process)
            raise
    if process.returncode != 0 or not place.is_built():
        complaint = naming_the_delivery(log.complaint(), _manifest(place))
        complaint += "\nNothing was changed."
        raise UsageError(complaint) if complaint.split(":")[0] in variables else DataError(complaint)
    return log.seconds


def _tell_to_build(process: subprocess.Popen[str]) -> None:
    """Says to the process, which has read the project and waits, that it may build now."""
    assert process.stdin is not None
    try:
        process.stdin.write("build\n")
        process.stdin.flush()
    except BrokenPipeError:
        # It has ended meanwhile, and its log says why. What was not written would be written once more at the end.
        with suppress(BrokenPipeError):
            process.stdin.close()


def _parsing(parsed: Path, shaping: str) -> list[str]:
    """The beginning of the command line of the process that runs dbt: how the project is read. See dbt_child.py."""
    # Without -P the modules beside the script would hide others of their names.
    return [sys.executable, "-P", str(CHILD), str(os.getpid()), str(parsed), shaping]


def _building(
    project: Project, target: Target, variables: Mapping[str, Any], kpis: Sequence[str], place: Workplace
) -> list[str]:
    """The rest of that command line: dbt's options, those that are for the build alone after --."""
    options = ["--log-level", "none", "--log-level-file", "none", "--no-use-colors", "--no-write-json"]
    options += ["--project-dir", str(project.directory), "--target", target.name]
    options += ["--log-path", str(place.directory / "logs"), "--"]
    options += ["--exclude-resource-type", "test", "unit_test"]
    options += ["--target-path", str(place.directory / "target"), "--vars", json.dumps(dict(variables))]
    if kpis:
        # By file: a bare name also stands for a folder of that name, and there is a theme `revenue`.
        options += ["--select", *(f"+file:{name}.sql" for name in (*kpis, *ALWAYS_BUILT))]
    return options


def _stop(process: subprocess.Popen[str]) -> None:
    """Ends dbt: asks first, then makes it."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
