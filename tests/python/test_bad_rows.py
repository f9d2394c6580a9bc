"""What becomes of deliveries that break a rule: rows repaired, merged or rejected, runs refused.

Nothing is dropped in silence, and a refused run leaves the last warehouse as it was.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.python.conftest import AS_OF, Builder, Built, Result, Warehouse, parsed, small_company
from tests.python.reference.company import COLUMNS, Company, Row, write_company

EXPORT = {
    "sales_pipeline.csv": """
        opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value
        o1,Ann,GTXPro,Acme,Won,2026-01-05,2026-02-10,400
        o2,Ann,GTX Pro,,Engaging,2026-03-01,,
        o3,Bob,MG Special,Best,Lost,2026-01-07,2026-03-09,0
        o4,Bob,MG Special,Best,Prospecting,,,
        o5,Bob,MG Special,Best,Closed Won,2026-01-08,2026-03-10,70
        o6\u00a0,Bob,MG Special, Best ,Lost\t,2026-01-09,2026-03-11 ,0
    """,
    "products.csv": """
        product,series,sales_price
        GTX Pro,GTX,500
        MG Special,MG,55
    """,
    "sales_teams.csv": """
        sales_agent,manager,regional_office
        Ann,Dan,East
        Bob,Eve,West
    """,
}

#: Deals beside those of the small company, each with a defect (see test_each_bad_row).
BAD_DEALS = """
    deal_id,created_at,stage,outcome,rep_id,kind,amount,expected_close_on,closed_at,_loaded_at
    x1,soon,Lead,open,r1,,1,,,
    x2,2026-04-01,Lead,open,r1,,2,,,
    x2,2026-04-01,Lead,open,r1,,2,,,
    x3,2026-04-01,Lead,open,r1,,3,,,
    x3,2026-04-01,Lead,open,r1,,33,,,
    x4,2026-04-01,Lead,open,r1,,44,,,2026-06-02T00:00:00Z
    x4,2026-04-01,Lead,open,r1,,4,,,2026-06-01T00:00:00Z
    x5,2026-04-01,Mystery,open,r1,,5,,,
    x6,2026-04-01,Lead,perhaps,r1,,6,,,
    x7,2026-04-01,,open,r1,,7,,,
    x8,2026-04-01,Lead,open,r9,,8,,,
    x9,2026-04-01,Lead,open,r1,gift,much,next week,,
    x10,2026-04-10,Won,won,r1,,1000,,2026-04-05,
    x11,2026-04-01,Won,won,r1,,,,2026-04-20,
    x12,2026-04-01,Won,won,r1,,12,,,
    ,2026-04-01,Lead,open,r1,,13,,,
    x13,0001-04-01,Lead,open,r1,,14,,,
    x14,2200-01-01T00:00:00Z,Lead,open,r1,,14,,,
    x15,2199-12-31,Lead,open,r1,,15,9999-12-31,,
    x16,2026-04-01,Lead,open,r1,,0.12345,,,
    x17,2026-04-01,Lead,open,r1,,1.234e14,,,
    x18,2026-04-01,Lead,lost,r1,,18,,2026-04-25,sometime
"""


def summed_up(result: Result) -> dict[str, dict[str, Any]]:
    """What the run's JSON summary says of each entity."""
    return {row["entity"]: row for row in json.loads(result.stdout)["entities"]}


def by_slice(rows: list[dict[str, Any]], dimension: str) -> dict[str, float]:
    return {row[dimension]: row["value"] for row in rows}


# --- An entity that is not delivered, or delivered without rows


def test_a_folder_without_accounts(builder: Builder) -> None:
    company = {name: rows for name, rows in small_company().items() if name != "accounts"}
    selected = ("--select", "won_deals,new_customers,repeat_sales_by_channel")
    warehouse = builder.folder("no_accounts", company, *selected).warehouse
    assert by_slice(warehouse.query("won_deals", "--by", "segment"), "segment") == {"(unknown)": 3}
    assert by_slice(warehouse.query("won_deals", "--by", "rep"), "rep") == {"Ann": 2, "Bob": 1}
    assert "accounts" in warehouse.refused("repeat_sales_by_channel")
    entry = warehouse.catalog()["repeat_sales_by_channel"]
    assert (entry["available"], entry["missing"]) == (False, ["accounts"])
    assert by_slice(warehouse.query("new_customers", "--by", "rep"), "rep") == {"Ann": 1, "Bob": 1}


