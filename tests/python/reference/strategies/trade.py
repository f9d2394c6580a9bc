"""Orders and their lines, subscriptions, acquisition costs and competitor prices."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from ..company import Row
from .texts import (
    ACCOUNT_IDS,
    BAD_DAYS,
    BAD_MOMENTS,
    CAMPAIGNS,
    CHANNELS,
    PRODUCT_IDS,
    REP_IDS,
    Texts,
    amounts,
    currencies,
    keys,
    links,
    maybe,
    one,
    rarely,
    rows_of,
)


def orders(sessions: Sequence[Row], deals: Sequence[Row], moments: Texts) -> SearchStrategy[list[Row]]:
    """Orders with and without a session, an account and a deal."""
    return rows_of(
        ("o1", "o2", "o3", "o4", "o5", "o10"),
        "order_id",
        {
            "ordered_at": rarely(moments, None, *BAD_MOMENTS, one_in=25),
            "account_id": links(ACCOUNT_IDS, "a9"),
            "deal_id": links(keys(deals, "deal_id"), "d99", none_in_ten=6),
            "session_id": links(keys(sessions, "session_id"), "s99", none_in_ten=2),
            "rep_id": links(REP_IDS, "r9"),
            "channel": one(*CHANNELS),
            "campaign": one(*CAMPAIGNS),
            "currency": currencies(),
        },
    )


def order_lines(orders: Sequence[Row], moments: Texts) -> SearchStrategy[list[Row]]:
    """Lines with a cost of their own, their product's or none; refunded before as_of, after it, or at no time."""
    return rows_of(
        tuple(f"i{n}" for n in (1, 2, 3, 4, 5, 6, 7, 10)),
        "order_line_id",
        {
            "order_id": links(keys(orders, "order_id"), "o99", none_in_ten=0),
            "product_id": links(PRODUCT_IDS, "p9"),
            "quantity": rarely(one("1", "2", "10", "0.5"), "0", "-1", "one"),
            "unit_price": rarely(one("100", "49.99", "20", "250.5"), "0", None),
            "unit_cost": one("30", "0", "12.25", None, None, "n/a"),
            "discount": one("5", "0", None, None, "ten"),
            "refunded_amount": one("20", "1.5", None, None, "x"),
            "refunded_at": maybe(moments, in_ten=6),
        },
    )


@st.composite
def subscriptions(draw: DrawFn, days: Texts) -> list[Row]:
    """Subscriptions of few accounts that follow each other with gaps of no day, of some days, or overlap."""
    rows = draw(
        rows_of(
            ("u1", "u2", "u3", "u4", "u5", "u10"),
            "subscription_id",
            {
                "account_id": rarely(one("a1", *ACCOUNT_IDS), "a9", None, one_in=10),
                "rep_id": links(REP_IDS, "r9"),
                "product_id": links(PRODUCT_IDS, "p9"),
                "started_on": rarely(days, None, *BAD_DAYS, one_in=20),
                "ended_on": rarely(maybe(days, in_ten=6), *BAD_DAYS, one_in=20),
                "mrr": rarely(one("100", "0", "49.90", "250", "10"), None, "-20"),
                "currency": currencies(),
                "kind": rarely(one("new", "renewal", "upsell", "downgrade", "reactivation", None), "trial"),
            },
        )
    )
    for earlier, later in pairwise(rows):
        if draw(st.integers(0, 2)) == 0:
            later["account_id"], later["started_on"] = earlier["account_id"], earlier["ended_on"]
    return rows


def acquisition_costs(days: Texts) -> SearchStrategy[list[Row]]:
    """Costs of both kinds and of none."""
    return rows_of(
        tuple(f"n{n}" for n in range(1, 6)),
        "cost_id",
        {
            "incurred_on": rarely(days, None, *BAD_DAYS, one_in=20),
            "channel": one(*CHANNELS),
            "kind": rarely(one("marketing", "sales", None), "office"),
            "amount": amounts(),
            "currency": currencies(),
        },
    )


def competitor_prices(days: Texts) -> SearchStrategy[list[Row]]:
    """Prices of few competitors; one price is the latest for long, some are of one day or of unknown products."""
    columns = {
        "product_id": links(PRODUCT_IDS, "p9", none_in_ten=0),
        "competitor": rarely(one("Acme", "Bolt"), None, one_in=20),
        "observed_on": rarely(days, None, *BAD_DAYS, one_in=20),
        "price": rarely(one("90", "100", "0", "120.50"), None),
        "currency": currencies(),
    }
    row: SearchStrategy[Row] = st.fixed_dictionaries(columns).map(dict)
    return st.lists(row, max_size=8)
