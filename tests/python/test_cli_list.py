"""`kpi list`: the catalog has the columns of the contract, in their order, for every KPI."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.python.conftest import ROOT, Built, records

KEYS = [
    "kpi_id", "number", "title", "theme", "basis", "unit", "better", "healthy_low", "healthy_high",
    "dimensions", "needs", "available", "missing", "measures",
]  # fmt: skip
MEASURE_KEYS = [
    "measure", "unit", "basis", "better", "healthy_low", "healthy_high", "dimensions", "available",
    "missing",
]  # fmt: skip

BASE = {
    "won_deals", "revenue", "win_rate", "sales_cycle", "open_pipeline", "new_customers",
    "active_customers",
}  # fmt: skip

#: The 37 by number.
NAMES = """
    leads_generated_pct qualified_leads lead_response_time email_open_rate follow_up_meetings
    call_show_rate last_contact conversation_droppage pixel_events brand_mentions
    visitor_to_lead_rate marketing_lead_quality lead_to_opportunity_rate competitor_pricing
    board_deals deals_by_stage stage_conversion stage_duration deals_by_channel
    repeat_sales_by_channel session_value pipeline_velocity pipeline_multiplier
    time_to_conversion time_to_lose quota_attainment_rate provided_lead_close_rate conversion_rate
    customer_acquisition_rate closed_rate revenue_per_deal sales_growth profit_margin
    customer_lifetime_value customer_retention churn_by_rep cannibalization_rate
"""
NUMBERED = dict(enumerate(NAMES.split(), 1))


@pytest.fixture(scope="module")
def entries(demo: Built) -> list[dict[str, Any]]:
    result = demo.warehouse.call("list", "--format", "json")
    assert result.exit_code == 0
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_one_entry_per_kpi(entries: list[dict[str, Any]]) -> None:
    files = {path.stem: path.parent.name for path in (ROOT / "metrics").glob("*/*.sql")}
    assert {entry["kpi_id"]: entry["theme"] for entry in entries} == files
    assert len(entries) == len(files)


def test_keys_in_the_order_of_the_contract(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        assert list(entry) == KEYS
        assert all(list(measure) == MEASURE_KEYS for measure in entry["measures"])


def test_numbers(entries: list[dict[str, Any]]) -> None:
    """All the 37, and the base metrics that they stand on."""
    assert {entry["kpi_id"] for entry in entries if entry["number"] is None} == BASE
    assert {entry["number"]: entry["kpi_id"] for entry in entries if entry["number"] is not None} == NUMBERED
    assert len(entries) == 37 + 7


def test_base_metrics_first_then_by_number(entries: list[dict[str, Any]]) -> None:
    numbers = [entry["number"] or 0 for entry in entries]
    assert numbers == sorted(numbers)


def test_a_kpi_speaks_for_its_primary_measure(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        primary = entry["measures"][0]
        for name in ("unit", "basis", "better", "healthy_low", "healthy_high", "dimensions", "available"):
            assert entry[name] == primary[name], (entry["kpi_id"], name)


def test_dimensions_are_those_of_the_primary_measure(entries: list[dict[str, Any]]) -> None:
    """A rep's share of the leads is of the rep's or the team's; the number of leads can be cut by channel, too."""
    (entry,) = (entry for entry in entries if entry["kpi_id"] == "leads_generated_pct")
    assert entry["dimensions"] == ["rep", "team"]
    assert "channel" in {name for measure in entry["measures"] for name in measure["dimensions"]}


def test_values_are_of_their_kind(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        assert entry["title"]
        assert entry["needs"]
        assert entry["basis"] in ("flow", "cohort", "as-of", "derived")
        for part in (entry, *entry["measures"]):
            assert part["unit"] in ("percent", "money", "days", "hours", "count", "ratio")
            assert part["better"] in ("higher", "lower", "band", "neither")
            assert isinstance(part["dimensions"], list)
            for bound in (part["healthy_low"], part["healthy_high"]):
                assert bound is None or isinstance(bound, int | float)


def test_healthy_ranges(entries: list[dict[str, Any]]) -> None:
    by_id = {entry["kpi_id"]: entry for entry in entries}
    ranges = {
        name: (by_id[name]["better"], by_id[name]["healthy_low"], by_id[name]["healthy_high"])
        for name in ("pipeline_multiplier", "quota_attainment_rate", "sales_growth", "win_rate")
    }
    assert ranges == {
        "pipeline_multiplier": ("band", 3, 4),
        "quota_attainment_rate": ("band", 0.6, 0.9),
        "sales_growth": ("higher", 0, None),
        "win_rate": ("higher", None, None),
    }


def test_the_demo_lacks_nothing(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        for part in (entry, *entry["measures"]):
            assert (part["available"], part["missing"]) == (True, [])


def test_csv_has_the_same_columns(demo: Built, entries: list[dict[str, Any]]) -> None:
    result = demo.warehouse.call("list", "--format", "csv")
    assert result.stdout.splitlines()[0].split(",") == KEYS
    rows = records(result.stdout)
    assert [row["kpi_id"] for row in rows] == [entry["kpi_id"] for entry in entries]
    assert [json.loads(row["measures"]) for row in rows] == [e["measures"] for e in entries]


def test_text_names_every_kpi(demo: Built, entries: list[dict[str, Any]]) -> None:
    lines = demo.warehouse.call("list").stdout.splitlines()
    assert [line.split()[0] for line in lines[2:]] == [entry["kpi_id"] for entry in entries]
    header = lines[0].split()
    wanted = ["kpi_id", "number", "title", "unit", "better", "dimensions", "available", "missing"]
    assert [name for name in wanted if name not in header] == []