@pytest.fixture(scope="module")
def shop(builder: Builder) -> Warehouse:
    """Leads and orders, but no deals."""
    company = {
        "leads": parsed("""
            lead_id,created_at,channel
            l1,2026-05-04,event
            l2,2026-05-05,event
        """),
        "orders": parsed("""
            order_id,ordered_at,account_id
            o1,2026-05-20,a1
        """),
    }  # fmt: skip
    settings = "customer_lifecycle: purchases"
    return builder.folder("no_deals", company, settings=settings).warehouse


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        ("leads_generated_pct.leads", 2),
        ("lead_to_opportunity_rate.leads", 2),
        ("active_customers.active_customers", 1),
        ("customer_retention.retention_rate", None),
    ],
)
def test_a_folder_without_deals(shop: Warehouse, measure: str, value: float | None) -> None:
    """What needs no deals is there: customers, too, where purchases make them, for an order is one."""
    kpi, name = measure.split(".")
    (row,) = shop.query(kpi, "--measure", name)
    assert row["value"] == value


@pytest.mark.parametrize("kpi", ["won_deals", "sales_cycle", "lead_to_opportunity_rate", "stage_duration"])
def test_what_needs_deals_is_named_where_there_are_none(shop: Warehouse, kpi: str) -> None:
    entry = shop.catalog()[kpi]
    assert not entry["available"]
    assert "deals" in entry["missing"]
    assert "deals" in shop.refused(kpi)
    counted = "select count(*) from kpi_values where kpi_id = ? and measure <> 'leads'"
    assert shop.rows(counted, [kpi]) == [(0,)]


def test_an_export_without_accounts(builder: Builder, tmp_path: Path) -> None:
    for name, text in EXPORT.items():
        lines = [line.strip() for line in text.strip().splitlines()]
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    options = ("--system", "opportunity_export", "--data", str(tmp_path), "--as-of", AS_OF)
    selected = ("--select", "won_deals,open_pipeline,repeat_sales_by_channel")
    warehouse = builder.run("export_no_accounts", "run", *options, *selected).warehouse
    assert by_slice(warehouse.query("won_deals", "--by", "segment"), "segment") == {"(unknown)": 1}
    assert by_slice(warehouse.query("won_deals", "--by", "product"), "product") == {"GTX Pro": 1}
    assert "accounts" in warehouse.refused("repeat_sales_by_channel")
    (open_amount,) = warehouse.query("open_pipeline", "--measure", "open_amount")
    assert open_amount["value"] == 500 + 55
    rejected = warehouse.rows("select row_key, rule from rejected_rows")
    assert rejected == [("o5", "outcome: not one of open, won, lost")]
    lost = warehouse.rows("select closed_at is not null, amount from fct_deals where deal_id = 'o6'")
    assert lost == [(True, None)]
    repairs = warehouse.rows("select row_key, rule from repaired_rows where rule like 'product_id:%'")
    assert repairs == [("o1", "product_id: spelled unlike in products.csv, matched without spaces")]


@pytest.fixture(scope="module")
def hollow(builder: Builder) -> Built:
    """The small company with files that have only a header, blank lines, or not even that."""
    company = small_company() | {"accounts": [], "quotas": [], "deal_stage_changes": []}
    directory = builder.root / "hollow_files"
    with builder.locked("hollow"):
        write_company(company, directory)
        (directory / "quotas.csv").write_bytes(b"")
        (directory / "accounts.csv").write_bytes(b" \r\n\r\n")
    options = ("--data", str(directory), "--as-of", AS_OF, "--format", "json")
    return builder.run("hollow_built", "run", *options)


