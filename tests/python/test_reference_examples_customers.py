"""The reference against examples worked out by hand: the web, margins, customers and new products (kpis.md)."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as run

from tests.python.reference.company import Company, Row, Settings
from tests.python.reference.figures import Figure, Key, figures
from tests.python.reference.kpis.cannibalization_rate import months_in
from tests.python.reference.lifecycle import existing_customers
from tests.python.reference.money import MissingRate
from tests.python.reference.periods import Period
from tests.python.reference.sales import months_before
from tests.python.reference.strategies import companies, settings
from tests.python.reference.world import World
from tests.python.test_reference_examples import WON, Table, company, deal, seen

JANUARY = "2024-01-01"
MONTHS = ("month",)


def rows(key: str, *cells: Row) -> list[Row]:
    """Rows with ids of their own."""
    return [{key: f"{key}{number}", **row} for number, row in enumerate(cells)]


def session(session_id: str, started_at: str, visitor_id: str = "v1", **more: str | None) -> Row:
    return {"session_id": session_id, "visitor_id": visitor_id, "started_at": started_at, **more}


def order(order_id: str, ordered_at: str, **more: str | None) -> Row:
    return {"order_id": order_id, "ordered_at": ordered_at, **more}


def line(order_id: str, price: str, quantity: str = "1", **more: str | None) -> Row:
    """The one line of an order."""
    return {"order_line_id": f"l{order_id}", "order_id": order_id, "unit_price": price, "quantity": quantity, **more}


def subscription(account_id: str, started_on: str, ended_on: str | None = None, **more: str | None) -> Row:
    """A subscription of 100 a month; its id says when it started."""
    key = {"subscription_id": f"{account_id}-{started_on}", "account_id": account_id}
    return {**key, "started_on": started_on, "ended_on": ended_on, "mrr": "100", **more}


def months(delivered: Company, as_of: Settings | str) -> Table:
    """The monthly figures."""
    return Table(delivered, as_of, MONTHS)


# 9, 10, 11, 14


def test_a_session_that_buys_must_have_checked_out_too() -> None:
    """Distinct sessions, else visitors, else events; in one period and slice."""
    events = [
        ("InitiateCheckout", "2024-01-02", "s1", None, "ads"),
        ("InitiateCheckout", "2024-01-03", "s1", None, "ads"),
        ("Purchase", "2024-01-03", "s1", None, "mail"),
        ("InitiateCheckout", "2024-01-31T23:59:59Z", "s2", None, "ads"),
        ("Purchase", "2024-02-01", "s2", None, "ads"),
        ("Purchase", "2024-01-05", "s3", None, "ads"),
        ("InitiateCheckout", "2024-01-06", None, "s1", "ads"),
        ("InitiateCheckout", "2024-01-07", None, None, "ads"),
        ("Search", "2024-01-07", "s4", None, "organic"),
    ]
    names = ("event_name", "occurred_at", "session_id", "visitor_id", "channel")
    cells: list[Row] = [dict(zip(names, event, strict=True)) for event in events]
    cells[2] |= {"value": "10", "currency": "EUR"}
    rates: list[Row] = [{"currency": "EUR", "valid_from": "2024-01-03", "rate": "1.1"}]
    table = months({"pixel_events": rows("event_id", *cells), "exchange_rates": rates}, "2024-02-29")
    whole = table.at("pixel_events", "purchase_rate", JANUARY)
    assert seen(whole.numerator, whole.denominator, whole.row_count) == (1, 4, 4)
    ads = table.at("pixel_events", "purchase_rate", JANUARY, "channel", "ads")
    assert seen(ads.numerator, ads.denominator) == (0, 4)
    mail = table.at("pixel_events", "purchase_rate", JANUARY, "channel", "mail")
    assert seen(mail.numerator, mail.denominator, mail.value) == (0, 0, None)
    assert table.at("pixel_events", "initiate_checkout", JANUARY).value == 5
    assert table.at("pixel_events", "purchase", JANUARY).value == 2
    value = table.at("pixel_events", "purchase_value", JANUARY)
    assert seen(value.value, value.row_count) == (11, 1)
    assert table.slices("pixel_events", "view_content", JANUARY, "channel") == {"ads", "mail"}


def test_brand_mentions() -> None:
    sentiments = ("positive", "positive", "positive", "negative", "neutral", None)
    cells: list[Row] = [{"mentioned_at": "2024-01-02", "sentiment": each, "reach": "50"} for each in sentiments]
    cells[0] |= {"platform": "X", "reach": None}
    table = months({"brand_mentions": rows("mention_id", *cells)}, "2024-01-31")
    net = table.at("brand_mentions", "net_sentiment", JANUARY)
    assert seen(net.numerator, net.denominator, net.value) == (2, 6, Fraction(1, 3))
    assert table.at("brand_mentions", "positive_share", JANUARY).value == Fraction(1, 2)
    assert table.at("brand_mentions", "negative_share", JANUARY, "platform", "(none)").value == Fraction(1, 5)
    reach = table.at("brand_mentions", "reach", JANUARY)
    assert seen(reach.value, reach.row_count) == (250, 5)


def test_a_lead_is_credited_where_its_visitor_was_before() -> None:
    """v1 came by mail after becoming a lead; v2 became one in the next month; v3 came in two ways, and is two leads."""
    sessions = [
        session("s1", "2024-01-05T10:00:00Z", "v1", channel="ads"),
        session("s2", "2024-01-05T12:00:00Z", "v1", channel="mail"),
        session("s3", "2024-01-31", "v2", channel="ads"),
        session("s4", "2024-01-10", "v3", channel="ads"),
        session("s5", "2024-01-11", "v3", channel="mail"),
        session("s6", "2024-01-12", "v4", channel="fair"),
    ]
    leads = [
        {"lead_id": "l1", "visitor_id": "v1", "created_at": "2024-01-05T12:00:00Z"},
        {"lead_id": "l2", "visitor_id": "v2", "created_at": "2024-02-01"},
        {"lead_id": "l3", "visitor_id": "v3", "created_at": "2024-01-20"},
        {"lead_id": "l4", "visitor_id": "v3", "created_at": "2024-01-21"},
        {"lead_id": "l5", "visitor_id": "v4", "created_at": "2024-01-02"},
        {"lead_id": "l6", "created_at": "2024-01-20"},
    ]
    table = months({"sessions": sessions, "leads": [dict[str, str | None](row) for row in leads]}, "2024-02-29")
    expected = {"total": (3, 4, 4), "ads": (2, 3, 3), "mail": (1, 2, 2), "fair": (0, 1, 0)}
    for value, (became_leads, visitors, credited) in expected.items():
        dimension = "total" if value == "total" else "channel"
        rate = table.at("visitor_to_lead_rate", "visitor_to_lead_rate", JANUARY, dimension, value)
        assert seen(rate.numerator, rate.denominator, rate.row_count) == (became_leads, visitors, visitors)
        assert table.at("visitor_to_lead_rate", "visitors", JANUARY, dimension, value).value == visitors
        assert table.at("visitor_to_lead_rate", "leads", JANUARY, dimension, value).value == credited


def test_the_latest_prices_before_the_period_s_end_count() -> None:
    products: list[Row] = [
        {"product_id": "p1", "product_name": "Pro", "list_price": "120"},
        {"product_id": "p2", "product_name": "Go", "list_price": "50", "currency": "EUR"},
        {"product_id": "p3", "product_name": "Old"},
    ]
    prices = [
        ("p1", "Acme", "2024-01-01", "200", None),
        ("p1", "Acme", "2024-01-31", "100", None),
        ("p1", "Acme", "2024-02-01", "60", None),
        ("p1", "Bolt", "2024-01-10", "50", "EUR"),
        ("p2", "Bolt", "2024-01-10", "50", None),
        ("p3", "Cold", "2024-01-10", "10", None),
    ]
    names = ("product_id", "competitor", "observed_on", "price", "currency")
    delivered: Company = {
        "products": products,
        "competitor_prices": [dict(zip(names, price, strict=True)) for price in prices],
        "exchange_rates": [
            {"currency": "EUR", "valid_from": "2024-01-31", "rate": "2"},
            {"currency": "EUR", "valid_from": "2024-02-01", "rate": "4"},
            {"currency": "EUR", "valid_from": "2024-02-15", "rate": "9"},
        ],
    }
    table = months(delivered, "2024-02-14T12:00:00Z")
    whole = table.at("competitor_pricing", "price_premium", JANUARY)
    assert seen(whole.numerator, whole.denominator) == (Fraction(120, 100) - 1 + 1, 2)
    assert seen(whole.value, whole.row_count) == (Fraction(6, 10), 2)
    acme = table.at("competitor_pricing", "price_premium", JANUARY, "competitor", "Acme")
    assert acme.value == Fraction(1, 5)
    assert table.at("competitor_pricing", "price_premium", JANUARY, "product", "Old").value is None
    assert table.at("competitor_pricing", "competitors", JANUARY).value == 3
    running = table.at("competitor_pricing", "price_premium", "2024-02-01", "product", "Pro")
    assert running.value == Fraction(120, 130) - 1


# 21, 33


def test_only_google_earns() -> None:
    """Cost per click 4 / 8 / 0.50, value per session 3 / 16 / 0.30; the organic sessions are outside the margin."""
    sites = {"Facebook": ("4", "3"), "Google": ("8", "16"), "AdRoll": ("0.50", "0.30"), "organic": (None, "900")}
    delivered: Company = {"sessions": [], "orders": [], "order_lines": [], "ad_spend": []}
    for channel, (cost, value) in sites.items():
        key = channel.lower()
        delivered["sessions"].append(session(key, "2024-01-31", channel=channel, landing_page="/"))
        delivered["orders"].append(order(key, "2024-02-03", session_id=key, channel="phone"))
        delivered["order_lines"].append(line(key, value))
        if cost is not None:
            spend: Row = {"spend_id": key, "spent_on": "2024-01-02", "platform": channel, "channel": channel}
            delivered["ad_spend"].append(spend | {"cost": str(10 * Decimal(cost)), "clicks": "10"})
    unclicked: Row = {"spend_id": "tv", "spent_on": "2024-01-02", "platform": "TV", "channel": "tv", "cost": "25"}
    delivered["ad_spend"].append(unclicked)
    table = months(delivered, "2024-02-29")
    margins = {"Facebook": Fraction(-1), "Google": Fraction(8), "AdRoll": Fraction(-1, 5), "organic": None, "tv": None}
    for channel, margin in margins.items():
        found = table.at("session_value", "margin_per_session", JANUARY, "channel", channel)
        assert seen(found.value, found.numerator, found.denominator) == (margin, None, None)
    whole = table.at("session_value", "value_per_session", JANUARY)
    assert seen(whole.numerator, whole.denominator) == (Fraction("919.3"), 4)
    click = table.at("session_value", "cost_per_click", JANUARY)
    assert seen(click.numerator, click.denominator, click.row_count) == (150, 30, 4)
    total = table.at("session_value", "margin_per_session", JANUARY)
    assert seen(total.value, total.row_count) == (Fraction("19.3") / 3 - 5, 3 + 4)
    assert table.slices("session_value", "cost_per_click", JANUARY, "landing_page") == set()
    assert table.at("session_value", "sessions", JANUARY, "landing_page", "/").value == 4


def test_what_a_missing_entity_takes_with_it() -> None:
    """Sessions are counted without orders; a click costs what it does without sessions."""
    spend: Row = {"spend_id": "a", "spent_on": "2024-01-02", "platform": "X", "cost": "5", "clicks": "10"}
    options = Settings("2024-01-31")
    counted = figures({"sessions": [session("s1", "2024-01-02")]}, options, MONTHS)
    assert {(key.kpi_id, key.measure) for key in counted} == {
        ("session_value", "sessions"),
        ("visitor_to_lead_rate", "visitors"),
    }
    paid = figures({"ad_spend": [spend]}, options, MONTHS)
    assert {(key.kpi_id, key.measure) for key in paid} == {("session_value", "cost_per_click")}


def margin_company() -> Company:
    """Three lines in January: a cost of its own, its product's in euros, and none; one of no known product."""
    products: list[Row] = [
        {"product_id": "p1", "product_name": "Pro", "product_line": "Big", "unit_cost": "4", "currency": "EUR"},
        {"product_id": "p2", "product_name": "Go"},
    ]
    orders = [
        order("o1", "2024-01-31", session_id="s1"),
        order("o2", "2024-01-31", session_id="s9"),
        order("o3", "2024-01-31", session_id="s1", channel="phone"),
        order("o4", "2024-01-31", currency="GBP"),
    ]
    lines = [
        line("o1", "10", "4", product_id="p1", discount="2", refunded_amount="8", refunded_at="2024-02-01"),
        line("o2", "10", product_id="p2", unit_cost="5"),
        line("o3", "100", product_id="p2"),
        line("o4", "20", product_id="p9", unit_cost="20"),
    ]
    rates: list[Row] = [
        {"currency": "EUR", "valid_from": "2024-01-31", "rate": "1.5"},
        {"currency": "GBP", "valid_from": "2024-01-31", "rate": "0.5"},
    ]
    sessions = [session("s1", "2024-01-30", channel="ads")]
    return {
        "products": products,
        "orders": orders,
        "order_lines": lines,
        "exchange_rates": rates,
        "sessions": sessions,
    }


