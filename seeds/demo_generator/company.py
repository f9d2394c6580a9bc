"""The company as a whole: builds every table from the parts, in the order they need each other.

To add an entity: give it a module with a builder and a ``..._rows`` function, its columns and
sort key in ``tables.py``, and a line here.
"""

from __future__ import annotations

from .accounts import account_rows, build_accounts
from .catalog import product_rows, stage_rows
from .deals import Simulation, deal_rows, stage_change_rows
from .dirt import DirtyRow, spoil
from .money import build_rates, rate_rows
from .people import build_reps, rep_rows
from .quotas import build_quotas, quota_rows
from .tables import Row, to_files


def build_company() -> tuple[dict[str, list[Row]], list[DirtyRow]]:
    """Return the tables by entity, and the list of the rows that were broken on purpose."""
    reps = build_reps()
    accounts = build_accounts()
    rates = build_rates()
    deals = Simulation(reps, accounts).run()
    tables: dict[str, list[Row]] = {
        "reps": rep_rows(reps),
        "accounts": account_rows(accounts),
        "products": product_rows(),
        "stages": stage_rows(),
        "deals": deal_rows(deals),
        "deal_stage_changes": stage_change_rows(deals),
        "quotas": quota_rows(build_quotas(reps, deals, rates)),
        "exchange_rates": rate_rows(rates),
    }
    dirty = spoil(tables)
    return tables, dirty


def build_files() -> dict[str, bytes]:
    """Return file name and content of every table."""
    tables, _ = build_company()
    return to_files(tables)