def test_a_file_without_rows_is_a_delivery(hollow: Built, small: Built) -> None:
    """What they make available is what files with rows do."""
    catalog = hollow.warehouse.catalog()
    assert catalog == small.warehouse.catalog()
    needing = [entry for entry in catalog.values() if {"accounts", "quotas", "deal_stage_changes"} & {*entry["needs"]}]
    assert {"repeat_sales_by_channel", "pipeline_multiplier"} <= {e["kpi_id"] for e in needing if e["available"]}
    missing = [name for entry in catalog.values() for name in entry["missing"]]
    assert [name for name in missing if name.split(".")[0] in small_company()] == []
    counts = summed_up(hollow.result)
    for entity in ("accounts", "quotas", "deal_stage_changes"):
        assert counts[entity]["delivered"] == counts[entity]["in_mart"] == 0


def test_figures_over_an_entity_without_rows(hollow: Built) -> None:
    query = hollow.warehouse.query
    assert by_slice(query("won_deals", "--by", "segment"), "segment") == {"(unknown)": 3}
    (multiplier,) = query("pipeline_multiplier", "--period", "2026-Q2")
    assert (multiplier["value"], multiplier["denominator"]) == (None, 0)
    attainment = query("quota_attainment_rate", "--period", "2026-Q2")
    assert [(row["value"], row["denominator"]) for row in attainment] == [(None, 0)] * 2
    (repeats,) = query("repeat_sales_by_channel", "--measure", "repeat_sales")
    assert repeats["value"] == 1


def test_a_company_without_any_row(builder: Builder) -> None:
    company: Company = {entity: [] for entity in COLUMNS}
    warehouse = builder.folder("nothing", company).warehouse
    assert all(entry["available"] for entry in warehouse.catalog().values())
    (today,) = warehouse.query("won_deals")
    assert (today["period_start"], today["period_end"], today["value"]) == (AS_OF, "2026-07-01", 0)
    (won,) = warehouse.query("won_deals", "--period", "2026")
    assert (won["value"], won["row_count"], won["is_complete"]) == (0, 0, False)
    (rate,) = warehouse.query("win_rate", "--measure", "win_rate", "--period", "2026")
    assert (rate["value"], rate["numerator"], rate["denominator"]) == (None, 0, 0)
    assert warehouse.query("won_deals", "--period", "2026", "--by", "rep") == []
    rows = warehouse.rows(
        "select grain, period_start, value from kpi_values where kpi_id = 'won_deals' and dimension = 'total'"
    )
    assert sorted((grain, str(start), value) for grain, start, value in rows) == [
        ("day", "2026-06-30", 0),
        ("fiscal_quarter", "2026-04-01", 0),
        ("fiscal_year", "2026-01-01", 0),
        ("month", "2026-06-01", 0),
        ("quarter", "2026-04-01", 0),
        ("week", "2026-06-29", 0),
        ("year", "2026-01-01", 0),
    ]
    assert warehouse.rows("select count(*) from kpi_values where dimension <> 'total'") == [(0,)]


# --- Rows that break a rule


@pytest.fixture(scope="module")
def dirty(builder: Builder) -> Built:
    company = small_company()
    company["deals"] += parsed(BAD_DEALS)
    company["deals"][0]["_loaded_at"] = None
    company["reps"] += [{"rep_id": "r7", "hired_on": "2020-01-01"}]
    company["accounts"][0] |= {"created_at": "long ago"}
    company["deal_stage_changes"] += [
        {"deal_id": "d5", "stage": "Offer", "entered_at": "2026-13-45"},
        {"deal_id": "d77", "stage": "Offer", "entered_at": "2026-03-01"},
    ]
    company["quotas"] += [
        {"rep_id": "r1", "team": "north", "month": "2026-04", "kind": "revenue", "target": "1"},
        {"month": "2026-04", "kind": "revenue", "target": "1"},
    ]
    return builder.folder("dirty", company, "--format", "json")


def test_rejected_rows_say_which_and_why(dirty: Built) -> None:
    rows = dirty.warehouse.rows("select entity, row_key, rule from rejected_rows")
    rules = Counter((entity, key, rule.split(":")[0]) for entity, key, rule in rows)
    assert rules == Counter({
        ("deals", "x1", "created_at"): 1,
        ("deals", "x3", "deal_id"): 2,
        ("deals", "x6", "outcome"): 1,
        ("deals", "x7", "stage"): 1,
        ("deals", "x13", "created_at"): 1,
        ("deals", "x14", "created_at"): 1,
        ("deals", "", "deal_id"): 1,
        ("reps", "r7", "rep_name"): 1,
        ("deal_stage_changes", "d5|Offer|", "entered_at"): 1,
        ("quotas", "r1|north|2026-04-01|revenue", "rep_id"): 1,
        ("quotas", "||2026-04-01|revenue", "rep_id"): 1,
    })  # fmt: skip


