"""Hypothesis strategies: small companies that are nasty on purpose, and settings for them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from .company import COLUMNS, LOADED_AT, Company, Row, Settings
from .sources import KEYS

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
    "2024-07-01",
    "2024-10-27T00:30:00Z",
    "2024-10-27T01:30:00Z",
    "2024-11-03T05:30:00Z",
    "2024-11-03T06:30:00Z",
    "2024-12-30 09:15:00",
    "2024-12-31T23:00:00Z",
)
#: texts that are neither a date nor a timestamp
BAD_MOMENTS = ("soon", "31.02.2024", "2024-02-30", "2024-13-01T00:00:00", "0024-02-01", "2200-01-01T00:00:00")

REP_IDS = ("r1", "r2", "r3", "R1")
ACCOUNT_IDS = ("a1", "a2", "a3")
PRODUCT_IDS = ("p1", "p2", "p3")
DEAL_IDS = ("d1", "d2", "d3", "d4", "d5", "d10", "D1", "d7")
PIPELINES = ("default", "renewal")
STAGES = ("Lead", "Offer", "Deal", "Won", "Lost")
OUTCOMES = {"Won": "won", "Lost": "lost"}
MONTHS = (
    "2023-12",
    "2024-01",
    "2024-01-01",
    "2024-02",
    "2024-03",
    "2024-04-01",
    "2024-07",
    "2024-12",
)

SETTINGS = (
    Settings("2024-12-31"),
    Settings("2024-02-29"),
    Settings("2024-12-15T18:00:00", timezone="Europe/Berlin", fiscal_year_start_month=7),
    Settings("2024-11-30", timezone="America/New_York", week_start="wednesday"),
    Settings("2024-03-31", timezone="Europe/Berlin", week_start="sunday"),
    Settings("2024-03-31T02:30:00+02:00", timezone="Europe/Berlin", fiscal_year_start_month=4),
    Settings("2024-11-03T06:30:00Z", timezone="America/New_York", cohort_window_days=30),
    Settings("2024-03-10", timezone="America/New_York", fiscal_year_start_month=2),
    Settings("2024-06-15T12:00:00", holidays=("2024-06-17", "2024-06-22", "2024-05-01")),
    Settings("2024-07-01T00:00:00", cohort_window_days=0, week_start="saturday"),
    Settings("2024-10-31", timezone="Europe/Berlin", reporting_currency="EUR"),
    Settings("2024-02-29T12:00:00Z", fiscal_year_start_month=12),
    Settings("2024-12-31", asked=(date(2024, 1, 11), date(2024, 3, 30))),
    Settings("2024-12-31", asked=(date(2024, 2, 1), date(2024, 2, 29)), fiscal_year_start_month=2),
    Settings("2024-03-30T18:00:00", asked=(date(2024, 2, 29), date(2024, 4, 3)), week_start="sunday"),
    Settings("2024-07-15", timezone="Europe/Berlin", asked=(date(2024, 1, 16), None)),
    Settings("2024-06-15T12:00:00", asked=(date(2023, 1, 1), date(2025, 1, 1))),
)


def settings() -> SearchStrategy[Settings]:
    """One of a few variants, with as_of in both forms."""
    return st.sampled_from(SETTINGS)


def _rarely(usual: Texts, *rare: str | None, one_in: int = 14) -> Texts:
    """Mostly the usual strategy, now and then one of the rare texts."""
    odd = st.sampled_from(rare)
    return st.integers(1, one_in).flatmap(lambda n: odd if n == one_in else usual)


def _one(*texts: str | None) -> Texts:
    return st.sampled_from(texts)


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
    """The instant of an as-of as a text in a file, and those at which a comparison with it ends.

    A bare date ends with its day, at the next midnight; comparisons end a day, a week, a month or a year earlier.
    """
    if len(as_of) <= len("2024-12-31"):
        instant = (date.fromisoformat(as_of) + timedelta(days=1)).isoformat()
        return [instant, instant]
    moment = datetime.fromisoformat(as_of)
    earlier = [moment - timedelta(days=days) for days in (1, 7, 29, 30, 31)]
    return [as_of, as_of, *(each.isoformat() for each in earlier)]


def _moments(draw: DrawFn, edges: Sequence[str]) -> Texts:
    """Moments of one company: out of a small pool with the edges in it, so that ties are common."""
    some = st.one_of(st.sampled_from(HOT_MOMENTS), _fresh_moments())
    pool = [*draw(st.lists(some, min_size=3, max_size=8)), *edges]
    return st.one_of(st.sampled_from(pool), some)


def _amounts() -> Texts:
    known = _one("0", "100", "2000.00", "350.2500", "-40.5", "0.0001", "99999.99")
    numbers = st.integers(1, 300000).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")
    return _rarely(st.one_of(known, numbers), None, "1,5", "n/a", "0.00001", "2.5e2", "1e-05", "9" * 17, one_in=6)


def _currencies() -> Texts:
    return _rarely(_one(None, "USD", "EUR"), "GBP")


def _some(ids: Sequence[str]) -> SearchStrategy[list[str]]:
    """Some of the ids: often most of them, sometimes few or none."""
    few = st.lists(st.sampled_from(ids), unique=True, max_size=len(ids))
    most = st.lists(st.sampled_from(ids), unique=True, min_size=len(ids) - 2, max_size=len(ids))
    return st.one_of(few, most)


def _rows(ids: Sequence[str], key: str, columns: Mapping[str, Texts]) -> SearchStrategy[list[Row]]:
    """Rows of some of the ids, each with the given columns; the other columns are empty."""

    def row(text: str) -> SearchStrategy[Row]:
        return st.fixed_dictionaries({key: st.just(text), **columns}).map(dict)

    chosen = _some(ids)
    return chosen.flatmap(lambda some: st.tuples(*map(row, some)).map(list))


def _reps() -> SearchStrategy[list[Row]]:
    return _rows(
        REP_IDS,
        "rep_id",
        {
            "rep_name": _rarely(_one("Ann", "Bo", "Ann", "Cy"), None, "Ann (r2)", "Ann (folder:r1)", one_in=12),
            "team": _one("north", "south", None, "north "),
            "region": _one("EMEA", "US", None),
            "hired_on": _one(None, "2020-02-29", "no"),
            "left_on": _one(None, "2024-03-31"),
        },
    )


def _accounts() -> SearchStrategy[list[Row]]:
    names, segments = _one("Acme", "Acme", "Bolt", None), _one("smb", "enterprise", None)
    return _rows(ACCOUNT_IDS, "account_id", {"account_name": names, "segment": segments})


def _products() -> SearchStrategy[list[Row]]:
    return _rows(
        PRODUCT_IDS,
        "product_id",
        {
            "product_name": _one("Basic", "Pro", "Basic"),
            "list_price": _one(None, "100", "0", "49.9900", "free"),
            "currency": _one(None, "USD", "EUR"),
        },
    )


@st.composite
def _stages(draw: DrawFn) -> list[Row]:
    """Same-named stages in both pipelines, some not delivered, some at the same position."""
    rows: list[Row] = []
    for pipeline in PIPELINES[: draw(st.sampled_from((1, 2, 2, 2, 0)))]:
        for place, stage in enumerate(STAGES):
            if draw(st.integers(0, 7)) == 7:
                continue
            usual = OUTCOMES.get(stage, "open")
            columns = {
                "pipeline": st.just(pipeline),
                "stage": st.just(stage),
                "position": _rarely(_one(str(place + 1), str(place + 1), "2"), "x", "-1"),
                "probability": _one("0", "0.1", "0.25", "0.5", "0.7499", "0.75", "1", None, "1.5"),
                "outcome": _rarely(st.just(usual), "open", "won", "lost", "done"),
                "is_qualified": _one("true", "FALSE", "1", "0"),
            }
            rows.append(dict(draw(st.fixed_dictionaries(columns))))
    return rows


@st.composite
def _deal(draw: DrawFn, deal_id: str, moments: Texts) -> Row:
    """A deal whose outcome mostly agrees with its stage, and that mostly has a closing date."""
    stage = draw(_rarely(_one(*STAGES, "Won", "Won", "Lost"), "Ghost", "Limbo", one_in=8))
    usual = OUTCOMES.get(stage or "", "open")
    outcome = draw(_rarely(st.just(usual), "open", "won", "lost", None, one_in=6))
    closing = _rarely(moments, None, *BAD_MOMENTS, one_in=10)
    columns = {
        "deal_id": st.just(deal_id),
        "created_at": _rarely(moments, None, *BAD_MOMENTS, one_in=25),
        "pipeline": _one(None, "default", "renewal", "default"),
        "stage": st.just(stage),
        "outcome": st.just(outcome),
        "rep_id": _rarely(_one("r1", *REP_IDS, None), "r9", " r1 ", one_in=8),
        "account_id": _rarely(_one("a1", *ACCOUNT_IDS, None), "a9", one_in=8),
        "lead_id": _rarely(st.none(), "l1", one_in=20),
        "product_id": _rarely(_one(*PRODUCT_IDS, None), "p9", one_in=8),
        "channel": _one("ads", "organic", None, "  "),
        "campaign": _one("spring", None),
        "kind": _rarely(_one("new", None), "odd"),
        "amount": _amounts(),
        "currency": _currencies(),
        "closed_at": closing if outcome != "open" else _rarely(st.none(), "2024-02-29"),
        "lost_reason": _one(None, "price", "timing"),
    }
    return dict(draw(st.fixed_dictionaries(columns)))


@st.composite
def _deals(draw: DrawFn, moments: Texts) -> list[Row]:
    return [draw(_deal(deal_id, moments)) for deal_id in draw(_some(DEAL_IDS))]


def _changes(deals: Sequence[Row], moments: Texts) -> SearchStrategy[list[Row]]:
    """Up to 20 stage changes of some deals: re-entries, ties, orphans, late and future ones."""
    known: list[str | None] = [row["deal_id"] for row in deals[:3]] or [None]
    row = st.fixed_dictionaries(
        {
            "deal_id": _rarely(st.sampled_from(known), "d99", None, one_in=10),
            "stage": _rarely(_one(*STAGES), "Ghost", None, one_in=10),
            "entered_at": _rarely(moments, None, *BAD_MOMENTS, one_in=20),
        }
    ).map(lambda cells: dict[str, str | None](cells))
    return st.one_of(st.just([]), st.lists(row, max_size=20), st.lists(row, min_size=8, max_size=20))


def _quotas() -> SearchStrategy[list[Row]]:
    """Quotas by rep, by team, of an unknown rep; some of both or of nobody."""

    def row(owner: tuple[str | None, str | None]) -> SearchStrategy[Row]:
        columns = {
            "rep_id": st.just(owner[0]),
            "team": st.just(owner[1]),
            "month": _rarely(_one(*MONTHS), None, "2024-02-15", "2024-13", one_in=20),
            "kind": _rarely(_one("revenue", "revenue", "revenue", "leads"), "calls", one_in=20),
            "target": _rarely(_one("1000", "100.50", "0", "3000", "-5", "250", "100", "2000"), None, one_in=20),
            "currency": _one(None, "USD", "EUR"),
        }
        return st.fixed_dictionaries(columns).map(dict)

    reps: list[tuple[str | None, str | None]] = [(rep_id, None) for rep_id in ("r1", *REP_IDS, "r9")]
    others = [(None, "north"), (None, "south"), (None, "east"), ("r1", "north"), (None, None)]
    owned = st.sampled_from(reps * 3 + others).flatmap(row)
    return st.one_of(st.lists(owned, max_size=10), st.lists(owned, min_size=8, max_size=14))


@st.composite
def _exchange_rates(draw: DrawFn) -> list[Row]:
    """Rates that mostly cover every day, so that a missing rate is rare."""
    rows: list[Row] = []
    for currency, rate in (("EUR", "1.1"), ("USD", "0.9090909091"), ("GBP", "1.25")):
        since = draw(_rarely(st.just("2000-01-01"), "2024-03-01", one_in=30))
        rows.append({"currency": currency, "valid_from": since, "rate": rate})
    days = _one("2023-12-01", "2024-02-29", "2024-03-01", "2024-03-31", "2024-07-01", "2025-01-01")
    columns = {
        "currency": _one("EUR", "USD", "EUR"),
        "valid_from": _rarely(days, "later", one_in=20),
        "rate": _rarely(_one("1.05", "1.2", "0.5", "1.3333333333"), "-", "1.33333333333", one_in=20),
    }
    more = st.lists(st.fixed_dictionaries(columns).map(dict[str, str | None]), max_size=4)
    return rows + draw(more)


@st.composite
def _duplicated(draw: DrawFn, entity: str, rows: list[Row]) -> list[Row]:
    """Now and then repeat rows, as they are or changed, with or without `_loaded_at`."""
    if not rows or draw(st.integers(0, 5)) < 5:
        return rows
    rows = list(rows)
    for _ in range(draw(st.integers(1, 3))):
        copy = dict(draw(st.sampled_from(rows)))
        others = [name for name in COLUMNS[entity] if name not in KEYS[entity]]
        if draw(st.booleans()) and others:
            column = draw(st.sampled_from(others))
            copy[column] = draw(st.sampled_from([row.get(column) for row in rows]))
        rows.append(copy)
    if draw(st.booleans()):
        stamps = _one("2024-01-01T00:00:00Z", "2024-01-02", "2024-01-02T00:00:00", None)
        rows = [{**row, LOADED_AT: draw(stamps)} for row in rows]
    return draw(st.permutations(rows))


def _without_currencies(company: Company) -> Company:
    """The same company, all in the reporting currency."""
    return {
        entity: [{k: None if k == "currency" else v for k, v in row.items()} for row in rows]
        for entity, rows in company.items()
    }


@st.composite
def _wins_in_a_row(draw: DrawFn, company: Company) -> Company:
    """The company with three wins of one account and rep more, whose ids are not in the order of their
    closing, and a quota that is just reached, or just not; what chance hardly ever puts together."""
    closings = draw(st.permutations(("2024-01-31", "2024-01-05T10:00:00", "2024-01-20T08:00:00Z")))
    wins: list[Row] = [
        {
            "deal_id": deal_id,
            "created_at": "2023-12-01",
            "stage": "Won",
            "outcome": "won",
            "rep_id": "r7",
            "account_id": "a7",
            "channel": channel,
            "amount": "100",
            "closed_at": closed_at,
        }
        for deal_id, channel, closed_at in zip(("x1", "x2", "x3"), ("ads", "organic", None), closings, strict=True)
    ]
    target = draw(st.sampled_from(("300", "300.0001", "100")))
    quota: Row = {"rep_id": "r7", "month": "2024-01", "kind": "revenue", "target": target}
    return company | {"deals": [*company["deals"], *wins], "quotas": [*company.get("quotas", []), quota]}


@st.composite
def companies(draw: DrawFn, as_of: str | None = None) -> Company:
    """A small company; deals are always delivered, each other entity is missing now and then.

    With an as_of, things happen exactly then more often than chance has it.
    """
    moments = _moments(draw, [] if as_of is None else as_of_moments(as_of))
    deals = draw(_deals(moments))
    makers: dict[str, Callable[[], SearchStrategy[list[Row]]]] = {
        "reps": _reps,
        "accounts": _accounts,
        "products": _products,
        "stages": _stages,
        "deal_stage_changes": lambda: _changes(deals, moments),
        "quotas": _quotas,
        "exchange_rates": _exchange_rates,
    }
    company: Company = {"deals": draw(_duplicated("deals", deals))}
    for entity, maker in makers.items():
        if draw(st.integers(0, 11)) < 11:
            company[entity] = draw(_duplicated(entity, draw(maker())))
    if "exchange_rates" not in company and draw(st.integers(0, 9)) < 9:
        company = _without_currencies(company)
    return draw(_wins_in_a_row(company)) if draw(st.booleans()) else company