def test_a_refund_is_none_until_it_is_made() -> None:
    """As of the instant of the refund it has not happened; the cost is not lowered by it."""
    for as_of, refund in (("2024-01-31", 0), ("2024-02-01T00:00:00Z", 0), ("2024-02-01", 8)):
        table = months(margin_company(), as_of)
        big = table.at("profit_margin", "profit_margin", JANUARY, "product_line", "Big")
        assert seen(big.numerator, big.denominator) == (38 - refund - 24, 38 - refund)
    undated = margin_company()
    undated["order_lines"][0] |= {"refunded_at": None}
    assert months(undated, "2024-01-31").at(
        "profit_margin", "profit_margin", JANUARY, "product", "Pro"
    ).value == Fraction(6, 30)


def test_profit_margin() -> None:
    """A line without any cost leaves both sides; the projection applies the margin to all of the revenue."""
    table = months(margin_company(), "2024-01-31")
    whole = table.at("profit_margin", "profit_margin", JANUARY)
    assert seen(whole.numerator, whole.denominator, whole.row_count) == (14 + 5 + 0, 38 + 10 + 10, 3)
    mean = table.at("profit_margin", "mean_product_margin", JANUARY)
    assert seen(mean.numerator, mean.denominator) == (Fraction(14, 38) + Fraction(5, 10), 2)
    projected = table.at("profit_margin", "projected_monthly_profit", JANUARY)
    assert seen(projected.value, projected.row_count) == (Fraction(19, 58) * 158, 4)
    assert table.slices("profit_margin", "profit_margin", JANUARY, "channel") == {
        "ads",
        "phone",
        "(none)",
        "(unknown)",
    }
    assert table.slices("profit_margin", "profit_margin", JANUARY, "product") == {"Pro", "Go", "(unknown)"}


