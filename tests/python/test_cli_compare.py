"""`kpi query --compare`: a figure beside that of the period before, or of a year ago.

The figures of the company below were worked out by hand. It is looked at within a day, on 20 March 2024 at
noon: March is compared with February up to its 20th at noon, and with what was known by then.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from kpi_runner.compare import change, relative_change
from tests.python.conftest import Builder, Built, Result, Warehouse, parsed, records

AS_OF = "2024-03-20T12:00:00Z"

COMPANY = {
    "reps": """
        rep_id,rep_name,team
        r1,Ann,north
        r2,Bob,south
    """,
    "accounts": """
        account_id,account_name,segment
        a1,Acme,SMB
        a2,Best,SMB
    """,
    "stages": """
        pipeline,stage,position,probability,outcome,is_qualified
        default,Lead,1,0.1,open,false
        default,Offer,2,0.5,open,true
        default,Won,3,1,won,true
        default,Lost,4,0,lost,false
    """,
    # l2 is qualified, and l3 won, after 20 February at noon; l4 was created after it.
    "leads": """
        lead_id,created_at,owner_rep_id,qualified_at
        l1,2024-02-01T08:00:00Z,r1,2024-02-18T08:00:00Z
        l2,2024-02-02T08:00:00Z,r1,2024-02-20T12:00:00Z
        l3,2024-02-03T08:00:00Z,r2,
        l4,2024-02-20T12:00:00Z,r2,2024-02-21T08:00:00Z
        l5,2024-03-02T08:00:00Z,r1,2024-03-03T08:00:00Z
    """,
    "activities": """
        activity_id,kind,direction,occurred_at,rep_id,lead_id
        c1,call,outbound,2024-02-01T12:00:00Z,r1,l1
        c2,call,outbound,2024-02-20T13:00:00Z,r1,l2
        c3,call,outbound,2024-03-02T10:00:00Z,r1,l5
    """,
    # Won up to 20 February at noon: d1 and d2, 300 together; d3 comes three hours later.
    "deals": """
        deal_id,created_at,stage,outcome,rep_id,account_id,lead_id,amount,closed_at
        d1,2024-01-10T08:00:00Z,Won,won,r1,a1,l1,100,2024-02-05T08:00:00Z
        d2,2024-01-20T08:00:00Z,Won,won,r2,a2,,200,2024-02-20T09:00:00Z
        d3,2024-02-01T08:00:00Z,Won,won,r1,a1,l3,400,2024-02-20T15:00:00Z
        d4,2024-02-10T08:00:00Z,Won,won,r1,a2,l5,1000,2024-03-10T08:00:00Z
        d5,2024-02-20T11:00:00Z,Offer,open,r2,a2,,50,
        d6,2024-03-01T08:00:00Z,Offer,open,r1,a1,,70,
        d7,2023-03-20T11:00:00Z,Won,won,r1,a1,,30,2023-03-20T11:30:00Z
        d8,2023-03-20T11:00:00Z,Won,won,r1,a1,,900,2023-03-20T12:00:00Z
    """,
    "deal_stage_changes": """
        deal_id,stage,entered_at
        d1,Lead,2024-01-10T08:00:00Z
        d1,Won,2024-02-05T08:00:00Z
        d2,Lead,2024-01-20T08:00:00Z
        d2,Won,2024-02-20T09:00:00Z
        d3,Lead,2024-02-01T08:00:00Z
        d3,Offer,2024-02-19T08:00:00Z
        d3,Won,2024-02-20T15:00:00Z
        d4,Lead,2024-02-10T08:00:00Z
        d4,Offer,2024-02-20T13:00:00Z
        d4,Won,2024-03-10T08:00:00Z
        d5,Offer,2024-02-20T11:00:00Z
        d6,Offer,2024-03-01T08:00:00Z
        d7,Won,2023-03-20T11:30:00Z
        d8,Won,2023-03-20T12:00:00Z
    """,
    # q1 is decided on after 20 February at noon.
    "quotes": """
        quote_id,sent_at,rep_id,deal_id,amount,status,decided_at
        q1,2024-02-10T08:00:00Z,r1,d3,400,accepted,2024-02-20T14:00:00Z
        q2,2024-02-11T08:00:00Z,r1,d1,100,accepted,2024-02-12T08:00:00Z
        q3,2024-03-01T08:00:00Z,r1,d4,900,accepted,2024-03-09T08:00:00Z
    """,
    "meetings": """
        meeting_id,scheduled_for,booked_at,kind,status,rep_id,lead_id
        m1,2024-02-10T08:00:00Z,2024-02-01T08:00:00Z,demo,held,r1,l1
        m2,2024-02-20T16:00:00Z,2024-02-09T08:00:00Z,demo,no_show,r1,l1
        m3,2024-02-27T16:00:00Z,2024-02-26T08:00:00Z,demo,held,r1,l1
        m4,2024-03-05T08:00:00Z,2024-03-01T08:00:00Z,demo,held,r1,l5
    """,
    "quotas": """
        rep_id,month,kind,target
        r1,2024-02,revenue,1000
        r1,2024-03,revenue,2000
    """,
    "subscriptions": """
        subscription_id,account_id,rep_id,started_on,ended_on,kind,mrr
        s1,a1,r1,2024-02-20,,new,10
        s2,a2,r2,2024-01-01,2024-02-21,new,10
    """,
}  # fmt: skip


@pytest.fixture(scope="module")
def march(builder: Builder) -> Warehouse:
    company = {entity: parsed(text) for entity, text in COMPANY.items()}
    return builder.folder("march", company, "--as-of", AS_OF).warehouse


@pytest.fixture(scope="module")
def warehouse(demo: Built) -> Warehouse:
    return demo.warehouse


def compared(warehouse: Warehouse, *arguments: str) -> dict[Any, tuple[Any, Any]]:
    """Value and compared value by measure, or by the values of the slices."""
    rows = warehouse.query(*arguments)
    by = arguments[arguments.index("--by") + 1].split(",") if "--by" in arguments else ["measure"]
    return {
        tuple(row[name] for name in by) if len(by) > 1 else row[by[0]]: (row["value"], row["compared_value"])
        for row in rows
    }


# --- Columns and formats


def test_columns_stand_after_the_value(warehouse: Warehouse) -> None:
    result = warehouse.call("query", "win_rate", "--period", "2026-05", "--compare", "year", "--format", "csv")
    assert result.stdout.splitlines()[0] == (
        "kpi_id,measure,grain,period_start,period_end,numerator,denominator,value,"
        "compared_value,change,change_pct,row_count,is_complete,is_provisional"
    )


def test_text_shows_changes_with_their_sign(march: Warehouse) -> None:
    text = march.call("query", "revenue", "--period", "2024-03", "--compare", "previous").stdout
    assert text.splitlines()[2].split()[5:9] == ["1,000", "300.00", "+700.00", "+233.3"]
    rate = march.call("query", "closed_rate", "--period", "2024-03", "--compare", "previous").stdout
    assert "+50 pp" in rate.splitlines()[2]


def test_another_comparison_is_wrong_usage(warehouse: Warehouse) -> None:
    result = warehouse.call("query", "revenue", "--compare", "tomorrow")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'tomorrow' is not one of 'previous', 'year'" in result.stderr


# --- Periods that have ended


@pytest.mark.parametrize(
    ("period", "how", "other"),
    [
        ("2026-05", "previous", "2026-04"),
        ("2026-05", "year", "2025-05"),
        ("2026-Q1", "previous", "2025-Q4"),
        ("2025", "previous", "2024"),
        ("FY2025-Q4", "year", "FY2024-Q4"),
        ("2026-W20", "previous", "2026-W19"),
        ("2026-W20", "year", "2025-W20"),
        ("2026-05-14", "previous", "2026-05-13"),
        ("2026-01-15..2026-02-14", "previous", "2025-12-15..2026-01-14"),
        ("2026-01-15..2026-02-14", "year", "2025-01-15..2025-02-14"),
    ],
)
@pytest.mark.parametrize("by", [(), ("--by", "team")], ids=["total", "slices"])
def test_a_period_that_has_ended_meets_the_whole_other_one(
    warehouse: Warehouse, period: str, how: str, other: str, by: tuple[str, ...]
) -> None:
    kpis = ("revenue", "win_rate", "open_pipeline", "qualified_leads", "sales_cycle")
    rows = warehouse.query(*kpis, "--period", period, "--compare", how, *by)
    there = warehouse.query(*kpis, "--period", other, *by)
    bases = {(row["kpi_id"], row["measure"], row.get("team")): row for row in there}
    assert len(rows) >= len(there) > 0
    for row in rows:
        base = bases.pop((row["kpi_id"], row["measure"], row.get("team")), {"value": None, "row_count": 0})
        expected = base["value"]
        if expected is None:
            assert row["compared_value"] in (None, 0)
        else:
            assert row["compared_value"] == expected
        assert row["change"] == as_written(row["value"], row["compared_value"])
    assert not bases, "what just the other period has stands there, too"


def as_written(value: float | None, base: float | None) -> float | None:
    """The difference of two figures as a reader with a pencil would take it."""
    if value is None or base is None:
        return None
    return float(Decimal(str(value)) - Decimal(str(base)))


def test_each_period_of_a_grain_meets_its_own_one(warehouse: Warehouse) -> None:
    months = warehouse.query("won_deals", "--period", "2026", "--grain", "month")
    rows = warehouse.query("won_deals", "--period", "2026", "--grain", "month", "--compare", "previous")
    assert [row["value"] for row in rows] == [row["value"] for row in months]
    assert [row["compared_value"] for row in rows[1:]] == [row["value"] for row in months[:-1]]


def test_scorecard_and_query_agree(warehouse: Warehouse) -> None:
    shown = warehouse.rows(
        "select distinct kpi_id, measure, value, previous_value, change_pct from kpi_scorecard"
        " where grain = 'month' and period_start = '2026-05-01' and kpi_id in ('revenue', 'win_rate', 'sales_growth')"
    )
    rows = warehouse.query("revenue", "win_rate", "sales_growth", "--period", "2026-05", "--compare", "previous")
    found = {(row["kpi_id"], row["measure"]): row for row in rows}
    assert len(shown) == len(found) == 6
    for kpi_id, measure, value, previous, share in shown:
        row = found[kpi_id, measure]
        assert (row["value"], row["compared_value"]) == (value, previous)
        assert row["change_pct"] == pytest.approx(share, rel=1e-9)


def test_slices_that_one_side_lacks_stand_there(warehouse: Warehouse) -> None:
    by_rep = ("--by", "rep", "--compare", "previous", "--period", "2026-05-19")
    counts = warehouse.query("won_deals", *by_rep)
    assert counts
    assert sum(row["value"] for row in counts) == warehouse.query("won_deals", "--period", "2026-05-19")[0]["value"]
    before = warehouse.query("won_deals", "--period", "2026-05-18")[0]["value"]
    assert sum(row["compared_value"] for row in counts) == before
    rates = warehouse.query("win_rate", "--measure", "win_rate", *by_rep)
    gone = [row for row in rates if row["denominator"] == 0]
    new = [row for row in rates if row["compared_value"] is None]
    assert gone, "a rep closed something on the 18th alone"
    assert new, "a rep closed something on the 19th alone"
    assert all((row["value"], row["change"], row["row_count"]) == (None, None, 0) for row in gone)
    assert all(row["change"] is None for row in new)


def test_filters_hold_for_both_sides(warehouse: Warehouse) -> None:
    question = ("won_deals", "--where", "team = 'Growth'")
    (row,) = warehouse.query(*question, "--period", "2026-Q2", "--compare", "previous")
    assert row["compared_value"] == warehouse.query(*question, "--period", "2026-Q1")[0]["value"]


def test_before_the_first_event_there_is_nothing(warehouse: Warehouse) -> None:
    (count, rate, _) = warehouse.query("won_deals", "win_rate", "--compare", "previous")
    assert (count["compared_value"], count["change"], count["change_pct"]) == (0, count["value"], None)
    assert (rate["compared_value"], rate["change"], rate["change_pct"]) == (None, None, None)


# --- A running period: the same elapsed time


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        # Flows: d1 and d2 were won by 20 February at noon.
        (("revenue",), {"revenue": (1000, 300)}),
        (("won_deals", "--by", "rep"), {"Ann": (1, 1), "Bob": (0, 1)}),
        # A running month has its whole quota, and so has the one that it is compared with.
        (("quota_attainment_rate", "--measure", "mean_attainment"), {"mean_attainment": (0.5, 0.1)}),
        # States at that moment: d3, d4 and d5 were open then; d6 is now, with d5.
        (("open_pipeline", "--measure", "open_deals"), {"open_deals": (2, 3)}),
        (("open_pipeline", "--measure", "open_amount"), {"open_amount": (120, 1450)}),
        (("open_pipeline", "--measure", "open_deals", "--by", "stage"), {"Lead": (0, 1), "Offer": (2, 2)}),
        (("pipeline_multiplier",), {"multiplier": (0.06, 1.45)}),
        # Cohorts: of l1, l2 and l3, one was qualified, and one was won, by then.
        (("qualified_leads",), {"qualified_leads": (1, 1), "qualification_rate": (1, 0.333333333333)}),
        (("conversion_rate", "--measure", "conversion_rate"), {"conversion_rate": (1, 0.333333333333)}),
        (("lead_to_opportunity_rate", "--measure", "opportunities"), {"opportunities": (1, 2)}),
        (("closed_rate", "--measure", "closed_rate"), {"closed_rate": (1, 0.5)}),
        # l1 had been answered after 4 hours, l2 and l3 had not.
        (
            ("lead_response_time", "--measure", "median_hours,within_sla_share,unanswered"),
            {"median_hours": (2, 4), "within_sla_share": (1, 0.333333333333), "unanswered": (0, 2)},
        ),
        # m1 was held; m2 was still to come, and m3 not booked.
        (("call_show_rate",), {"show_rate": (1, 1), "scheduled": (1, 2), "no_shows": (0, 0)}),
        # d3 had advanced from Lead by then; d4 not yet, and d3 had not been won.
        (("stage_conversion", "--measure", "entered,advanced"), {"entered": (1, 4), "advanced": (0, 1)}),
        # A subscription has days, not times: s1 runs from the 20th on, s2 to the 21st.
        (("active_customers",), {"active_customers": (1, 2)}),
        # Growth by then: February's 300 against nothing in January.
        (("sales_growth", "--measure", "growth"), {"growth": (2.33333333333, None)}),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_running_month_meets_what_was_known_then(
    march: Warehouse, arguments: tuple[str, ...], expected: dict[str, tuple[Any, Any]]
) -> None:
    assert compared(march, *arguments, "--period", "2024-03", "--compare", "previous") == expected


def test_a_year_earlier_is_cut_at_the_same_time_of_the_day(march: Warehouse) -> None:
    """d7 was won half an hour before noon of 20 March 2023, d8 exactly at noon."""
    assert compared(march, "revenue", "--period", "2024-03", "--compare", "year") == {"revenue": (1000, 30)}


def test_a_running_range_meets_as_many_days_before(march: Warehouse) -> None:
    """10 days from 20 March; up to noon of the first, as of 10 March: nothing before noon of that day but d4."""
    found = compared(march, "won_deals", "--period", "2024-03-20..2024-03-29", "--compare", "previous")
    assert found == {"won_deals": (0, 1)}
    all_days = compared(march, "revenue", "--period", "2024-02-01..2024-03-20", "--compare", "previous")
    assert all_days == {"revenue": (1700, 0)}


def test_only_the_last_of_several_months_is_cut(march: Warehouse) -> None:
    rows = march.query("revenue", "--period", "2024", "--grain", "month", "--compare", "previous")
    assert [(row["value"], row["compared_value"]) for row in rows] == [(0, 0), (700, 0), (1000, 300)]


def test_what_cannot_be_told_is_refused_by_name(march: Warehouse) -> None:
    question = ("customer_acquisition_rate", "--by", "touches", "--period", "2024-03", "--compare", "previous")
    result = march.call("query", *question)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "customer_acquisition_rate.acquisition_rate cannot be compared while the period runs" in result.stderr
    assert "2024-02-20 12:00:00, and what touches was then is not kept" in result.stderr
    ended = (*question[:4], "2024-02", *question[5:])
    assert march.call("query", *ended).exit_code == 0


def test_every_kpi_says_when_its_rows_came(march: Warehouse) -> None:
    """Else it could not be compared within a day."""
    for kpi_id, definition in march.rows("select kpi_id, definition from kpi_catalog"):
        columns = {
            name
            for (name,) in march.rows(
                "select column_name from information_schema.columns where table_name = ?", [f"{kpi_id}__rows"]
            )
        }
        spec = json.loads(definition)
        assert "event" not in spec["row_kinds"] or "known_at" in columns, kpi_id
        assert set(spec["outcomes"] or ()) <= columns, kpi_id
        if any(measure.get("cohort") for measure in spec["measures"].values()):
            assert spec["outcomes"], kpi_id


def test_a_running_period_of_a_day_that_has_just_begun(march: Warehouse) -> None:
    assert compared(march, "won_deals", "--period", "2024-03-20", "--compare", "previous") == {"won_deals": (0, 0)}


# --- Arithmetic


def test_changes_are_exact_and_shares_have_twelve_digits() -> None:
    assert change(0.3, 0.1) == Decimal("0.2")
    assert change(0.1, 1e16) == Decimal("-9999999999999999.9")
    assert relative_change(2.0, 3.0) == -0.333333333333
    assert relative_change(-1.0, -2.0) == 0.5, "a loss that halves is a rise"


@pytest.mark.parametrize("base", [0.0, None])
def test_without_a_base_there_is_no_relative_change(base: float | None) -> None:
    assert relative_change(5.0, base) is None
    assert change(5.0, base) == (None if base is None else Decimal(5))
    assert change(None, 5.0) is None


def test_csv_and_json_agree(march: Warehouse) -> None:
    question = ("query", "revenue", "win_rate", "--period", "2024-03", "--compare", "previous", "--format")
    from_json = json.loads(result_of(march, *question, "json").stdout)
    from_csv = records(result_of(march, *question, "csv").stdout)
    assert [row["change_pct"] for row in from_csv] == [
        "" if row["change_pct"] is None else str(row["change_pct"]) for row in from_json
    ]


def result_of(warehouse: Warehouse, *arguments: str) -> Result:
    result = warehouse.call(*arguments)
    assert result.exit_code == 0, result.stderr
    return result
