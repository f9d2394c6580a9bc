"""The reference against examples worked out by hand: leads, contacts, meetings, the board and quotes (kpis.md)."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import pytest

from tests.python.reference.company import Company, Row, Settings
from tests.python.test_reference_examples import LOST, WON, Table, change, company, deal, quota, seen

JANUARY, FEBRUARY = "2024-01-01", "2024-02-01"
MONTHS = ("month",)
REPS: list[Row] = [
    {"rep_id": "r1", "rep_name": "Ann", "team": "north"},
    {"rep_id": "r2", "rep_name": "Bo", "team": "north"},
]


def lead(lead_id: str, created: str, **more: str | None) -> Row:
    return {"lead_id": lead_id, "created_at": created, **more}


def contact(at: str, kind: str = "call", direction: str | None = "outbound", **more: str | None) -> Row:
    """An activity; `numbered` gives it its id."""
    return {"kind": kind, "direction": direction, "occurred_at": at, **more}


def meeting(meeting_id: str, at: str, status: str = "held", kind: str | None = "demo", **more: str | None) -> Row:
    return {"meeting_id": meeting_id, "scheduled_for": at, "status": status, "kind": kind, **more}


def won(deal_id: str, closed_at: str, **more: str | None) -> Row:
    """A won deal that was created at the start of 2024."""
    return deal(deal_id, JANUARY, WON, closed_at=closed_at, **more)


def numbered(key: str, rows: Sequence[Row]) -> list[Row]:
    """Rows with ids of their own, in their order."""
    return [{key: f"{key}{number:02d}", **row} for number, row in enumerate(rows)]


def prospects(
    leads: Sequence[Row] = (), contacts: Sequence[Row] = (), deals: Sequence[Row] = (), **entities: list[Row]
) -> Company:
    """Leads with their deals and activities."""
    return company(list(deals), leads=list(leads), activities=numbered("activity_id", contacts), **entities)


def months(delivered: Company, as_of: Settings | str = "2024-12-31") -> Table:
    """The monthly figures."""
    return Table(delivered, as_of, MONTHS)


# Whose channel


def test_a_deal_takes_what_it_lacks_from_its_lead() -> None:
    """Channel and campaign each; a link that points nowhere makes them unknown, a deal's own value stands."""
    leads = [lead("l1", JANUARY, channel="ads", campaign="spring"), lead("l2", JANUARY)]
    deals = [
        won("d1", "2024-01-05", lead_id="l1"),
        won("d2", "2024-01-05", lead_id="l1", channel="organic"),
        won("d3", "2024-01-05", lead_id="l2"),
        won("d4", "2024-01-05", lead_id="l9"),
        won("d5", "2024-01-05", lead_id="l9", channel="organic"),
        won("d6", "2024-01-05"),
    ]
    table = months(prospects(leads, deals=deals))

    def value(dimension: str, name: str) -> object:
        return table.at("won_deals", "won_deals", JANUARY, dimension, name).value

    assert [value("channel", name) for name in ("ads", "organic", "(none)", "(unknown)")] == [1, 2, 2, 1]
    assert [value("campaign", name) for name in ("spring", "(none)", "(unknown)")] == [2, 2, 2]


def test_a_deal_takes_nothing_from_leads_that_nobody_delivers() -> None:
    table = months(company([won("d1", "2024-01-05", lead_id="l1")]))
    assert table.slices("won_deals", "won_deals", JANUARY, "channel") == {"(unknown)"}