def test_profit_is_projected_from_the_months_with_data() -> None:
    """The window is 12 monthly steps to the period's end; of its months two have lines."""
    delivered: Company = {
        "products": [],
        "orders": [order("o1", "2024-01-31"), order("o2", "2024-02-01"), order("o3", "2024-12-31")],
        "order_lines": [line(key, "10", unit_cost=cost) for key, cost in (("o1", "9"), ("o2", "8"), ("o3", "4"))],
    }
    table = months(delivered, "2025-01-31")
    projected = table.at("profit_margin", "projected_monthly_profit", "2025-01-01")
    assert seen(projected.value, projected.row_count) == (Fraction(8, 20) * 20 / 2, 2)
    assert table.at("profit_margin", "projected_monthly_profit", "2024-12-01").value == Fraction(9, 30) * 30 / 3
    assert table.at("profit_margin", "profit_margin", "2025-01-01").value is None


def test_monthly_steps_back() -> None:
    assert months_before(date(2024, 3, 31), 1) == date(2024, 2, 29)
    assert months_before(date(2024, 3, 31), 2) == date(2024, 1, 31)
    assert months_before(date(2024, 3, 1), 12) == date(2023, 3, 1)
    assert months_before(date(2024, 12, 1), -1) == date(2025, 1, 1)


