"""The history of published figures: a directory beside the warehouse, to which publications are only ever added.

`<warehouse>.published/000001/` is the first publication: publication.json says what it is, figures.parquet holds the
figures, rows/<kpi>.parquet what each KPI's figures were reckoned from. A publication is written under another name and
takes its own when it is whole: whoever reads the history, or stops a command that writes to it, finds it there or not.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from kpi_runner.errors import DataError, UsageError
from kpi_runner.periods import Calendar, Period
from kpi_runner.rollup import DATE_COLUMNS, reads
from kpi_runner.sql import lies_between, quoted, text_literal
from kpi_runner.versions import BuildVersion, CodeVersion, KpiVersion, recorded
from kpi_runner.warehouse import Kpi, RunSettings, Warehouse
from kpi_runner.workplace import locked, on_disk

FIGURE_KEYS = ("kpi_id", "measure", "grain", "period_start", "period_end", "dimension", "dimension_value")
FIGURE_PARTS = ("numerator", "denominator", "value", "row_count")
FIGURE_COLUMNS = (*FIGURE_KEYS, *FIGURE_PARTS, "is_complete", "is_provisional")

_NAME = re.compile(r"\d{6,}")
_UNFINISHED = re.compile(r"\.\d+\.\d+\.publishing")


@dataclass(frozen=True)
class Delivery:
    """What a source system delivered of an entity: how many rows, and a hash of them in whatever order they came."""

    source_system: str
    entity: str
    rows: int
    rows_hash: str


@dataclass(frozen=True)
class PublishedKpi:
    """What was published of a KPI: how many figures and rows, and the columns by which a person finds a row."""

    kpi_id: str
    figures: int
    rows: int
    row_key: tuple[str, ...]


@dataclass(frozen=True)
class State:
    """What a warehouse's figures hang on: the as-of, code and settings, the data, and the range that was built."""

    as_of: datetime
    as_of_local: datetime
    source_systems: str
    built_from: date | None
    built_until: date | None
    build: BuildVersion
    deliveries: tuple[Delivery, ...]

    @property
    def calendar(self) -> Calendar:
        """What is complete, and what has begun, as of as_of."""
        return Calendar(self.as_of_local)


@dataclass(frozen=True)
class Publication:
    """One publication: its number, when it was made, for which period, and of what."""

    publication_id: int
    published_at: datetime
    period: str
    period_start: date | None
    period_end: date | None
    state: State
    kpis: tuple[PublishedKpi, ...]
    directory: Path

    @property
    def figures_file(self) -> Path:
        """The Parquet file of its figures, in FIGURE_COLUMNS."""
        return self.directory / "figures.parquet"

    def rows_file(self, kpi_id: str) -> Path:
        """The Parquet file of a KPI's rows."""
        return self.directory / "rows" / f"{kpi_id}.parquet"


def history_of(warehouse: Path) -> Path:
    """The directory that holds the history of a warehouse's published figures; `warehouse` is Target.beside."""
    return warehouse.with_name(f"{warehouse.name}.published")


# --- What a warehouse holds


def state_of(warehouse: Warehouse) -> State:
    """What the figures of a warehouse hang on. Raises DataError where its run has not recorded it."""
    ((as_of, as_of_local, source_systems, built_from, built_until),) = warehouse.rows(
        "select as_of, as_of_local, source_systems, period_start, period_end from run_settings"
    )
    build, deliveries = recorded(warehouse), _deliveries(warehouse)
    return State(as_of, as_of_local, source_systems, built_from, built_until, build, deliveries)


def _deliveries(warehouse: Warehouse) -> tuple[Delivery, ...]:
    """The fingerprint of each source system's entities: their rows as delivered, of which the order says nothing."""
    schema = warehouse.schema_of("staging")
    tables = warehouse.rows(
        "select table_name from information_schema.tables"
        " where table_schema = ? and starts_with(table_name, 'stg_') order by table_name",
        [schema],
    )
    found = []
    for (table,) in tables:
        system, _, entity = str(table).removeprefix("stg_").partition("__")
        ((rows, rows_hash),) = warehouse.rows(
            f"select count(*), md5(concat_ws(' ', count(*), sum(_fingerprint))) from {quoted(schema)}.{quoted(table)}"
        )
        found.append(Delivery(system, entity, rows, rows_hash))
    return tuple(found)


