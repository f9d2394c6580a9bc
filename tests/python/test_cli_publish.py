"""`kpi publish` and `kpi diff`: what was published stays, and what has changed since is named with what did it."""

from __future__ import annotations

import fcntl
import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_runner.diff.causes import cause_of_figure
from kpi_runner.published import history_of, publications
from kpi_runner.versions import code_version
from tests.python.conftest import (
    FIGURE_COLUMNS,
    ROOT,
    Builder,
    Built,
    Warehouse,
    records,
    small_company,
)
from tests.python.reference.company import Company

#: What is built: events, one KPI of states, and one that compares periods.
SELECTED = ("--select", "revenue,win_rate,open_pipeline,sales_growth")

COLUMNS = [
    "kpi_id", "measure", "grain", "period_start", "period_end", "dimension", "dimension_value",
    "status", "cause", "old_value", "new_value", "change", "change_pct",
    "old_numerator", "new_numerator", "old_denominator", "new_denominator", "old_row_count", "new_row_count",
    "rows_arrived", "rows_changed", "rows_vanished", "rows",
]  # fmt: skip


def changed_company() -> Company:
    """The small company, in which d1 is worth 200 more, d6 is gone, d7 has come, and d4 is Ann's, no longer Bob's."""
    company = small_company()
    deals = {str(row["deal_id"]): row for row in company["deals"]}
    deals["d1"]["amount"] = "1200"
    deals["d4"]["rep_id"] = "r1"
    deals["d7"] = deals.pop("d6") | {"deal_id": "d7", "created_at": "2026-03-02", "closed_at": "2026-03-20"}
    changes = [row for row in company["deal_stage_changes"] if row["deal_id"] != "d6"]
    changes += [
        {"deal_id": "d7", "stage": "Lead", "entered_at": "2026-03-02"},
        {"deal_id": "d7", "stage": "Won", "entered_at": "2026-03-20"},
    ]
    return company | {"deals": list(deals.values()), "deal_stage_changes": changes}


@pytest.fixture(scope="module")
def first(builder: Builder) -> Built:
    """The small company's four KPIs."""
    return builder.folder("published", small_company(), *SELECTED)


@pytest.fixture(scope="module")
def changed(builder: Builder) -> Built:
    """The same of the changed company."""
    return builder.folder("published_changed", changed_company(), *SELECTED)


def copied(built: Built, directory: Path) -> Warehouse:
    """A copy of a warehouse, to publish from or to change."""
    place = Warehouse(directory / "warehouse")
    place.directory.mkdir(parents=True, exist_ok=True)
    shutil.copy(built.warehouse.path, place.path)
    return place


@pytest.fixture
def warehouse(first: Built, tmp_path: Path) -> Warehouse:
    """The small company, from which nothing has been published."""
    return copied(first, tmp_path)


@pytest.fixture
def published(warehouse: Warehouse) -> Warehouse:
    """The small company, published as it is."""
    assert warehouse.call("publish").exit_code == 0
    return warehouse


def differences(warehouse: Warehouse, *arguments: str) -> list[dict[str, Any]]:
    """The figures that `kpi diff` names, and its exit code checked."""
    result = warehouse.call("diff", *arguments, "--format", "json")
    found: list[dict[str, Any]] = json.loads(result.stdout)["figures"]
    assert result.exit_code == (1 if found else 0), result.stderr
    return found


def named(warehouse: Warehouse, kpi: str, measure: str, period: str, *slices: str) -> dict[str, Any]:
    """The one figure of the whole asked period, in a slice (dimension, value) or the total."""
    wanted = list(slices) or ["total", "total"]
    (figure,) = [
        entry
        for entry in differences(warehouse, "--kpi", kpi, "--period", period)
        if entry["measure"] == measure and [entry["dimension"], entry["dimension_value"]] == wanted
        and entry["grain"] in ("month", "quarter", "year") and entry["grain"] == grain_of(period)
    ]  # fmt: skip
    return figure