def test_rejected_rows_hold_the_row_as_delivered(dirty: Built) -> None:
    rejected = "select row_key, row_json from rejected_rows where entity = 'deals'"
    rows = dirty.warehouse.rows(rejected)
    found = [json.loads(text) for key, text in rows if key in ("x1", "x3")]
    delivered: list[Row] = [row for row in parsed(BAD_DEALS) if row["deal_id"] in ("x1", "x3")]
    given = [{name: text for name, text in row.items() if text} for row in found]
    assert sorted(given, key=str) == sorted(
        ({name: text for name, text in row.items() if text} for row in delivered), key=str
    )
    assert {name for row in found for name in row} == {*COLUMNS["deals"], "_loaded_at"}


def test_every_delivered_row_is_accounted_for(dirty: Built, demo: Built) -> None:
    for built in (dirty, demo):
        counts = built.warehouse.rows("select entity, delivered, in_mart, rejected, merged from row_counts")
        assert {entity for entity, *_ in counts} == set(COLUMNS)
        for entity, delivered, in_mart, rejected, merged in counts:
            assert delivered == in_mart + rejected + merged, entity
        rejected_rows = dict(built.warehouse.rows("select entity, count(*) from rejected_rows group by 1"))
        for entity, _, _, rejected, _ in counts:
            assert rejected_rows.get(entity, 0) == rejected


def test_the_summary_counts_the_rows(dirty: Built) -> None:
    counts = summed_up(dirty.result)
    assert counts["deals"] | {"repairs": None} == {
        "entity": "deals", "delivered": 28, "in_mart": 18, "rejected": 8, "merged": 2,
        "repairs": None,
    }  # fmt: skip
    kpis = {row["kpi_id"]: row for row in json.loads(dirty.result.stdout)["kpis"]}
    read = [counts[entity] for entity in ("deals", "deal_stage_changes")]
    assert kpis["won_deals"]["rejected"] == sum(entity["rejected"] for entity in read) > 8
    assert kpis["won_deals"]["repaired"] == sum(entity["repairs"] for entity in read) > counts["deals"]["repairs"] > 0


@pytest.mark.parametrize(
    ("deal_id", "kept", "amount"),
    [
        pytest.param("x1", 0, None, id="text in a required date"),
        pytest.param("x2", 1, 2, id="the same twice"),
        pytest.param("x3", 0, None, id="contradicting itself"),
        pytest.param("x4", 1, 44, id="the newest by _loaded_at"),
        pytest.param("x6", 0, None, id="outcome outside its list"),
        pytest.param("x7", 0, None, id="required column null"),
        pytest.param("x9", 1, None, id="text in optional columns"),
        pytest.param("x16", 1, None, id="more decimals than are kept"),
        pytest.param("x17", 1, 123400000000000, id="a very large amount"),
    ],
)
def test_each_bad_row(dirty: Built, deal_id: str, kept: int, amount: float | None) -> None:
    found = dirty.warehouse.rows("select amount from fct_deals where deal_id = ?", [deal_id])
    assert len(found) == kept
    assert [row[0] for row in found] == ([amount] if kept else [])


