"""30 closed_rate: of the quotes sent, those that were accepted (kpis.md, 30)."""

from ..sources import Quote
from ..table import ONE, Fact, FactsOf, Kpi, Measure, count, flow, given, ratio, when
from ..world import World

_DIMENSIONS = ("rep", "team", "product")


def _facts(world: World) -> FactsOf:
    """A quote accepted at no known time is accepted; one decided at or after as_of is still open."""

    def accepted(quote: Quote) -> bool:
        decided = quote.decided_at is None or world.clock.visible(quote.decided_at)
        return quote.status == "accepted" and decided

    rows = []
    for quote in world.visible.quotes:
        labels = {**world.labels.rep(quote.rep_id), "product": world.labels.product(quote.product_id)}
        closed = when(accepted(quote))
        inputs = given(quote=ONE, of=closed, accepted=closed or None)
        rows.append((world.clock.day(quote.sent_at), Fact(labels, inputs)))
    return flow(rows)


KPI = Kpi(
    "closed_rate",
    ("quotes",),
    (
        Measure("closed_rate", _DIMENSIONS, ratio("of", "quote")),
        Measure("quotes", _DIMENSIONS, count("quote")),
        Measure("accepted", _DIMENSIONS, count("accepted")),
    ),
    _facts,
    cohort=True,
)