def test_a_meeting_takes_the_channel_of_its_lead_then_of_its_deal() -> None:
    leads = [lead("l1", JANUARY, channel="ads"), lead("l2", JANUARY)]
    deals = [won("d1", "2024-01-05", channel="organic"), won("d2", "2024-01-05", lead_id="l1")]
    meetings = [
        meeting("m1", "2024-01-05", lead_id="l1", deal_id="d1"),
        meeting("m2", "2024-01-05", lead_id="l2", deal_id="d1"),
        meeting("m3", "2024-01-05", deal_id="d2"),
        meeting("m4", "2024-01-05", lead_id="l9", deal_id="d1"),
        meeting("m5", "2024-01-05", lead_id="l9"),
        meeting("m6", "2024-01-05", lead_id="l2"),
        meeting("m7", "2024-01-05", deal_id="d9"),
    ]
    table = months(prospects(leads, deals=deals, meetings=meetings))
    counts = {
        name: table.at("call_show_rate", "scheduled", JANUARY, "channel", name).value
        for name in table.slices("call_show_rate", "scheduled", JANUARY, "channel")
    }
    assert counts == {"ads": 2, "organic": 2, "(unknown)": 2, "(none)": 1}


# 1, 2, 12, 13, 27, 28


def test_leads_against_a_quota_spread_over_days() -> None:
    """February 2024 has 29 days; the rep is who generated the lead, not who owns it."""
    leads = [
        lead("l1", "2024-02-05", generated_by_rep_id="r1", rep_id="r2", channel="ads"),
        lead("l2", "2024-02-06", generated_by_rep_id="r1"),
        lead("l3", "2024-02-07"),
    ]
    quotas = [quota("r1", "2024-02", "29") | {"kind": "leads"}, quota("r1", "2024-02", "7")]
    quotas += [quota(None, "2024-02", "58", team="north") | {"kind": "leads"}]
    table = Table(prospects(leads, reps=REPS, quotas=quotas), "2024-02-10", ("week", "month"))

    def attainment(start: str, grain: str, dimension: str, value: str) -> tuple[object, ...]:
        found = table.at("leads_generated_pct", "quota_attainment", start, dimension, value, grain)
        return seen(found.numerator, found.denominator, found.row_count)

    assert attainment(FEBRUARY, "month", "total", "total") == (3, 87, 5)
    assert attainment(FEBRUARY, "month", "rep", "Ann") == (2, 29, 3)
    assert attainment(FEBRUARY, "month", "team", "north") == (2, 87, 4)
    assert attainment(FEBRUARY, "month", "rep", "(none)") == (1, 0, 1)
    assert attainment("2024-02-05", "week", "rep", "Ann") == (2, 7, 2)
    share = table.at("leads_generated_pct", "lead_share", FEBRUARY, "channel", "ads")
    assert seen(share.value, share.row_count) == (Fraction(1, 3), 1)
    assert table.at("leads_generated_pct", "leads", FEBRUARY, "rep", "Ann").value == 2
    assert not table.slices("leads_generated_pct", "leads", FEBRUARY, "channel")


def test_leads_are_counted_without_any_quota() -> None:
    table = months(prospects([lead("l1", JANUARY)]))
    assert table.at("leads_generated_pct", "leads", JANUARY).value == 1
    assert not any(key.measure == "quota_attainment" for key in table.figures)


def test_qualified_in_one_month_created_in_another() -> None:
    """A qualification at or after as_of is none yet; the count is final, the rate provisional."""
    leads = [lead("l1", JANUARY, qualified_at="2024-02-10"), lead("l2", JANUARY, qualified_at="2024-03-01")]
    table = months(prospects(leads), "2024-02-29")
    rate = table.at("qualified_leads", "qualification_rate", JANUARY)
    assert seen(rate.numerator, rate.denominator, rate.is_provisional) == (1, 2, True)
    count = table.at("qualified_leads", "qualified_leads", FEBRUARY)
    assert seen(count.value, count.is_provisional) == (1, False)
    assert table.at("qualified_leads", "qualified_leads", JANUARY).value == 0


