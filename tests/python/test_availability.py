"""What is available: a measure whose entity or optional column is not delivered is not, and names it."""

from __future__ import annotations

import json
from typing import NamedTuple

import duckdb
import pytest

from tests.python.conftest import AS_OF, Builder
from tests.python.harness import layer_vars, project_read, run_dbt, write_files
from tests.python.reference.company import COLUMNS, Settings

EVERYTHING = frozenset((entity, column) for entity, columns in COLUMNS.items() for column in columns)


class Lacking(NamedTuple):
    """What a measure, or a dimension of it, needs and does not get."""

    kpi_id: str
    measure: str
    dimension: str | None
    missing: str


class Layer(NamedTuple):
    """The layer under one way of having customers: what it lacks of a company that delivers some columns."""

    sql: str

    def lacks(self, *left_out: str) -> set[Lacking]:
        """What is unavailable where these columns, or whole entities, are not delivered."""
        delivered = {
            (entity, column)
            for entity, column in EVERYTHING
            if entity not in left_out and f"{entity}.{column}" not in left_out
        }
        with duckdb.connect() as connection:
            connection.execute("attach ':memory:' as kpi")
            connection.execute("create schema kpi.intermediate")
            connection.execute(
                "create table kpi.intermediate.int_delivered_columns (entity varchar, column_name varchar)"
            )
            connection.executemany("insert into kpi.intermediate.int_delivered_columns values (?, ?)", [*delivered])
            return {Lacking(*row) for row in connection.execute(self.sql).fetchall()}

    def unavailable(self, *left_out: str) -> dict[str, set[str]]:
        """What each measure lacks, by `kpi_id.measure`; one that only lacks dimensions is available."""
        found: dict[str, set[str]] = {}
        for lacking in self.lacks(*left_out):
            if lacking.dimension is None:
                found.setdefault(f"{lacking.kpi_id}.{lacking.measure}", set()).add(lacking.missing)
        return found

    def uncut(self, measure: str, *left_out: str) -> dict[str, set[str]]:
        """What the dimensions of a measure lack, by `kpi_id.measure`."""
        found: dict[str, set[str]] = {}
        for lacking in self.lacks(*left_out):
            if lacking.dimension is not None and f"{lacking.kpi_id}.{lacking.measure}" == measure:
                found.setdefault(lacking.dimension, set()).add(lacking.missing)
        return found


def layer(builder: Builder, lifecycle: str) -> Layer:
    work = builder.root / f"availability_{lifecycle}"
    manifest = work / "target" / "manifest.json"
    with builder.locked(work.name):
        if not manifest.exists():
            write_files({}, COLUMNS, work / "data")
            settings = Settings(AS_OF, customer_lifecycle=lifecycle)
            run_dbt(
                "compile", layer_vars(settings, work / "data"), work, "--select", "unavailable_measures",
                read=project_read(lifecycle),
            )  # fmt: skip
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    (sql,) = (node["compiled_code"] for node in nodes.values() if node["name"] == "unavailable_measures")
    return Layer(sql)


@pytest.fixture(scope="module")
def subscribing(builder: Builder) -> Layer:
    return layer(builder, "subscriptions")


@pytest.fixture(scope="module")
def purchasing(builder: Builder) -> Layer:
    return layer(builder, "purchases")


def test_all_is_available_of_who_delivers_all(subscribing: Layer, purchasing: Layer) -> None:
    assert subscribing.lacks() == set()
    assert purchasing.lacks() == set()


def measures(kpi_id: str, *names: str) -> set[str]:
    return {f"{kpi_id}.{name}" for name in names}


