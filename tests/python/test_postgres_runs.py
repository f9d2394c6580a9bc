"""`kpi run` on PostgreSQL keeps what it promises on DuckDB: whole or not at all, one at a time, bad files are named.

And publications of its figures tell what has changed. One database goes through the tests in their order: built,
published, failed, killed, built anew.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest

import kpi_runner.build
from kpi_runner.delivered import read_as_texts
from kpi_runner.errors import DataError
from kpi_runner.macros import file_macros, rollup_macros
from kpi_runner.postgres import connected
from kpi_runner.profiles import Target, read_target
from kpi_runner.warehouse import Warehouse, opened
from tests.python.conftest import AS_OF, ROOT, Builder, Built, Result, small_company
from tests.python.engines import other_figures
from tests.python.postgres import BUILDER, READER, Place, server, statements
from tests.python.reference.company import write_company
from tests.python.scope import on_a_server
from tests.python.test_cli_files import HEADER, a_row_too_long, copy_of_project, no_parquet, run_with_seed
from tests.python.test_cli_publish import SELECTED, changed_company, copied
from tests.python.test_cli_stopped import eventually
from tests.python.test_kept_figures import with_another_amount

pytestmark = on_a_server

#: What others have made that reads figures, and may be read.
VIEW = """
create schema reports;
create view reports.won with (security_barrier=true) as
    select period_start, value from kpi.kpi_values
    where kpi_id = 'revenue' and grain = 'year' and dimension = 'total';
grant usage on schema reports to dashboards;
grant select on reports.won to dashboards;
grant select on kpi_staging.stg_folder__reps to dashboards;
grant usage on schema kpi_staging to dashboards;
"""

#: Stands for dbt: says that it has read the project, waits, makes a half of a warehouse and fails.
FAILING = """
import json, pathlib, sys
import psycopg2
target = pathlib.Path(sys.argv[sys.argv.index("--target-path") + 1])
target.mkdir(parents=True, exist_ok=True)
(target / "manifest.json").write_text('{{"nodes": {{}}, "macros": {{}}}}')
print(json.dumps({{"info": {{"name": "ProjectRead", "level": "info"}}, "data": {{}}}}), flush=True)
sys.stdin.readline()
connection = psycopg2.connect({place!r})
connection.autocommit = True
connection.cursor().execute('create table kpi__building.run_settings as select 1 as half')
print(json.dumps({{"info": {{"name": "RunResultError", "level": "error", "msg": "no room"}}, "data": {{}}}}))
sys.exit(1)
"""


def of(company_files: Path) -> tuple[str, ...]:
    """How a company's files are built."""
    return ("run", "--data", str(company_files), "--as-of", AS_OF, *SELECTED)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The directories of the small company, and of what has become of it."""
    base = tmp_path_factory.mktemp("files")
    for name, company in (("first", small_company()), ("changed", changed_company())):
        write_company(company, base / name)
    return {name: base / name for name in ("first", "changed")}


@pytest.fixture(scope="module")
def on_duckdb(builder: Builder) -> dict[str, Built]:
    """The same on DuckDB."""
    return {
        "first": builder.folder("published", small_company(), *SELECTED),
        "changed": builder.folder("published_changed", changed_company(), *SELECTED),
    }


@pytest.fixture(scope="module")
def there() -> Iterator[Place]:
    """A database of the role that builds."""
    with server() as running:
        yield running.created("runs")


@pytest.fixture(scope="module")
def built(there: Place, files: dict[str, Path]) -> Result:
    """The first run, after which the roles that read get their rights, and others make use of its figures."""
    result = there.call(*of(files["first"]), "--format", "json")
    assert result.exit_code == 0, result.stderr
    there.rows(statements("grant usage"))
    there.rows(f"revoke select on kpi.rejected_rows from {READER}")
    there.rows(VIEW)
    return result


def figures(there: Place, directory: Path, warehouse: Built) -> list[tuple[Any, ...]]:
    """What differs between the figures there and those of DuckDB."""
    return other_figures(warehouse.warehouse.path, there.figures(directory / "figures.csv"))


def leftovers(there: Place) -> list[str]:
    """The schemas of builds that did not come to their end, or were replaced and are still there."""
    found = there.rows("select nspname from pg_namespace where nspname ~ '__(building|replaced)' order by 1")
    return [name for (name,) in found]


def test_a_run_of_a_folder(built: Result, there: Place, on_duckdb: dict[str, Built], tmp_path: Path) -> None:
    assert figures(there, tmp_path, on_duckdb["first"]) == []
    assert leftovers(there) == []
    summary = json.loads(built.stdout)
    assert {row["kpi_id"]: row["rows"] for row in summary["kpis"]}["revenue"] == 3
    here = on_duckdb["first"].warehouse.call("show", "revenue")
    # The columns by which files are known are those of files there, too.
    assert there.call("show", "revenue").stdout == here.stdout
    assert "deals.csv.amount (raw)" in here.stdout


@pytest.mark.usefixtures("built")
def test_a_publication(there: Place, on_duckdb: dict[str, Built]) -> None:
    result = there.call("publish", "--format", "json")
    assert result.exit_code == 0, result.stderr
    (entry,) = json.loads(result.stdout)
    assert (entry["publication_id"], entry["kpis"], entry["as_of"]) == (1, 4, "2026-07-01T00:00:00")
    expected = on_duckdb["first"].warehouse.rows("select count(*) from kpi_values")
    assert [(entry["figures"],)] == expected
    (history,) = there.beside.glob("*.published")
    assert history.name.endswith("-runs-kpi.published")
    unchanged = there.call("diff")
    assert (unchanged.exit_code, unchanged.stdout) == (0, ""), unchanged.stderr
    assert "no figure has changed" in unchanged.stderr


def failing(there: Place, directory: Path) -> Path:
    """The script that fails in dbt's stead."""
    script = directory / "failing.py"
    place = f"host=127.0.0.1 port={there.server.port} user=kpi dbname={there.database}"
    script.write_text(FAILING.format(place=place), encoding="utf-8")
    return script


