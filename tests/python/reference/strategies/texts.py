"""Texts of cells: moments, days, amounts, ids; and the ways to choose rows and links between them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from ..company import Row

Texts = SearchStrategy[str | None]

#: ends of days, months and years; the leap day; both changes of the clock in Berlin and New York
HOT_MOMENTS = (
    "2023-11-30T23:30:00Z",
    "2023-12-31",
    "2023-12-31T23:59:59Z",
    "2024-01-01",
    "2024-01-31T22:59:59Z",
    "2024-02-01T00:00:00",
    "2024-02-28T12:00:00",
    "2024-02-29",
    "2024-02-29T23:30:00+01:00",
    "2024-03-01T04:59:59Z",
    "2024-03-10T06:59:59Z",
    "2024-03-10T07:00:00Z",
    "2024-03-31",
    "2024-03-31T00:59:59Z",
    "2024-03-31T01:00:00Z",
    "2024-04-01 00:00:00",
    "2024-06-30T22:00:00Z",
    "2024-06-30 23:59:59.5 -05",
    "2024-07-01",
    "2024-10-27T00:30:00Z",
    "2024-10-27T01:30:00Z",
    "2024-10-27 02:30:00 +0100",
    "2024-11-03T05:30:00Z",
    "2024-11-03T06:30:00Z",
    "2024-12-30 09:15:00",
    "2024-12-31T23:00:00Z",
)
#: texts that are neither a date nor a timestamp
BAD_MOMENTS = (
    "soon",
    "31.02.2024",
    "2024-02-30",
    "2024-13-01T00:00:00",
    "0024-02-01",
    "2200-01-01T00:00:00",
    "2024-06-03T00:00+99:99",
)
#: days on both sides of the ends of months and years, and days next to each other
HOT_DAYS = (
    "2023-11-30",
    "2023-12-31",
    "2024-01-01",
    "2024-01-02",
    "2024-01-31",
    "2024-02-01",
    "2024-02-28",
    "2024-02-29",
    "2024-03-01",
    "2024-03-03",
    "2024-03-31",
    "2024-04-01",
    "2024-06-30",
    "2024-10-27",
    "2024-12-31",
)
#: texts that are no day, or one that is written in another way
BAD_DAYS = ("later", "2023-02-29", "2024-03-01T00:00:00")

REP_IDS = ("r1", "r2", "r3", "R1")
ACCOUNT_IDS = ("a1", "a2", "a3")
PRODUCT_IDS = ("p1", "p2", "p3")
CHANNELS = ("ads", "organic\t", None, " \N{NO-BREAK SPACE}")
CAMPAIGNS = ("spring", None)


def rarely(usual: Texts, *rare: str | None, one_in: int = 14) -> Texts:
    """Mostly the usual strategy, now and then one of the rare texts."""
    odd = st.sampled_from(rare)
    return st.integers(1, one_in).flatmap(lambda n: odd if n == one_in else usual)


def one(*texts: str | None) -> Texts:
    """Any of the texts."""
    return st.sampled_from(texts)


def maybe(usual: Texts, *, in_ten: int) -> Texts:
    """The usual strategy so many times in ten, else nothing."""
    return st.integers(1, 10).flatmap(lambda n: usual if n <= in_ten else st.none())


def _fresh_moments() -> Texts:
    """A minute in 2023-11 to 2024-12, in the ways of writing that are allowed."""
    forms = st.sampled_from(
        (
            "%Y-%m-%d",
            "%Y-%m-%dT%H:%M:00",
            "%Y-%m-%d %H:%M:00",
            "%Y-%m-%dT%H:%M:00Z",
            "%Y-%m-%dT%H:%M:00-05:00",
            "%Y-%m-%dT%H:%M:00.500000+02:00",
        )
    )
    offsets = st.integers(0, 14 * 30 * 24 * 60)
    return st.tuples(offsets, forms).map(lambda pair: _moment(*pair))


def _moment(minutes: int, form: str) -> str:
    """So many minutes into the range of dates."""
    return (datetime(2023, 11, 1) + timedelta(minutes=minutes)).strftime(form)


def as_of_moments(as_of: str) -> list[str]:
    """The instant of an as-of as a text in a file, a day before it, and where a comparison with it ends.

    A bare date ends with its day, at the next midnight; comparisons end a day, a week, a month or a year earlier.
    """
    if len(as_of) <= len("2024-12-31"):
        instant = (date.fromisoformat(as_of) + timedelta(days=1)).isoformat()
        return [instant, instant, as_of]
    moment = datetime.fromisoformat(as_of)
    earlier = [moment - timedelta(days=days) for days in (1, 7, 29, 30, 31)]
    return [as_of, as_of, *(each.isoformat() for each in earlier)]


def moments_around(draw: DrawFn, edges: Sequence[str]) -> Texts:
    """Moments of one company: out of a small pool with the edges in it, so that ties are common."""
    some = st.one_of(st.sampled_from(HOT_MOMENTS), _fresh_moments())
    pool = [*draw(st.lists(some, min_size=3, max_size=8)), *edges]
    return st.one_of(st.sampled_from(pool), some)


def days_around(edges: Sequence[str]) -> Texts:
    """Days of one company; the edges are the as-of's, whose days are among them, with the days after them."""
    last = [date.fromisoformat(edge[:10]) for edge in edges[:1]]
    near = [(day + timedelta(days=step)).isoformat() for day in last for step in (-1, 0, 0, 1)]
    return st.sampled_from([*HOT_DAYS, *near])


def amounts() -> Texts:
    """Money, seldom null or not a number."""
    known = one("0", "100", "2000.00", "350.2500", "-40.5", "0.0001", "99999.99")
    numbers = st.integers(1, 300000).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")
    return rarely(st.one_of(known, numbers), None, "1,5", "n/a", "0.00001", "2.5e2", "1e-05", "9" * 17, one_in=6)


def currencies() -> Texts:
    """Mostly none, the dollar or the euro."""
    return rarely(one(None, "USD", "EUR"), "GBP")


def links(known: Sequence[str | None], nowhere: str, *, none_in_ten: int = 1) -> Texts:
    """Mostly a key that exists; else one that points nowhere, or none."""
    ids = [key for key in known if key is not None]
    existing: Texts = st.sampled_from(ids) if ids else st.just(nowhere)

    def choose(number: int) -> Texts:
        if number <= none_in_ten:
            return st.none()
        return st.just(nowhere) if number == none_in_ten + 1 else existing

    return st.integers(1, 10).flatmap(choose)


def keys(rows: Sequence[Row], column: str) -> list[str | None]:
    """The values of a column, to be linked to."""
    return [row[column] for row in rows]


def some_of(ids: Sequence[str]) -> SearchStrategy[list[str]]:
    """Some of the ids: often most of them, sometimes few or none."""
    few = st.lists(st.sampled_from(ids), unique=True, max_size=len(ids))
    most = st.lists(st.sampled_from(ids), unique=True, min_size=len(ids) - 2, max_size=len(ids))
    return st.one_of(few, most)


def rows_of(ids: Sequence[str], key: str, columns: Mapping[str, Texts]) -> SearchStrategy[list[Row]]:
    """Rows of some of the ids, each with the given columns; the other columns are empty."""

    def row(text: str) -> SearchStrategy[Row]:
        return st.fixed_dictionaries({key: st.just(text), **columns}).map(dict)

    return some_of(ids).flatmap(lambda some: st.tuples(*map(row, some)).map(list))
