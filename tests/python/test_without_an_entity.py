"""Each entity left out of a folder: the KPIs that need it are unavailable by name, all others give what they gave."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.python.harness import Layer, compile_layer, delivering
from tests.python.reference.company import COLUMNS, Company, Row, Settings
from tests.python.test_harness import COMPANY as SKETCH

#: The KPIs whose primary measure needs an entity (kpis.md, `needs`).
NEEDED_BY = {
    "reps": {"quota_attainment_rate"},
    "accounts": {"repeat_sales_by_channel"},
    "products": {"competitor_pricing", "profit_margin", "cannibalization_rate"},
    "stages": {
        "open_pipeline", "board_deals", "deals_by_stage", "stage_conversion", "stage_duration",
    },
    "leads": {
        "leads_generated_pct", "qualified_leads", "lead_response_time", "last_contact", "visitor_to_lead_rate",
        "marketing_lead_quality", "lead_to_opportunity_rate", "time_to_conversion", "provided_lead_close_rate",
        "conversion_rate", "customer_acquisition_rate",
    },
    "deals": {
        "won_deals", "revenue", "win_rate", "sales_cycle", "open_pipeline", "new_customers", "last_contact",
        "lead_to_opportunity_rate", "board_deals", "deals_by_stage", "stage_conversion", "stage_duration",
        "deals_by_channel", "repeat_sales_by_channel", "pipeline_velocity", "pipeline_multiplier",
        "time_to_conversion", "time_to_lose", "quota_attainment_rate", "provided_lead_close_rate", "conversion_rate",
        "customer_acquisition_rate", "revenue_per_deal", "sales_growth",
    },
    "deal_stage_changes": {
        "board_deals", "deals_by_stage", "stage_conversion", "stage_duration", "pipeline_velocity",
        "pipeline_multiplier",
    },
    "activities": {"lead_response_time", "last_contact", "customer_acquisition_rate"},
    "emails": {"email_open_rate"},
    "calls": {"conversation_droppage"},
    "meetings": {"follow_up_meetings", "call_show_rate"},
    "quotes": {"closed_rate"},
    "sessions": {"visitor_to_lead_rate", "session_value"},
    "pixel_events": {"pixel_events"},
    "ad_spend": set(),
    "orders": {"session_value", "profit_margin", "customer_lifetime_value", "cannibalization_rate"},
    "order_lines": {"session_value", "profit_margin", "customer_lifetime_value", "cannibalization_rate"},
    "subscriptions": {"active_customers", "customer_lifetime_value", "customer_retention", "churn_by_rep"},
    "quotas": {"leads_generated_pct", "pipeline_multiplier", "quota_attainment_rate"},
    "acquisition_costs": set(),
    "competitor_prices": {"competitor_pricing"},
    "brand_mentions": {"brand_mentions"},
    "exchange_rates": set(),
}  # fmt: skip

#: The dimensions that an entity gives: without it they show ids, `(unknown)`, or of a deal the stage that it is in now.
TOLD_BY = {
    "reps": {"rep", "team", "region", "generating_rep"},
    "accounts": {"segment", "region"},
    "products": {"product", "product_line"},
    "leads": {"channel"},
    "deal_stage_changes": {"stage", "probability_bucket"},
}

#: Measures that have something to go by without an entity, and another figure: costs are those of either entity (34),
#: and the probability is that of the stage which the deal is in now.
GOES_BY_LESS = {
    entity: {("customer_lifetime_value", measure) for measure in ("cac", "clv_relationship", "ltv_cac_ratio")}
    for entity in ("ad_spend", "acquisition_costs")
} | {"deal_stage_changes": {("open_pipeline", "weighted_amount")}}

SETTINGS = Settings("2024-03-31", days="totals")


def company() -> Company:
    """The harness's company with every entity, in one currency; rows say themselves what others could say for them."""
    whole = {
        entity: [{name: value for name, value in row.items() if name != "currency"} for row in rows]
        for entity, rows in SKETCH.items()
    }
    names: Row = {"channel": "ads", "campaign": "spring"}
    won, *others = whole["deals"]
    whole["deals"] = [
        row | names | {"amount": "100.5"} for row in [won | {"closed_at": "2024-03-10T12:00:00Z"}, *others]
    ]
    whole["orders"] = [row | names for row in whole["orders"]]
    whole |= {
        "quotes": [{"quote_id": "q1", "sent_at": "2024-02-01", "rep_id": "r1", "amount": "10", "status": "accepted"}],
        "emails": [{"email_id": "e1", "sent_at": "2024-02-01", "rep_id": "r1", "delivered_at": "2024-02-01"}],
        "pixel_events": [
            {"event_id": name, "event_name": name, "occurred_at": "2024-01-19T20:00:00Z", "session_id": "s1",
             "visitor_id": "v1", **names} for name in ("ViewContent", "Purchase")
        ],
        "acquisition_costs": [{"cost_id": "k1", "incurred_on": "2024-02-01", "kind": "sales", "amount": "30"}],
        "competitor_prices": [{"product_id": "p1", "competitor": "Them", "observed_on": "2024-02-01", "price": "200"}],
        "brand_mentions": [{"mention_id": "b1", "mentioned_at": "2024-02-01", "platform": "news"}],
    }  # fmt: skip
    return delivering(whole, tuple(COLUMNS))