# 34


def lifetime_company() -> Company:
    """Five customers of 100 a month from 2023 on; over 2024 one of 50 monthly starts is lost."""
    kept = [subscription(f"a{number}", "2023-01-01") for number in range(4)]
    return {
        "accounts": [{"account_id": "a0", "segment": "smb"}],
        "subscriptions": [*kept, subscription("a4", "2023-01-01", "2024-02-10")],
        "deals": [
            deal("d1", "2024-01-02", WON, closed_at="2024-01-02", account_id="n1", amount="2000", channel="ads"),
            deal("d2", "2024-12-31", WON, closed_at="2024-12-31", account_id="n2", amount="2900", channel="fair"),
            deal("d3", "2023-12-31", WON, closed_at="2023-12-31", account_id="n3", amount="7777", channel="ads"),
        ],
        "orders": [order("o1", "2024-07-01", account_id="a0")],
        "order_lines": [line("o1", "1000", unit_cost="300")],
        "acquisition_costs": [
            {"cost_id": "c1", "incurred_on": "2024-01-01", "amount": "1500", "channel": "ads"},
            {"cost_id": "c2", "incurred_on": "2023-12-31", "amount": "1", "channel": "ads"},
        ],
        "ad_spend": [{"spend_id": "x", "spent_on": "2024-12-31", "platform": "X", "cost": "500", "channel": "fair"}],
    }


