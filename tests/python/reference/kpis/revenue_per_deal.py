"""31 revenue_per_deal: revenue over won deals (kpis.md, 31)."""

from ..rows import won_deals
from ..table import Kpi, Measure, count, quantile, ratio, total

_DIMENSIONS = ("rep", "team", "channel", "product", "segment")

KPI = Kpi(
    "revenue_per_deal",
    ("deals",),
    (
        Measure("revenue_per_deal", _DIMENSIONS, ratio("amount", "won")),
        Measure("median", _DIMENSIONS, quantile("amount")),
        Measure("won_deals", _DIMENSIONS, count("won")),
        Measure("revenue", _DIMENSIONS, total("amount")),
    ),
    won_deals,
)