def test_leads_with_several_deals_and_reopened_ones() -> None:
    """l1 has two deals, one won; l2's was won and reopened; l3's is lost; l4 has none; l5's comes after as_of."""
    leads = [
        lead(f"l{n}", JANUARY, origin="marketing", is_provided=provided, score=score, channel="ads")
        for n, provided, score in ((1, "1", "80"), (2, "true", None), (3, "0", "20"), (4, None, "bad"), (5, "0", "5"))
    ]
    leads += [lead("l6", JANUARY, origin="sales")]
    deals = [
        won("d1", "2024-01-10", lead_id="l1"),
        deal("d2", JANUARY, lead_id="l1"),
        won("d3", "2024-01-10", lead_id="l2"),
        deal("d4", JANUARY, LOST, closed_at="2024-01-20", lead_id="l3"),
        deal("d5", "2024-05-01", WON, closed_at="2024-05-01", lead_id="l5"),
    ]
    changes = [change("d3", "Won", "2024-01-10"), change("d3", "Offer", "2024-01-15")]
    delivered = prospects(leads, deals=deals) | {"deal_stage_changes": changes}
    table = months(delivered, "2024-04-30")

    def parts(kpi: str, measure: str) -> tuple[object, ...]:
        found = table.at(kpi, measure, JANUARY, "channel", "ads")
        return seen(found.numerator, found.denominator)

    assert parts("lead_to_opportunity_rate", "lead_to_opportunity_rate") == (3, 5)
    assert table.at("lead_to_opportunity_rate", "opportunities", JANUARY).value == 3
    assert table.at("lead_to_opportunity_rate", "leads", JANUARY).value == 6
    assert parts("conversion_rate", "conversion_rate") == (1, 5)
    assert parts("provided_lead_close_rate", "close_rate") == (1, 2)
    assert parts("provided_lead_close_rate", "self_sourced_close_rate") == (0, 2)
    assert parts("marketing_lead_quality", "won_share") == (1, 5)
    assert parts("marketing_lead_quality", "mean_score") == (105, 3)
    assert parts("marketing_lead_quality", "accepted_share") == (0, 5)
    assert table.slices("marketing_lead_quality", "mean_score", JANUARY, "channel") == {"ads"}


def test_existing_customers_that_bought_again() -> None:
    """Active on 1 February: a1, which renewed, and a2, which did nothing; a3 begins on that day."""
    subscriptions: list[Row] = [
        {"subscription_id": f"u{n}", "account_id": account, "started_on": started, "mrr": "10", "kind": kind}
        for n, (account, started, kind) in enumerate(
            (
                ("a1", JANUARY, "new"),
                ("a1", "2024-02-15", "renewal"),
                ("a2", "2024-01-10", "new"),
                ("a3", "2024-02-01", "new"),
            )
        )
    ]
    table = months(prospects(subscriptions=subscriptions), "2024-02-29")
    rate = table.at("conversion_rate", "existing_customer_conversion_rate", FEBRUARY)
    assert seen(rate.numerator, rate.denominator, rate.is_provisional) == (1, 2, False)
    assert table.at("conversion_rate", "conversion_rate", FEBRUARY).value is None


# 3, 7, 24, 29


def test_response_within_the_sla() -> None:
    """Inclusive; before creation is at once; by the lead or its deal; notes and inbound contacts do not answer."""
    leads = [lead(f"l{n}", "2024-01-10T00:00:00Z") for n in range(1, 7)]
    contacts = [
        contact("2024-01-11T00:00:00Z", lead_id="l1"),
        contact("2024-01-11T00:00:01Z", lead_id="l2"),
        contact("2024-01-09", lead_id="l3"),
        contact("2024-01-10T06:00:00Z", "email", deal_id="d4"),
        contact("2024-01-10T07:00:00Z", "email", lead_id="l4"),
        contact("2024-01-10T01:00:00Z", "note", lead_id="l5"),
        contact("2024-01-10T01:00:00Z", direction="inbound", lead_id="l5"),
        contact("2024-01-10T01:00:00Z", direction=None, lead_id="l6"),
    ]
    table = months(prospects(leads, contacts, [deal("d4", "2024-01-12", lead_id="l4")]), "2024-01-31")
    share = table.at("lead_response_time", "within_sla_share", JANUARY)
    assert seen(share.numerator, share.denominator, share.row_count) == (3, 6, 6)
    mean = table.at("lead_response_time", "mean_hours", JANUARY)
    assert seen(mean.numerator, mean.denominator) == (24 + 24 + Fraction(1, 3600) + 6, 4)
    assert table.at("lead_response_time", "median_hours", JANUARY).value == 15
    assert table.at("lead_response_time", "unanswered", JANUARY).value == 2