def test_repairs_name_row_and_column(dirty: Built) -> None:
    rows = dirty.warehouse.rows("select entity, row_key, rule from repaired_rows")
    found = Counter((entity, key, rule.split(":")[0]) for entity, key, rule in rows)
    wanted = {
        ("deals", "d4", "amount"),
        ("deals", "x5", "stage"),
        ("deals", "x8", "rep_id"),
        ("deals", "x9", "kind"),
        ("deals", "x9", "expected_close_on"),
        ("deals", "x10", "closed_at"),
        ("deals", "x11", "amount"),
        ("deals", "x12", "closed_at"),
        ("deals", "x15", "expected_close_on"),
        ("deals", "x18", "outcome"),
        ("deals", "x18", "_loaded_at"),
        ("accounts", "a1", "created_at"),
        ("deal_stage_changes", "d77|Offer|2026-03-01 00:00:00", "deal_id"),
    }
    assert set(found) == wanted | {("deals", "x9", "amount"), ("deals", "x16", "amount")}
    assert found["deals", "x9", "amount"] == found["deals", "x16", "amount"] == 2  # set to null, then open without one
    assert (
        "deals",
        "x16",
        "amount: not a decimal of at most 16 digits before the point and 4 after it, set to null",
    ) in rows


def test_keys_that_point_nowhere_are_unknown(dirty: Built) -> None:
    reps = dirty.warehouse.query("open_pipeline", "--measure", "open_deals", "--by", "rep")
    assert by_slice(reps, "rep") == {"Ann": 7, "Bob": 1, "(unknown)": 1}
    stages = dirty.warehouse.query("open_pipeline", "--measure", "open_deals", "--by", "stage")
    assert by_slice(stages, "stage") == {"Lead": 7, "Offer": 1, "(unknown)": 1}


def test_repaired_deals_count_as_documented(dirty: Built) -> None:
    """x10 took 0 days, x11 adds no revenue, and x12 is neither open nor closed."""
    query = dirty.warehouse.query
    (won,) = query("won_deals", "--period", "2026-04")
    (revenue,) = query("revenue", "--period", "2026-04")
    assert (won["value"], revenue["value"]) == (2, 1000)
    cycle = {row["measure"]: row for row in query("sales_cycle", "--period", "2026-04-05")}
    assert (cycle["mean_days"]["value"], cycle["mean_days"]["denominator"]) == (0, 1)
    (won_ever,) = query("won_deals")
    assert won_ever["value"] == 5


# --- Files that stop the run


def rewritten(name: str, old: str, new: str) -> Callable[[Path], None]:
    """A change of one file of a company's folder."""

    def change(directory: Path) -> None:
        path = directory / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def delivered_twice(directory: Path) -> None:
    with duckdb.connect() as connection:
        source = f"from read_csv('{directory}/deals.csv', all_varchar = true)"
        connection.execute(f"copy ({source}) to '{directory}/deals.parquet' (format parquet)")


def without_any_entity(directory: Path) -> None:
    """Files, but none that bears the name of an entity."""
    (directory / "deals.csv").rename(directory / "opportunities.csv")
    for entity in COLUMNS:
        (directory / f"{entity}.csv").unlink(missing_ok=True)


def in_latin_1(directory: Path) -> None:
    rewritten("accounts.csv", "Core", "Caf\u00e9")(directory)
    text = (directory / "accounts.csv").read_text(encoding="utf-8")
    (directory / "accounts.csv").write_bytes(text.encode("latin-1"))


def without_measure(directory: Path) -> None:
    """An amount and a rate that each can be, but not their product."""
    rewritten("deals.csv", ",500,", ",50000000000,")(directory)
    rewritten("exchange_rates.csv", "1.2", "9999999")(directory)


