"""5 follow_up_meetings: meetings held that are not the first one with their subject (kpis.md, 5)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from ..outcomes import held_meetings
from ..sources import Meeting
from ..table import ONE, Fact, FactsOf, Kpi, Measure, count, flow, given, ratio, when
from ..world import World

_DIMENSIONS = ("rep", "team")


def _subject(world: World, meeting: Meeting) -> tuple[str, str] | None:
    """The account, else the lead's account, else the lead, else the deal's account; an id that points nowhere is one.

    None where the meeting is with nobody that we know: it is neither a first one nor a later one.
    """
    lead = world.leads.get(meeting.lead_id or "")
    deal = world.deals.get(meeting.deal_id or "")
    found = (
        ("account", meeting.account_id),
        ("account", lead.account_id if lead else None),
        ("lead", meeting.lead_id),
        ("account", deal.account_id if deal else None),
    )
    return next(((kind, key) for kind, key in found if key is not None), None)


def _dated(world: World) -> Iterator[tuple[date, Fact]]:
    subjects: dict[tuple[str, str], list[Meeting]] = defaultdict(list)
    for meeting in held_meetings(world):
        subject = _subject(world, meeting)
        if subject is not None:
            subjects[subject].append(meeting)
    for meetings in subjects.values():
        for place, meeting in enumerate(meetings):
            inputs = given(later=ONE) if place else given(first=ONE, followed=when(len(meetings) > 1))
            yield world.clock.day(meeting.scheduled_for), Fact(world.labels.meeting(meeting), inputs)


def _facts(world: World) -> FactsOf:
    return flow(_dated(world))


KPI = Kpi(
    "follow_up_meetings",
    ("meetings",),
    (
        Measure("follow_up_meetings", _DIMENSIONS, count("later")),
        Measure("second_meeting_rate", _DIMENSIONS, ratio("followed", "first"), cohort=True),
    ),
    _facts,
)