@pytest.mark.parametrize(("hours", "judged"), [(48, 0), (24, 1)])
def test_a_young_lead_is_not_judged_yet(hours: int, judged: int) -> None:
    options = Settings("2024-01-31", response_sla_hours=hours)
    table = months(prospects([lead("l1", "2024-01-31")]), options)
    share = table.at("lead_response_time", "within_sla_share", JANUARY)
    assert seen(share.numerator, share.denominator) == (0, judged)
    assert table.at("lead_response_time", "unanswered", JANUARY).value == 1


def test_days_since_the_last_contact() -> None:
    """At the ends of January and February; l1 has a deal from 10 February on, l2 is disqualified between the two."""
    leads = [
        lead("l1", "2024-01-17"),
        lead("l2", "2024-01-31", disqualified_at="2024-02-01"),
        lead("l3", "2024-01-10"),
    ]
    contacts = [
        contact("2024-01-20", direction="inbound", lead_id="l3"),
        contact("2024-01-31", "task", lead_id="l3"),
        contact("2024-02-01", lead_id="l3"),
        contact("2024-02-20", "email", deal_id="d1"),
    ]
    deals = [deal("d1", "2024-02-10", lead_id="l1"), deal("d2", "2024-01-02", WON, closed_at="2024-02-01")]
    table = months(prospects(leads, contacts, deals), "2024-02-29")

    def days(start: str, subject: str) -> tuple[object, ...]:
        found = table.at("last_contact", "mean_days", start, "subject", subject)
        return seen(found.numerator, found.denominator)

    assert days(JANUARY, "lead") == (15 + 1 + 12, 3)
    assert days(JANUARY, "deal") == (30, 1)
    assert days(FEBRUARY, "lead") == (29, 1)
    assert days(FEBRUARY, "deal") == (10, 1)
    assert table.at("last_contact", "median_days", JANUARY).value == Fraction(27, 2)
    stale = table.at("last_contact", "stale_share", JANUARY)
    assert seen(stale.numerator, stale.denominator) == (2, 4)
    assert table.slices("last_contact", "mean_days", JANUARY, "stage") == {"(none)", "Won"}


def test_stale_is_more_than_the_days_given() -> None:
    table = months(prospects([lead("l1", "2024-01-17")]), Settings("2024-01-31", stale_after_days=15))
    assert table.at("last_contact", "stale_share", JANUARY).value == 0


def test_time_to_conversion() -> None:
    """By the first win of a lead; a win before the lead took no time; touches lie before the win, each once."""
    leads = [lead("l1", JANUARY, channel="ads", rep_id="r1"), lead("l2", "2024-02-20"), lead("l3", JANUARY)]
    deals = [
        won("d1", "2024-02-10", lead_id="l1", rep_id="r2", channel="organic"),
        won("d2", "2024-02-15", lead_id="l1"),
        won("d3", "2024-02-12", lead_id="l2"),
    ]
    contacts = [
        contact("2024-01-05", direction="inbound", lead_id="l1", deal_id="d1"),
        contact("2024-01-06", "meeting", deal_id="d2"),
        contact("2024-01-07", "note", lead_id="l1"),
        contact("2024-02-10", lead_id="l1"),
    ]
    table = months(prospects(leads, contacts, deals, reps=REPS))
    days = table.at("time_to_conversion", "mean_days", FEBRUARY)
    assert seen(days.numerator, days.denominator, days.is_provisional) == (40, 2, False)
    touches = table.at("time_to_conversion", "mean_touches", FEBRUARY)
    assert seen(touches.numerator, touches.denominator) == (2, 2)
    assert table.at("time_to_conversion", "p90_days", FEBRUARY).value == 36
    assert table.slices("time_to_conversion", "mean_days", FEBRUARY, "channel") == {"ads", "(none)"}
    assert table.slices("time_to_conversion", "mean_days", FEBRUARY, "rep") == {"Bo", "(none)"}