class Built(NamedTuple):
    """The figures; what is unavailable (kpi, measure, dimension or None, what is missing); KPIs' first measures."""

    figures: dict[tuple[Any, ...], tuple[Any, ...]]
    unavailable: list[tuple[str, str, str | None, str]]
    primary: dict[str, str]


def built(layer: Layer) -> Built:
    """What a layer's entities give, without cells in which nothing happened: other entities open them."""
    with layer.build(delivering(company(), layer.entities)) as connection:
        figures = connection.execute(
            "select kpi_id, measure, dimension, dimension_value, grain, period_start, period_end,"
            " numerator, denominator, value, row_count, is_complete, is_provisional"
            " from kpi_figures where row_count > 0"
        ).fetchall()
        unavailable = connection.execute(
            "select kpi_id, measure, dimension, missing from unavailable_measures"
        ).fetchall()
    primary = {kpi: next(iter(spec["measures"])) for kpi, spec in layer.specs.items()}
    return Built({row[:7]: row[7:] for row in figures}, unavailable, primary)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Layer:
    """The layer for a folder of all entities."""
    return compile_layer(SETTINGS, tuple(COLUMNS), tmp_path_factory.mktemp("everything"))


@pytest.fixture(scope="module")
def everything(compiled: Layer) -> Built:
    return built(compiled)


def test_every_entity_is_left_out_once() -> None:
    assert len(NEEDED_BY) == 23
    assert set(NEEDED_BY) == set(COLUMNS) == {entity for entity, rows in company().items() if rows}


@pytest.mark.parametrize("entity", COLUMNS)
def test_without_an_entity(entity: str, everything: Built, compiled: Layer, tmp_path: Path) -> None:
    others = tuple(name for name in COLUMNS if name != entity)
    less = built(compile_layer(SETTINGS, others, tmp_path, compiled))
    assert {missing for *_, missing in less.unavailable if entity not in missing} == set()
    gone = {(kpi, measure) for kpi, measure, dimension, _ in less.unavailable if dimension is None}
    uncut = {(kpi, measure, dimension) for kpi, measure, dimension, _ in less.unavailable}
    assert not {key for key in less.figures if key[:2] in gone or key[:3] in uncut}

    def is_told_otherwise(kpi: str, measure: str, dimension: str) -> bool:
        return dimension in TOLD_BY.get(entity, ()) or (kpi, measure) in GOES_BY_LESS.get(entity, ())

    def comparable(figures: dict[tuple[Any, ...], tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        left = {key: row for key, row in figures.items() if key[:2] not in gone and key[:3] not in uncut}
        return {key: row for key, row in left.items() if not is_told_otherwise(*key[:3])}

    assert comparable(less.figures) == comparable(everything.figures)
    primary = {kpi for kpi, measure in gone if measure == less.primary[kpi]}
    assert primary == NEEDED_BY[entity]
