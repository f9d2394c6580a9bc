"""`kpi show`: what a KPI is, its compiled SQL, and lineages that were worked out by hand."""

from __future__ import annotations

import json
from collections import Counter
from itertools import cycle
from typing import Any

import duckdb
import pytest
import sqlglot

from kpi_runner.errors import DataError
from kpi_runner.lineage import ROWS_BEGIN, ROWS_END, Column, Lineage
from kpi_runner.show import as_json, as_text, compiled_lineage, lineage_of, translated
from kpi_runner.warehouse import Warehouse as OpenWarehouse
from tests.python.conftest import FIGURE_COLUMNS, ROOT, Builder, Built, Warehouse

KPIS = sorted(path.stem for path in (ROOT / "metrics").glob("*/*.sql"))


@pytest.fixture(scope="module")
def warehouse(demo: Built) -> Warehouse:
    return demo.warehouse


def shown(warehouse: Warehouse, *arguments: str) -> dict[str, Any]:
    """What `kpi show … --format json` gives."""
    result = warehouse.call("show", *arguments, "--format", "json")
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def lineage(warehouse: Warehouse, kpi_id: str, measure: str) -> dict[str, Any]:
    """The lineage of one measure."""
    measures = {entry["measure"]: entry for entry in shown(warehouse, kpi_id)["measures"]}
    found: dict[str, Any] = measures[measure]["lineage"]
    return found


# --- What a KPI is


def test_definition_and_measures(warehouse: Warehouse) -> None:
    entry = shown(warehouse, "win_rate")
    listed = warehouse.catalog()["win_rate"]
    assert {name: entry[name] for name in ("title", "theme", "number", "dimensions")} == {
        name: listed[name] for name in ("title", "theme", "number", "dimensions")
    }
    assert [(part["measure"], part["definition"]) for part in entry["measures"]] == [
        ("win_rate", "won / closed"),
        ("win_rate_by_value", "won_amount / amount"),
    ]
    for part, other in zip(entry["measures"], listed["measures"], strict=True):
        assert {name: part[name] for name in other} == other
    assert "sql" not in entry


@pytest.mark.parametrize(
    ("kpi_id", "measure", "definition"),
    [
        ("revenue", "revenue", "sum of amount"),
        ("won_deals", "won_deals", "rows with won"),
        ("sales_cycle", "median_days", "median of days_to_close"),
        ("lead_response_time", "p90_hours", "percentile 90 of hours"),
        ("deals_by_channel", "share", "share of rows with won"),
        ("last_contact", "mean_days", "mean of contact_day, as days to the period's end"),
        ("sales_growth", "growth", "(amount - previous.amount) / nullif(previous.amount, 0)"),
        ("quota_attainment_rate", "attainment_rate", "hit / has_quota, per rep_key"),
    ],
)
def test_definitions_in_words(warehouse: Warehouse, kpi_id: str, measure: str, definition: str) -> None:
    found = {entry["measure"]: entry["definition"] for entry in shown(warehouse, kpi_id)["measures"]}
    assert found[measure] == definition


def test_what_is_worked_out_per_subject(warehouse: Warehouse) -> None:
    first, _ = shown(warehouse, "quota_attainment_rate")["measures"]
    assert first["worked_out"]["has_quota"] == "case when quota > 0 then 1 end"
    assert set(first["worked_out"]) == {"hit", "has_quota"}


def test_what_is_missing_is_said(small: Built) -> None:
    result = small.warehouse.call("show", "email_open_rate")
    assert result.exit_code == 0
    assert "unavailable: no source system delivers emails" in result.stdout


