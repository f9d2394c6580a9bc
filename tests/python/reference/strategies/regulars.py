"""A small regular business: customers who stay and leave, a product that replaces another, visitors who buy.

Chance hardly ever puts together what a lifetime value, a margin per session or a cannibalization rate is made of.
"""

from datetime import date, timedelta

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from ..company import Company, Row
from .texts import one

_CHANNELS = ("ads", "organic", None)


def _day(draw: DrawFn, first: date, days: int) -> str:
    """A day so many days after the first one, at the most."""
    return (first + timedelta(days=draw(st.integers(0, days)))).isoformat()


@st.composite
def _subscriptions(draw: DrawFn) -> list[Row]:
    """Four accounts from the autumn on: one stays, one leaves, two renew after no or some days, or change at once."""
    rows: list[Row] = []

    def run(account_id: str, started_on: str, ended_on: str | None, kind: str) -> None:
        rows.append(
            {
                "subscription_id": f"y{len(rows)}",
                "account_id": account_id,
                "rep_id": draw(one("r1", "r2", None)),
                "started_on": started_on,
                "ended_on": ended_on,
                "mrr": draw(one("100", "80", "33.33")),
                "kind": kind,
            }
        )

    autumn = date(2023, 10, 15)
    run("a1", _day(draw, autumn, 40), None, "new")
    run("b1", _day(draw, autumn, 40), _day(draw, date(2024, 1, 28), 8), "new")
    for account_id in ("b2", "a2"):
        ended_on = _day(draw, date(2023, 12, 29), 70)
        run(account_id, _day(draw, autumn, 40), ended_on, "new")
        kind = draw(st.sampled_from(("renewal", "upsell", "downgrade", "reactivation")))
        later = draw(st.sampled_from((None, "2024-02-29")))
        run(account_id, _day(draw, date.fromisoformat(ended_on), 4), later, kind)
    return rows


@st.composite
def _orders(draw: DrawFn) -> tuple[list[Row], list[Row]]:
    """Orders and their lines: of the old product before and after the launch, and of the two that replace it."""
    orders: list[Row] = []
    lines: list[Row] = []

    def sell(product_id: str, ordered_on: str, session_id: str | None = None) -> None:
        key = f"y{len(orders)}"
        account_id = draw(one("a1", "b1", "b2", None))
        channel = draw(one("ads", None, None))
        orders.append(
            {
                "order_id": key,
                "ordered_at": ordered_on,
                "account_id": account_id,
                "session_id": session_id,
                "channel": channel,
            }
        )
        lines.append(
            {
                "order_line_id": key,
                "order_id": key,
                "product_id": product_id,
                "quantity": draw(one("1", "2", "3")),
                "unit_price": draw(one("100", "90.50", "60")),
                "unit_cost": draw(one("30", "45.25", None)),
            }
        )

    for month in (date(2023, 11, 1), date(2023, 12, 1), date(2024, 1, 1)):
        if draw(st.integers(0, 5)) < 5:
            sell("q1", _day(draw, month, 30))
    for product_id in ("q1", "q2", "q3"):
        sell(product_id, _day(draw, date(2024, 2, 1), 28))
    for session_id in ("y1", "y2"):
        sell("q2", _day(draw, date(2024, 1, 20), 30), session_id)
    return orders, lines


def _products(launches: tuple[str, str]) -> list[Row]:
    """The old product, and two that replace it."""
    old: Row = {"product_id": "q1", "product_name": "Basic", "unit_cost": "50", "list_price": "100"}
    new: list[Row] = [
        {
            "product_id": product_id,
            "product_name": f"Next {product_id}",
            "product_line": "next",
            "predecessor_product_id": "q1",
            "launched_on": launched_on,
        }
        for product_id, launched_on in zip(("q2", "q3"), launches, strict=True)
    ]
    return [old, *new]


@st.composite
def _visits(draw: DrawFn) -> dict[str, list[Row]]:
    """Three sessions of two visitors in two channels, the clicks that they cost, the funnel, and who became a lead."""
    channels = [draw(st.sampled_from(_CHANNELS)) for _ in range(3)]
    days = [_day(draw, date(2024, 1, 10), 25) for _ in range(3)]
    sessions: list[Row] = [
        {
            "session_id": f"y{number}",
            "visitor_id": visitor_id,
            "started_at": f"{day}T10:00:00Z",
            "channel": channel,
            "landing_page": "/",
        }
        for number, (visitor_id, day, channel) in enumerate(zip(("y1", "y2", "y1"), days, channels, strict=True))
    ]
    steps = ("ViewContent", "AddToCart", "InitiateCheckout", "Purchase")
    funnel = [
        (number, session, step)
        for number, session in enumerate(sessions)
        for step in steps[draw(st.integers(0, 2)) : draw(st.integers(2, 4))]
    ]
    events: list[Row] = [
        {
            "event_id": f"y{number}{step}",
            "event_name": step,
            "occurred_at": session["started_at"],
            "session_id": session["session_id"],
            "channel": draw(st.sampled_from((session["channel"], "ads"))),
            "value": "12.50",
        }
        for number, session, step in funnel
    ]
    leads: list[Row] = [
        {
            "lead_id": f"y{visitor_id}",
            "visitor_id": visitor_id,
            "created_at": draw(st.sampled_from((f"{day}T10:00:00Z", f"{day}T10:00:01Z", f"{day}T09:00:00Z"))),
        }
        for visitor_id, day in zip(("y1", "y2"), days, strict=False)
    ]
    spend: list[Row] = [
        {
            "spend_id": f"y{number}",
            "spent_on": days[number],
            "platform": "Google",
            "channel": draw(one(*_CHANNELS)),
            "clicks": draw(one("4", "10", "0")),
            "cost": draw(one("20", "7.70")),
        }
        for number in range(2)
    ]
    return {"sessions": sessions, "pixel_events": events, "leads": leads, "ad_spend": spend}


@st.composite
def _rows(draw: DrawFn) -> dict[str, list[Row]]:
    launches = draw(st.permutations(("2024-02-01", "2024-02-10", "2024-02-10", "2024-03-01")))
    orders, lines = draw(_orders())
    wins: list[Row] = [
        {
            "deal_id": f"y{account_id}",
            "created_at": "2023-12-01",
            "stage": "Won",
            "outcome": "won",
            "account_id": account_id,
            "rep_id": "r3",
            "amount": draw(one("500", "750.25")),
            "channel": draw(one(*_CHANNELS)),
            "closed_at": _day(draw, date(2023, 12, 20), 60),
        }
        for account_id in ("a1", "b1", "b2")
    ]
    prices: list[Row] = [
        {
            "product_id": "q1",
            "competitor": draw(one("Acme", "Bolt")),
            "observed_on": observed_on,
            "price": draw(one("80", "125")),
        }
        for observed_on in (_day(draw, date(2024, 1, 1), 15), _day(draw, date(2024, 1, 25), 15))
    ]
    return {
        **draw(_visits()),
        "competitor_prices": prices,
        "deals": wins,
        "subscriptions": draw(_subscriptions()),
        "products": _products((launches[0], launches[1])),
        "orders": orders,
        "order_lines": lines,
    }


def with_regulars(company: Company) -> SearchStrategy[Company]:
    """The company with the regular business beside what it has; an entity that it lacks, it goes on lacking."""
    return _rows().map(
        lambda rows: {entity: [*delivered, *rows.get(entity, [])] for entity, delivered in company.items()}
    )