def test_customer_lifetime_value() -> None:
    """Margin 0.70, monthly churn 0.02 and 100 a month give 3,500; a CAC of 1,000 the ratio 3.5."""
    table = months(lifetime_company(), "2024-12-31")
    clv = table.at("customer_lifetime_value", "clv", "2024-12-01")
    assert seen(clv.value, clv.numerator, clv.row_count) == (3500, None, 49)
    cac = table.at("customer_lifetime_value", "cac", "2024-12-01")
    assert seen(cac.value, cac.numerator, cac.denominator, cac.row_count) == (1000, 2000, 2, 2)
    assert table.at("customer_lifetime_value", "ltv_cac_ratio", "2024-12-01").value == Fraction(7, 2)
    years = Fraction(4 * 731 + 405, 5) / Fraction("365.25")
    relationship = table.at("customer_lifetime_value", "clv_relationship", "2024-12-01")
    assert relationship.value == 4900 / Fraction(49, 12) * years - 1000
    assert table.at("customer_lifetime_value", "cac", "2024-12-01", "channel", "ads").value == 1500
    assert table.slices("customer_lifetime_value", "cac", "2024-12-01", "segment") == set()
    smb = table.at("customer_lifetime_value", "clv", "2024-12-01", "segment", "smb")
    assert seen(smb.value, smb.row_count) == (None, 12)


def test_lifetime_value_of_a_running_month_ends_the_day_after_as_of() -> None:
    """12 steps back from 6 June 2024: the loss on 10 February 2024 falls into the ninth of them."""
    table = months(lifetime_company(), "2024-06-05")
    clv = table.at("customer_lifetime_value", "clv", "2024-06-01")
    assert seen(clv.value, clv.row_count) == (None, 4 * 12 + 8)
    cac = table.at("customer_lifetime_value", "cac", "2024-06-01")
    assert seen(cac.numerator, cac.denominator) == (1501, 2)


def test_a_relationship_lasts_to_the_date_of_as_of() -> None:
    """At noon on 11 January: ten days for the one who is there, five for the one who was."""
    delivered: Company = {
        "subscriptions": [subscription("a1", "2024-01-01"), subscription("a2", "2024-01-01", "2024-01-06")],
        "deals": [deal("d1", "2024-01-01", WON, closed_at="2024-01-02", account_id="a1", amount="1200")],
        "ad_spend": [],
    }
    table = months(delivered, "2024-01-11T12:00:00Z")
    relationship = table.at("customer_lifetime_value", "clv_relationship", JANUARY)
    assert seen(relationship.value, relationship.row_count) == (14400 * Fraction(15, 2) / Fraction("365.25"), 2)


def test_cost_of_acquisition_needs_no_subscriptions() -> None:
    delivered = {name: entity for name, entity in lifetime_company().items() if name in ("deals", "ad_spend")}
    measures = {
        key.measure for key in figures(delivered, Settings("2024-12-31"), MONTHS) if key.kpi_id.startswith("customer_l")
    }
    assert measures == {"cac"}


# 35, 36, active_customers


def test_customer_retention() -> None:
    """200 at the start, 30 new, 210 at the end: 0.90."""
    subscriptions = [subscription(f"a{number}", "2023-12-31") for number in range(180)]
    subscriptions += [subscription(f"b{number}", "2023-12-31", "2024-01-20") for number in range(20)]
    subscriptions += [subscription(f"c{number}", "2024-01-10") for number in range(30)]
    table = months({"subscriptions": subscriptions}, "2024-02-29")
    assert table.at("active_customers", "active_customers", "2023-12-01").value == 200
    assert table.at("active_customers", "active_customers", JANUARY).value == 210
    retention = table.at("customer_retention", "retention_rate", JANUARY)
    assert seen(retention.value, retention.numerator, retention.denominator) == (Fraction(9, 10), 180, 200)
    assert table.at("churn_by_rep", "churn_rate", JANUARY).value == Fraction(1, 10)
    assert table.at("customer_retention", "retention_rate", "2023-12-01") == Figure(
        Fraction(0), Fraction(0), None, 0, True, False, True
    )


def test_a_subscription_that_ends_on_a_boundary_still_runs_at_it() -> None:
    """Ended on 1 February: lost in February. Started on 1 February: new in February."""
    subscriptions = [subscription("a1", "2024-01-31", "2024-02-01"), subscription("a2", "2024-02-01")]
    table = months({"subscriptions": subscriptions}, "2024-03-31")
    assert table.at("active_customers", "active_customers", JANUARY).value == 1
    february = table.at("churn_by_rep", "mean_lifetime_days", "2024-02-01")
    assert seen(february.numerator, february.denominator) == (1, 1)
    assert table.at("churn_by_rep", "churn_rate", "2024-02-01").value == 1
    assert table.at("churn_by_rep", "churn_rate", "2024-03-01").value == 0