def test_acquisition_by_touches() -> None:
    """Outbound contacts up to the win, also at its instant.

    l2 is contacted after its win only; l3 is not won; l4 contacts us.
    """
    leads = [lead(f"l{n}", JANUARY) for n in range(1, 5)]
    contacts = [contact(f"2024-01-0{n}", lead_id="l1") for n in range(1, 9)]
    contacts += [
        contact("2024-01-02", "email", direction="inbound", lead_id="l4"),
        contact("2024-01-11", lead_id="l2"),
        contact("2024-01-20", "email", rep_id="r1", deal_id="d3"),
        contact("2024-01-20", "call", rep_id="r2", lead_id="l3"),
        contact("2024-02-20", "meeting", lead_id="l3"),
    ]
    deals = [won(f"d{n}", "2024-01-08", lead_id=f"l{n}") for n in (1, 2)] + [deal("d3", JANUARY, lead_id="l3")]
    table = months(prospects(leads, contacts, deals, reps=REPS))
    rate = table.at("customer_acquisition_rate", "acquisition_rate", JANUARY)
    assert seen(rate.numerator, rate.denominator) == (1, 2)

    def slices(dimension: str) -> set[str]:
        return table.slices("customer_acquisition_rate", "acquisition_rate", JANUARY, dimension)

    assert slices("touches") == {"8+", "3\u20134"}
    assert slices("outreach_method") == {"call", "email"}
    assert slices("rep") == {"(none)", "Ann"}


# 4, 5, 6, 8, 30


def test_emails_opened_among_the_delivered() -> None:
    """Opened without being delivered is not opened, opened at as_of not yet; bounced counts among the sent."""
    states: list[Row] = [
        {"delivered_at": "2024-01-05", "first_opened_at": "2024-01-06", "first_clicked_at": "2024-01-06"},
        {"delivered_at": "2024-01-05", "first_opened_at": "2024-02-01"},
        {"delivered_at": "2024-01-05", "replied_at": "2024-01-06", "bounced_at": "2024-01-07"},
        {"bounced_at": "2024-01-05", "first_opened_at": "2024-01-06"},
        {"delivered_at": "2024-02-01", "first_opened_at": "2024-01-06"},
    ]
    emails = numbered("email_id", [{"sent_at": "2024-01-05", "email_type": "news", **state} for state in states])
    table = months(prospects(emails=emails), "2024-01-31")

    def parts(measure: str) -> tuple[object, ...]:
        found = table.at("email_open_rate", measure, JANUARY, "email_type", "news")
        return seen(found.numerator, found.denominator)

    measures = ("open_rate", "click_rate", "reply_rate", "bounce_rate")
    assert [parts(measure) for measure in measures] == [(1, 3), (1, 3), (1, 3), (2, 5)]
    assert table.at("email_open_rate", "sent", JANUARY).value == 5


def test_follow_up_meetings_by_subject() -> None:
    """m1, m3 and m4 are with a1, by itself and through a lead and a deal; l9 is a subject too; nobody is none."""
    leads = [lead("l1", JANUARY, account_id="a1")]
    deals = [deal("d1", JANUARY, account_id="a1")]
    meetings = [
        meeting("m3", "2024-01-10", lead_id="l1"),
        meeting("m1", "2024-01-10", account_id="a1", lead_id="l9"),
        meeting("m4", "2024-02-05", deal_id="d1", kind="follow_up"),
        meeting("m2", "2024-01-09", "no_show", account_id="a1"),
        meeting("m5", "2024-01-12", lead_id="l9", deal_id="d1"),
        meeting("m6", "2024-01-12"),
        meeting("m7", "2024-01-13"),
    ]
    table = months(prospects(leads, deals=deals, meetings=meetings))
    follow_ups = [table.at("follow_up_meetings", "follow_up_meetings", start).value for start in (JANUARY, FEBRUARY)]
    assert follow_ups == [1, 1]
    rate = table.at("follow_up_meetings", "second_meeting_rate", JANUARY)
    assert seen(rate.numerator, rate.denominator, rate.is_provisional) == (1, 2, False)


