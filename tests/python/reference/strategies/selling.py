"""Reps, accounts, products, stages, deals with their history, quotas and exchange rates."""

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from ..company import Row
from .texts import (
    ACCOUNT_IDS,
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
    some_of,
)

DEAL_IDS = ("d1", "d2", "d3", "d4", "d5", "d10", "D1", "d7")
PIPELINES = ("default", "renewal/eu")
STAGES = ("Lead", "Offer", "Deal", "Won", "Lost")
OUTCOMES = {"Won": "won", "Lost": "lost"}
MONTHS = (
    "2023-12",
    "2024-01",
    "2024-01-01",
    "2024-02",
    "2024-03",
    "2024-04-01",
    "2024-07",
    "2024-12",
)


def reps() -> SearchStrategy[list[Row]]:
    """Reps of two teams or of none, namesakes among them."""
    return rows_of(
        REP_IDS,
        "rep_id",
        {
            "rep_name": rarely(one("Ann", "Bo", "Ann", "Cy"), None, "Ann (r2)", "Ann (folder:r1)", one_in=12),
            "team": one("north", "south", None, "north "),
            "region": one("EMEA", "US", None),
            "hired_on": one(None, "2020-02-29", "no"),
            "left_on": one(None, "2024-03-31"),
        },
    )


def accounts() -> SearchStrategy[list[Row]]:
    """Accounts with and without a segment."""
    names, segments = one("Acme", "Acme", "Bolt", None), one("smb", "enterprise", None)
    return rows_of(ACCOUNT_IDS, "account_id", {"account_name": names, "segment": segments})


def products(days: Texts) -> SearchStrategy[list[Row]]:
    """Products that follow on others, now and then on themselves or on nothing; not all with a cost."""
    return rows_of(
        PRODUCT_IDS,
        "product_id",
        {
            "product_name": one("Basic", "Pro", "Basic"),
            "product_line": one("core", "extra", None),
            "predecessor_product_id": one("p1", "p2", "p9", None),
            "launched_on": maybe(days, in_ten=8),
            "list_price": one(None, "100", "0", "49.9900", "free"),
            "unit_cost": one(None, "40", "0", "12.5", "-"),
            "currency": one(None, "USD", "EUR"),
        },
    )


@st.composite
def stages(draw: DrawFn) -> list[Row]:
    """Same-named stages in both pipelines, some not delivered, some at the same position."""
    rows: list[Row] = []
    for pipeline in PIPELINES[: draw(st.sampled_from((1, 2, 2, 2, 0)))]:
        for place, stage in enumerate(STAGES):
            if draw(st.integers(0, 7)) == 7:
                continue
            usual = OUTCOMES.get(stage, "open")
            columns = {
                "pipeline": st.just(pipeline),
                "stage": st.just(stage),
                "position": rarely(one(str(place + 1), str(place + 1), "2"), "x", "-1"),
                "probability": one("0", "0.1", "0.25", "0.5", "0.7499", "0.75", "1", None, "1.5"),
                "outcome": rarely(st.just(usual), "open", "won", "lost", "done"),
                "is_qualified": one("true", "FALSE", "1", "true"),
            }
            rows.append(dict(draw(st.fixed_dictionaries(columns))))
    return rows


@st.composite
def _deal(draw: DrawFn, deal_id: str, moments: Texts, leads: Sequence[Row]) -> Row:
    """A deal whose outcome mostly agrees with its stage, and that mostly has a closing date."""
    stage = draw(rarely(one(*STAGES, "Won", "Won", "Lost"), "Ghost", "Limbo", one_in=8))
    usual = OUTCOMES.get(stage or "", "open")
    outcome = draw(rarely(st.just(usual), "open", "won", "lost", None, one_in=6))
    closing = rarely(moments, None, *BAD_MOMENTS, one_in=10)
    columns = {
        "deal_id": st.just(deal_id),
        "created_at": rarely(moments, None, *BAD_MOMENTS, one_in=25),
        "pipeline": one(None, "default", "renewal/eu", "default"),
        "stage": st.just(stage),
        "outcome": st.just(outcome),
        "rep_id": rarely(one("r1", *REP_IDS, None), "r9", " r1 ", one_in=8),
        "account_id": rarely(one("a1", *ACCOUNT_IDS, None), "a9", one_in=8),
        "lead_id": links(keys(leads, "lead_id"), "l99", none_in_ten=3),
        "product_id": rarely(one(*PRODUCT_IDS, None), "p9", one_in=8),
        "channel": one(*CHANNELS, None),
        "campaign": one(*CAMPAIGNS),
        "kind": rarely(one("new", None), "odd"),
        "amount": amounts(),
        "currency": currencies(),
        "closed_at": closing if outcome != "open" else rarely(st.none(), "2024-02-29"),
        "lost_reason": one(None, "price", "timing"),
        "rationale_note": one(None, "budget agreed", "  "),
    }
    return dict(draw(st.fixed_dictionaries(columns)))