def test_every_kpi_comes_from_raw_columns(warehouse: Warehouse) -> None:
    """Each measure, by columns that are there; the text has the same ones."""
    columns = {
        f"{schema}.{table}.{column}"
        for schema, table, column in warehouse.rows(
            "select table_schema, table_name, column_name from information_schema.columns"
        )
    }
    with OpenWarehouse(warehouse.path) as opened:
        lineage = compiled_lineage(opened)
        for kpi in opened.kpis(KPIS):
            lineages = lineage_of(kpi, lineage, ROOT)
            text = as_text(kpi, lineages)
            for entry in as_json(kpi, lineages, None)["measures"]:
                found, measure = entry["lineage"], (kpi.kpi_id, entry["measure"])
                assert found["raw"], measure
                assert all(name in columns and name.startswith("demo.demo_") for name in found["raw"]), measure
                assert found["dates"], measure
                assert found["inputs"], measure
                assert [name for name in found["columns"] if f"{name}" not in text] == [], measure
                assert {name for sources in found["columns"].values() for name in sources} <= set(found["columns"])


# --- Lineages by hand


#: Measures of entities that need no other: all raw columns that they come from. A quote that was decided after as_of is
#: not decided yet, and a meeting that was booked after it is not there.
BY_HAND = [
    ("email_open_rate", "open_rate", "emails", ["delivered_at", "first_opened_at", "sent_at"]),
    ("email_open_rate", "sent", "emails", ["sent_at"]),
    ("brand_mentions", "positive_share", "brand_mentions", ["mentioned_at", "sentiment"]),
    ("brand_mentions", "reach", "brand_mentions", ["mentioned_at", "reach"]),
    ("closed_rate", "closed_rate", "quotes", ["decided_at", "sent_at", "status"]),
    ("call_show_rate", "show_rate", "meetings", ["booked_at", "kind", "scheduled_for", "status"]),
    ("conversation_droppage", "close_rate", "calls", ["outcome", "started_at"]),
    ("pixel_events", "purchase", "pixel_events", ["event_name", "occurred_at"]),
]


@pytest.mark.parametrize(("kpi_id", "measure", "entity", "columns"), BY_HAND)
def test_simple_lineages(warehouse: Warehouse, kpi_id: str, measure: str, entity: str, columns: list[str]) -> None:
    raw = lineage(warehouse, kpi_id, measure)["raw"]
    assert raw == [f"demo.demo_{entity}.{name}" for name in columns]


def test_revenue_comes_from_amounts_rates_and_the_history(warehouse: Warehouse) -> None:
    """An amount at the rate of the closing day, which the stage changes tell, else the row."""
    found = lineage(warehouse, "revenue", "revenue")
    assert found["inputs"] == {"amount": ["fct_deals.amount"]}
    assert found["dates"] == {"event_on": ["fct_deals.closed_on"]}
    assert found["conditions"] == ["fct_deals.state"]
    raw = {name.removeprefix("demo.demo_") for name in found["raw"]}
    assert {
        "deals.amount",
        "deals.currency",
        "deals.closed_at",
        "deals.outcome",
        "deal_stage_changes.entered_at",
        "deal_stage_changes.stage",
        "stages.outcome",
        "exchange_rates.currency",
        "exchange_rates.rate",
        "exchange_rates.valid_from",
    } <= raw
    # What slices show is not what it is made of.
    assert not {name for name in raw if name.split(".")[0] in ("reps", "accounts", "products", "leads")}
    assert not raw & {"deals.channel", "deals.rep_id", "deals.product_id", "deals.lost_reason"}
    assert found["columns"]["stg_demo__deals.amount"] == ["demo.demo_deals.amount"]
    assert found["columns"]["demo.demo_deals.amount"] == []


def test_a_quota_comes_from_its_target_and_month(warehouse: Warehouse) -> None:
    raw = set(lineage(warehouse, "quota_attainment_rate", "attainment_rate")["raw"])
    assert {f"demo.demo_quotas.{name}" for name in ("target", "month", "currency", "kind", "rep_id")} <= raw
    assert {"demo.demo_deals.amount", "demo.demo_deals.rep_id", "demo.demo_exchange_rates.rate"} <= raw


