"""Whole companies: the entities together, with what chance hardly ever puts together."""

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from ..company import COLUMNS, LOADED_AT, Company, Row
from ..sources import KEYS
from . import prospects, selling, trade, web
from .regulars import with_regulars
from .texts import Texts, as_of_moments, days_around, moments_around, one


@st.composite
def _duplicated(draw: DrawFn, entity: str, rows: list[Row]) -> list[Row]:
    """Now and then repeat rows, as they are or changed, with or without `_loaded_at`."""
    if not rows or draw(st.integers(0, 5)) < 5:
        return rows
    rows = list(rows)
    for _ in range(draw(st.integers(1, 3))):
        copy = dict(draw(st.sampled_from(rows)))
        others = [name for name in COLUMNS[entity] if name not in KEYS[entity]]
        if draw(st.booleans()) and others:
            column = draw(st.sampled_from(others))
            copy[column] = draw(st.sampled_from([row.get(column) for row in rows]))
        rows.append(copy)
    if draw(st.booleans()):
        stamps = one("2024-01-01T00:00:00Z", "2024-01-02", "2024-01-02T00:00:00", None)
        rows = [{**row, LOADED_AT: draw(stamps)} for row in rows]
    return draw(st.permutations(rows))


def _without_currencies(company: Company) -> Company:
    """The same company, all in the reporting currency."""
    return {
        entity: [{k: None if k == "currency" else v for k, v in row.items()} for row in rows]
        for entity, rows in company.items()
    }


@st.composite
def _wins_in_a_row(draw: DrawFn, company: Company) -> Company:
    """The company with three wins of one account and rep more, whose ids are not in the order of their
    closing, and a quota that is just reached, or just not; what chance hardly ever puts together."""
    closings = draw(st.permutations(("2024-01-31", "2024-01-05T10:00:00", "2024-01-20T08:00:00Z")))
    wins: list[Row] = [
        {
            "deal_id": deal_id,
            "created_at": "2023-12-01",
            "stage": "Won",
            "outcome": "won",
            "rep_id": "r7",
            "account_id": "a7",
            "channel": channel,
            "amount": "100",
            "closed_at": closed_at,
        }
        for deal_id, channel, closed_at in zip(("x1", "x2", "x3"), ("ads", "organic", None), closings, strict=True)
    ]
    target = draw(st.sampled_from(("300", "300.0001", "100")))
    quota: Row = {"rep_id": "r7", "month": "2024-01", "kind": "revenue", "target": target}
    return company | {"deals": [*company["deals"], *wins], "quotas": [*company.get("quotas", []), quota]}


@st.composite
def _with_courtship(draw: DrawFn, company: Company, moments: Texts) -> Company:
    """The company with a lead more that was contacted many times until it was won."""
    more = draw(prospects.courtships(moments))._asdict()
    return company | {entity: [*company.get(entity, []), *rows] for entity, rows in more.items()}


@st.composite
def companies(draw: DrawFn, as_of: str | None = None) -> Company:
    """A small company; deals are always delivered, each other entity is missing now and then.

    With an as_of, things happen exactly then more often than chance has it.
    """
    edges = [] if as_of is None else as_of_moments(as_of)
    moments, days = moments_around(draw, edges), days_around(edges)
    company: Company = {}

    def deliver(entity: str, rows: SearchStrategy[list[Row]], *, always: bool = False) -> list[Row]:
        """The rows of an entity, to be linked to; now and then nobody delivers them."""
        if not always and draw(st.integers(0, 11)) == 11:
            return []
        made = draw(rows)
        company[entity] = draw(_duplicated(entity, made))
        return made

    leads = deliver("leads", prospects.leads(moments))
    deals = deliver("deals", selling.deals(moments, leads), always=True)
    deliver("deal_stage_changes", selling.changes(deals, moments))
    deliver("reps", selling.reps())
    deliver("accounts", selling.accounts())
    deliver("products", selling.products(days))
    deliver("stages", selling.stages())
    deliver("quotas", selling.quotas())
    deliver("activities", prospects.activities(leads, deals, moments))
    deliver("emails", prospects.emails(leads, moments))
    deliver("calls", prospects.calls(leads, deals, moments))
    deliver("meetings", prospects.meetings(leads, deals, moments))
    deliver("quotes", prospects.quotes(deals, moments))
    sessions = deliver("sessions", web.sessions(moments))
    deliver("pixel_events", web.pixel_events(sessions, moments))
    deliver("ad_spend", web.ad_spend(days))
    deliver("brand_mentions", web.brand_mentions(moments))
    orders = deliver("orders", trade.orders(sessions, deals, moments))
    deliver("order_lines", trade.order_lines(orders, moments))
    deliver("subscriptions", trade.subscriptions(days))
    deliver("acquisition_costs", trade.acquisition_costs(days))
    deliver("competitor_prices", trade.competitor_prices(days))
    deliver("exchange_rates", selling.exchange_rates())
    if "exchange_rates" not in company and draw(st.integers(0, 9)) < 9:
        company = _without_currencies(company)
    if draw(st.integers(0, 2)) < 2:
        company = draw(_with_courtship(company, moments))
    if draw(st.integers(0, 2)) < 2:
        company = draw(with_regulars(company))
    return draw(_wins_in_a_row(company)) if draw(st.booleans()) else company