@pytest.mark.usefixtures("built")
def test_a_run_that_fails_leaves_the_old_figures(
    there: Place, on_duckdb: dict[str, Built], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kpi_runner.build, "CHILD", failing(there, tmp_path))
    result = there.call("run", "--system", "demo", "--as-of", AS_OF)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "Error: no room\nNothing was changed.\n"
    assert leftovers(there) == []
    assert figures(there, tmp_path, on_duckdb["first"]) == []


@pytest.mark.parametrize("change", [a_row_too_long, no_parquet])
@pytest.mark.usefixtures("built")
def test_a_file_that_cannot_be_read(there: Place, tmp_path: Path, change: Any, on_duckdb: dict[str, Built]) -> None:
    """It is named as on DuckDB."""
    write_company(small_company(), tmp_path / "data")
    change(tmp_path / "data")
    said = there.call(*of(tmp_path / "data"))
    assert (said.exit_code, said.stdout) == (3, "")
    here = copied(on_duckdb["first"], tmp_path).run(*of(tmp_path / "data"))
    assert said.stderr == here.stderr
    assert leftovers(there) == []


@pytest.mark.usefixtures("built")
def test_a_column_that_is_missing(there: Place, tmp_path: Path) -> None:
    """Of a file whose rows can be read."""
    write_company(small_company(), tmp_path / "data")
    (tmp_path / "data" / "reps.csv").write_text("rep_name,Rep_Name\nAnn,A\n", encoding="utf-8")
    result = there.call(*of(tmp_path / "data"))
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == (
        f"Error: reps: the required column rep_id is missing from {tmp_path / 'data' / 'reps.csv'}."
        " Its header has: rep_name, rep_name.\nNothing was changed.\n"
    )