def grain_of(period: str) -> str:
    return "quarter" if "Q" in period else "month" if "-" in period else "year"


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def altered(warehouse: Warehouse, *statements: str) -> None:
    """Changes the warehouse itself."""
    with duckdb.connect(str(warehouse.path)) as connection:
        for statement in statements:
            connection.execute(statement)


# --- Publishing


def test_a_publication_says_what_it_is(published: Warehouse) -> None:
    result = published.call("publish", "--list", "--format", "json")
    assert result.exit_code == 0
    (entry,) = json.loads(result.stdout)
    assert (entry["publication_id"], entry["period"], entry["kpis"]) == (1, "all", 4)
    assert entry["as_of"] == "2026-07-01T00:00:00"
    assert [(entry["figures"],)] == published.rows("select count(*) from kpi_values")
    assert len(entry["content_hash"]) == len(entry["data_hash"]) == 64
    (publication,) = publications(history_of(published.path))
    rows = {kpi.kpi_id: (kpi.rows, kpi.row_key) for kpi in publication.kpis}
    assert rows["revenue"] == (3, ("source_system", "deal_id"))
    delivered = {entry.entity: entry.rows for entry in publication.state.deliveries}
    assert (delivered["deals"], delivered["reps"], delivered["emails"]) == (6, 2, 0)


def test_the_published_figures_are_those_of_the_warehouse(published: Warehouse) -> None:
    (publication,) = publications(history_of(published.path))
    with duckdb.connect() as connection:
        found = connection.execute(f"select {FIGURE_COLUMNS} from '{publication.figures_file}'").fetchall()
    built = published.rows(f"select {FIGURE_COLUMNS} from kpi_values")
    assert sorted(map(str, found)) == sorted(map(str, built))


def test_the_history_only_grows(published: Warehouse) -> None:
    history = history_of(published.path)
    before = contents(history / "000001")
    for number in (2, 3):
        result = published.call("publish", "--period", "2026-Q1", "--format", "csv")
        assert result.exit_code == 0
        (row,) = records(result.stdout)
        assert (row["publication_id"], row["period"]) == (str(number), "2026-Q1")
    assert contents(history / "000001") == before
    assert [entry.publication_id for entry in publications(history)] == [1, 2, 3]
    with duckdb.connect() as connection:
        file = history / "000002" / "figures.parquet"
        (bounds,) = connection.execute(f"select min(period_start), max(period_end) from '{file}'").fetchall()
    assert list(map(str, bounds)) == ["2026-01-01", "2026-04-01"]


def test_the_history_survives_a_run(first: Built, changed: Built, published: Warehouse) -> None:
    """A run replaces the warehouse's file; the history lies beside it."""
    shutil.copy(changed.warehouse.path, published.path)
    assert len(json.loads(published.call("publish", "--list", "--format", "json").stdout)) == 1


