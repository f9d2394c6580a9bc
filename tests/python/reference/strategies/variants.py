"""The settings that companies are tried under."""

from datetime import date

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..company import Settings

# Figures of single days are many, and made as those of longer periods are: one variant in four has their slices, none
# of a whole year, and a few more have their totals.
SETTINGS = (
    Settings("2024-12-31", days="none"),
    Settings("2024-02-29", response_sla_hours=48, renewal_gap_days=0, days="totals"),
    Settings(
        "2024-12-15T18:00:00", timezone="Europe/Berlin", fiscal_year_start_month=7, renewal_gap_days=3, days="totals"
    ),
    Settings(
        "2024-11-30",
        timezone="America/New_York",
        week_start="wednesday",
        customer_lifecycle="purchases",
        active_days=60,
        days="none",
    ),
    Settings("2024-03-31", timezone="Europe/Berlin", week_start="sunday", stale_after_days=2),
    Settings("2024-03-31T02:30:00+02:00", timezone="Europe/Berlin", fiscal_year_start_month=4, days="none"),
    Settings(
        "2024-11-03T06:30:00Z",
        timezone="America/New_York",
        cohort_window_days=30,
        response_sla_hours=1,
        days="totals",
    ),
    Settings("2024-03-10", timezone="America/New_York", fiscal_year_start_month=2, days="none"),
    Settings("2024-06-15T12:00:00", holidays=("2024-06-17", "2024-06-22", "2024-05-01")),
    Settings(
        "2024-07-01T00:00:00",
        cohort_window_days=0,
        week_start="saturday",
        customer_lifecycle="purchases",
        days="none",
    ),
    Settings("2024-10-31", timezone="Europe/Berlin", reporting_currency="EUR", stale_after_days=0, days="totals"),
    Settings("2024-02-29T12:00:00Z", fiscal_year_start_month=12, days="none"),
    Settings("2024-05-31", asked=(date(2024, 1, 11), date(2024, 3, 30))),
    Settings("2024-12-31", asked=(date(2024, 2, 1), date(2024, 2, 29)), fiscal_year_start_month=2, days="none"),
    Settings("2024-03-30T18:00:00", asked=(date(2024, 2, 29), date(2024, 4, 3)), week_start="sunday", days="totals"),
    Settings("2024-07-15", timezone="Europe/Berlin", asked=(date(2024, 1, 16), None), days="none"),
    Settings("2024-06-15T12:00:00", asked=(date(2023, 1, 1), date(2025, 1, 1)), customer_lifecycle="purchases"),
)


def settings() -> SearchStrategy[Settings]:
    """One of a few variants, with as_of in both forms."""
    return st.sampled_from(SETTINGS)