def test_presentations_that_took_place() -> None:
    """60 held, 40 no-shows, 25 cancelled; others are to come, left scheduled, of another kind or not booked yet."""
    statuses = ["held"] * 60 + ["no_show"] * 40 + ["cancelled"] * 25 + ["scheduled"]
    meetings = [meeting(f"m{n}", "2024-01-10", status) for n, status in enumerate(statuses)]
    meetings += [
        meeting("f1", "2024-01-20", "held", booked_at="2024-01-14", kind="discovery"),
        meeting("f2", "2024-01-20", "held", booked_at="2024-01-16"),
        meeting("f3", "2024-01-20", "no_show"),
        meeting("f4", "2024-01-10", "held", kind="follow_up"),
        meeting("f5", "2024-01-10", "held", kind=None),
    ]
    table = months(prospects(meetings=meetings), "2024-01-15")
    rate = table.at("call_show_rate", "show_rate", JANUARY)
    assert seen(rate.value, rate.denominator, rate.row_count) == (Fraction(6, 10), 100, 100)
    assert table.at("call_show_rate", "scheduled", JANUARY).value == 127
    assert table.at("call_show_rate", "no_shows", JANUARY).value == 40
    assert table.slices("call_show_rate", "show_rate", JANUARY, "kind") == {"demo", "discovery"}


def test_conversations_dropped() -> None:
    """100 calls, 30 closed, 56 of the other 70 unwinnable; where nobody knows, a call was winnable."""
    states = [("closed", "false")] * 15 + [("closed", None)] * 15
    states += [("not_closed", "0")] * 56 + [("not_closed", "true")] * 7 + [("not_closed", None)] * 7
    calls: list[Row] = [
        {"call_id": f"c{n}", "started_at": "2024-01-05", "outcome": outcome, "is_winnable": winnable}
        for n, (outcome, winnable) in enumerate(states)
    ]
    table = months(prospects(calls=calls))
    values = [
        table.at("conversation_droppage", measure, JANUARY).value
        for measure in ("droppage_rate", "close_rate", "unwinnable_rate")
    ]
    assert values == [Fraction(14, 100), Fraction(30, 100), Fraction(56, 100)]


def test_quotes_accepted() -> None:
    """At no known time is accepted; decided at as_of is still open; several quotes of one deal each count."""
    quotes = numbered(
        "quote_id",
        [
            {"sent_at": "2024-01-05", "status": status, "decided_at": decided, "deal_id": "d1", "product_id": "p1"}
            for status, decided in (
                ("accepted", None),
                ("accepted", "2024-01-06"),
                ("accepted", "2024-02-01"),
                ("rejected", "2024-01-06"),
                ("expired", None),
            )
        ],
    )
    table = months(prospects(quotes=quotes), "2024-01-31")
    rate = table.at("closed_rate", "closed_rate", JANUARY, "product", "p1")
    assert seen(rate.numerator, rate.denominator, rate.is_provisional) == (2, 5, True)
    assert table.at("closed_rate", "accepted", JANUARY).value == 2
    assert table.at("closed_rate", "quotes", JANUARY).value == 5


# 15, 17