@st.composite
def deals(draw: DrawFn, moments: Texts, leads: Sequence[Row]) -> list[Row]:
    """Deals of the leads, some with several; also wins before their lead, and leads that nobody delivered."""
    return [draw(_deal(deal_id, moments, leads)) for deal_id in draw(some_of(DEAL_IDS))]


def changes(deals: Sequence[Row], moments: Texts) -> SearchStrategy[list[Row]]:
    """Up to 20 stage changes of some deals: re-entries, ties, orphans, late and future ones."""
    known: list[str | None] = [row["deal_id"] for row in deals[:3]] or [None]
    row = st.fixed_dictionaries(
        {
            "deal_id": rarely(st.sampled_from(known), "d99", None, one_in=10),
            "stage": rarely(one(*STAGES), "Ghost", None, one_in=10),
            "entered_at": rarely(moments, None, *BAD_MOMENTS, one_in=20),
        }
    ).map(lambda cells: dict[str, str | None](cells))
    return st.one_of(st.just([]), st.lists(row, max_size=20), st.lists(row, min_size=8, max_size=20))


def quotas() -> SearchStrategy[list[Row]]:
    """Quotas by rep, by team, of an unknown rep; some of both or of nobody."""

    def row(owner: tuple[str | None, str | None]) -> SearchStrategy[Row]:
        columns = {
            "rep_id": st.just(owner[0]),
            "team": st.just(owner[1]),
            "month": rarely(one(*MONTHS), None, "2024-02-15", "2024-13", one_in=20),
            "kind": rarely(one("revenue", "revenue", "leads"), "calls", one_in=20),
            "target": rarely(one("1000", "100.50", "0", "3000", "-5", "250", "100", "2000"), None, one_in=20),
            "currency": one(None, "USD", "EUR"),
        }
        return st.fixed_dictionaries(columns).map(dict)

    reps: list[tuple[str | None, str | None]] = [(rep_id, None) for rep_id in ("r1", *REP_IDS, "r9")]
    others = [(None, "north"), (None, "south"), (None, "east"), ("r1", "north"), (None, None)]
    owned = st.sampled_from(reps * 3 + others).flatmap(row)
    return st.one_of(st.lists(owned, max_size=10), st.lists(owned, min_size=8, max_size=14))


@st.composite
def exchange_rates(draw: DrawFn) -> list[Row]:
    """Rates that mostly cover every day, so that a missing rate is rare."""
    rows: list[Row] = []
    for currency, rate in (("EUR", "1.1"), ("USD", "0.9090909091"), ("GBP", "1.25")):
        since = draw(rarely(st.just("2000-01-01"), "2024-03-01", one_in=30))
        rows.append({"currency": currency, "valid_from": since, "rate": rate})
    days = one("2023-12-01", "2024-02-29", "2024-03-01", "2024-03-31", "2024-07-01", "2025-01-01")
    columns = {
        "currency": one("EUR", "USD", "EUR"),
        "valid_from": rarely(days, "later", one_in=20),
        "rate": rarely(one("1.05", "1.2", "0.5", "1.3333333333"), "-", "1.33333333333", one_in=20),
    }
    more = st.lists(st.fixed_dictionaries(columns).map(dict[str, str | None]), max_size=4)
    return rows + draw(more)