#: The measures that ask who is a customer.
OF_CUSTOMERS = (
    {"active_customers.active_customers", "conversion_rate.existing_customer_conversion_rate"}
    | measures("customer_lifetime_value", "clv", "clv_relationship", "ltv_cac_ratio")
    | measures("customer_retention", "retention_rate", "net_revenue_retention")
    | measures("churn_by_rep", "churn_rate", "churned", "mean_lifetime_days")
)
LIFETIME_VALUES = measures("customer_lifetime_value", "clv", "ltv_cac_ratio")
MARGINS = measures("profit_margin", "profit_margin", "mean_product_margin", "projected_monthly_profit")
RESPONSE_TIMES = measures(
    "lead_response_time", "median_hours", "mean_hours", "p90_hours", "within_sla_share", "unanswered"
)
LAST_CONTACTS = measures("last_contact", "mean_days", "median_days", "stale_share")
FOLLOW_UPS = measures("follow_up_meetings", "follow_up_meetings", "second_meeting_rate")
LEAD_MEETING = "stage_conversion.qualified_lead_to_meeting_rate"
DEAL_MEETING = "stage_conversion.meeting_to_won_rate"
#: The measures that ask when deals were closed.
CLOSINGS = (
    {"won_deals.won_deals", "revenue.revenue", "new_customers.new_customers", "sales_growth.growth"}
    | measures("win_rate", "win_rate", "win_rate_by_value")
    | measures("sales_cycle", "mean_days", "median_days", "p90_days")
    | measures("time_to_lose", "mean_days", "median_days")
    | measures("deals_by_channel", "won_deals", "revenue", "share")
    | measures("customer_lifetime_value", "cac", "clv_relationship", "ltv_cac_ratio")
    | {"marketing_lead_quality.won_share", "time_to_conversion.mean_days", "conversion_rate.conversion_rate"}
    | {"provided_lead_close_rate.close_rate", "customer_acquisition_rate.acquisition_rate"}
    | {
        "quota_attainment_rate.attainment_rate",
        "revenue_per_deal.revenue_per_deal",
        "repeat_sales_by_channel.repeat_share",
    }
)
TOUCHES = {"time_to_conversion.mean_touches", "customer_acquisition_rate.acquisition_rate"}


@pytest.mark.parametrize(
    ("left_out", "lost", "missing"),
    [
        (["deals.amount"], {"customer_lifetime_value.clv_relationship"}, "deals.amount"),
        (["deals.closed_at", "deal_stage_changes"], CLOSINGS, "deals.closed_at or deal_stage_changes"),
        (
            ["order_lines.unit_cost", "products.unit_cost"],
            LIFETIME_VALUES | MARGINS,
            "order_lines.unit_cost or products.unit_cost",
        ),
        (
            ["order_lines.unit_cost", "order_lines.product_id"],
            LIFETIME_VALUES | MARGINS,
            "order_lines.unit_cost or order_lines.product_id",
        ),
        (["order_lines.product_id"], {"profit_margin.mean_product_margin"}, "order_lines.product_id"),
        (
            ["calls.is_winnable"],
            measures("conversation_droppage", "droppage_rate", "unwinnable_rate"),
            "calls.is_winnable",
        ),
        (
            ["meetings.account_id", "meetings.lead_id", "meetings.deal_id"],
            FOLLOW_UPS,
            "meetings.account_id or meetings.lead_id or meetings.deal_id",
        ),
        (
            ["meetings.account_id", "meetings.lead_id", "deals.account_id"],
            FOLLOW_UPS,
            "meetings.account_id or meetings.lead_id or deals.account_id",
        ),
        (["meetings.lead_id", "meetings.deal_id"], {LEAD_MEETING}, "meetings.lead_id or meetings.deal_id"),
        (["meetings.lead_id", "deals.lead_id"], {LEAD_MEETING}, "meetings.lead_id or deals.lead_id"),
        (["meetings.lead_id", "meetings.deal_id"], {DEAL_MEETING}, "meetings.deal_id or meetings.lead_id"),
        (["meetings.deal_id", "deals.lead_id"], {DEAL_MEETING}, "meetings.deal_id or deals.lead_id"),
        (
            ["activities.lead_id", "activities.deal_id"],
            RESPONSE_TIMES | TOUCHES,
            "activities.lead_id or activities.deal_id",
        ),
        (["activities.lead_id", "deals.lead_id"], RESPONSE_TIMES, "activities.lead_id or deals.lead_id"),
        (["activities.lead_id", "deals"], RESPONSE_TIMES, "activities.lead_id or deals"),
        (["activities.lead_id"], LAST_CONTACTS, "activities.lead_id"),
        (["activities.deal_id"], LAST_CONTACTS, "activities.deal_id"),
        (["deals.lead_id"], LAST_CONTACTS, "deals.lead_id"),
        (["subscriptions.ended_on"], OF_CUSTOMERS, "subscriptions.ended_on"),
        (["subscriptions.kind"], {"conversion_rate.existing_customer_conversion_rate"}, "subscriptions.kind"),
        (["deals.account_id"], {"conversion_rate.existing_customer_conversion_rate"}, "deals.account_id"),
        (
            ["pixel_events.session_id", "pixel_events.visitor_id"],
            measures("pixel_events", "purchase_rate", "add_to_cart_rate", "checkout_rate"),
            "pixel_events.session_id or pixel_events.visitor_id",
        ),
    ],
)
def test_a_measure_needs_the_columns_that_it_reads(
    subscribing: Layer, left_out: list[str], lost: set[str], missing: str
) -> None:
    found = subscribing.unavailable(*left_out)
    assert {measure for measure, names in found.items() if missing in names} >= lost
    for column in left_out if len(left_out) > 1 else ():
        others = [other for other in left_out if other != column]
        assert missing not in set().union(*subscribing.unavailable(*others).values())


