"""The reference against examples that were worked out by hand (kpis.md, Worked examples)."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as run

from tests.python.reference.clock import Clock
from tests.python.reference.company import COLUMNS, Company, Row, Settings, write_company
from tests.python.reference.figures import Figure, Key, figures
from tests.python.reference.money import MissingRate
from tests.python.reference.periods import GRAINS, Period, containing, periods, previous, year_earlier
from tests.python.reference.sources import read
from tests.python.reference.strategies import companies, settings

STAGES: list[Row] = [
    {
        "pipeline": "default",
        "stage": name,
        "position": place,
        "probability": probability,
        "outcome": outcome,
        "is_qualified": "true",
    }
    for name, place, probability, outcome in (
        ("Lead", "1", "0.1", "open"),
        ("Offer", "2", "0.5", "open"),
        ("Won", "3", "1", "won"),
        ("Lost", "4", "0", "lost"),
    )
]
OPEN, WON, LOST = ("Lead", "open"), ("Won", "won"), ("Lost", "lost")


def deal(deal_id: str, created: str, state: tuple[str, str] = OPEN, **more: str | None) -> Row:
    """A deal in a stage, with its outcome."""
    return {
        "deal_id": deal_id,
        "created_at": created,
        "stage": state[0],
        "outcome": state[1],
        **more,
    }


def change(deal_id: str, stage: str, entered_at: str) -> Row:
    """A stage change."""
    return {"deal_id": deal_id, "stage": stage, "entered_at": entered_at}


def quota(rep_id: str | None, month: str, target: str, **more: str) -> Row:
    """A revenue quota."""
    return {"rep_id": rep_id, "month": month, "kind": "revenue", "target": target, **more}


def company(deals: list[Row], changes: list[Row] | None = None, **entities: list[Row]) -> Company:
    """Deals with the default stages."""
    return {"deals": deals, "deal_stage_changes": changes or [], "stages": STAGES, **entities}


def seen(*values: object) -> tuple[object, ...]:
    """Values side by side, to be compared with plain numbers."""
    return values


class Table:
    """Figures by a short key."""

    def __init__(self, delivered: Company, as_of: Settings | str, grains: Collection[str] = GRAINS) -> None:
        options = Settings(as_of) if isinstance(as_of, str) else as_of
        self.figures = figures(delivered, options, grains)

    def at(
        self,
        kpi: str,
        measure: str,
        start: str,
        dimension: str = "total",
        value: str = "total",
        grain: str = "month",
    ) -> Figure:
        """The figure of the period that starts on a day."""
        found = [
            figure
            for key, figure in self.figures.items()
            if (key.kpi_id, key.measure, key.grain) == (kpi, measure, grain)
            and key.period_start == date.fromisoformat(start)
            and (key.dimension, key.dimension_value) == (dimension, value)
        ]
        assert len(found) == 1, f"{len(found)} figures"
        return found[0]

    def slices(self, kpi: str, measure: str, start: str, dimension: str) -> set[str]:
        """The values of a dimension in a month."""
        return {
            key.dimension_value
            for key in self.figures
            if (key.kpi_id, key.measure, key.grain) == (kpi, measure, "month")
            and (key.period_start, key.dimension) == (date.fromisoformat(start), dimension)
        }


def test_pipeline_velocity() -> None:
    deals = [deal(f"o{n}", "2024-09-02") for n in range(40)]
    deals += [deal("w", "2024-08-01", WON, closed_at="2024-09-20", amount="5000")]
    deals += [deal(f"l{n}", "2024-08-01", LOST, closed_at="2024-09-05") for n in range(3)]
    table = Table(company(deals), "2024-09-30")
    velocity = table.at("pipeline_velocity", "velocity_per_day", "2024-09-01")
    assert seen(velocity.value, velocity.row_count) == (1000, 44)
    assert velocity.numerator is None
    assert table.at("pipeline_velocity", "forecast", "2024-09-01").value == 21000
    assert table.at("pipeline_velocity", "forecast", "2024-08-01").value is None
    rested = Table(company(deals), Settings("2024-09-15", holidays=("2024-09-02", "2024-09-07")))
    assert rested.at("pipeline_velocity", "forecast", "2024-09-01").value is None
    rested = Table(company(deals), Settings("2024-09-20", holidays=("2024-09-02", "2024-09-07")))
    assert rested.at("pipeline_velocity", "forecast", "2024-09-01").value == 20000


def test_pipeline_multiplier() -> None:
    reps: list[Row] = [{"rep_id": "r1", "rep_name": "Ann", "team": "north"}]
    deals = [deal("d1", "2024-09-02", amount="350000", rep_id="r1")]
    quotas = [quota("r1", "2024-09", "60000"), quota(None, "2024-09-01", "40000", team="north")]
    table = Table(company(deals, reps=reps, quotas=quotas), "2024-09-10")
    whole = table.at("pipeline_multiplier", "multiplier", "2024-09-01")
    assert seen(whole.value, whole.row_count, whole.is_complete) == (Fraction(7, 2), 3, False)
    team = table.at("pipeline_multiplier", "multiplier", "2024-09-01", "team", "north")
    assert team.value == Fraction(7, 2)
    rep = table.at("pipeline_multiplier", "multiplier", "2024-09-01", "rep", "Ann")
    assert seen(rep.value, rep.row_count) == (Fraction(350000, 60000), 2)


def test_multiplier_without_quota_is_null() -> None:
    delivered = company([deal("d1", "2024-09-02", amount="10")], quotas=[])
    figure = Table(delivered, "2024-09-10").at("pipeline_multiplier", "multiplier", "2024-09-01")
    assert figure == Figure(Fraction(10), Fraction(0), None, 1, False, False, True)


@pytest.mark.parametrize("hitting", [7, 5, 10])
def test_quota_attainment(hitting: int) -> None:
    reps: list[Row] = [{"rep_id": f"r{n}", "rep_name": f"Rep {n}"} for n in range(10)]
    deals = [
        deal(f"d{n}", "2024-01-02", WON, closed_at="2024-01-10", rep_id=f"r{n}")
        | {"amount": "100" if n < hitting else "50"}
        for n in range(10)
    ]
    quotas = [quota(f"r{n}", "2024-01", "100") for n in range(10)]
    quotas += [quota("r0", "2024-02", "0"), quota(None, "2024-01", "7", team="north")]
    table = Table(company(deals, reps=reps, quotas=quotas), "2024-02-29")
    rate = table.at("quota_attainment_rate", "attainment_rate", "2024-01-01")
    assert seen(rate.value, rate.row_count) == (Fraction(hitting, 10), 10)
    mean = table.at("quota_attainment_rate", "mean_attainment", "2024-01-01")
    assert mean.value == Fraction(hitting, 10) + Fraction(10 - hitting, 20)
    assert table.at("quota_attainment_rate", "attainment_rate", "2024-02-01").row_count == 0


def test_revenue_per_deal() -> None:
    many = [deal(f"a{n}", "2024-01-02", WON, closed_at="2024-01-09") for n in range(30)]
    few = [deal(f"b{n}", "2024-01-02", WON, closed_at="2024-02-09") for n in range(5)]
    deals = [{**row, "amount": "200"} for row in many] + [{**row, "amount": "2000"} for row in few]
    table = Table(company(deals), "2024-02-29")
    for start, revenue, each in (("2024-01-01", 6000, 200), ("2024-02-01", 10000, 2000)):
        assert table.at("revenue_per_deal", "revenue", start).value == revenue
        assert table.at("revenue_per_deal", "revenue_per_deal", start).value == each
        assert table.at("revenue_per_deal", "median", start).value == each
    assert table.at("sales_growth", "growth", "2024-02-01").value == Fraction(2, 3)
    assert table.at("sales_growth", "growth", "2024-01-01").value is None


def test_reopened_deal_is_open_again() -> None:
    """History beats the row, and closed_at is the latest change into a won or lost stage."""
    changes = [
        change("d1", "Lead", "2024-01-05"),
        change("d1", "Won", "2024-01-20"),
        change("d1", "Offer", "2024-02-10"),
    ]
    row = deal("d1", "2024-01-02", WON, closed_at="2024-01-20", amount="10")
    table = Table(company([row], changes), "2024-03-31")
    assert table.at("won_deals", "won_deals", "2024-01-01").value == 0
    assert table.at("open_pipeline", "open_deals", "2024-01-01").value == 0
    assert table.at("open_pipeline", "weighted_amount", "2024-02-01").value == 5
    table = Table(company([row], [*changes, change("d1", "Won", "2024-03-01")]), "2024-03-31")
    assert table.at("won_deals", "won_deals", "2024-03-01").value == 1
    assert table.at("sales_cycle", "mean_days", "2024-03-01").value == 59
    table = Table(company([row], changes), "2024-01-31")
    assert table.at("won_deals", "won_deals", "2024-01-01").value == 1


def test_before_its_first_change_a_deal_is_in_no_stage() -> None:
    changes = [change("d1", "Offer", "2024-02-01")]
    table = Table(company([deal("d1", "2024-01-02")], changes), "2024-02-29")
    assert table.slices("deals_by_stage", "share", "2024-01-01", "stage") == {"(none)"}
    assert table.slices("deals_by_stage", "share", "2024-01-01", "probability_bucket") == {"(none)"}
    bucket = table.at("deals_by_stage", "middle_share", "2024-02-01", "probability_bucket", "50\u201375")
    assert bucket.value == 1


def test_later_outcome_falls_back_to_open() -> None:
    """Strictly before as_of; a deal closed exactly at a boundary is still open at that end."""
    row = deal("d1", "2024-01-02", WON, closed_at="2024-02-01", amount="10")
    table = Table(company([row]), "2024-01-31")
    assert table.at("open_pipeline", "open_deals", "2024-01-01", "stage", "Won").value == 1
    table = Table(company([row]), "2024-02-01")
    assert table.at("open_pipeline", "open_deals", "2024-01-01").value == 1
    assert table.at("won_deals", "won_deals", "2024-01-01").value == 0
    assert table.at("won_deals", "won_deals", "2024-02-01").value == 1


def test_odd_closings() -> None:
    """Closed without a date: neither open nor closed. Closed before created: a span of 0."""
    rows = [
        deal("d1", "2024-01-02", WON),
        deal("d2", "2024-02-10", WON, closed_at="2024-01-20"),
    ]
    table = Table(company(rows), "2024-02-29")
    assert table.at("won_deals", "won_deals", "2024-01-01").value == 1
    assert table.at("sales_cycle", "mean_days", "2024-01-01").value == 0
    assert table.at("open_pipeline", "open_deals", "2024-02-01").value == 0
    created = table.at("stage_conversion", "open_to_won_rate", "2024-01-01")
    assert seen(created.value, created.row_count) == (0, 1)


def test_stage_conversion_and_duration() -> None:
    """Re-entry is one unit and two visits; lost never advances; orphans are units as well."""
    changes = [
        change("d1", "Lead", "2024-01-02"),
        change("d1", "Offer", "2024-01-06"),
        change("d1", "Lead", "2024-01-10"),
        change("d1", "Lost", "2024-01-11"),
        change("d9", "Lead", "2024-01-03"),
        change("d9", "Offer", "2024-01-20"),
    ]
    rows = [deal("d1", "2024-01-04", LOST), deal("d2", "2024-01-05")]
    table = Table(company(rows, changes), Settings("2024-04-30", cohort_window_days=90))
    lead = table.at("stage_conversion", "conversion_rate", "2024-01-01", "stage", "Lead")
    assert seen(lead.numerator, lead.denominator) == (1, 2)
    whole = table.at("stage_conversion", "entered", "2024-01-01")
    assert seen(whole.value, whole.is_provisional) == (5, False)
    assert table.at("stage_conversion", "entered", "2024-02-01").is_provisional
    visits = table.at("stage_duration", "mean_days", "2024-01-01", "stage", "Lead")
    assert seen(visits.numerator, visits.denominator) == (2 + 1, 2)
    lost = table.at("time_to_lose", "mean_days", "2024-01-01", "stage", "Lead")
    assert lost.value == 7
    assert table.slices("stage_duration", "visits", "2024-01-01", "pipeline") == {
        "default",
        "(unknown)",
    }


def test_ties_are_ordered_by_position() -> None:
    changes = [change("d1", stage, "2024-01-02T10:00:00Z") for stage in ("Won", "Offer", "Lead")]
    table = Table(company([deal("d1", "2024-01-01", amount="4")], changes), "2024-01-31")
    assert table.at("revenue", "revenue", "2024-01-01").value == 4
    assert table.at("stage_duration", "visits", "2024-01-01").value == 2


def test_customers_new_and_again() -> None:
    rows = [
        deal("d2", "2024-01-01", WON, closed_at="2024-01-05", account_id="a1", channel="ads"),
        deal("d10", "2024-01-01", WON, closed_at="2024-01-05", account_id="a1", amount="3"),
        deal("d3", "2024-01-01", WON, closed_at="2024-01-06", account_id="a9", amount="5"),
        deal("d4", "2024-01-01", WON, closed_at="2024-01-07"),
    ]
    accounts: list[Row] = [{"account_id": "a1", "segment": "smb"}]
    table = Table(company(rows, accounts=accounts), "2024-01-31")
    assert table.at("new_customers", "new_customers", "2024-01-01").value == 2
    segments = table.slices("new_customers", "new_customers", "2024-01-01", "segment")
    assert segments == {"smb", "(unknown)"}
    repeat = table.at("repeat_sales_by_channel", "repeat_share", "2024-01-01", "channel", "ads")
    assert seen(repeat.numerator, repeat.denominator) == (1, 1)
    share = table.at("deals_by_channel", "share", "2024-01-01", "channel", "(none)")
    assert seen(share.value, share.row_count) == (Fraction(3, 4), 3)


def test_win_rate_by_value_needs_a_lost_amount() -> None:
    rows = [
        deal("d1", "2024-01-01", WON, closed_at="2024-01-05", amount="30", channel="ads"),
        deal("d2", "2024-01-01", LOST, closed_at="2024-01-05", channel="ads"),
        deal("d3", "2024-01-01", LOST, closed_at="2024-01-05", amount="10"),
    ]
    table = Table(company(rows), "2024-01-31")
    assert table.at("win_rate", "win_rate", "2024-01-01").value == Fraction(1, 3)
    whole = table.at("win_rate", "win_rate_by_value", "2024-01-01")
    assert seen(whole.value, whole.row_count) == (Fraction(3, 4), 2)
    ads = table.at("win_rate", "win_rate_by_value", "2024-01-01", "channel", "ads")
    assert seen(ads.numerator, ads.denominator, ads.value) == (30, 30, None)


def test_days_are_cut_in_the_reporting_zone() -> None:
    """Both changes of the clock in Berlin: local days of 23 and of 25 hours."""
    options = Settings("2024-10-31", timezone="Europe/Berlin")
    clock = Clock(options)
    for day, hours in ((date(2024, 3, 31), 23), (date(2024, 10, 27), 25)):
        following = date.fromordinal(day.toordinal() + 1)
        assert (clock.midnight(following) - clock.midnight(day)).total_seconds() == hours * 3600
    rows = [deal("d1", "2024-03-30", WON, closed_at="2024-03-31T21:59:59Z")]
    rows += [deal("d2", "2024-03-31T22:00:00Z", WON, closed_at="2024-10-27T22:59:59Z")]
    table = Table(company(rows), options)
    assert table.at("sales_cycle", "mean_days", "2024-03-31", grain="day").value == 1
    assert table.at("won_deals", "won_deals", "2024-10-27", grain="day").value == 1
    assert table.at("sales_cycle", "mean_days", "2024-10-27", grain="day").value == 209


def test_leap_day_is_compared_with_28_february() -> None:
    options = Settings("2024-12-31")
    leap = Period("day", date(2024, 2, 29), date(2024, 3, 1))
    assert year_earlier(leap, options) == Period("day", date(2023, 2, 28), date(2023, 3, 1))
    february = Period("month", date(2024, 2, 1), date(2024, 3, 1))
    assert year_earlier(february, options) == Period("month", date(2023, 2, 1), date(2023, 3, 1))
    rows = [
        deal("d1", "2023-02-01", WON, closed_at="2023-02-28T10:00:00", amount="10"),
        deal("d2", "2023-02-01", WON, closed_at="2024-02-29T11:00:00", amount="15"),
    ]
    table = Table(company(rows), "2024-02-29")
    growth = table.at("sales_growth", "growth_year_on_year", "2024-02-29", grain="day")
    assert seen(growth.value, growth.row_count) == (Fraction(1, 2), 2)


def test_a_cut_period_is_compared_with_the_same_part_of_the_other() -> None:
    options = Settings("2024-12-31")
    march_to_21 = Period("month", date(2024, 3, 11), date(2024, 3, 22))
    assert previous(march_to_21, options)[1:] == (date(2024, 2, 11), date(2024, 2, 22))
    to_its_end = Period("month", date(2024, 3, 11), date(2024, 4, 1))
    assert previous(to_its_end, options)[1:] == (date(2024, 2, 11), date(2024, 3, 1))
    last_day = Period("month", date(2024, 3, 31), date(2024, 4, 1))
    assert previous(last_day, options)[1:] == (date(2024, 2, 29), date(2024, 3, 1))
    most_of_february = Period("month", date(2024, 2, 1), date(2024, 2, 29))
    assert year_earlier(most_of_february, options)[1:] == (date(2023, 2, 1), date(2023, 3, 1))
    week = Period("week", date(2024, 3, 13), date(2024, 3, 18))
    assert year_earlier(week, options)[1:] == (date(2023, 3, 15), date(2023, 3, 20))
    custom = Period("custom", date(2024, 3, 1), date(2024, 3, 12))
    assert previous(custom, options)[1:] == (date(2024, 2, 19), date(2024, 3, 1))


def test_running_period_is_compared_with_the_same_elapsed_time() -> None:
    rows = [
        deal("d1", "2024-01-01", WON, closed_at="2024-01-10T11:59:59Z", amount="10"),
        deal("d2", "2024-01-01", WON, closed_at="2024-01-10T12:00:00Z", amount="70"),
        deal("d3", "2024-01-01", WON, closed_at="2024-02-02", amount="25"),
    ]
    table = Table(company(rows), "2024-02-10T12:00:00Z")
    growth = table.at("sales_growth", "growth", "2024-02-01")
    assert seen(growth.value, growth.row_count, growth.is_complete) == (Fraction(3, 2), 2, False)


def test_fiscal_years_and_weeks() -> None:
    options = Settings("2024-12-31", week_start="sunday", fiscal_year_start_month=4)
    day = date(2024, 3, 31)
    assert containing("fiscal_year", day, options)[1:] == (date(2023, 4, 1), date(2024, 4, 1))
    assert containing("fiscal_quarter", day, options)[1:] == (date(2024, 1, 1), date(2024, 4, 1))
    assert containing("week", day, options)[1:] == (date(2024, 3, 31), date(2024, 4, 7))
    starts = [p.start.month for p in periods("month", day, Clock(options), options)]
    assert starts == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]


def test_money_is_converted_at_the_deal_s_date() -> None:
    rates: list[Row] = [
        {"currency": "EUR", "valid_from": "2024-01-01", "rate": "1.1"},
        {"currency": "EUR", "valid_from": "2024-02-01", "rate": "1.2"},
    ]
    rows = [
        deal("d1", "2024-01-15", WON, closed_at="2024-02-05", amount="10", currency="EUR"),
        deal("d2", "2024-01-15", amount="10", currency="EUR"),
        deal("d3", "2024-01-15", product_id="p1"),
    ]
    products: list[Row] = [{"product_id": "p1", "product_name": "Pro", "list_price": "100", "currency": "EUR"}]
    delivered = company(rows, exchange_rates=rates, products=products)
    table = Table(delivered, "2024-02-29")
    assert table.at("revenue", "revenue", "2024-02-01").value == 12
    assert table.at("open_pipeline", "open_amount", "2024-01-01").value == 11 + 11 + 110
    assert table.at("open_pipeline", "open_amount", "2024-02-01").value == 11 + 110
    with pytest.raises(MissingRate, match="EUR on 2024-01-15"):
        Table({**delivered, "exchange_rates": rates[1:]}, "2024-02-29")


def test_lost_deal_without_amount_needs_no_rate() -> None:
    rows = [deal("d1", "2024-01-15", LOST, closed_at="2024-01-15", currency="EUR")]
    table = Table(company(rows), "2024-01-31")
    assert table.at("win_rate", "win_rate", "2024-01-01").value == 0


def test_names_of_slices() -> None:
    reps: list[Row] = [
        {"rep_id": "r1", "rep_name": "Ann", "team": None},
        {"rep_id": "r2", "rep_name": "Ann", "team": "north"},
    ]
    rows = [
        deal(f"d{n}", "2024-01-01", WON, closed_at="2024-01-05", rep_id=rep_id)
        for n, rep_id in enumerate(("r1", "r2", "r9", None))
    ]
    table = Table(company(rows, reps=reps), "2024-01-31")
    names = table.slices("won_deals", "won_deals", "2024-01-01", "rep")
    assert names == {"Ann (r1)", "Ann (r2)", "(unknown)", "(none)"}
    teams = table.slices("won_deals", "won_deals", "2024-01-01", "team")
    assert teams == {"(none)", "north", "(unknown)"}
    table = Table(company(rows), "2024-01-31")
    names = table.slices("won_deals", "won_deals", "2024-01-01", "rep")
    assert names == {"r1", "r2", "r9", "(none)"}


def test_several_pipelines_are_named() -> None:
    rows = [deal("d1", "2024-01-01"), deal("d2", "2024-01-01", pipeline="renewal")]
    table = Table(company(rows), "2024-01-31")
    stages = table.slices("open_pipeline", "open_deals", "2024-01-01", "stage")
    assert stages == {"default/Lead", "(unknown)"}


def test_rows_that_break_a_rule() -> None:
    """delivered = mart + rejected + merged."""
    good = deal("d1", "2024-01-01", amount="1.0")
    rows = [
        good,
        {**good, "amount": " 1.00 "},
        deal("d2", "2024-01-01", amount="1"),
        deal("d2", "2024-01-01", amount="2"),
        {**deal("d3", "2024-01-01", amount="1"), "_loaded_at": "2024-01-01"},
        {**deal("d3", "2024-01-01", amount="2"), "_loaded_at": "2024-01-02"},
        deal("d4", "yesterday"),
        deal("d5", "2024-01-01", ("Lead", "pending")),
    ]
    quotas = [quota("r1", "2024-01", "5", team="north"), quota(None, "2024-01", "5")]
    sources = read(company(rows, quotas=quotas), Clock(Settings("2024-01-31")))
    assert sources.counts["deals"] == (8, 2, 4, 2)
    assert {seen(d.deal_id, d.amount) for d in sources.deals} == {("d1", 1), ("d3", 2)}
    assert sorted((bad.key, bad.rule) for bad in sources.rejected) == [
        ("d2", "duplicate_key"),
        ("d2", "duplicate_key"),
        ("d4", "required:created_at"),
        ("d5", "required:outcome"),
        ("r1|north|2024-01|revenue", "quota_owner"),
        ("||2024-01|revenue", "quota_owner"),
    ]


def test_write_company_replaces_what_was_there(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("company")
    write_company(company([deal("d1", "2024-01-01")], reps=[]), directory)
    write_company({"deals": [deal("d2", "2024-01-01") | {"_loaded_at": None}]}, directory)
    assert [path.name for path in directory.iterdir()] == ["deals.csv"]
    header, row = (directory / "deals.csv").read_text().splitlines()
    assert header == ",".join((*COLUMNS["deals"], "_loaded_at"))
    assert row.startswith("d2,2024-01-01,,Lead,open,,")


def test_nothing_visible_gives_the_totals_of_as_of_s_day() -> None:
    found = figures(company([deal("d1", "2024-02-01")]), Settings("2024-01-31"))
    won = [key for key in found if key.kpi_id == "won_deals"]
    assert {key.period_start for key in won if key.grain in ("day", "month")} == {date(2024, 1, 1), date(2024, 1, 31)}
    assert {key.dimension for key in found} == {"total"}
    assert {found[key].value for key in won} == {0}


def _figures_or_none(delivered: Company, options: Settings) -> dict[Key, Figure] | None:
    """The figures, None where a rate is missing."""
    try:
        return figures(delivered, options, ("week", "month", "fiscal_year"))
    except MissingRate:
        return None


def _parts(table: dict[Key, Figure], kpi: str, measure: str) -> dict[tuple[Key, str], Fraction]:
    """The sum over the values of each dimension, by the key of the total."""
    sums: dict[tuple[Key, str], Fraction] = defaultdict(Fraction)
    for key, figure in table.items():
        if (key.kpi_id, key.measure) == (kpi, measure) and key.dimension != "total":
            whole = key._replace(dimension="total", dimension_value="total")
            sums[whole, key.dimension] += figure.value or 0
    return sums


ADDITIVE = (
    ("won_deals", "won_deals"),
    ("revenue", "revenue"),
    ("open_pipeline", "open_amount"),
    ("deals_by_stage", "share"),
    ("stage_conversion", "entered"),
    ("stage_duration", "visits"),
    ("leads_generated_pct", "leads"),
    ("qualified_leads", "qualified_leads"),
    ("lead_response_time", "unanswered"),
    ("email_open_rate", "sent"),
    ("follow_up_meetings", "follow_up_meetings"),
    ("call_show_rate", "scheduled"),
    ("lead_to_opportunity_rate", "opportunities"),
    ("board_deals", "board_deals"),
    ("closed_rate", "accepted"),
)


@run(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(companies(), settings())
def test_any_company(delivered: Company, options: Settings) -> None:
    """Every row goes somewhere, figures run, and additive slices sum to the total."""
    sources = read(delivered, Clock(options))
    for entity, count in sources.counts.items():
        assert count.delivered == len(delivered[entity])
        assert count.delivered == count.mart + count.rejected + count.merged
    table = _figures_or_none(delivered, options)
    for kpi, measure in ADDITIVE if table else ():
        for (whole, _), value in _parts(table or {}, kpi, measure).items():
            assert (table or {})[whole].value == value