@pytest.mark.usefixtures("built")
def test_what_no_build_has_made_is_not_lost(there: Place, files: dict[str, Path]) -> None:
    for make, drop, named in (
        ("create table kpi.own (number integer)", "drop table kpi.own", "kpi.own was made by no build"),
        ("create materialized view reports.kept as select * from kpi.kpi_values",
         "drop materialized view reports.kept", "the materialized view reports.kept hangs on kpi.kpi_values"),
        ("create function reports.days() returns bigint begin atomic select count(*) from kpi.calendar_days; end",
         "drop function reports.days", "the function reports.days hangs on kpi.calendar_days"),
        ("create unique index days on kpi.calendar_days (date_day);"
         "create table reports.days (day date references kpi.calendar_days (date_day))",
         "drop table reports.days", "the foreign key days_day_fkey of reports.days hangs on kpi.calendar_days"),
        ("create policy north on kpi.fct_deals using (true)", "drop policy north on kpi.fct_deals",
         "the policy north hangs on kpi.fct_deals"),
        ("alter table kpi.fct_deals enable row level security", "alter table kpi.fct_deals disable row level security",
         "row-level security hangs on kpi.fct_deals"),
        ("create function reports.noted() returns trigger language plpgsql as 'begin return new; end';"
         "create trigger noted after insert on kpi.fct_deals execute function reports.noted()",
         "drop function reports.noted cascade", "the trigger noted hangs on kpi.fct_deals"),
        ("create type kpi.mood as enum ('good', 'bad')", "drop type kpi.mood", "the type mood hangs on the schema kpi"),
        ("create table kpi_staging.compiled_models (schema_name text, model_name text)",
         "drop table kpi_staging.compiled_models", "another target builds the schema kpi_staging"),
        ("create table reports.run_tables as select 'kpi' as schema_name", "drop table reports.run_tables",
         "kpi is the schema of a folder of the target that builds reports"),
    ):  # fmt: skip
        there.rows(make)
        result = there.call(*of(files["changed"]))
        there.rows(drop)
        assert (result.exit_code, result.stdout) == (3, "")
        assert named in result.stderr
        assert leftovers(there) == []


def is_building(there: Place) -> bool:
    return bool(there.rows("select 1 from pg_tables where schemaname ~ '^kpi__building' and tablename ~ '^int_'"))


@pytest.fixture(scope="module")
def killed(built: Result, there: Place, files: dict[str, Path]) -> tuple[Result, str, list[str]]:
    """A run that is killed while it builds: what a second one said meanwhile, its process, and what it has left."""
    process: subprocess.Popen[str] = there.start(*of(files["changed"]))
    try:
        eventually(lambda: process.poll() is not None or is_building(there), "a build that has begun")
        assert process.poll() is None, process.communicate()
        second = there.call(*of(files["changed"]))
    finally:
        process.kill()
        process.communicate()
    held = "select 1 from pg_locks where locktype = 'advisory'"
    eventually(lambda: there.rows(held) == [], "a lock that is free")
    return second, str(process.pid), leftovers(there)


def test_one_run_at_a_time(killed: tuple[Result, str, list[str]], there: Place) -> None:
    second, process, _ = killed
    assert (second.exit_code, second.stdout) == (4, "")
    assert f"Another run (process {process} on " in second.stderr
    assert f"is building postgres (runs on 127.0.0.1:{there.server.port}), schema kpi." in second.stderr


def test_a_run_that_is_killed_leaves_the_old_figures(
    killed: tuple[Result, str, list[str]], there: Place, on_duckdb: dict[str, Built], tmp_path: Path
) -> None:
    assert "kpi__building" in killed[2]
    assert figures(there, tmp_path, on_duckdb["first"]) == []
    assert there.call("query", "revenue", user=READER).exit_code == 0


@pytest.fixture(scope="module")
def rebuilt(killed: tuple[Result, str, list[str]], there: Place, files: dict[str, Path]) -> Place:
    """The next run, during which somebody has read, and not ended to read, the old figures."""
    with there.server.connected(there.database, READER) as connection, connection.cursor() as cursor:
        figure = "kpi_id = 'revenue' and grain = 'year' and dimension = 'total' and period_start = '2026-01-01'"
        cursor.execute(f"begin; declare old cursor for select value from kpi.kpi_values where {figure}")
        result = there.call(*of(files["changed"]), "--format", "json")
        assert result.exit_code == 0, result.stderr
        cursor.execute("fetch old")
        assert cursor.fetchall() == [(1600.0,)]
        assert [name.rstrip("0123456789") for name in leftovers(there)] == ["kpi__replaced_"]
    return there


def test_the_next_run(
    rebuilt: Place, on_duckdb: dict[str, Built], files: dict[str, Path], tmp_path: Path, builder: Builder
) -> None:
    assert figures(rebuilt, tmp_path, on_duckdb["changed"]) == []
    of_reader = rebuilt.call(
        "query", "revenue", "--by", "team", "--period", "2026", "--where", "team = 'north'", user=READER
    )
    here = on_duckdb["changed"].warehouse.call(
        "query", "revenue", "--by", "team", "--period", "2026", "--where", "team = 'north'"
    )
    assert (of_reader.exit_code, of_reader.stdout) == (0, here.stdout), of_reader.stderr


