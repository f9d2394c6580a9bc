"""9 pixel_events: from seeing a product to buying it (kpis.md, 9)."""

from ..labels import NONE
from ..sources import PixelEvent
from ..table import ONE, Fact, FactsOf, Kpi, Measure, count, distinct_share, flow, given, total
from ..world import World

_DIMENSIONS = ("channel", "campaign")

#: the events that count, and the measures that count them
_COUNTED = {
    "ViewContent": "view_content",
    "AddToCart": "add_to_cart",
    "InitiateCheckout": "initiate_checkout",
    "Purchase": "purchase",
}


def _unit(event: PixelEvent) -> tuple[str, str]:
    """The session, else the visitor, else the event itself (kpis.md, Rulings, 9)."""
    if event.session_id is not None:
        return "session", event.session_id
    return ("visitor", event.visitor_id) if event.visitor_id is not None else ("event", event.event_id)


def _facts(world: World) -> FactsOf:
    """Every one of the four events; channel and campaign are its own."""
    rows = []
    for event in world.visible.pixel_events:
        if event.event_name not in _COUNTED:
            continue
        day = world.clock.day(event.occurred_at)
        inputs = given(**{_COUNTED[event.event_name]: ONE})
        if event.event_name == "Purchase" and event.value is not None:
            inputs = {**inputs, "value": world.money.convert(event.value, event.currency, day)}
        labels = {"channel": event.channel or NONE, "campaign": event.campaign or NONE}
        rows.append((day, Fact(labels, inputs, _unit(event))))
    return flow(rows)


KPI = Kpi(
    "pixel_events",
    ("pixel_events",),
    (
        Measure("purchase_rate", _DIMENSIONS, distinct_share("purchase", "initiate_checkout")),
        Measure("add_to_cart_rate", _DIMENSIONS, distinct_share("add_to_cart", "view_content")),
        Measure("checkout_rate", _DIMENSIONS, distinct_share("initiate_checkout", "add_to_cart")),
        *(Measure(name, _DIMENSIONS, count(name)) for name in _COUNTED.values()),
        Measure("purchase_value", _DIMENSIONS, total("value")),
    ),
    _facts,
)
