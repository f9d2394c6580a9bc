"""19 deals_by_channel: won deals by acquisition channel (kpis.md, 19)."""

from ..rows import won_deals
from ..table import Kpi, Measure, count, share_of_total, total

_DIMENSIONS = ("channel", "campaign")

KPI = Kpi(
    "deals_by_channel",
    ("deals",),
    (
        Measure("won_deals", _DIMENSIONS, count("won")),
        Measure("revenue", _DIMENSIONS, total("amount")),
        Measure("share", _DIMENSIONS, share_of_total("won")),
    ),
    won_deals,
)
