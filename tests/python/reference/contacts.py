"""Contacts with leads and deals: calls, e-mails and meetings out of the activities (kpis.md, Rulings, 3, 7, 24, 29)."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from .sources import Activity
from .world import World

#: notes and tasks are not contact
KINDS = ("call", "email", "meeting")


def lead_of_deal(world: World) -> dict[str, str]:
    """The lead of each deal that has one, as delivered: a link has no date."""
    return {deal.deal_id: deal.lead_id for deal in world.sources.deals if deal.lead_id is not None}


def _by(world: World, ids: Callable[[Activity], Iterable[str | None]]) -> dict[str, list[Activity]]:
    """Contacts by the ids that they are tied to, each once, in the order of (occurred_at, activity_id)."""
    found: dict[str, list[Activity]] = defaultdict(list)
    for activity in sorted(world.visible.activities, key=lambda row: (row.occurred_at, row.activity_id)):
        if activity.kind in KINDS:
            for key in {key for key in ids(activity) if key is not None}:
                found[key].append(activity)
    return found


def contacts_by_lead(world: World) -> dict[str, list[Activity]]:
    """Contacts tied to a lead, or to any deal of it."""
    leads = lead_of_deal(world)
    return _by(world, lambda activity: (activity.lead_id, leads.get(activity.deal_id or "")))


def contacts_with_lead(world: World) -> dict[str, list[Activity]]:
    """Contacts that name the lead themselves."""
    return _by(world, lambda activity: (activity.lead_id,))


def contacts_with_deal(world: World) -> dict[str, list[Activity]]:
    """Contacts that name the deal."""
    return _by(world, lambda activity: (activity.deal_id,))


def outbound(contacts: Iterable[Activity]) -> list[Activity]:
    """Those that we made; where the direction is not known it is not ours."""
    return [contact for contact in contacts if contact.direction == "outbound"]
