"""new_customers: accounts whose first won deal closed in the period (kpis.md, Base metrics)."""

from ..table import ONE, Fact, FactsOf, Kpi, Measure, count, flow, given
from ..wins import wins_by_account
from ..world import World

_DIMENSIONS = ("segment", "channel", "rep", "team")


def _facts(world: World) -> FactsOf:
    """Slices by the first deal's own channel and rep; an unknown account id is an account."""
    firsts = [wins[0] for wins in wins_by_account(world).values()]
    return flow((world.clock.day(at), Fact(world.labels.deal(life.deal), given(new=ONE))) for life, at in firsts)


KPI = Kpi("new_customers", ("deals",), (Measure("new_customers", _DIMENSIONS, count("new")),), _facts)