@pytest.mark.parametrize(("gap", "lost", "mrr"), [(1, 1, 0), (2, 0, 100)])
def test_a_renewal_within_the_gap_runs_on_through_it(gap: int, lost: int, mrr: int) -> None:
    """Ended on 31 January, renewed on 2 February at half the price: two days later, over a month's end."""
    subscriptions = [subscription("a1", "2023-06-01", "2024-01-31"), subscription("a1", "2024-02-02", mrr="50")]
    delivered: Company = {"subscriptions": subscriptions}
    table = months(delivered, Settings("2024-02-29", renewal_gap_days=gap))
    assert table.at("churn_by_rep", "churned", JANUARY).value == lost
    january = table.at("customer_retention", "net_revenue_retention", JANUARY)
    assert seen(january.numerator, january.denominator) == (mrr, 100)
    assert table.at("active_customers", "active_customers", "2024-02-01").value == 1
    before_it = months(delivered, Settings("2024-02-01", renewal_gap_days=gap))
    assert before_it.at("churn_by_rep", "churned", JANUARY).value == 1


def test_an_end_that_has_not_come_is_none() -> None:
    """As of a moment in the day on which it ends, a subscription has ended; as of that midnight, it has not."""
    delivered: Company = {"subscriptions": [subscription("a1", "2023-06-01", "2024-01-20")]}
    for as_of, active in (("2024-01-19", 1), ("2024-01-20T00:00:00Z", 1), ("2024-01-20T00:00:01Z", 0)):
        table = months(delivered, as_of)
        assert table.at("active_customers", "active_customers", JANUARY).value == active
        assert not table.at("active_customers", "active_customers", JANUARY).is_complete


def test_lost_and_back_and_lost_again() -> None:
    """The lifetime runs from the first start to the last loss before the period's end."""
    subscriptions = [
        subscription("a1", "2023-12-01", "2024-01-05"),
        subscription("a1", "2024-01-10", "2024-01-15"),
        subscription("a1", "2024-03-01"),
    ]
    table = months({"subscriptions": subscriptions}, "2024-03-31")
    assert table.at("churn_by_rep", "mean_lifetime_days", JANUARY).value == 45
    assert table.at("churn_by_rep", "churned", "2024-03-01").value == 0


def test_the_rep_is_that_of_the_earliest_subscription_else_of_the_first_win() -> None:
    subscriptions = [
        subscription("a1", "2024-01-03", rep_id="late"),
        subscription("a1", "2024-01-02", rep_id="early"),
        subscription("a2", "2024-01-02", rep_id=None),
        subscription("a3", "2024-01-02"),
    ]
    subscriptions[1]["subscription_id"] = "z"
    deals = [
        deal("d1", "2024-01-02", WON, closed_at="2024-01-04", account_id="a2", rep_id="second"),
        deal("d2", "2024-01-02", WON, closed_at="2024-01-03", account_id="a2", rep_id="first"),
    ]
    table = months(company(deals, subscriptions=subscriptions), "2024-01-31")
    slices = table.slices("active_customers", "active_customers", JANUARY, "rep")
    assert slices == {"early", "first", "(none)"}


def test_net_revenue_retention_is_at_the_start_s_rates() -> None:
    """New customers and the euro's rise are outside it."""
    subscriptions = [
        subscription("a1", "2023-12-01", "2024-01-15", currency="EUR"),
        subscription("a1", "2024-01-15", currency="EUR", mrr="150"),
        subscription("a2", "2024-01-15", mrr="999"),
    ]
    rates: list[Row] = [
        {"currency": "EUR", "valid_from": "2023-12-01", "rate": "1"},
        {"currency": "EUR", "valid_from": "2024-01-01", "rate": "2"},
        {"currency": "EUR", "valid_from": "2024-01-02", "rate": "3"},
    ]
    table = months({"subscriptions": subscriptions, "exchange_rates": rates}, "2024-01-31")
    found = table.at("customer_retention", "net_revenue_retention", JANUARY)
    assert seen(found.numerator, found.denominator) == (300, 200)