@pytest.mark.parametrize(
    ("left_out", "kept"),
    [
        (["calls.is_winnable"], {"conversation_droppage.close_rate"}),
        (
            ["pixel_events.session_id", "pixel_events.visitor_id"],
            measures("pixel_events", "view_content", "add_to_cart", "initiate_checkout", "purchase", "purchase_value"),
        ),
        (["deals"], {"lead_to_opportunity_rate.leads", *RESPONSE_TIMES}),
        (["deals.lead_id"], {"lead_to_opportunity_rate.leads", *FOLLOW_UPS, *RESPONSE_TIMES}),
        (["leads.disqualified_at", "activities.account_id"], LAST_CONTACTS),
        (["deals.channel", "leads.channel"], measures("deals_by_channel", "won_deals", "revenue", "share")),
        (["deals.amount"], measures("deals_by_channel", "won_deals", "share")),
        (["order_lines.product_id", "products.unit_cost"], LIFETIME_VALUES | {"profit_margin.profit_margin"}),
    ],
)
def test_a_measure_needs_no_column_that_it_does_not_read(
    subscribing: Layer, left_out: list[str], kept: set[str]
) -> None:
    assert not kept & subscribing.unavailable(*left_out).keys()


def test_the_channels_of_won_deals_need_a_channel(subscribing: Layer) -> None:
    lacking = subscribing.uncut("deals_by_channel.won_deals", "deals.channel", "leads.channel")
    assert lacking == {"channel": {"deals.channel or leads.channel"}}


@pytest.mark.parametrize(
    ("measure", "left_out", "missing"),
    [
        ("won_deals.won_deals", ["deals.channel", "deals.lead_id"], {"deals.channel or deals.lead_id"}),
        ("profit_margin.profit_margin", ["orders.channel", "orders.session_id"],
         {"orders.channel or orders.session_id"}),
        ("customer_lifetime_value.cac", ["acquisition_costs.channel", "ad_spend.channel"],
         {"acquisition_costs.channel or ad_spend.channel"}),
    ],
)  # fmt: skip
def test_a_channel_comes_from_somewhere(
    subscribing: Layer, measure: str, left_out: list[str], missing: set[str]
) -> None:
    assert subscribing.uncut(measure, *left_out)["channel"] == missing
    for column in left_out:
        assert "channel" not in subscribing.uncut(measure, column)