def test_two_commands_do_not_publish_at_once(published: Warehouse) -> None:
    before = contents(history_of(published.path))
    with (history_of(published.path) / ".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        result = published.call("publish")
        assert (result.exit_code, result.stdout) == (4, "")
        assert "Another run" in result.stderr
        assert differences(published) == []
    assert contents(history_of(published.path)) == before


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("diff", "--against", "7"), 2, "--against: there is no publication 7. There is: 1."),
        (("diff", "--against", "0"), 2, "--against"),
        (("diff", "--kpi", "revenu"), 2, "Did you mean revenue?"),
        (("diff", "--period", "2026-13"), 2, "--period"),
        (("publish", "--period", "soon"), 2, "--period"),
        (("publish", "--period", "1999"), 3, "--period: the last run built no figure that lies in 1999."),
        (("diff", "--period", "1999"), 3, "Publication 1, of all, holds no figure that can be compared."),
    ],
)
def test_wrong_usage(published: Warehouse, arguments: tuple[str, ...], code: int, word: str) -> None:
    before = contents(history_of(published.path))
    result = published.call(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert word in result.stderr
    assert contents(history_of(published.path)) == before


def test_nothing_published_yet(warehouse: Warehouse) -> None:
    result = warehouse.call("diff")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "kpi publish" in result.stderr
    assert warehouse.call("publish", "--list", "--format", "json").stdout == "[]\n"


def test_a_warehouse_that_does_not_say_of_which_code_it_is(warehouse: Warehouse) -> None:
    altered(warehouse, "drop table run_version")
    result = warehouse.call("publish")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "kpi run" in result.stderr
    assert publications(history_of(warehouse.path)) == []


def test_a_publication_that_cannot_be_read(published: Warehouse) -> None:
    """It is named where it is asked for, and stops no other."""
    (history_of(published.path) / "000001" / "publication.json").write_text("{", encoding="utf-8")
    for command in (("publish", "--list"), ("diff",)):
        result = published.call(*command)
        assert (result.exit_code, result.stdout) == (3, "")
        assert "000001" in result.stderr
    assert published.call("publish").exit_code == 0
    assert published.call("diff").exit_code == 0


# --- The same figures


def test_two_runs_give_the_same_bytes(builder: Builder, published: Warehouse, tmp_path: Path) -> None:
    """Of the same data, delivered in another order, and the same as-of."""
    company = {entity: rows[::-1] for entity, rows in small_company().items()}
    again = builder.folder("published_again", company, *SELECTED)
    files = []
    for name, place in (("first", published), ("again", again.warehouse)):
        assert place.call("export", "--format", "csv", "-o", str(tmp_path / name)).exit_code == 0
        files.append((tmp_path / name / "kpi_values.csv").read_bytes())
    assert files[0] == files[1]
    assert len(files[0]) > 100_000
    shutil.copy(again.warehouse.path, published.path)
    for output_format, nothing in (("text", ""), ("csv", ",".join(COLUMNS) + "\n")):
        result = published.call("diff", "--format", output_format)
        assert (result.exit_code, result.stdout) == (0, nothing), result.stderr
        assert "as-of, settings, code and data are the same" in result.stderr


# --- Other data


@pytest.fixture(scope="module")
def restated(first: Built, changed: Built, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The small company as published, and the changed one as it is now."""
    warehouse = copied(first, tmp_path_factory.mktemp("restated"))
    assert warehouse.call("publish").exit_code == 0
    shutil.copy(changed.warehouse.path, warehouse.path)
    return warehouse


def test_every_figure_that_differs_is_named(first: Built, changed: Built, restated: Warehouse) -> None:
    """By the two warehouses themselves."""
    keys = FIGURE_COLUMNS.split(" numerator")[0].strip(" ,")
    parts = f"{keys}, numerator, denominator, value, row_count"
    tables = [
        {tuple(map(str, row[:7])): row[7:] for row in built.warehouse.rows(f"select {parts} from kpi_values")}
        for built in (first, changed)
    ]
    expected = {key for key in tables[0].keys() | tables[1].keys() if tables[0].get(key) != tables[1].get(key)}
    result = restated.call("diff", "--format", "csv")
    assert result.exit_code == 1
    found = records(result.stdout)
    assert list(found[0]) == COLUMNS
    assert {tuple(row[name] for name in COLUMNS[:7]) for row in found} == expected
    assert len(found) == len(expected) > 100
    periods = {key[2:5] for key in tables[1]}
    status = {(False, True): "appeared", (True, False): "vanished", (True, True): "changed"}
    for row in found:
        key = tuple(row[name] for name in COLUMNS[:7])
        assert row["status"] == status[key in tables[0], key in tables[1]]
        assert row["cause"] == "data"
        # Without d6 the first event is one of 2026: the periods before it are gone.
        is_period_gone = key[2:5] not in periods
        behind = int(row["rows_arrived"]) + int(row["rows_changed"]) + int(row["rows_vanished"])
        assert behind > 0 or (is_period_gone and row["status"] == "vanished"), row
    assert f"{len(expected)} figures of 4 KPIs have changed" in result.stderr
    assert "data: folder deals: other rows (6 → 6)" in result.stderr
    assert "data: folder deal_stage_changes: other rows (12 → 12)" in result.stderr


def test_a_changed_row_behind_a_figure(restated: Warehouse) -> None:
    figure = named(restated, "revenue", "revenue", "2026-02")
    assert [figure[name] for name in ("old_value", "new_value", "change", "change_pct")] == [1000, 1200, 200, 0.2]
    assert figure["rows"] == [{"status": "changed", "source_system": "folder", "deal_id": "d1"}]
    assert [figure[f"rows_{status}"] for status in ("arrived", "changed", "vanished")] == [0, 1, 0]


def test_rows_that_arrived_and_vanished(restated: Warehouse) -> None:
    assert named(restated, "revenue", "revenue", "2026-03")["rows"] == [
        {"status": "arrived", "source_system": "folder", "deal_id": "d7"}
    ]
    figure = named(restated, "revenue", "revenue", "2025")
    assert (figure["old_value"], figure["new_value"], figure["status"]) == (300, None, "vanished")
    assert figure["rows"] == [{"status": "vanished", "source_system": "folder", "deal_id": "d6"}]


def test_a_row_that_changed_its_slice(restated: Warehouse) -> None:
    """It has left the one figure and come into the other; the total is what it was."""
    for rep, status in (("Ann", "arrived"), ("Bob", "vanished")):
        figure = named(restated, "open_pipeline", "open_deals", "2026-05", "rep", rep)
        assert figure["rows"] == [{"status": status, "source_system": "folder", "deal_id": "d4"}]
    totals = [row for row in differences(restated, "--period", "2026-05") if row["dimension"] == "total"]
    assert [row for row in totals if row["measure"] == "open_deals"] == []


def test_a_row_of_the_period_that_a_formula_compares_with(restated: Warehouse) -> None:
    """The growth of 2026-Q1 is over 2025-Q4, in which d6 was won."""
    figure = named(restated, "sales_growth", "growth", "2026-Q1")
    assert {(row["status"], row["deal_id"]) for row in figure["rows"]} == {
        ("changed", "d1"), ("arrived", "d7"), ("vanished", "d6"),
    }  # fmt: skip


def test_rows_with_what_is_different_in_them(restated: Warehouse) -> None:
    result = restated.call("diff", "--kpi", "revenue", "--format", "json")
    rows = {row["key"]["deal_id"]: row for row in json.loads(result.stdout)["rows"]}
    assert {deal: row["status"] for deal, row in rows.items()} == {
        "d1": "changed", "d6": "vanished", "d7": "arrived",
    }  # fmt: skip
    assert (rows["d1"]["old"], rows["d1"]["new"]) == ({"amount": 1000}, {"amount": 1200})
    assert (rows["d6"]["old"]["event_on"], rows["d6"]["new"]) == ("2025-12-30", {})
    assert (rows["d7"]["new"]["event_on"], rows["d7"]["old"]) == ("2026-03-20", {})


def test_the_rows_that_are_named_are_limited_and_all_are_counted(restated: Warehouse) -> None:
    for limit, length in (("0", 0), ("1", 1), ("9", 2)):
        options = ("--kpi", "revenue", "--period", "2026-Q1", "--rows", limit)
        (figure,) = [
            row
            for row in differences(restated, *options)
            if (row["grain"], row["dimension"]) == ("quarter", "total")
        ]  # fmt: skip
        assert len(figure["rows"]) == length
        assert (figure["rows_arrived"], figure["rows_changed"]) == (1, 1)


def test_the_difference_as_people_read_it(restated: Warehouse) -> None:
    result = restated.call("diff", "--kpi", "revenue,win_rate", "--period", "2026-02")
    assert result.exit_code == 1
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["revenue", "2026-02", "(month)", "1,000", "1,200", "200", "data", "+0", "~1", "-0"] in lines
    assert ["revenue", "2026-02", "(month)", "team=north", "1,000", "1,200", "200", "data", "+0", "~1", "-0"] in lines
    assert any(line[:3] == ["deal_id=d1", "changed", "amount:"] and "1200" in line for line in lines)
    # The rate has no value before and after, yet is not made of the same.
    assert any(line[:5] == ["win_rate_by_value", "2026-02", "(month)", "-", "(1000"] for line in lines)


def test_just_the_asked_kpis_and_periods(restated: Warehouse) -> None:
    found = differences(restated, "--kpi", "revenue", "--period", "2026-03")
    assert {row["kpi_id"] for row in found} == {"revenue"}
    assert {(row["period_start"] >= "2026-03-01", row["period_end"] <= "2026-04-01") for row in found} == {(True, True)}
    assert differences(restated, "--kpi", "revenue", "--period", "2026-05") == []


def test_against_an_earlier_publication(changed: Built, published: Warehouse) -> None:
    shutil.copy(changed.warehouse.path, published.path)
    assert published.call("publish").exit_code == 0
    assert differences(published) == []
    assert differences(published, "--against", "2") == []
    assert len(differences(published, "--against", "1")) > 100


def test_what_one_of_the_two_lacks_is_noted(first: Built, warehouse: Warehouse) -> None:
    """And is no difference: a KPI that was not built, a period that was not published."""
    assert warehouse.call("publish", "--period", "2026-Q1").exit_code == 0
    altered(warehouse, "drop table revenue__rows", "update kpi_figures set value = 7 where period_end > '2026-04-01'")
    result = warehouse.call("diff")
    assert result.exit_code == 0
    assert "note: not compared, since they were not built by the last run: revenue" in result.stderr
    assert ", of 0 compared" not in result.stderr
    nothing = warehouse.call("diff", "--kpi", "revenue")
    assert (nothing.exit_code, nothing.stdout) == (3, "")
    assert "Not compared, since they were not built by the last run: revenue." in nothing.stderr


# --- Other code, settings, as-of


@pytest.fixture(scope="module")
def other_code(first: Built, builder: Builder) -> Built:
    """The small company by a project in which the win rate is another, and an account is called otherwise."""
    project = builder.root / "published_code" / "project"
    with builder.locked("published_code_project"):
        if not project.exists():
            for name in ("macros", "metrics", "models", "seeds", "tests/data"):
                shutil.copytree(ROOT / name, project / name)
            for name in ("dbt_project.yml", "profiles.yml.example"):
                shutil.copy(ROOT / name, project / name)
            file = project / "metrics" / "base" / "win_rate.sql"
            text = file.read_text(encoding="utf-8")
            other = text.replace("{'ratio': ['won', 'closed']}", "{'ratio': ['closed', 'closed']}")
            assert other != text
            file.write_text(other, encoding="utf-8")
    company = small_company()
    company["accounts"][0]["account_name"] = "Acme Ltd"
    return builder.folder("published_code", company, *SELECTED, "--project-dir", str(project))


def test_code_is_told_from_data(first: Built, other_code: Built, published: Warehouse) -> None:
    """Both have changed; but a figure behind which no row has changed was changed by the code, and by its own KPI's."""
    shutil.copy(other_code.warehouse.path, published.path)
    result = published.call("diff", "--format", "json")
    said = json.loads(result.stdout)
    assert {(row["kpi_id"], row["measure"], row["cause"]) for row in said["figures"]} == {
        ("win_rate", "win_rate", "code")
    }
    assert said["publication"]["content_hash"] != said["warehouse"]["content_hash"]
    assert [line.split(":")[0] for line in said["changes"]] == ["code", "data"]
    assert "data: folder accounts: other rows (3 → 3)" in said["changes"]


@pytest.mark.parametrize(
    ("file", "is_code"),
    [
        ("seeds/demo/demo_deals.csv", False),
        ("seeds/demo/_demo.yml", True),
        ("seeds/goals.csv", True),
        ("seeds/targets.csv", True),
        ("models/staging/x.sql", True),
    ],
)
def test_a_delivery_is_not_code(tmp_path: Path, file: str, is_code: bool) -> None:
    """The demo company's rows are data, though they lie among the seeds."""
    for name in ("dbt_project.yml", "seeds/demo/demo_deals.csv", "seeds/goals.csv", file):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("before", encoding="utf-8")
    before = code_version(tmp_path, "1").content_hash
    (tmp_path / file).write_text("after", encoding="utf-8")
    assert (code_version(tmp_path, "1").content_hash != before) == is_code


SETTLED = "update kpi_figures set value = value + 1 where kpi_id = 'revenue' and period_end = '2026-03-01'"
RUNNING = "update kpi_figures set value = value + 1 where kpi_id = 'revenue' and period_end = '2027-01-01'"
LATER = "update run_settings set as_of = as_of + interval 9 day, as_of_local = as_of_local + interval 9 day"
SET = "update run_version set settings = replace(settings, '\"USD\"', '\"EUR\"')"
CODE = "update run_version_kpis set code_hash = 'other' where kpi_id = 'revenue'"
NO_CODE = "update run_version_kpis set code_hash = 'other' where kpi_id = 'win_rate'"
HASH = "update run_version set content_hash = 'other'"
TOOL = "update run_version set engine_version = '9'"


@pytest.mark.parametrize(
    ("statements", "cause"),
    [
        ((RUNNING, LATER), "as_of"),
        ((RUNNING, LATER, CODE, HASH), "as_of, code"),
        ((SETTLED, LATER, CODE, HASH), "code"),
        ((SETTLED, LATER, NO_CODE, HASH), "as_of"),
        ((SETTLED, SET), "settings"),
        ((SETTLED, CODE, HASH), "code"),
        ((SETTLED, NO_CODE, HASH), "code"),
        ((SETTLED, TOOL), "code"),
        ((SETTLED,), "unknown"),
    ],
)
def test_what_did_it(published: Warehouse, statements: tuple[str, ...], cause: str) -> None:
    altered(published, *statements)
    found = differences(published)
    assert found != []
    assert {(row["kpi_id"], row["cause"]) for row in found} == {("revenue", cause)}


@pytest.mark.parametrize(
    ("own", "everything", "is_settled", "has_rows", "expected"),
    [
        (["data"], ["as_of", "data"], False, True, ("data",)),
        (["as_of", "data"], ["as_of", "data"], False, True, ("as_of", "data")),
        (["as_of", "data"], ["as_of", "data"], True, True, ("data",)),
        (["as_of", "data"], ["as_of", "data"], False, False, ("as_of",)),
        (["as_of", "code", "data"], ["as_of", "code", "data"], True, False, ("code",)),
        (["data"], ["data"], True, False, ("data",)),
        ([], ["data"], True, True, ("data",)),
        ([], [], True, True, ("unknown",)),
    ],
)
def test_what_can_have_done_it(
    own: list[str], everything: list[str], is_settled: bool, has_rows: bool, expected: tuple[str, ...]
) -> None:
    assert cause_of_figure(own, everything, is_settled, has_rows) == expected


def test_periods_that_lay_ahead_are_no_difference(published: Warehouse) -> None:
    """A day later there is one day more, which has no figure in the publication."""
    day = "grain = 'day' and period_start = '2026-06-30'"
    altered(
        published,
        LATER,
        "insert into kpi_figures select * replace (period_start + 1 as period_start, period_end + 1 as period_end)"
        f" from kpi_figures where {day}",
    )
    result = published.call("diff")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "note: not compared, since as of 2026-06-30 they lay ahead: 1 periods" in result.stderr


@pytest.mark.parametrize("statement", ["true", "update run_settings set period_start = date '2026-01-01'"])
def test_a_period_that_just_one_was_built_for(published: Warehouse, statement: str) -> None:
    """Of another range it says nothing; of the same one it is a difference."""
    is_range_other = statement.startswith("update")
    altered(published, "delete from kpi_figures where period_start < date '2026-01-01'")
    if is_range_other:
        altered(published, statement)
    found = differences(published)
    assert {row["status"] for row in found} == (set() if is_range_other else {"vanished"})
