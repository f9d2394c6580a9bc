"""Periods: their texts, the grain periods inside them, and their comparisons."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_runner.errors import DataError, ExitCode, UsageError
from kpi_runner.periods import (
    GRAINS,
    Calendar,
    Period,
    Slot,
    compared,
    compared_as_of,
    counterpart,
    end_of_day,
    grain_periods,
    grain_start,
    is_complete,
    next_start,
    parse_period,
    period_text,
)

DAY = timedelta(days=1)
# Monday 14 September 2026: as of its end, and as of its noon.
AS_OF = datetime(2026, 9, 15)
NOON = datetime(2026, 9, 14, 12)


def calendar(as_of: datetime = AS_OF, week_start: int = 1, fiscal: int = 1) -> Calendar:
    return Calendar(as_of, week_start, fiscal, date(2025, 11, 20))


def day(text: str) -> date:
    return date.fromisoformat(text)


def slots(text: str, grain: str, cal: Calendar) -> list[Slot]:
    return grain_periods(parse_period(text, cal), grain, cal)


@pytest.mark.parametrize(
    ("text", "grain", "start", "end"),
    [
        ("2026-09-14", "day", "2026-09-14", "2026-09-15"),
        ("2024-02-29", "day", "2024-02-29", "2024-03-01"),
        ("2026-W37", "week", "2026-09-07", "2026-09-14"),
        ("2026-w01", "week", "2025-12-29", "2026-01-05"),
        ("2020-W53", "week", "2020-12-28", "2021-01-04"),
        ("2026-09", "month", "2026-09-01", "2026-10-01"),
        ("2025-12", "month", "2025-12-01", "2026-01-01"),
        ("2026-Q3", "quarter", "2026-07-01", "2026-10-01"),
        ("2025-q4", "quarter", "2025-10-01", "2026-01-01"),
        ("2026", "year", "2026-01-01", "2027-01-01"),
        ("FY2026", "fiscal_year", "2026-01-01", "2027-01-01"),
        ("fy2026-q2", "fiscal_quarter", "2026-04-01", "2026-07-01"),
        ("2026-01-15..2026-02-14", "custom", "2026-01-15", "2026-02-15"),
        (" 2026-01-15 .. 2026-02-14 ", "custom", "2026-01-15", "2026-02-15"),
        ("2026-01-15..2026-01-15", "day", "2026-01-15", "2026-01-16"),
        ("2026-09-07..2026-09-13", "week", "2026-09-07", "2026-09-14"),
        ("2026-09-08..2026-09-14", "custom", "2026-09-08", "2026-09-15"),
        ("2026-02-01..2026-02-28", "month", "2026-02-01", "2026-03-01"),
        ("2026-01-01..2026-03-31", "quarter", "2026-01-01", "2026-04-01"),
        ("2025-01-01..2025-12-31", "year", "2025-01-01", "2026-01-01"),
        ("last-week", "week", "2026-09-07", "2026-09-14"),
        ("last-month", "month", "2026-08-01", "2026-09-01"),
        ("last-quarter", "quarter", "2026-04-01", "2026-07-01"),
        ("last-year", "year", "2025-01-01", "2026-01-01"),
        ("last-90-days", "custom", "2026-06-17", "2026-09-15"),
        ("last-1-days", "day", "2026-09-14", "2026-09-15"),
        ("last-1-day", "day", "2026-09-14", "2026-09-15"),
        ("mtd", "custom", "2026-09-01", "2026-09-15"),
        ("QTD", "custom", "2026-07-01", "2026-09-15"),
        ("ytd", "custom", "2026-01-01", "2026-09-15"),
        ("all", "custom", "2025-11-20", "2026-09-15"),
    ],
)
def test_each_form_means_its_period(text: str, grain: str, start: str, end: str) -> None:
    period = parse_period(text, calendar())
    assert (period.grain, period.start, period.end) == (grain, day(start), day(end))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("last-month", "2026-08-01", "2026-09-01"),
        ("last-week", "2026-09-07", "2026-09-14"),
        ("last-2-days", "2026-09-12", "2026-09-14"),
        ("mtd", "2026-09-01", "2026-09-15"),
        ("all", "2025-11-20", "2026-09-15"),
    ],
)
def test_within_a_day_complete_forms_end_before_it_and_running_ones_after_it(text: str, start: str, end: str) -> None:
    period = parse_period(text, calendar(NOON))
    assert (period.start, period.end) == (day(start), day(end))


def test_relative_forms_at_a_boundary() -> None:
    at_month_end = calendar(datetime(2026, 9, 1))
    august = (day("2026-08-01"), day("2026-09-01"))
    for text in ("last-month", "mtd"):
        period = parse_period(text, at_month_end)
        assert period.grain == "month"
        assert (period.start, period.end) == august
    second_after = calendar(datetime(2026, 9, 1, 0, 0, 1))
    assert parse_period("last-month", second_after).start == august[0]
    assert parse_period("mtd", second_after).start == august[1]
    assert parse_period("ytd", calendar(datetime(2026, 1, 1))).grain == "year"


def test_fiscal_years_end_in_the_year_they_are_named_after() -> None:
    april = calendar(fiscal=4)
    year = parse_period("FY2026", april)
    assert (year.start, year.end) == (day("2025-04-01"), day("2026-04-01"))
    quarter = parse_period("FY2026-Q4", april)
    assert (quarter.start, quarter.end) == (day("2026-01-01"), day("2026-04-01"))
    assert parse_period("2025-04-01..2026-03-31", april).grain == "fiscal_year"
    assert parse_period("2026-01-01..2026-03-31", april).grain == "quarter"
    assert parse_period("2025-02-01..2025-04-30", calendar(fiscal=2)).grain == "fiscal_quarter"


def test_a_week_with_another_start_holds_the_thursday_of_its_number() -> None:
    sunday = parse_period("2026-W37", calendar(week_start=7))
    assert (sunday.start, sunday.end) == (day("2026-09-06"), day("2026-09-13"))
    friday = parse_period("2026-W37", calendar(week_start=5))
    assert (friday.start, friday.end) == (day("2026-09-04"), day("2026-09-11"))


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "x", "2026-9", "2026-09-1", "26", "20260914", "2026W37", "2026-W7", "2026-Q"),
        *("2026-02-30", "2025-02-29", "2026-09-31", "2026-13", "2026-00", "2026-13-01"),
        *("2026-00-01", "2026-01-00", "2026-W54", "2025-W53", "2026-W00", "2026-W99"),
        *("2026-Q5", "2026-Q0", "2026-Q12", "FY2026-Q5", "FY", "FY26", "FY2026-09", "FY2026-W1"),
        *("0000", "0999", "9999", "FY0000", "0000-W01", "0000-01-01", "0000-Q1", "9999-12-31"),
        *("2026-02-14..2026-01-15", "2026-01-15..", "..2026-01-15", "2026-01..2026-02"),
        *("2026-01-15...2026-02-14", "2026-01-15..2026-02-30", "2026-01-15,2026-02-14"),
        *("2026-01-15..2026-02-14..2026-03-01", "last-0-days", "last--1-days", "last-days"),
        *("last-900000-days", "last-999999999-days", "last-9999999999-days", "last-day"),
        *("last month", "lastmonth", "today", "wtd", "total", "custom", "-2026", "+2026"),
        *(
            "\uff12\uff10\uff12\uff16",
            "\u0662\u0660\u0662\u0666",
            "2026\n2025",
            "2026;",
            "2026-09-14T00:00",
            "all;",
            "nan",
        ),
    ],
)
def test_what_is_no_period_is_refused_with_the_option_the_text_and_the_forms(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_period(text, calendar())
    message = str(refused.value)
    assert message.startswith(f"--period {text!r}")
    assert "last-90-days" in message
    assert refused.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-02-30", "no day 2026-02-30"),
        ("2026-13", "no month 13"),
        ("2026-W54", "no week 54"),
        ("2026-Q5", "no quarter 5"),
        ("0000", "from 1900 to 2199"),
        ("2026-02-14..2026-01-15", "the earlier day first"),
    ],
)
def test_the_message_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_period(text, calendar())


@pytest.mark.parametrize("text", ["2026-09-15", "2026-10", "2027", "2026-W38", "2026-Q4"])
def test_a_period_that_starts_at_or_after_as_of_is_refused(text: str) -> None:
    as_of = calendar(datetime(2026, 9, 14))
    with pytest.raises(UsageError, match=r"not before the as-of \(2026-09-14 00:00, exclusive\)"):
        parse_period(text, as_of)


def test_a_period_that_as_of_has_just_entered_is_taken() -> None:
    assert parse_period("2026-10", calendar(datetime(2026, 10, 1, 0, 0, 1))).grain == "month"
    with pytest.raises(UsageError):
        parse_period("2026-10", calendar(datetime(2026, 10, 1)))


def test_all_needs_a_first_event_before_as_of() -> None:
    with pytest.raises(DataError, match="--period all"):
        parse_period("all", Calendar(AS_OF))
    with pytest.raises(UsageError, match="as-of"):
        parse_period("all", Calendar(AS_OF, first_event_on=AS_OF.date()))
    one_day = parse_period("all", Calendar(AS_OF, first_event_on=day("2026-09-14")))
    assert (one_day.grain, one_day.open_start) == ("custom", True)


@pytest.mark.parametrize(("week_start", "fiscal"), [(0, 1), (8, 1), (1, 0), (1, 13)])
def test_a_calendar_that_does_not_exist_is_refused(week_start: int, fiscal: int) -> None:
    with pytest.raises(UsageError, match="give 1"):
        Calendar(AS_OF, week_start, fiscal)


def test_a_bare_date_as_of_means_the_end_of_that_day() -> None:
    assert end_of_day(day("2026-12-31")) == datetime(2027, 1, 1)


# --- Grain periods


def test_without_a_grain_a_period_is_one_slot() -> None:
    for text in ("2026-09", "all", "mtd", "2026-01-15..2026-02-14"):
        period = parse_period(text, calendar())
        assert grain_periods(period, period.grain, calendar()) == [Slot(period.start, period.end)]
        assert grain_periods(period, "custom", calendar()) == [Slot(period.start, period.end)]


def test_a_range_clips_its_first_and_last_grain_period() -> None:
    assert slots("2026-01-15..2026-03-14", "month", calendar()) == [
        Slot(day("2026-01-15"), day("2026-02-01"), clipped=True),
        Slot(day("2026-02-01"), day("2026-03-01")),
        Slot(day("2026-03-01"), day("2026-03-15"), clipped=True),
    ]
    assert slots("2026-02", "year", calendar()) == [Slot(day("2026-02-01"), day("2026-03-01"), clipped=True)]


def test_a_running_period_is_whole_and_incomplete_and_the_last_one() -> None:
    months = slots("2026", "month", calendar(NOON))
    assert len(months) == 9
    assert months[-1] == Slot(day("2026-09-01"), day("2026-10-01"))
    assert [is_complete(slot, calendar(NOON)) for slot in months] == [True] * 8 + [False]
    assert slots("ytd", "month", calendar(NOON)) == months
    assert len(slots("2026", "month", calendar(datetime(2026, 9, 1)))) == 8


def test_all_is_clipped_at_neither_end() -> None:
    months = slots("all", "month", calendar())
    assert months[0] == Slot(day("2025-11-01"), day("2025-12-01"))
    assert months[-1] == Slot(day("2026-09-01"), day("2026-10-01"))
    assert not any(slot.clipped for slot in months)


def test_to_date_forms_are_clipped_at_the_start_only() -> None:
    weeks = slots("mtd", "week", calendar())
    assert weeks[0] == Slot(day("2026-09-01"), day("2026-09-07"), clipped=True)
    assert weeks[-1] == Slot(day("2026-09-14"), day("2026-09-21"))


def test_complete_means_whole_and_ended_by_as_of() -> None:
    assert is_complete(Slot(day("2026-09-14"), day("2026-09-15")), calendar())
    assert not is_complete(Slot(day("2026-09-14"), day("2026-09-15")), calendar(NOON))
    assert not is_complete(Slot(day("2026-08-02"), day("2026-09-01"), clipped=True), calendar())


@pytest.mark.parametrize("grain", ["", "hour", "Month", "total"])
def test_another_grain_is_refused(grain: str) -> None:
    for call in (
        lambda: slots("2026", grain, calendar()),
        lambda: grain_start(AS_OF.date(), grain, calendar()),
        lambda: next_start(AS_OF.date(), grain),
    ):
        with pytest.raises(UsageError, match="--grain"):
            call()


# --- Comparisons


@pytest.mark.parametrize(
    ("text", "how", "start", "end"),
    [
        ("2026-09-14", "previous", "2026-09-13", "2026-09-14"),
        ("2026-09-14", "year", "2025-09-14", "2025-09-15"),
        ("2024-02-29", "year", "2023-02-28", "2023-03-01"),
        ("2025-02-28", "year", "2024-02-28", "2024-02-29"),
        ("2026-W37", "previous", "2026-08-31", "2026-09-07"),
        ("2026-W37", "year", "2025-09-08", "2025-09-15"),
        ("2026-03", "previous", "2026-02-01", "2026-03-01"),
        ("2024-02", "year", "2023-02-01", "2023-03-01"),
        ("2025-02", "year", "2024-02-01", "2024-03-01"),
        ("2026-Q1", "previous", "2025-10-01", "2026-01-01"),
        ("2025", "previous", "2024-01-01", "2025-01-01"),
        ("2025", "year", "2024-01-01", "2025-01-01"),
        ("FY2026", "previous", "2024-07-01", "2025-07-01"),
        ("FY2026-Q1", "previous", "2025-04-01", "2025-07-01"),
        ("2026-01-15..2026-02-14", "previous", "2025-12-15", "2026-01-15"),
        ("2026-01-15..2026-02-14", "year", "2025-01-15", "2025-02-15"),
        ("2024-02-29..2024-03-05", "year", "2023-02-28", "2023-03-06"),
    ],
)
def test_a_complete_period_is_compared_with_a_whole_one(text: str, how: str, start: str, end: str) -> None:
    cal = calendar(fiscal=7)
    period = parse_period(text, cal)
    slot = Slot(period.start, period.end)
    assert compared(slot, how, period.grain, cal) == (day(start), day(end))
    assert compared_as_of(slot, how, period.grain, cal) == cal.as_of_local


@pytest.mark.parametrize(
    ("as_of", "how", "end", "cut"),
    [
        (AS_OF, "previous", "2026-08-15", datetime(2026, 8, 15)),
        (AS_OF, "year", "2025-09-15", datetime(2025, 9, 15)),
        (NOON, "previous", "2026-08-15", datetime(2026, 8, 14, 12)),
    ],
)
def test_a_running_period_is_compared_with_the_same_elapsed_part(
    as_of: datetime, how: str, end: str, cut: datetime
) -> None:
    cal = calendar(as_of)
    slot = Slot(day("2026-09-01"), day("2026-10-01"))
    start, stop = compared(slot, how, "month", cal)
    assert (start.day, stop) == (1, day(end))
    assert compared_as_of(slot, how, "month", cal) == cut


def test_the_elapsed_part_never_passes_the_end() -> None:
    cal = calendar(datetime(2026, 3, 31))
    march = Slot(day("2026-03-01"), day("2026-04-01"))
    assert compared(march, "previous", "month", cal) == (day("2026-02-01"), day("2026-03-01"))
    assert compared_as_of(march, "previous", "month", cal) == datetime(2026, 3, 1)


@pytest.mark.parametrize(
    ("start", "end", "other_start", "other_end"),
    [
        ("2026-01-15", "2026-02-01", "2025-12-15", "2026-01-01"),
        ("2026-02-01", "2026-02-15", "2026-01-01", "2026-01-15"),
        ("2026-03-01", "2026-03-31", "2026-02-01", "2026-03-01"),
        ("2026-03-31", "2026-04-01", "2026-02-28", "2026-03-01"),
        ("2026-03-29", "2026-03-31", "2026-02-28", "2026-03-01"),
    ],
)
def test_a_clipped_period_is_compared_with_one_cut_the_same_way(
    start: str, end: str, other_start: str, other_end: str
) -> None:
    slot = Slot(day(start), day(end), clipped=True)
    assert compared(slot, "previous", "month", calendar()) == (day(other_start), day(other_end))


def test_a_clipped_period_a_year_earlier() -> None:
    leap = Slot(day("2024-02-10"), day("2024-03-01"), clipped=True)
    assert compared(leap, "year", "month", calendar()) == (day("2023-02-10"), day("2023-03-01"))
    week = Slot(day("2026-09-02"), day("2026-09-07"), clipped=True)
    assert compared(week, "year", "week", calendar()) == (day("2025-09-03"), day("2025-09-08"))


def test_what_cannot_be_compared_is_refused() -> None:
    slot = Slot(day("2026-09-01"), day("2026-10-01"))
    with pytest.raises(UsageError, match="--compare 'next'"):
        compared(slot, "next", "month", calendar())
    with pytest.raises(UsageError, match="--grain"):
        compared(slot, "previous", "hour", calendar())
    ages = Slot(day("1000-01-01"), day("2026-01-01"))
    with pytest.raises(UsageError, match="no period before"):
        compared(ages, "previous", "custom", calendar())


# --- Properties

GRAIN = st.sampled_from(GRAINS)
DAYS = st.dates(date(2000, 1, 1), date(2040, 12, 31))
CALENDARS = st.builds(
    Calendar,
    st.datetimes(datetime(2000, 1, 2), datetime(2040, 12, 31)),
    st.integers(1, 7),
    st.integers(1, 12),
    st.dates(date(2000, 1, 1), date(2000, 1, 1)),
)


@given(DAYS, GRAIN, CALENDARS)
def test_every_day_lies_in_exactly_one_period_of_a_grain(when: date, grain: str, cal: Calendar) -> None:
    start = grain_start(when, grain, cal)
    end = next_start(start, grain)
    assert start <= when < end
    assert grain_start(end, grain, cal) == end
    assert grain_start(end - DAY, grain, cal) == start


@given(DAYS, GRAIN, CALENDARS)
def test_the_natural_form_is_read_back(when: date, grain: str, cal: Calendar) -> None:
    start = grain_start(when, grain, cal)
    end = next_start(start, grain)
    later = Calendar(end_of_day(end), cal.week_start, cal.fiscal_year_start_month)
    text = period_text(grain, start, end, cal)
    assert parse_period(text, later) == Period(grain, start, end)
    ranged = parse_period(period_text("custom", start, end, cal), later)
    assert (ranged.start, ranged.end) == (start, end)
    assert GRAINS.index(ranged.grain) <= GRAINS.index(grain)


@given(DAYS, DAYS, GRAIN, CALENDARS)
def test_the_slots_tile_the_part_of_the_range_before_as_of(one: date, other: date, grain: str, cal: Calendar) -> None:
    first, last = min(one, other), max(one, other)
    if datetime.combine(first, time()) >= cal.as_of_local:
        return
    period = parse_period(f"{first}..{last}", cal)
    got = grain_periods(period, grain, cal)
    assert got[0].start == first
    assert all(left.end == right.start for left, right in pairwise(got))
    assert all(slot.start < slot.end for slot in got)
    assert all(datetime.combine(slot.start, time()) < cal.as_of_local for slot in got)
    assert got[-1].end == period.end or got[-1].end > cal.last_day
    assert not any(slot.clipped for slot in got[1:-1])
    for slot in got:
        whole = grain_start(slot.start, grain, cal) == slot.start
        assert slot.clipped == (not whole or next_start(slot.start, grain) != slot.end)
        ended = datetime.combine(slot.end, time()) <= cal.as_of_local
        assert is_complete(slot, cal) == (ended and not slot.clipped)


@given(st.sampled_from(["mtd", "qtd", "ytd", "all"]), GRAIN, CALENDARS)
def test_open_ends_are_not_clipped(text: str, grain: str, cal: Calendar) -> None:
    period = parse_period(text, cal)
    assert datetime.combine(period.end - DAY, time()) < cal.as_of_local
    assert datetime.combine(period.end, time()) >= cal.as_of_local
    last = grain_periods(period, grain, cal)[-1]
    assert last.end == next_start(grain_start(last.start, grain, cal), grain)


@given(st.sampled_from(["last-week", "last-month", "last-quarter", "last-year"]), CALENDARS)
def test_the_last_period_is_complete_and_the_next_is_not(text: str, cal: Calendar) -> None:
    period = parse_period(text, cal)
    assert is_complete(Slot(period.start, period.end), cal)
    assert not is_complete(Slot(period.end, next_start(period.end, period.grain)), cal)


@given(st.integers(1, 400), CALENDARS)
def test_last_days_are_so_many_complete_days(days: int, cal: Calendar) -> None:
    period = parse_period(f"last-{days}-days", cal)
    assert period.end - period.start == timedelta(days=days)
    assert datetime.combine(period.end, time()) <= cal.as_of_local < datetime.combine(period.end + DAY, time())


@given(DAYS, st.integers(0, 800), GRAIN, st.sampled_from(["previous", "year"]), CALENDARS)
def test_a_comparison_is_an_earlier_range(first: date, more: int, grain: str, how: str, cal: Calendar) -> None:
    if datetime.combine(first, time()) >= cal.as_of_local:
        return
    period = parse_period(f"{first}..{first + more * DAY}", cal)
    for slot in grain_periods(period, grain, cal):
        whole = counterpart(slot, how, grain, cal)
        start, end = compared(slot, how, grain, cal)
        assert whole.start == start < slot.start
        assert start < end <= whole.end
        assert slot.clipped == whole.clipped
        if not slot.clipped and slot.end <= cal.complete_until:
            assert (start, end) == (whole.start, whole.end)
            if grain != "week" or how == "previous":
                assert grain_start(start, grain, cal) == start
                assert next_start(start, grain) == end or start.month == 2


@given(st.text() | st.from_regex(r"[0-9FYWQ.a-z-]{1,25}", fullmatch=True))
def test_any_text_is_a_period_or_a_usage_error(text: str) -> None:
    try:
        period = parse_period(text, calendar())
    except UsageError:
        return
    assert period.start < period.end


def test_a_period_that_a_range_cuts_is_called_by_its_days() -> None:
    cal = calendar()
    assert period_text("month", day("2026-01-15"), day("2026-02-01"), cal) == "2026-01-15..2026-01-31"
    assert period_text("week", day("2026-01-05"), day("2026-01-08"), cal) == "2026-01-05..2026-01-07"
    assert (
        period_text("fiscal_year", day("2026-01-01"), day("2027-01-01"), calendar(fiscal=2)) == "2026-01-01..2026-12-31"
    )