@pytest.mark.parametrize(
    ("measure", "dimension", "needed", "not_needed"),
    [
        ("competitor_pricing.price_premium", "product", "competitor_prices.product_id", "deals"),
        ("session_value.cost_per_click", "channel", "ad_spend.channel", "sessions"),
        ("session_value.cost_per_click", "campaign", "ad_spend.campaign", "sessions"),
        ("session_value.margin_per_session", "channel", "ad_spend.channel", "deals"),
        ("session_value.margin_per_session", "channel", "sessions.channel", "deals"),
        ("stage_conversion.qualified_lead_to_meeting_rate", "rep", "leads.rep_id", "deals.rep_id"),
        ("customer_lifetime_value.clv", "segment", "orders.account_id", "subscriptions.rep_id"),
        ("customer_lifetime_value.clv", "channel", "orders.account_id", "subscriptions.rep_id"),
        ("customer_lifetime_value.ltv_cac_ratio", "channel", "orders.account_id", "subscriptions.rep_id"),
    ],
)
def test_slices_need_the_columns_of_the_rows_that_they_cut(
    subscribing: Layer, measure: str, dimension: str, needed: str, not_needed: str
) -> None:
    assert dimension not in subscribing.uncut(measure, not_needed)
    assert subscribing.uncut(measure, needed)[dimension] == {needed}


def test_who_buys_is_known_of_the_deals_and_of_orders_where_there_are_none(purchasing: Layer) -> None:
    kept = {"active_customers.active_customers", "customer_retention.retention_rate", "churn_by_rep.churn_rate"}
    assert not kept & purchasing.unavailable("subscriptions").keys()
    assert not kept & purchasing.unavailable("subscriptions", "orders").keys()
    assert not kept & purchasing.unavailable("subscriptions", "deals").keys()
    for left_out, missing in (
        (["deals.account_id"], "deals.account_id"),
        (["deals", "orders"], "deals or orders"),
        (["deals", "orders.account_id"], "deals or orders.account_id"),
    ):
        found = purchasing.unavailable(*left_out)
        assert [found[measure] for measure in kept] == [{missing}] * len(kept)


def test_monthly_revenue_ends_with_its_subscription(purchasing: Layer) -> None:
    lost = {measure for measure, names in purchasing.unavailable("subscriptions.ended_on").items() if names}
    assert lost == LIFETIME_VALUES | {"customer_retention.net_revenue_retention"}


@pytest.mark.parametrize(
    "measure", ["active_customers.active_customers", "customer_retention.retention_rate", "churn_by_rep.churned"]
)
def test_orders_name_reps_only_where_they_make_customers(subscribing: Layer, purchasing: Layer, measure: str) -> None:
    no_reps = ("subscriptions.rep_id", "deals.rep_id")
    missing = {"subscriptions.rep_id or deals.rep_id"}
    assert subscribing.uncut(measure, *no_reps) == {"rep": missing, "team": missing}
    assert purchasing.uncut(measure, *no_reps) == {"rep": missing, "team": missing}
    assert purchasing.uncut(measure, "subscriptions.rep_id", "deals") == {}
    without_deals = {"subscriptions.rep_id or deals"}
    assert subscribing.uncut(measure, "subscriptions.rep_id", "deals") == {"rep": without_deals, "team": without_deals}


def test_what_is_missing_is_said_once(subscribing: Layer, purchasing: Layer) -> None:
    """Also where several columns of an entity that is not there would do, or two rules ask for one column."""
    for layer_of_lifecycle in (subscribing, purchasing):
        for left_out in (*COLUMNS, "accounts.segment", "reps.team"):
            for lacking in layer_of_lifecycle.lacks(left_out):
                alternatives = lacking.missing.split(" or ")
                assert len(set(alternatives)) == len(alternatives), lacking
    assert {"meetings"} in subscribing.uncut("call_show_rate.show_rate", "meetings").values()


def test_segments_of_customers_are_unknown_where_no_accounts_are_delivered(subscribing: Layer) -> None:
    assert subscribing.uncut("active_customers.active_customers", "accounts") == {}
    assert subscribing.uncut("active_customers.active_customers", "accounts.segment") == {
        "segment": {"accounts.segment"}
    }
