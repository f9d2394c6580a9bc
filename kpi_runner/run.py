"""A run: the settings that hold for it, the build, and its summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kpi_runner.build import build
from kpi_runner.clock import as_of_local, as_of_text, week_start_number
from kpi_runner.errors import UsageError
from kpi_runner.periods import Calendar, parse_period
from kpi_runner.profiles import Target
from kpi_runner.project import PROJECT_FILE, Project, read_yaml
from kpi_runner.settings import assigned, checked, settable
from kpi_runner.warehouse import Kpi, Warehouse, nearest, opened

SETTINGS_FILE = "settings.yml"


@dataclass(frozen=True)
class RunRequest:
    """What a user asks a run for; `assignments` are the `NAME=VALUE` of --set."""

    period: str = "all"
    systems: Sequence[str] = ()
    data: Path | None = None
    kpis: Sequence[str] = ()
    as_of: str | None = None
    assignments: Sequence[str] = ()


@dataclass(frozen=True)
class KpiSummary:
    """What a run made of a KPI: rows, figures, rows of its entities repaired and rejected, seconds."""

    kpi_id: str
    available: bool
    rows: int
    figures: int
    repaired: int
    rejected: int
    seconds: float
    missing: tuple[str, ...]


@dataclass(frozen=True)
class EntitySummary:
    """What became of an entity's delivered rows: delivered = in_mart + rejected + merged."""

    entity: str
    delivered: int
    in_mart: int
    rejected: int
    merged: int
    repairs: int


@dataclass(frozen=True)
class RunSummary:
    """What a run made."""

    kpis: tuple[KpiSummary, ...]
    entities: tuple[EntitySummary, ...]


def run(request: RunRequest, project: Project, target: Target) -> RunSummary:
    """Builds what the request needs, and sums it up.

    Raises UsageError for settings, systems, KPIs or a period that are none, DataError where the
    data or dbt refuses, LockedError while another run builds.
    """
    _check_kpis(request.kpis, project)
    try:
        seconds = build(project, target, run_variables(request, project), request.kpis)
    except UsageError as error:
        raise UsageError(f"{_origin(str(error).split(':')[0], request)}{error}") from None
    with opened(target) as warehouse:
        return summarize(warehouse, seconds)


def _origin(name: str, request: RunRequest) -> str:
    """Where a setting was made that dbt refused, as the beginning of a message."""
    if any(text.startswith(f"{name}=") for text in request.assignments):
        return "--set: "
    file = request.data / SETTINGS_FILE if request.data is not None else None
    return f"{file}: " if file is not None and file.is_file() and name in read_yaml(file) else ""


def run_variables(request: RunRequest, project: Project) -> dict[str, Any]:
    """The dbt vars of a run: --set over settings.yml in the data directory over dbt_project.yml."""
    defaults = checked(project.settings(), PROJECT_FILE)
    given: dict[str, Any] = {}
    if request.data is not None:
        settings_file = request.data / SETTINGS_FILE
        if settings_file.is_file():
            given |= settable(read_yaml(settings_file), defaults, str(settings_file))
        given["data_dir"] = str(request.data.resolve())
    given |= settable(assigned(request.assignments), defaults, "--set")
    is_data_alone = request.data is not None and "source_systems" not in given
    systems = list(request.systems) or (["folder"] if is_data_alone else [])
    if systems:
        given["source_systems"] = systems
    settings = defaults | given
    given["source_systems"] = settings["source_systems"]
    known = settings["source_system_entities"]
    for system in settings["source_systems"]:
        if system not in known:
            where = "--system" if request.systems else "source_systems"
            raise UsageError(
                f"{where}: {system!r} is not a source system.{nearest(system, known)} It is one of {', '.join(known)}."
            )
    if request.as_of is not None:
        given["as_of"] = as_of_text(request.as_of, "--as-of")
    else:
        as_of = settings["as_of"]
        given["as_of"] = as_of_text(str(as_of) if as_of is not None else None, "as_of")
    return given | _period_variables(request.period, _calendar(settings | given))


def _calendar(settings: Mapping[str, Any]) -> Calendar:
    """How the run cuts periods. Raises UsageError for a setting that makes no calendar."""
    month = settings["fiscal_year_start_month"]
    if str(month) not in map(str, range(1, 13)):
        raise UsageError(f"fiscal_year_start_month: {month!r} is not a month from 1 to 12.")
    return Calendar(
        as_of_local(settings["as_of"], settings["timezone"]),
        week_start_number(settings["week_start"]),
        int(month),
    )


def _period_variables(period: str, calendar: Calendar) -> dict[str, Any]:
    """The bounds of the periods to build; none for `all`."""
    if period.strip().lower() == "all":
        return {}
    asked = parse_period(period, calendar)
    bounds = {"period_start": asked.start.isoformat()}
    return bounds if asked.open_end else bounds | {"period_end": asked.end.isoformat()}


def _check_kpis(names: Sequence[str], project: Project) -> None:
    """Each selected KPI must have a model under metrics/."""
    known = sorted(path.stem for path in (project.directory / "metrics").glob("*/*.sql"))
    for name in names:
        if name not in known:
            raise UsageError(f"--select: there is no KPI {name!r}.{nearest(name, known)}")


def summarize(warehouse: Warehouse, seconds: Mapping[str, float]) -> RunSummary:
    """What the warehouse holds of each built KPI, and what became of the delivered rows."""
    entities = tuple(
        EntitySummary(*row)
        for row in warehouse.rows("select entity, delivered, in_mart, rejected, merged, repairs from row_counts")
    )
    counts = dict(warehouse.rows("select kpi_id, count(*) from kpi_values group by kpi_id"))
    built = [kpi for kpi in warehouse.catalog() if warehouse.has_table(f"{kpi.kpi_id}__rows")]
    return RunSummary(tuple(_summary(kpi, warehouse, entities, counts, seconds) for kpi in built), entities)


def _summary(
    kpi: Kpi,
    warehouse: Warehouse,
    entities: Sequence[EntitySummary],
    figures: Mapping[str, int],
    seconds: Mapping[str, float],
) -> KpiSummary:
    needed = {one.split(".")[0] for info in kpi.measures for need in info.needs for one in need.split("|")}
    ((rows,),) = warehouse.rows(f'select count(*) from "{kpi.kpi_id}__rows"')
    return KpiSummary(
        kpi.kpi_id,
        kpi.primary.available,
        rows,
        figures.get(kpi.kpi_id, 0),
        sum(entry.repairs for entry in entities if entry.entity in needed),
        sum(entry.rejected for entry in entities if entry.entity in needed),
        round(seconds.get(kpi.kpi_id, 0.0), 2),
        kpi.primary.missing,
    )