def test_rights_outlive_a_run(rebuilt: Place) -> None:
    """Those in all tables that are to come, in a schema, and in one table, and those that were taken back; a view of
    others reads the new figures."""
    year = "period_start = '2026-01-01'"
    assert rebuilt.rows(f"select value from reports.won where {year}", READER) == [(2100.0,)]
    assert rebuilt.rows("select reloptions from pg_class where relname = 'won'") == [(["security_barrier=true"],)]
    assert rebuilt.rows("select count(*) > 0 from kpi.fct_deals", READER) == [(True,)]
    assert rebuilt.rows("select count(*) from kpi_staging.stg_folder__reps", READER) == [(2,)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        rebuilt.rows("select count(*) from kpi_staging.stg_folder__deals", READER)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        rebuilt.rows("select count(*) from kpi.rejected_rows", READER)
    (defaults,) = rebuilt.rows(
        "select nspname, cast(defaclacl as text) from pg_default_acl inner join pg_namespace as spaces"
        " on defaclnamespace = spaces.oid where nspname = 'kpi'"
    )
    assert defaults == ("kpi", "{dashboards=r/kpi}")


def test_what_has_changed_since(rebuilt: Place, on_duckdb: dict[str, Built], tmp_path: Path) -> None:
    """The figures, causes and rows that DuckDB names."""
    here = copied(on_duckdb["first"], tmp_path)
    assert here.call("publish").exit_code == 0
    shutil.copy(on_duckdb["changed"].warehouse.path, here.path)
    found = []
    for place in (rebuilt, here):
        result = place.call("diff", "--format", "json")
        assert result.exit_code == 1, result.stderr
        found.append(json.loads(result.stdout))
    for part in ("changes", "notes", "figures", "rows"):
        assert found[0][part] == found[1][part], part
    assert len(found[0]["figures"]) > 50
    assert rebuilt.call("publish", "--list", "--format", "csv").stdout.count("\n") == 2


def test_figures_that_are_replaced_while_they_are_read(rebuilt: Place) -> None:
    """What was read may be of both runs, so nothing is said."""
    port = str(rebuilt.server.port)
    place = {"host": "127.0.0.1", "port": port, "user": READER, "password": "", "dbname": rebuilt.database}
    warehouse = opened(Target("postgres", "postgres", None, rebuilt.beside, "kpi", place))
    with pytest.raises(DataError, match="was replaced by a run while it was read"):
        read_while_replaced(warehouse, rebuilt)
    rebuilt.rows("drop schema kpi; alter schema kpi_away rename to kpi")


def read_while_replaced(warehouse: Warehouse, place: Place) -> None:
    with warehouse:
        assert warehouse.rows("select count(*) > 0 from kpi_values") == [(True,)]
        place.rows("alter schema kpi rename to kpi_away; create schema kpi")


@pytest.mark.parametrize("schema", ["s" * 41, "ä" * 21])
def test_a_schema_of_too_long_a_name(there: Place, monkeypatch: pytest.MonkeyPatch, schema: str) -> None:
    """The server would cut the names of those that are built, and take two for one."""
    monkeypatch.setenv("KPI_POSTGRES_SCHEMA", schema)
    result = there.call("run", "--system", "demo")
    assert (result.exit_code, result.stdout) == (2, "")
    assert schema in result.stderr


def test_a_schema_of_somebody_else(there: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there.server.execute("create schema others", there.database)
    monkeypatch.setenv("KPI_POSTGRES_SCHEMA", "others")
    monkeypatch.setattr(kpi_runner.build, "CHILD", failing(there, tmp_path))
    result = there.call("run", "--system", "demo", "--as-of", AS_OF)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "the schema others belongs to tests" in result.stderr


def test_rows_of_own_seeds_at_fault(there: Place, tmp_path: Path) -> None:
    """Named as on DuckDB, before anything is built."""
    lines = [HEADER, "win_rate,win_rate,,,month,.25,9e-1,2026-01-01", "win_rat,win_rate,,,,0.1,,2026-02-29"]
    project = copy_of_project(tmp_path)
    here = run_with_seed(project, tmp_path, "targets", *lines)
    result = there.call("demo", "--project-dir", str(project))
    assert (result.exit_code, result.stdout, result.stderr) == (3, "", here.stderr)
    assert "seeds/targets.csv, row 2, column valid_from: '2026-02-29'" in result.stderr


def test_a_connection_is_made_as_the_profile_says(there: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """As another role than the one that logs in; texts come in UTF-8, whatever the machine's programs use."""
    there.server.execute(f"create role member login in role {BUILDER}")
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    output = {"type": "postgres", "host": "127.0.0.1", "port": there.server.port, "user": "member", "pass": "none",
              "database": there.database, "schema": "kpi", "role": BUILDER, "keepalives_idle": 0}  # fmt: skip
    target = read_target(Path("profiles.yml"), {"outputs": {"there": output}}, "there", Path())
    connection = connected(target)
    with connection.cursor() as cursor:
        cursor.execute("select session_user, current_user, current_setting('client_encoding')")
        assert cursor.fetchone() == ("member", BUILDER, "UTF8")
    connection.close()


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,2\n", "a,a,,A\n1,2,3,4\n", "a,a_3,a\n1,2,3\n",
        '"a ",b\n"x\ny","say ""so"""\n,\n"",x\n', "a\n\\.\n\n1\n", "", "a,b\n",
        "ä,b\nß,\u20ac\n",
    ],
)  # fmt: skip
def test_texts_are_those_that_duckdb_reads(there: Place, tmp_path: Path, content: str) -> None:
    """What a file is loaded as, beside what a build on DuckDB reads of it."""
    file, text = tmp_path / "deals.csv", tmp_path / "text.csv"
    file.write_text(content, encoding="utf-8")
    with duckdb.connect() as connection:
        macros = file_macros(ROOT, lambda sql: connection.execute(sql).fetchall())
        header = macros.default__file_header(str(file))
        expected = (
            connection.execute(f"from {macros.default__read_file(str(file), header)}").fetchall() if header else []
        )
    table = read_as_texts(file, text, ROOT, {"deals": "deals"})
    assert (table.header, len(set(table.columns))) == (header, len(header))
    if header:
        columns = ", ".join(f'"{name}" text' for name in table.columns)
        with there.server.connected(there.database) as server_there, server_there.cursor() as cursor:
            cursor.execute(f"create temp table loaded ({columns})")
            with text.open("rb") as source:
                cursor.copy_expert("copy loaded from stdin (format csv)", source)
            cursor.execute("select * from loaded")
            assert cursor.fetchall() == expected


def test_what_nothing_has_changed_is_taken_over(there: Place, files: dict[str, Path]) -> None:
    """Figures of the run before that no run would make, but where another amount of a lost deal counts."""
    assert there.call(*of(files["first"])).exit_code == 0
    there.rows("update kpi.kpi_figures set row_count = -1")
    write_company(with_another_amount(), files["first"])
    assert there.call(*of(files["first"])).exit_code == 0
    made = "select distinct kpi_id, period_start from kpi.kpi_values where grain = 'month' and row_count <> -1"
    pipeline = [("open_pipeline", date(2026, month, 1)) for month in range(2, 7)]
    assert there.rows(f"{made} order by 1, 2") == [*pipeline, ("win_rate", date(2026, 5, 1))]
    assert leftovers(there) == []
    assert there.rows("select tablename from pg_tables where tablename ~ '__touched'") == []


def test_rows_that_exchange_a_column_are_noticed(there: Place) -> None:
    """The sum over two rows of one day is another one; of what PostgreSQL itself gives for a row it often is not."""
    macros = rollup_macros(ROOT, "postgres")

    def summed(first: str, second: str) -> str:
        hashes = (
            macros.content_hash([f"{key} || i", f"text '{name}'"]) for key, name in (("'d'", first), ("'e'", second))
        )
        return " + ".join(f"cast({text} as numeric)" for text in hashes)

    before, after = summed("Ann", "Bob"), summed("Bob", "Ann")
    assert there.rows(f"select count(*) from generate_series(1, 100000) as i where {before} = {after}") == [(0,)]
