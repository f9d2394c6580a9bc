"""Leads, activities, e-mails, calls, meetings and quotes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from ..company import Row
from .texts import (
    ACCOUNT_IDS,
    BAD_MOMENTS,
    CAMPAIGNS,
    CHANNELS,
    PRODUCT_IDS,
    REP_IDS,
    Texts,
    amounts,
    currencies,
    keys,
    links,
    maybe,
    one,
    rarely,
    rows_of,
)

VISITOR_IDS = ("v1", "v2", "v3")
LEAD_IDS = ("l1", "l2", "l3", "l10", "L1")


def _happening(moments: Texts) -> Texts:
    """An event's own date: nearly always there."""
    return rarely(moments, None, *BAD_MOMENTS, one_in=25)


def leads(moments: Texts) -> SearchStrategy[list[Row]]:
    """Leads, qualified or not, some before they were created; few are known to be provided or not."""
    return rows_of(
        LEAD_IDS,
        "lead_id",
        {
            "created_at": _happening(moments),
            "channel": one(*CHANNELS),
            "campaign": one(*CAMPAIGNS),
            "origin": rarely(one("marketing", "marketing", "sales", "partner", None), "Marketing"),
            "is_provided": one("true", "0", "1", "FALSE", None, "maybe"),
            "rep_id": links(REP_IDS, "r9"),
            "generated_by_rep_id": links(REP_IDS, "r9"),
            "visitor_id": links(VISITOR_IDS, "v9"),
            "account_id": links(ACCOUNT_IDS, "a9", none_in_ten=4),
            "score": one("80", "0", "12.5", "0.87345", "-3", None, "high"),
            "mql_at": maybe(moments, in_ten=5),
            "qualified_at": rarely(maybe(moments, in_ten=7), *BAD_MOMENTS),
            "disqualified_at": maybe(moments, in_ten=2),
        },
    )


def activities(leads: Sequence[Row], deals: Sequence[Row], moments: Texts) -> SearchStrategy[list[Row]]:
    """Mostly outbound ones, tied to a lead, to a deal, to both or to neither."""
    return rows_of(
        tuple(f"t{n}" for n in (1, 2, 3, 4, 5, 6, 7, 10)),
        "activity_id",
        {
            "kind": rarely(one("call", "email", "meeting", "note", "task", "call"), None, "fax", one_in=25),
            "direction": rarely(one("outbound", "outbound", "inbound", None), "out"),
            "occurred_at": _happening(moments),
            "rep_id": links(REP_IDS, "r9"),
            "lead_id": links(keys(leads, "lead_id"), "l99", none_in_ten=3),
            "deal_id": links(keys(deals, "deal_id"), "d99", none_in_ten=4),
        },
    )


def emails(leads: Sequence[Row], moments: Texts) -> SearchStrategy[list[Row]]:
    """E-mails that were delivered, bounced, both or neither; opened ones among all of them."""
    return rows_of(
        tuple(f"e{n}" for n in range(1, 6)),
        "email_id",
        {
            "sent_at": _happening(moments),
            "email_type": one("newsletter", "follow-up", None),
            "campaign": one(*CAMPAIGNS),
            "rep_id": links(REP_IDS, "r9"),
            "lead_id": links(keys(leads, "lead_id"), "l99"),
            "delivered_at": rarely(maybe(moments, in_ten=8), *BAD_MOMENTS),
            "bounced_at": maybe(moments, in_ten=3),
            "first_opened_at": maybe(moments, in_ten=5),
            "first_clicked_at": maybe(moments, in_ten=4),
            "replied_at": maybe(moments, in_ten=3),
        },
    )


def calls(leads: Sequence[Row], deals: Sequence[Row], moments: Texts) -> SearchStrategy[list[Row]]:
    """Calls, closed ones that could not be won among them."""
    return rows_of(
        tuple(f"c{n}" for n in range(1, 6)),
        "call_id",
        {
            "started_at": _happening(moments),
            "rep_id": links(REP_IDS, "r9"),
            "lead_id": links(keys(leads, "lead_id"), "l99"),
            "deal_id": links(keys(deals, "deal_id"), "d99", none_in_ten=4),
            "direction": one("outbound", "inbound", None),
            "outcome": rarely(one("closed", "not_closed", "not_closed"), None, "open"),
            "is_winnable": one("true", "false", "0", None, "perhaps"),
            "duration_seconds": one("60", "0", None, "1.5"),
        },
    )


def meetings(leads: Sequence[Row], deals: Sequence[Row], moments: Texts) -> SearchStrategy[list[Row]]:
    """Mostly held; with an account, a lead, a deal or nobody; some are to come, booked already or not yet."""
    return rows_of(
        ("m1", "m2", "m3", "m4", "m5", "m6", "m10", "M1"),
        "meeting_id",
        {
            "scheduled_for": _happening(moments),
            "booked_at": maybe(moments, in_ten=7),
            "kind": rarely(one("discovery", "demo", "follow_up", "demo", None), "lunch"),
            "status": rarely(
                one("held", "held", "held", "no_show", "cancelled", "scheduled"), None, "moved", one_in=25
            ),
            "rep_id": links(REP_IDS, "r9"),
            "lead_id": links(keys(leads, "lead_id"), "l99", none_in_ten=3),
            "account_id": links(ACCOUNT_IDS, "a9", none_in_ten=6),
            "deal_id": links(keys(deals, "deal_id"), "d99", none_in_ten=4),
        },
    )