def test_a_purchase_keeps_a_customer_for_so_many_days() -> None:
    """Less than 30 days old: bought on 2 January, a customer at the midnights from the 3rd to the 31st."""
    deals = [deal("d1", "2024-01-01", WON, closed_at="2024-01-02T23:59:59Z", account_id="a1")]

    def options(as_of: str) -> Settings:
        return Settings(as_of, customer_lifecycle="purchases", active_days=30)

    days = Table(company(deals), options("2024-03-31"), ("day", "month"))
    for start, active in (("2024-01-02", 1), ("2024-01-30", 1), ("2024-01-31", 0)):
        assert days.at("active_customers", "active_customers", start, grain="day").value == active
    lost = days.at("churn_by_rep", "mean_lifetime_days", "2024-01-31", grain="day")
    assert seen(lost.value, lost.row_count) == (30, 1)
    assert days.at("churn_by_rep", "churned", JANUARY).value == 0
    for as_of, active in (("2024-01-31T12:00:00Z", 1), ("2024-01-31", 0)):
        running = months(company(deals), options(as_of))
        assert running.at("active_customers", "active_customers", JANUARY).value == active


def test_orders_are_the_purchases_where_deals_are_absent() -> None:
    delivered: Company = {
        "orders": [
            order("o2", "2024-01-03", account_id="a1", rep_id="late"),
            order("o1", "2024-01-03", account_id="a1", rep_id="first"),
            order("o3", "2024-01-02"),
        ]
    }
    table = months(delivered, Settings("2024-01-31", customer_lifecycle="purchases"))
    assert table.at("active_customers", "active_customers", JANUARY).value == 1
    assert table.slices("active_customers", "active_customers", JANUARY, "rep") == {"first"}
    kpis = {key.kpi_id for key in figures(delivered, Settings("2024-01-31"), MONTHS)}
    assert kpis.isdisjoint({"active_customers", "customer_retention", "churn_by_rep"})
    with_deals = months({**delivered, "deals": []}, Settings("2024-01-31", customer_lifecycle="purchases"))
    assert with_deals.at("active_customers", "active_customers", JANUARY).value == 0


def test_existing_customers_who_bought_again() -> None:
    """a1 renewed, a2 won a further deal, a3 was downgraded, a4 is new, a5 renewed a day too late."""
    subscriptions = [subscription(f"a{number}", "2023-12-01") for number in (1, 2, 3, 5)]
    subscriptions += [
        subscription("a1", "2024-01-01", kind="renewal"),
        subscription("a3", "2024-01-10", kind="downgrade"),
        subscription("a4", "2024-01-10", kind="upsell"),
        subscription("a5", "2024-02-01", kind="upsell"),
    ]
    deals = [
        deal("d1", "2023-11-02", WON, closed_at="2023-11-02", account_id="a2", channel="ads"),
        deal("d2", "2024-01-02", WON, closed_at="2024-01-31T23:59:59Z", account_id="a2", channel="mail"),
    ]
    world = World(company(deals, subscriptions=subscriptions), Settings("2024-02-29"))
    facts = existing_customers(world)(Period("month", date(2024, 1, 1), date(2024, 2, 1)))
    assert [int(fact.inputs["sold_again"]) for fact in facts] == [1, 1, 0, 0]
    assert [fact.labels["channel"] for fact in facts] == ["(none)", "ads", "(none)", "(none)"]


# 37


def launch_company(new: str, old: str, before: tuple[str, ...] = ("100", "100", "100")) -> Company:
    """Pro replaces Basic from 10 April on; what was sold of both in April, and of Basic before, January first."""
    products: list[Row] = [
        {"product_id": "p1", "product_name": "Basic"},
        {"product_id": "p2", "product_name": "Pro", "predecessor_product_id": "p1", "launched_on": "2024-04-10"},
    ]
    sold = [("p1", f"2024-0{month}-28", price) for month, price in enumerate(before, 4 - len(before))]
    sold += [("p1", "2024-04-02", old), ("p2", "2024-04-20", new)]
    delivered: Company = {"products": products, "orders": [], "order_lines": []}
    for number, (product_id, day, price) in enumerate(sold):
        delivered["orders"].append(order(f"o{number}", day))
        delivered["order_lines"].append(line(f"o{number}", price, product_id=product_id))
    return delivered


def cannibalization(table: Table, start: str, **slices: str) -> Figure:
    return table.at("cannibalization_rate", "cannibalization_rate", start, **slices)


def test_cannibalization_rate() -> None:
    """The predecessor sold 100 a month before the launch and 60 now, the new product 80: 0.50."""
    table = Table(launch_company("80", "60"), "2024-04-30", ("month", "quarter", "day"))
    april = cannibalization(table, "2024-04-01")
    assert seen(april.value, april.numerator, april.denominator, april.row_count) == (Fraction(1, 2), 40, 80, 1)
    assert cannibalization(table, "2024-04-01", dimension="product", value="Pro").value == Fraction(1, 2)
    units = table.at("cannibalization_rate", "cannibalization_rate_units", "2024-04-01")
    assert seen(units.numerator, units.denominator) == (0, 1)
    assert cannibalization(table, "2024-03-01").value is None
    assert table.slices("cannibalization_rate", "cannibalization_rate", "2024-03-01", "product") == set()
    running = cannibalization(table, "2024-04-01", grain="quarter")
    assert seen(running.numerator, running.denominator) == (300 - 60, 80)
    assert not [key for key in table.figures if (key.kpi_id, key.grain) == ("cannibalization_rate", "day")]


