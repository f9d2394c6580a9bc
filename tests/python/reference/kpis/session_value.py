"""21 session_value: what a session brings, and what a click costs (kpis.md, 21)."""

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction

from ..labels import NONE
from ..sales import sales
from ..table import ONE, Cell, Fact, FactsOf, Kpi, Measure, Result, count, divide, flow, given, ratio
from ..world import World

_DIMENSIONS = ("channel", "campaign", "landing_page")
_PAID_DIMENSIONS = ("channel", "campaign")


def _facts(world: World) -> FactsOf:
    """Sessions with the revenue of the orders placed in them, whenever that was; and ad spend."""
    revenue: dict[str, Fraction] = defaultdict(Fraction)
    for sale in sales(world):
        if sale.order.session_id is not None:
            revenue[sale.order.session_id] += sale.revenue
    rows = []
    for session in world.visible.sessions:
        labels = {
            "channel": session.channel or NONE,
            "campaign": session.campaign or NONE,
            "landing_page": session.landing_page or NONE,
        }
        inputs = given(session=ONE, revenue=revenue[session.session_id])
        rows.append((world.clock.day(session.started_at), Fact(labels, inputs)))
    for spend in world.visible.ad_spend:
        labels = {"channel": spend.channel or NONE, "campaign": spend.campaign or NONE}
        cost = world.money.convert(spend.cost, spend.currency, spend.spent_on)
        rows.append((spend.spent_on, Fact(labels, given(cost=cost, clicks=Fraction(spend.clicks or 0)))))
    return flow(rows)


def _clicked_channels(cell: Cell) -> Cell:
    """The total's sessions in the channels with clicks; a slice's are all of its own."""
    if not cell.is_total:
        return cell
    clicks: dict[str, Fraction] = defaultdict(Fraction)
    for fact in cell.facts:
        clicks[fact.labels["channel"]] += fact.inputs.get("clicks", 0)
    return replace(cell, facts=[fact for fact in cell.facts if clicks[fact.labels["channel"]] > 0])


def _margin(cell: Cell) -> Result:
    """Value per session less cost per click."""
    sessions = _clicked_channels(cell)
    value = divide(sessions.sum("revenue"), sessions.sum("session"))
    cost = divide(cell.sum("cost"), cell.sum("clicks"))
    margin = None if value is None or cost is None else value - cost
    return Result(margin, sessions.rows("session") + cell.rows("cost"))


KPI = Kpi(
    "session_value",
    (),
    (
        Measure("value_per_session", _DIMENSIONS, ratio("revenue", "session"), ("sessions", "orders", "order_lines")),
        Measure("cost_per_click", _PAID_DIMENSIONS, ratio("cost", "clicks"), ("ad_spend",)),
        Measure("margin_per_session", _PAID_DIMENSIONS, _margin, ("sessions", "orders", "order_lines", "ad_spend")),
        Measure("sessions", _DIMENSIONS, count("session"), ("sessions",)),
    ),
    _facts,
)
