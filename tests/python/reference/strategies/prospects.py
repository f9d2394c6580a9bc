"""Leads, activities, e-mails, calls, meetings and quotes."""

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

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
            "score": one("80", "0", "12.5", "-3", None, "high"),
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


def much_contacted(moments: Texts) -> SearchStrategy[tuple[Row, Row, list[Row]]]:
    """A lead, its won deal, and one to nine contacts with it, by lead, by deal or by both."""

    def contact(number: int) -> SearchStrategy[Row]:
        link = st.sampled_from((("x1", None), (None, "y1"), ("x1", "y1")))
        columns = {
            "kind": one("call", "email", "meeting"),
            "direction": rarely(st.just("outbound"), "inbound"),
            "occurred_at": moments,
            "rep_id": links(REP_IDS, "r9"),
        }
        ids = {"activity_id": f"x{number}"}
        made = st.tuples(link, st.fixed_dictionaries(columns))
        return made.map(lambda pair: {**ids, "lead_id": pair[0][0], "deal_id": pair[0][1], **pair[1]})

    lead = st.fixed_dictionaries({"lead_id": st.just("x1"), "created_at": moments, "channel": one(*CHANNELS)})
    deal = st.fixed_dictionaries(
        {
            "deal_id": st.just("y1"),
            "created_at": moments,
            "stage": st.just("Won"),
            "outcome": st.just("won"),
            "lead_id": st.just("x1"),
            "closed_at": moments,
        }
    )
    contacts = st.integers(1, 9).flatmap(lambda count: st.tuples(*map(contact, range(1, count + 1))))
    return st.tuples(lead.map(dict), deal.map(dict), contacts.map(list))