def test_board_deals() -> None:
    """The first stage is not qualified here; a deal without history was in its row's stage."""
    stages: list[Row] = [
        {
            "pipeline": "default",
            "stage": name,
            "position": place,
            "outcome": outcome,
            "is_qualified": qualified,
        }
        for name, place, outcome, qualified in (
            ("Lead", "1", "open", "0"),
            ("Offer", "2", "open", "1"),
            ("Won", "3", "won", "1"),
            ("Lost", "4", "lost", "0"),
        )
    ]
    offer = ("Offer", "open")
    deals = [
        deal("d1", JANUARY, offer, rationale_note="budget agreed"),
        deal("d2", JANUARY, offer, rationale_note=" "),
        deal("d3", JANUARY),
        won("d4", "2024-01-20"),
        won("d5", "2024-01-20"),
        deal("d6", JANUARY, LOST, closed_at="2024-01-25"),
        won("d7", "2024-01-20"),
        deal("d8", JANUARY, ("Offer", "lost"), closed_at="2024-01-20"),
        deal("d9", "2024-01-25", ("Offer", "lost"), closed_at="2024-01-20"),
    ]
    changes = [
        change("d4", "Offer", "2024-01-10"),
        change("d4", "Won", "2024-01-20"),
        change("d5", "Lead", "2024-01-10"),
        change("d5", "Won", "2024-01-20"),
        change("d6", "Offer", "2024-01-25"),
        change("d6", "Lost", "2024-01-25"),
    ]
    delivered = prospects(deals=deals) | {"stages": stages, "deal_stage_changes": changes}
    table = months(delivered, "2024-01-31")
    board = table.at("board_deals", "board_deals", JANUARY, "stage", "Offer")
    assert board.value == 2
    reasoned = table.at("board_deals", "with_rationale_share", JANUARY)
    assert seen(reasoned.numerator, reasoned.denominator) == (1, 2)
    rate = table.at("board_deals", "qualified_to_customer_rate", JANUARY)
    assert seen(rate.numerator, rate.denominator) == (1, 3)
    assert not any((key.measure, key.dimension) == ("qualified_to_customer_rate", "stage") for key in table.figures)


def test_from_lead_to_meeting_to_won() -> None:
    """A meeting before the qualification is not since; a deal's first meeting may be with its lead."""
    leads = [
        lead("l1", JANUARY, qualified_at="2024-01-10"),
        lead("l2", JANUARY, qualified_at="2024-01-10"),
        lead("l3", JANUARY, qualified_at="2024-01-10"),
        lead("l4", JANUARY),
        lead("l5", JANUARY, qualified_at="2024-01-10"),
    ]
    deals = [
        won("d1", "2024-02-20", lead_id="l1"),
        deal("d2", JANUARY, lead_id="l1"),
        deal("d3", JANUARY, lead_id="l3"),
        won("d4", "2024-02-20"),
    ]
    meetings = [
        meeting("m1", "2024-01-10", lead_id="l1"),
        meeting("m2", "2024-01-09", lead_id="l2"),
        meeting("m3", "2024-02-11", deal_id="d3"),
        meeting("m4", "2024-02-12", "no_show", deal_id="d4"),
        meeting("m5", "2024-02-13", deal_id="d1"),
        meeting("m6", "2024-01-10", lead_id="l5"),
    ]
    table = months(prospects(leads, deals=deals, meetings=meetings))
    met = table.at("stage_conversion", "qualified_lead_to_meeting_rate", JANUARY)
    assert seen(met.numerator, met.denominator) == (3, 4)
    january = table.at("stage_conversion", "meeting_to_won_rate", JANUARY)
    assert seen(january.numerator, january.denominator) == (1, 2)
    february = table.at("stage_conversion", "meeting_to_won_rate", FEBRUARY)
    assert seen(february.numerator, february.denominator) == (0, 1)
    assert not any(key.measure == "meeting_to_won_rate" for key in months(prospects(leads, deals=deals)).figures)


def test_what_is_not_there_yet_is_in_no_figure() -> None:
    """Rows dated at as_of are invisible, and a meeting to come is no event that a period begins with: what is left is
    the total of as_of's own month, without a row."""
    delivered = prospects(
        [lead("l1", "2024-02-01")],
        [contact("2024-02-01", lead_id="l1")],
        [deal("d1", "2024-02-01")],
        meetings=[meeting("m1", "2024-02-01", booked_at="2024-01-10")],
    )
    found = months(delivered, "2024-01-31").figures
    assert {(key.period_start, key.dimension) for key in found} == {(date(2024, 1, 1), "total")}
    assert {figure.row_count for figure in found.values()} == {0}
    assert {figure.value for figure in found.values()} == {None, 0}