def with_a_column_twice(directory: Path) -> None:
    rewritten("deals.csv", ",kind,", ",channel,")(directory)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param(without_measure, ["50000000000", "EUR", "2026-03-31", "9999999"], id="too large an amount"),
        pytest.param(with_a_column_twice, ["deals.csv", "channel"], id="a canonical column twice"),
        pytest.param(
            rewritten("deals.csv", ",stage,", ",phase,"), ["deals", "stage", "deals.csv"],
            id="a required column of deals is missing",
        ),
        pytest.param(
            rewritten("reps.csv", ",rep_name,", ",name,"), ["reps", "rep_name", "reps.csv"],
            id="a required column of reps is missing",
        ),
        pytest.param(
            rewritten("deals.csv", "d3,2026-02-20", "d3,2026-02-20" + "," * 20),
            ["deals.csv", "Line: 4"], id="a row with too many fields",
        ),
        pytest.param(
            rewritten("accounts.csv", "Core", '"Core'), ["accounts.csv", "Line: 4"],
            id="a quote left open",
        ),
        pytest.param(in_latin_1, ["accounts.csv", "Line: 4"], id="a file that is not UTF-8"),
        pytest.param(delivered_twice, ["deals.csv", "deals.parquet"], id="two files of an entity"),
        pytest.param(without_any_entity, ["/data", "deals", "leads", ".parquet"], id="no file of any entity"),
        pytest.param(
            rewritten("deals.csv", ",EUR,", ",CHF,"), ["CHF", "2026-03-31"], id="no exchange rate"
        ),
    ],
)  # fmt: skip
def test_a_refused_delivery(small: Built, tmp_path: Path, change: Callable[[Path], None], named: list[str]) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    warehouse.directory.mkdir()
    shutil.copy(small.warehouse.path, warehouse.path)
    write_company(small_company(), tmp_path / "data")
    change(tmp_path / "data")
    result = warehouse.run("run", "--data", str(tmp_path / "data"), "--as-of", AS_OF)
    assert (result.exit_code, result.stdout) == (3, ""), result.stderr
    assert [text for text in named if text not in result.stderr] == [], result.stderr
    assert "Traceback" not in result.stderr
    assert warehouse.path.read_bytes() == small.warehouse.path.read_bytes()
    assert not list(warehouse.directory.glob(".*.building/*.duckdb*"))


# --- Other ways to write the same files

#: Between them, they read every file of the small company.
READING_ALL = ("revenue", "deals_by_stage", "stage_duration", "quota_attainment_rate", "repeat_sales_by_channel")


def assert_the_same(builder: Builder, name: str, directory: Path, small: Built) -> None:
    """The small company's files, written otherwise, give its figures."""
    options = ("--data", str(directory), "--as-of", AS_OF, "--select", ",".join(READING_ALL))
    warehouse = builder.run(name, "run", *options).warehouse
    assert warehouse.rows("select count(distinct kpi_id) from kpi_values") == [(len(READING_ALL),)]
    assert warehouse.other_figures(small.warehouse, READING_ALL) == []


def test_parquet_files_give_the_same_figures(builder: Builder, small: Built) -> None:
    """Typed as a database would write them, with columns and in a directory whose names need care."""
    directory = builder.root / "parquet [2026] it's"
    with builder.locked("parquet_files"), duckdb.connect() as connection:
        if not directory.exists():
            write_company(small_company(), directory)
            for entity in small_company():
                source = str(directory / f"{entity}.csv").replace("'", "''").replace("[", "[[]")
                target = source.replace("[[]", "[").replace(".csv", ".parquet")
                others = '1 as "ÄNDERUNG", 2 as "x ""y"""'
                connection.execute(f"create table {entity} as select *, {others} from read_csv('{source}')")
                connection.execute(f"copy {entity} to '{target}' (format parquet)")
                (directory / f"{entity}.csv").unlink()
    assert_the_same(builder, "parquet", directory, small)


def test_files_from_a_spreadsheet_give_the_same_figures(builder: Builder, small: Built) -> None:
    """With a byte order mark, Windows line ends, upper-case headers and columns of their own."""
    directory = builder.root / "spreadsheet_files"
    with builder.locked("spreadsheet_files"):
        write_company(small_company(), directory)
        for file in directory.iterdir():
            head, *lines = file.read_text(encoding="utf-8").splitlines()
            lines = [f"{head.upper()},Remark", *(f'{line},"a, b"' for line in lines), ""]
            file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert_the_same(builder, "spreadsheet", directory, small)


def test_other_columns_may_be_called_anything(builder: Builder, small: Built) -> None:
    """A name with a comma in quotes, none at all as of a data frame's index, and the same twice."""
    directory = builder.root / "odd_header_files"
    with builder.locked("odd_header_files"):
        write_company(small_company(), directory)
        for file in directory.iterdir():
            head, *lines = file.read_text(encoding="utf-8").splitlines()
            head = f',{head},"Remark, or ""note""",source,source,'
            rows = [f'{number},{line},"a, b",crm,crm,' for number, line in enumerate(lines)]
            file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    assert_the_same(builder, "odd_headers", directory, small)