def test_a_files_columns_are_raw(small: Built) -> None:
    raw = lineage(small.warehouse, "revenue", "revenue")["raw"]
    assert {"deals.csv.amount", "deals.csv.currency", "exchange_rates.csv.rate"} <= set(raw)


def test_the_tree_shows_each_column_once_with_its_sources(warehouse: Warehouse) -> None:
    lines = warehouse.call("show", "revenue").stdout.splitlines()
    start = lines.index("  amount")
    assert lines[start + 1] == "  └─ fct_deals.amount"
    told = Counter(line.strip("│├└─ ") for line in lines if "─ " in line and not line.endswith(("…", "(raw)")))
    graph = lineage(warehouse, "revenue", "revenue")["columns"]
    assert {name for name, sources in graph.items() if sources} <= set(told)
    assert all(told[name] == 1 for name, sources in graph.items() if sources)
    assert any(line.endswith("─ demo.demo_deals.amount (raw)") for line in lines)


# --- Lineage of SQL that is written for it

COLUMNS = {
    "raw.a": ["k", "x", "y"],
    "raw.b": ["k", "z"],
    "main.m": ["k", "x", "z"],
    "main.n": ["v"],
}


@pytest.mark.parametrize(
    ("sql", "name", "sources"),
    [
        ("select x as v from raw.a", "v", "raw.a.x"),
        ('select "x" as v from "db"."raw"."a" as t', "v", "raw.a.x"),
        ("select x + y as v from raw.a where k = 1", "v", "raw.a.x raw.a.y"),
        ("with t as (select * from raw.a) select x as v from t", "v", "raw.a.x"),
        ("with t as (select * from raw.a), u as (select t.* from t) select max(x) as v from u", "v", "raw.a.x"),
        ("select v from (select x as v from raw.a union all select z as v from raw.b) as t", "v", "raw.a.x raw.b.z"),
        ("select x as v, y as w from raw.a union all select z as q, k as r from raw.b", "v", "raw.a.x raw.b.z"),
        ("select * from raw.a union all select k, z, k from raw.b", "y", "raw.a.y raw.b.k"),
        ("select z as v from raw.a left join raw.b on a.k = b.k", "v", "raw.a.k raw.b.k raw.b.z"),
        ("select x as v from raw.a left join raw.b on a.k = b.k", "v", "raw.a.x"),
        ("select row_number() over (partition by k order by x) as v from raw.a", "v", "raw.a.k raw.a.x"),
        ("select exists(select 1 from raw.b where b.k = a.x) as v from raw.a", "v", "raw.a.x raw.b.k"),
        ("select (select max(z) from raw.b where b.k = a.k) as v from raw.a", "v", "raw.a.k raw.b.k raw.b.z"),
        ("select amount as v from read_csv('data/deals.csv', header = true) as t", "v", "deals.csv.amount"),
        ("select t.amount as v from read_parquet('deals.parquet') as t", "v", "deals.parquet.amount"),
        ("select z as v from main.m", "v", "m.z"),
        ("select 1 as v from raw.a", "v", ""),
        ("select to_json(t) as v from raw.a as t", "v", ""),
    ],
)
def test_sources_of_a_column(sql: str, name: str, sources: str) -> None:
    models = {"main.m": "select a.k, x, z from raw.a inner join raw.b on a.k = b.k", "main.n": sql}
    found = Lineage(models, COLUMNS).sources(Column("n", name))
    assert " ".join(map(str, found)) == sources


def test_the_graph_goes_through_models() -> None:
    models = {"main.m": "select k, x, x as z from raw.a", "main.n": "select z as v from main.m"}
    found = Lineage(models, COLUMNS)
    graph = {str(column): list(map(str, sources)) for column, sources in found.graph([Column("n", "v")]).items()}
    assert graph == {"n.v": ["m.z"], "m.z": ["raw.a.x"], "raw.a.x": []}
    assert [found.is_raw(Column(*pair)) for pair in (("raw.a", "x"), ("m", "z"))] == [True, False]


