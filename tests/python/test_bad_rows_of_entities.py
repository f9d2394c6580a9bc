"""Every rule that a row can break, for every entity: rejected, merged, repaired, each counted where it should be."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from tests.python.conftest import AS_OF, Builder, Warehouse, parsed, small_company
from tests.python.reference.company import COLUMNS, Company, write_company
from tests.python.untidy import ENTITIES, Untidy, columns, untidy

#: The type that a database would give a column of a kind; text where none is named.
PARQUET_TYPES = {
    "flag": "boolean",
    "time": "timestamp with time zone",
    "date": "date",
    "month": "date",
    "amount": "decimal(18, 4)",
    "int": "integer",
    "probability": "double",
    "rate": "double",
}

#: A build of one KPI judges all rows of all entities.
ONE_KPI = ("--select", "won_deals")


def test_the_columns_are_those_of_the_reference() -> None:
    assert {entity: tuple(column.name for column in columns(entity)) for entity in ENTITIES} == COLUMNS


@pytest.fixture(scope="module")
def spoiled(builder: Builder) -> tuple[Warehouse, Untidy]:
    """The untidy company from CSV files."""
    company = untidy()
    return builder.folder("untidy", company.company, *ONE_KPI).warehouse, company


def typed_rows(entity: str, file: Path) -> str:
    """A query of the rows of a CSV file, each column with the type of its kind."""
    found = ["[1, 2] as tags"]
    for column in columns(entity):
        text = f"{column.name} || '-01'" if column.kind == "month" else column.name
        kind = "integer[]" if column.name == "reach" else PARQUET_TYPES.get(column.kind, "varchar")
        found.append(f"cast({f'[{text}]' if column.name == 'reach' else text} as {kind}) as {column.name}")
    loaded_at = any("_loaded_at" in row for row in untidy().company[entity])
    found += ["cast(_loaded_at as timestamp) as _loaded_at"] if loaded_at else []
    return f"select {', '.join(found)} from read_csv('{file}', all_varchar = true)"


@pytest.fixture(scope="module")
def typed(builder: Builder) -> tuple[Warehouse, Untidy]:
    """The untidy company from Parquet files whose columns have types, as far as such columns can be untidy.

    Each file has a column of lists beside its own ones, and the reach of brand mentions is a list, which is no number.
    """
    company = untidy(unparsable=False)
    directory = builder.root / "untidy_parquet_files"
    with builder.locked("untidy_parquet_files"), duckdb.connect() as connection:
        if not directory.exists():
            write_company(company.company, directory)
            for entity in ENTITIES:
                connection.execute(
                    f"copy ({typed_rows(entity, directory / f'{entity}.csv')}) to '{directory}/{entity}.parquet'"
                )
                (directory / f"{entity}.csv").unlink()
    warehouse = builder.run("untidy_parquet", "run", "--data", str(directory), "--as-of", AS_OF, *ONE_KPI).warehouse
    mentions = len(company.company["brand_mentions"]) - company.merged["brand_mentions"]
    rejected = sum(count for (entity, _), count in company.rejected.items() if entity == "brand_mentions")
    company.repaired["brand_mentions", "reach"] += mentions - rejected
    return warehouse, company


@pytest.fixture(scope="module", params=["csv", "parquet"])
def delivered(request: pytest.FixtureRequest) -> tuple[Warehouse, Untidy]:
    found: tuple[Warehouse, Untidy] = request.getfixturevalue({"csv": "spoiled", "parquet": "typed"}[request.param])
    return found


def by_column(warehouse: Warehouse, table: str) -> Counter[tuple[str, str]]:
    """How often each entity has a rule of a column in one of the tables of bad rows."""
    rows = warehouse.rows(f"select entity, split_part(rule, ':', 1), count(*) from {table} group by all")
    return Counter({(entity, column): count for entity, column, count in rows})


def test_rejected_rows(delivered: tuple[Warehouse, Untidy]) -> None:
    """A required value that is missing, unparsable or outside its list; two rows of one key, neither newer."""
    warehouse, company = delivered
    assert by_column(warehouse, "rejected_rows") == company.rejected


def test_repaired_rows(delivered: tuple[Warehouse, Untidy]) -> None:
    """An optional value set to null, and a key that points nowhere: each counted once."""
    warehouse, company = delivered
    assert by_column(warehouse, "repaired_rows") == company.repaired


def test_all_rows_are_accounted_for(delivered: tuple[Warehouse, Untidy]) -> None:
    warehouse, company = delivered
    rejected: Counter[str] = Counter()
    for (entity, _), count in company.rejected.items():
        rejected[entity] += count
    expected = {
        entity: (
            len(rows),
            len(rows) - rejected[entity] - company.merged[entity],
            rejected[entity],
            company.merged[entity],
        )
        for entity, rows in company.company.items()
    }
    counts = warehouse.rows("select entity, delivered, in_mart, rejected, merged from row_counts")
    assert {entity: tuple(found) for entity, *found in counts} == expected


def test_rows_that_contradict_each_other_are_shown_each(delivered: tuple[Warehouse, Untidy]) -> None:
    """No two of them are alike, and each has the key that it is rejected for."""
    rule = "several different rows of one key"
    rows = delivered[0].rows(f"select entity, row_key, row_json from rejected_rows where rule like '%{rule}%'")
    assert len({entity for entity, _, _ in rows}) > 10
    assert len({*rows}) == len(rows)
    assert set(Counter((entity, key) for entity, key, _ in rows).values()) == {2}
    named = [(entity, key, text) for entity, key, text in rows if "|" not in key]
    assert all(json.loads(text)[COLUMNS[entity][0]] == key for entity, key, text in named)


def test_rejected_rows_of_typed_files_are_shown_as_they_were(typed: tuple[Warehouse, Untidy]) -> None:
    """With their types, and with the columns that nobody asked for."""
    broken = "select row_json from rejected_rows where entity = 'order_lines' and rule like 'quantity:%'"
    ((text,),) = typed[0].rows(broken)
    row = json.loads(text)
    assert (row["tags"], row["quantity"], row["unit_price"]) == ([1, 2], None, 12.5)


@pytest.mark.parametrize(
    "rows",
    [
        "fct_leads where lead_id = 'leads 1'",
        "fct_deals where deal_id = 'deals 1'",
        "fct_calls where call_id = 'calls 1'",
        "fct_order_lines where order_line_id = 'order_lines 1'",
        "fct_subscriptions where subscription_id = 'subscriptions 1'",
        "fct_ad_spend where spend_id = 'ad_spend 1'",
        "fct_quotas where month = date '2010-02-01'",
        "dim_stages where stage = 'stages 1'",
        "dim_exchange_rates where valid_from = date '2010-01-01'",
    ],
)
def test_typed_values_are_what_their_texts_are(
    spoiled: tuple[Warehouse, Untidy], typed: tuple[Warehouse, Untidy], rows: str
) -> None:
    (by_text,) = spoiled[0].rows(f"select * from {rows}")
    assert typed[0].rows(f"select * from {rows}") == [by_text]


# --- Rows that contradict others


#: Beside the small company, whose d2 was won before this l2 was created.
MENDED = {
    "leads": """
        lead_id,created_at,rep_id
        l1,2026-04-10T10:00:00Z,r1
        l2,2026-04-12,r2
        l3,2026-05-10T10:00:00Z,r1
    """,
    "activities": """
        activity_id,kind,direction,occurred_at,lead_id,deal_id
        t1,call,outbound,2026-04-10T08:00:00Z,l1,
        t2,call,outbound,2026-04-10T12:00:00Z,l1,
        t3,call,outbound,2026-05-10T13:00:00Z,l3,
    """,
    "meetings": """
        meeting_id,scheduled_for,kind,status
        m1,2026-05-01,demo,scheduled
        m2,2026-05-02,demo,held
        m3,2026-05-03,follow_up,scheduled
        m4,2026-08-01,demo,scheduled
    """,
    "orders": """
        order_id,ordered_at
        o1,2026-04-01
        o2,2026-08-01
    """,
    "order_lines": """
        order_line_id,order_id,product_id,quantity,unit_price,unit_cost
        ol1,o1,p1,1,500,
        ol2,o1,p1,2,10,4
        ol3,o2,p1,1,500,
    """,
    "subscriptions": """
        subscription_id,account_id,started_on,ended_on,mrr
        s1,a1,2026-03-10,2026-02-01,10
        s2,a2,2026-01-15,,10
        s3,a3,2026-01-15,2026-01-15,10
    """,
}


@pytest.fixture(scope="module")
def mended(builder: Builder) -> Warehouse:
    company: Company = small_company() | {entity: parsed(text) for entity, text in MENDED.items()}
    company["deals"][1] |= {"lead_id": "l2"}
    kpis = ("lead_response_time", "time_to_conversion", "call_show_rate", "profit_margin", "active_customers")
    options = [text for kpi in kpis for text in ("--select", kpi)]
    return builder.folder("mended", company, *options).warehouse


def test_rows_that_contradict_others_are_counted(mended: Warehouse) -> None:
    rows = mended.rows("select entity, row_key, rule from repaired_rows where entity <> 'deals'")
    assert sorted(rows) == [
        ("leads", "l1", "created_at: after the first contact, taken as 0 hours"),
        ("leads", "l2", "created_at: after the first win, taken as 0 days"),
        ("meetings", "m1", "status: still scheduled in the past, outside the show rate"),
        ("order_lines", "ol1", "unit_cost: neither the line nor its product has one, left out of margins"),
        ("subscriptions", "s1", "ended_on: before started_on, span taken as 0"),
    ]


@pytest.mark.parametrize(
    ("measure", "period", "figure"),
    [
        pytest.param("lead_response_time.mean_hours", "2026-04", (0, 1), id="called before it was created: 0 hours"),
        pytest.param("lead_response_time.mean_hours", "2026-05", (3, 1), id="called 3 hours after"),
        pytest.param("time_to_conversion.mean_days", "all", (0, 1), id="won before it was created: 0 days"),
        pytest.param("call_show_rate.show_rate", "2026-05", (1, 1), id="scheduled in the past: outside the rate"),
        pytest.param("call_show_rate.scheduled", "2026-05", (2, None), id="but it was scheduled"),
        pytest.param("profit_margin.profit_margin", "all", (0.6, 20), id="no cost: on neither side of the margin"),
        pytest.param("active_customers.active_customers", "2026-03", (1, None), id="ended before it started"),
    ],
)
def test_rows_that_contradict_others_count_as_documented(
    mended: Warehouse, measure: str, period: str, figure: tuple[float, float | None]
) -> None:
    kpi, name = measure.split(".")
    (row,) = mended.query(kpi, "--measure", name, "--period", period)
    assert (row["value"], row["denominator"]) == figure
