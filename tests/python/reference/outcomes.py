"""What became of leads (kpis.md, Outcomes from history), and which meetings were held."""

from datetime import datetime

from .deals import Life
from .sources import Lead, Meeting
from .world import World


def first_wins(world: World) -> dict[str, tuple[Life, datetime]]:
    """By lead id, the first deal won in the order of (closed_at, deal_id); such a lead is a customer."""
    wins: dict[str, tuple[Life, datetime]] = {}
    for life, at in sorted(world.closed("won"), key=lambda win: (win[1], win[0].deal.deal_id)):
        if life.deal.lead_id is not None:
            wins.setdefault(life.deal.lead_id, (life, at))
    return wins


def with_opportunity(world: World) -> set[str]:
    """The ids of leads that have a deal."""
    return {life.deal.lead_id for life in world.lives if life.deal.lead_id is not None}


def qualified_at(world: World, lead: Lead) -> datetime | None:
    """When a lead was qualified, None where it was not by as_of."""
    at = lead.qualified_at
    return at if at is not None and world.clock.visible(at) else None


def held_meetings(world: World) -> list[Meeting]:
    """The meetings held before as_of, in the order of (scheduled_for, meeting_id)."""
    held = [meeting for meeting in world.visible.meetings if meeting.status == "held"]
    return sorted(held, key=lambda meeting: (meeting.scheduled_for, meeting.meeting_id))