def quotes(deals: Sequence[Row], moments: Texts) -> SearchStrategy[list[Row]]:
    """Quotes, several for one deal; decided ones with and without the date of the decision."""
    return rows_of(
        tuple(f"q{n}" for n in range(1, 6)),
        "quote_id",
        {
            "sent_at": _happening(moments),
            "deal_id": links(keys(deals, "deal_id"), "d99"),
            "rep_id": links(REP_IDS, "r9"),
            "product_id": links(PRODUCT_IDS, "p9"),
            "amount": amounts(),
            "currency": currencies(),
            "status": rarely(one("open", "accepted", "accepted", "rejected", "expired"), "won"),
            "decided_at": maybe(moments, in_ten=6),
        },
    )


#: a lead's creation, and the hours from there to its contacts, on both sides of the SLAs that are tried
_CREATED = datetime(2024, 1, 30, 22)
_HOURS_TO_CONTACT = (-1, 0, 1, 24, 48)
_SECOND = timedelta(seconds=1)


class Courtship(NamedTuple):
    """Leads, their deals with a history or without, the contacts with them and the meetings held."""

    leads: list[Row]
    deals: list[Row]
    deal_stage_changes: list[Row]
    activities: list[Row]
    meetings: list[Row]


@st.composite
def courtships(draw: DrawFn, moments: Texts) -> Courtship:
    """A lead that was contacted once to nine times, by lead, by deal or by both, before it was won and after; and
    perhaps another one, in vain.

    First contact, win and meeting come exactly when a bound is reached, a second before or after, or at any time.
    """

    def around(moment: datetime) -> str:
        """The moment, or a second next to it."""
        return (moment + draw(st.sampled_from((-1, 0, 0, 1))) * _SECOND).isoformat()

    first = _CREATED + timedelta(hours=draw(st.sampled_from(_HOURS_TO_CONTACT)))
    contacts = [first + timedelta(days=day) for day in range(draw(st.integers(1, 9)))]
    won_at = around(draw(st.sampled_from([*contacts, contacts[-1], contacts[-1]])))
    qualified_at = draw(st.sampled_from(contacts))
    any_moment = draw(moments)
    links = st.sampled_from((("x1", None), (None, "y1"), ("x1", "y1")))
    activities: list[Row] = []
    for number, moment in enumerate(contacts):
        lead_id, deal_id = draw(links)
        activities.append(
            {
                "activity_id": f"x{number}",
                "kind": draw(one("call", "email", "meeting")),
                "direction": draw(rarely(st.just("outbound"), "inbound", one_in=10)),
                "occurred_at": around(moment) if number == 0 else moment.isoformat(),
                "rep_id": draw(one(*REP_IDS)),
                "lead_id": lead_id,
                "deal_id": deal_id,
            }
        )
    lead_id, deal_id = draw(links)
    held: Row = {
        "meeting_id": "x1",
        "scheduled_for": around(qualified_at),
        "status": "held",
        "kind": "demo",
        "lead_id": lead_id,
        "deal_id": deal_id,
    }
    lead: Row = {
        "lead_id": "x1",
        "created_at": draw(rarely(st.just(_CREATED.isoformat()), any_moment, one_in=5)),
        "channel": draw(one(*CHANNELS)),
        "origin": "marketing",
        "is_provided": draw(one("1", "0")),
        "rep_id": draw(one(*REP_IDS)),
        "qualified_at": qualified_at.isoformat(),
    }
    deal: Row = {
        "deal_id": "y1",
        "created_at": "2024-01-02",
        "stage": "Won",
        "outcome": "won",
        "rep_id": draw(one(*REP_IDS)),
        "lead_id": "x1",
        "closed_at": draw(rarely(st.just(won_at), any_moment, one_in=5)),
    }
    changes: list[Row] = [
        {"deal_id": "y1", "stage": "Offer", "entered_at": "2024-01-02"},
        {"deal_id": "y1", "stage": "Won", "entered_at": deal["closed_at"]},
    ]
    in_vain = {**lead, "lead_id": "x2"}
    lost = {**deal, "deal_id": "y2", "lead_id": "x2", "stage": "Lost", "outcome": "lost"}
    call = {**activities[0], "activity_id": "y0", "lead_id": "x2", "deal_id": None}
    rivals = [(lead, deal), (in_vain, lost)] if draw(st.booleans()) else [(lead, deal)]
    return Courtship(
        [each for each, _ in rivals],
        [each for _, each in rivals],
        changes if draw(st.booleans()) else [],
        [*activities, call],
        [held],
    )