def built_kpis(warehouse: Warehouse) -> list[Kpi]:
    """The KPIs that the last run built."""
    return [kpi for kpi in warehouse.catalog() if warehouse.has_table(f"{kpi.kpi_id}__rows")]


def row_columns(kpi: Kpi, warehouse: Warehouse, project_dir: Path) -> tuple[list[str], list[str]]:
    """The columns of a KPI's rows that its figures hang on: those by which a person finds a row, and all others.

    The first are the leading columns down to the ids, such as source_system and deal_id. They need not tell every row
    from every other: a deal is in several stages.
    """
    present = warehouse.columns_of(f"select * from {quoted(kpi.kpi_id + '__rows')}")
    ids = [place for place, name in enumerate(present) if name.endswith(("_id", "_key"))]
    last = ids[0] if ids else min(1, len(present) - 1)
    while last + 1 in ids:
        last += 1
    key = present[: last + 1]
    read = reads(kpi.spec, list(kpi.spec["measures"]), project_dir)
    dates = [name for kind in kpi.spec["row_kinds"] for name in DATE_COLUMNS[kind]]
    asked = dict.fromkeys((*dates, *kpi.dimensions, *read.inputs, *read.subjects))
    return key, [name for name in asked if name in present and name not in key]


# --- Publishing


def publish(
    warehouse: Warehouse,
    settings: RunSettings,
    period_text: str,
    period: Period,
    history: Path,
    project_dir: Path,
) -> Publication:
    """Adds the figures of the periods that lie in the asked one to the history; gives the publication.

    Raises LockedError while another command publishes, and DataError where the history cannot be written or no figure
    lies in the period.
    """
    state = state_of(warehouse)
    try:
        history.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(history, error) from None
    with locked(history / ".lock", f"publishing to {history}", history):
        number = max(_numbers(history), default=0) + 1
        with _added(history, number) as directory:
            kpis = _write(warehouse, period, directory, project_dir)
            if not sum(kpi.figures for kpi in kpis):
                raise DataError(
                    f"--period: the last run built no figure that lies in {period_text}. Nothing was published."
                )
            publication = Publication(
                number,
                datetime.now(UTC).replace(tzinfo=None, microsecond=0),
                period_text,
                *period.bounds,
                state,
                kpis,
                directory,
            )
            (directory / "publication.json").write_text(_as_json(publication), encoding="utf-8")
    return publication


@contextmanager
def _added(history: Path, number: int) -> Iterator[Path]:
    """A directory to write to, which becomes the publication of that number when the block ends well."""
    directory = history / f".{number:06}.{os.getpid()}.publishing"
    try:
        for path in history.iterdir():
            # What a command that was killed has left: it would hold the lock if it were still at work.
            if _UNFINISHED.fullmatch(path.name):
                shutil.rmtree(path)
        (directory / "rows").mkdir(parents=True)
        try:
            yield directory
            for path in (*directory.rglob("*"), directory):
                on_disk(path)
            # Fails where there is a directory of that name: nothing that was published is ever replaced.
            os.rename(directory, _place(history, number))
            on_disk(history)
        finally:
            shutil.rmtree(directory, ignore_errors=True)
    except OSError as error:
        raise _unwritable(history, error) from None


def _write(warehouse: Warehouse, period: Period, directory: Path, project_dir: Path) -> tuple[PublishedKpi, ...]:
    """Writes figures and rows, all of them from one state of the warehouse."""
    figures = f"from kpi_values where {lies_between(*period.bounds)}"
    order = ", ".join(FIGURE_KEYS)
    _copy(warehouse, f"select {', '.join(FIGURE_COLUMNS)} {figures} order by {order}", directory / "figures.parquet")
    counts = dict(warehouse.rows(f"select kpi_id, count(*) {figures} group by kpi_id"))
    written = []
    for kpi in built_kpis(warehouse):
        key, others = row_columns(kpi, warehouse, project_dir)
        columns = ", ".join(map(quoted, (*key, *others)))
        sql = f"select {columns} from {quoted(kpi.kpi_id + '__rows')} order by all"
        rows = _copy(warehouse, sql, directory / "rows" / f"{kpi.kpi_id}.parquet")
        written.append(PublishedKpi(kpi.kpi_id, counts.get(kpi.kpi_id, 0), rows, tuple(key)))
    return tuple(written)