def test_rows_that_lack_the_inputs_are_no_part_of_it() -> None:
    """Of a union, the selects in which an input is null, with their dates and conditions, are left out."""
    rows = "select x as i, null as j, y as event_on from raw.a where k = 1 union all select null, z, k from raw.b"
    models = {"main.kpi": f"with r as ({ROWS_BEGIN} {rows} {ROWS_END}) select * from r"}
    found = Lineage(models, COLUMNS)
    first, second = found.rows("kpi", ["i"]), found.rows("kpi", ["j"])
    assert (first.inputs, first.dates) == ({"i": [Column("raw.a", "x")]}, {"event_on": [Column("raw.a", "y")]})
    assert first.conditions == [Column("raw.a", "k")]
    assert (second.inputs, second.dates) == ({"j": [Column("raw.b", "z")]}, {"event_on": [Column("raw.b", "k")]})
    assert second.conditions == []


def test_columns_that_are_added_to_a_union_come_from_the_selects_that_can_have_them() -> None:
    """What is null where `i` is null has nothing of the select in which it is."""
    united = (
        "select x as t, 1 as i, y as event_on from raw.a where k = 1"
        " union all select z as t, null as i, k as event_on from raw.b where z > 0"
    )
    added = "case when i = 1 then case when t < 5 then 1 else 0 end end as o"
    models = {
        "main.kpi": f"with r as ({ROWS_BEGIN} select body.*, {added} from ({united}) as body {ROWS_END}) select 1"
    }
    found = Lineage(models, COLUMNS)
    rows = found.rows("kpi", ["o", "i"])
    assert rows.inputs == {"o": [Column("raw.a", "x")], "i": []}
    assert rows.dates == {"event_on": [Column("raw.a", "y")]}
    assert rows.conditions == [Column("raw.a", "k")]
    assert found.rows("kpi", ["t"]).conditions == [Column("raw.a", "k"), Column("raw.b", "z")]


# --- Compiled SQL


def test_the_sql_is_what_built_the_figures(warehouse: Warehouse) -> None:
    """Run again, it gives the KPI's figures; of what the data lacks, too, which kpi_values leaves out."""
    sql = warehouse.call("show", "win_rate", "--sql").stdout
    assert sql.startswith("-- One row per deal closed")
    assert shown(warehouse, "win_rate", "--sql")["sql"] == sql.strip()
    again = warehouse.rows(f"select {FIGURE_COLUMNS} from ({sql})")
    assert Counter(again) == Counter(warehouse.rows(f"select {FIGURE_COLUMNS} from win_rate"))


@pytest.mark.parametrize("dialect", ["postgres", "snowflake", "spark", "bigquery"])
def test_the_sql_in_another_dialect(warehouse: Warehouse, dialect: str) -> None:
    result = warehouse.call("show", "sales_cycle", "--sql", "--dialect", dialect)
    assert result.exit_code == 0
    tree = sqlglot.parse_one(result.stdout, dialect=dialect)
    assert isinstance(tree, sqlglot.exp.Select)
    assert [column.alias_or_name for column in tree.selects] == FIGURE_COLUMNS.replace(",", "").split()
    assert "fct_deals" in {table.name for table in tree.find_all(sqlglot.exp.Table)}
    assert result.stdout != warehouse.call("show", "sales_cycle", "--sql").stdout


def test_every_kpi_in_the_dialects_of_warehouses(warehouse: Warehouse) -> None:
    """Each, in one of them by turns, is translated, is read back in that dialect, and has the columns of a figure.

    test_other_warehouses.py does so with every model in each of the dialects of engines that no test runs on.
    """
    compiled = dict(warehouse.rows("select model_name, compiled_sql from compiled_models"))
    for kpi_id, dialect in zip(KPIS, cycle(("bigquery", "postgres", "spark", "mysql", "tsql"))):
        text, _ = translated(compiled[kpi_id], dialect)
        tree = sqlglot.parse_one(text, dialect=dialect)
        assert isinstance(tree, sqlglot.exp.Select), kpi_id
        assert [column.alias_or_name for column in tree.selects] == FIGURE_COLUMNS.replace(",", "").split(), kpi_id
        assert [select for select in tree.find_all(sqlglot.exp.Select) if select.args.get("windows")] == [], kpi_id