def test_nothing_is_lost_where_the_predecessor_sells_more() -> None:
    table = months(launch_company("80", "160"), "2024-04-30")
    assert cannibalization(table, "2024-04-01").value == 0


def test_not_before_the_launch() -> None:
    """As of the evening before it, the launch has not been."""
    delivered = launch_company("80", "60")
    before = cannibalization(months(delivered, "2024-04-09"), "2024-04-01")
    assert seen(before.numerator, before.denominator, before.row_count) == (0, 0, 0)
    started = cannibalization(months(delivered, "2024-04-10"), "2024-04-01")
    assert seen(started.numerator, started.denominator, started.value) == (40, 0, None)


@pytest.mark.parametrize(("day", "value"), [("2024-01-31", Fraction(40) / 80), ("2024-02-01", None)])
def test_a_history_of_less_than_three_months_is_too_short(day: str, value: Fraction | None) -> None:
    """The first sale must not lie after the first of the three months."""
    delivered = launch_company("80", "60")
    delivered["orders"][0]["ordered_at"] = day
    assert cannibalization(months(delivered, "2024-04-30"), "2024-04-01").value == value


def test_a_shared_predecessor_is_lost_once() -> None:
    """To the earliest launch, and of two on one day to the first id."""
    delivered = launch_company("80", "60")
    delivered["products"] += [
        {"product_id": "p0", "product_name": "Max", "predecessor_product_id": "p1", "launched_on": "2024-04-11"},
        {"product_id": "p3", "product_name": "Air", "predecessor_product_id": "p1", "launched_on": "2024-04-10"},
    ]
    delivered["orders"].append(order("o9", "2024-04-21"))
    delivered["order_lines"].append(line("o9", "20", product_id="p0"))
    table = months(delivered, "2024-04-30")
    assert cannibalization(table, "2024-04-01").value == Fraction(40, 100)
    shares = {"Pro": (40, 80), "Max": (0, 20), "Air": (0, 0)}
    for name, share in shares.items():
        figure = cannibalization(table, "2024-04-01", dimension="product", value=name)
        assert seen(figure.numerator, figure.denominator) == share


def test_months_of_a_partial_period() -> None:
    """The last ten days of February and the first ten of March."""
    assert months_in(Period("custom", date(2024, 2, 20), date(2024, 3, 11))) == Fraction(10, 29) + Fraction(10, 31)


# Any company

ADDITIVE = (
    ("active_customers", "active_customers"),
    ("pixel_events", "purchase"),
    ("pixel_events", "purchase_value"),
    ("brand_mentions", "mentions"),
    ("session_value", "sessions"),
    ("churn_by_rep", "churned"),
)


def _figures_or_none(delivered: Company, options: Settings) -> dict[Key, Figure]:
    try:
        return figures(delivered, options, ("month", "week"))
    except MissingRate:
        return {}


@run(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(companies(), settings())
def test_any_company_s_customers(delivered: Company, options: Settings) -> None:
    """Additive slices sum to the total, who is not retained is lost, and beginning + changes = end."""
    table = _figures_or_none(delivered, options)
    sums: dict[tuple[Key, str], Fraction] = defaultdict(Fraction)
    for key, figure in table.items():
        if (key.kpi_id, key.measure) in ADDITIVE and key.dimension != "total":
            sums[key._replace(dimension="total", dimension_value="total"), key.dimension] += figure.value or 0
        if key.measure == "retention_rate":
            lost = table[key._replace(kpi_id="churn_by_rep", measure="churn_rate")]
            assert lost.denominator == figure.denominator == (figure.numerator or 0) + (lost.numerator or 0)
    for (whole, _), value in sums.items():
        assert table[whole].value == value
    for key, figure in table.items():
        if (key.kpi_id, key.dimension, key.grain) == ("active_customers", "total", "month"):
            following = [
                other
                for other in table
                if (other.measure, other.dimension, other.grain) == ("churn_rate", "total", "month")
                and other.period_start == key.period_end
            ]
            assert all(table[other].denominator == figure.value for other in following)