def _copy(warehouse: Warehouse, sql: str, file: Path) -> int:
    ((rows,),) = warehouse.rows(f"copy ({sql}) to {text_literal(str(file))} (format parquet, compression zstd)")
    return int(rows)


# --- Reading the history


def publications(history: Path) -> list[Publication]:
    """What was published, the earliest first. Raises DataError where a publication cannot be read."""
    return [_read(_place(history, number)) for number in _numbers(history)]


def _numbers(history: Path) -> list[int]:
    """The numbers of what was published, in their order; one that cannot be read is no reason not to read others."""
    if not history.is_dir():
        return []
    return sorted(int(path.name) for path in history.iterdir() if _NAME.fullmatch(path.name))


def _place(history: Path, number: int) -> Path:
    """The directory of a publication."""
    return history / f"{number:06}"


def publication_of(history: Path, number: int | None) -> Publication:
    """The publication of that number, or the last one.

    Raises DataError where nothing was published, and UsageError where there is none of that number.
    """
    known = _numbers(history)
    if not known:
        raise DataError(f"Nothing has been published in {history} yet. Publish figures with `kpi publish`.")
    if number is not None and number not in known:
        raise UsageError(f"--against: there is no publication {number}. There is: {', '.join(map(str, known))}.")
    return _read(_place(history, known[-1] if number is None else number))


def _as_json(publication: Publication) -> str:
    """What publication.json holds: all but where it lies."""
    content = asdict(publication)
    del content["directory"]
    return json.dumps(content, indent=1, default=_json_value) + "\n"


def _json_value(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _read(directory: Path) -> Publication:
    file = directory / "publication.json"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return Publication(
            content["publication_id"],
            datetime.fromisoformat(content["published_at"]),
            content["period"],
            _day(content["period_start"]),
            _day(content["period_end"]),
            _state(content["state"]),
            tuple(PublishedKpi(**kpi | {"row_key": tuple(kpi["row_key"])}) for kpi in content["kpis"]),
            directory,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"The publication {directory} cannot be read: {error}.") from None


def _state(content: Mapping[str, Any]) -> State:
    build = content["build"]
    kpis = {name: KpiVersion(kpi["code_hash"], tuple(kpi["entities"])) for name, kpi in sorted(build["kpis"].items())}
    return State(
        datetime.fromisoformat(content["as_of"]),
        datetime.fromisoformat(content["as_of_local"]),
        content["source_systems"],
        _day(content["built_from"]),
        _day(content["built_until"]),
        BuildVersion(CodeVersion(**build["code"]), build["settings"], kpis),
        tuple(Delivery(**delivery) for delivery in content["deliveries"]),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def summary(found: Sequence[Publication]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Publications as a table: columns and rows."""
    columns = [
        "publication_id", "published_at", "as_of", "period", "kpis", "figures",
        "git_commit", "content_hash", "data_hash",
    ]  # fmt: skip
    rows = [
        (
            publication.publication_id,
            publication.published_at,
            publication.state.as_of,
            publication.period,
            len(publication.kpis),
            sum(kpi.figures for kpi in publication.kpis),
            publication.state.build.code.git_commit,
            publication.state.build.code.content_hash,
            data_hash(publication.state.deliveries),
        )
        for publication in found
    ]
    return columns, rows


def data_hash(deliveries: Sequence[Delivery]) -> str:
    """One hash of everything that was delivered."""
    texts = sorted(f"{entry.source_system}.{entry.entity} {entry.rows_hash}\n" for entry in deliveries)
    return hashlib.sha256("".join(texts).encode()).hexdigest()


def _unwritable(history: Path, error: OSError) -> DataError:
    return DataError(f"The published figures in {history} cannot be written: {error.strerror}. Nothing was changed.")