@pytest.mark.parametrize("dialect", ["bigquery", "mysql", "tsql", "doris", "fabric", "starrocks"])
def test_a_named_window_in_another_dialect(warehouse: Warehouse, dialect: str) -> None:
    result = warehouse.call("show", "open_pipeline", "--sql", "--dialect", dialect)
    assert result.exit_code == 0, result.stderr
    sqlglot.parse_one(result.stdout, dialect=dialect)


def test_named_windows_stand_where_they_are_used() -> None:
    """One on another, with a frame of its own, in a nested select of the same name: the same figures."""
    sql = (
        "select i, sum(i) over w as a, sum(i) over (w rows between 1 preceding and current row) as b,"
        " sum(i) over v as c, sum(i) over (order by i desc) as d,"
        " (select max(m) from (select sum(k) over w as m from range(3) as u(k) window w as (order by k desc))) as e"
        " from range(9) as t(i) window w as (partition by i % 2 order by i), v as (w) qualify row_number() over w > 1"
    )
    text, _ = translated(sql, "duckdb")
    assert " window " not in text.lower()
    with duckdb.connect() as connection:
        assert connection.execute(text).fetchall() == connection.execute(sql).fetchall() != []


def test_a_window_by_name_gives_the_same_figures(warehouse: Warehouse) -> None:
    sql = warehouse.call("show", "open_pipeline", "--sql").stdout
    text, _ = translated(sql, "duckdb")
    assert " window " in sql
    again = warehouse.rows(f"select {FIGURE_COLUMNS} from ({text})")
    assert Counter(again) == Counter(warehouse.rows(f"select {FIGURE_COLUMNS} from open_pipeline"))


@pytest.mark.parametrize("sql", ["select from where", "select 'a"])
def test_sql_that_cannot_be_translated(sql: str) -> None:
    with pytest.raises(DataError, match=r"--dialect: the SQL cannot be translated to mysql \(.*\)\. Without") as error:
        translated(sql, "mysql")
    assert error.value.exit_code == 3
    assert "\n" not in str(error.value)


def test_a_healthy_range_as_the_scorecard_has_it(warehouse: Warehouse) -> None:
    """Both bounds of the ratio are unhealthy themselves; those of the multiplier are healthy."""
    assert "healthy between 1.00 and 5.00, exclusive" in warehouse.call("show", "customer_lifetime_value").stdout
    assert "healthy 3.00 to 4.00" in warehouse.call("show", "pipeline_multiplier").stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("win_rat",), ["win_rat", "win_rate"]),
        (("revenue", "--sql", "--dialect", "postgrs"), ["--dialect", "postgrs", "Did you mean postgres?", "snowflake"]),
        (("revenue", "--dialect", "postgres"), ["--dialect", "--sql"]),
        (("revenue", "--format", "csv"), ["--format", "csv"]),
    ],
)
def test_wrong_usage(warehouse: Warehouse, arguments: tuple[str, ...], named: list[str]) -> None:
    result = warehouse.call("show", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert [text for text in named if text not in result.stderr] == []


@pytest.mark.parametrize("options", [(), ("--sql",), ("--format", "json")])
def test_a_kpi_that_the_run_left_out(builder: Builder, options: tuple[str, ...]) -> None:
    """The warehouse of the drill's tests has one KPI alone."""
    when = ("--as-of", "2026-06-30T15:30:00")
    built = builder.run("drill_part_day", "run", "--system", "demo", *when, "--select", "sales_growth")
    result = built.warehouse.call("show", "sales_cycle", *options)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "kpi run --select sales_cycle" in result.stderr
    assert built.warehouse.call("show", "sales_growth", *options).exit_code == 0
