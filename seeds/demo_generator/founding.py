"""The deals by which the oldest customers were won, years before the period.

The former CRM kept of those years nothing but each customer's first purchase. Without it these customers would seem
to be new when they buy again, although they have had service contracts all along.
"""

from __future__ import annotations

from datetime import timedelta

from .accounts import Account
from .catalog import NEW_BUSINESS, PRODUCTS, SERVICE, WON_STAGE, open_stages
from .dates import at_work, working_day
from .deals import Deal, archive, new_amount
from .draws import Draws
from .journeys import MEAN_DAYS_TO_WIN, WIN_SIGMA, clamp_days
from .people import acting_rep

FIRST_STAGE = open_stages(NEW_BUSINESS)[0].name


def founding_deals(accounts: list[Account]) -> list[Deal]:
    """Return the first purchase of every customer of long before the period: always equipment."""
    draws = Draws("founding")
    return [founding_deal(draws, account) for account in accounts if account.is_legacy]


def founding_deal(draws: Draws, account: Account) -> Deal:
    """Return one customer's first purchase, which begins on the day on which the account was created."""
    created_at = account.created_at
    days = clamp_days(MEAN_DAYS_TO_WIN[account.segment] * draws.log_normal(WIN_SIGMA))
    day = working_day(draws, created_at.date() + timedelta(days=days))
    choices = [(item, item.weight_on(created_at.date())) for item in PRODUCTS if item.line != SERVICE]
    product = draws.weighted(choices)
    deal = Deal(
        created_at=created_at,
        pipeline=NEW_BUSINESS,
        rep_id=acting_rep(account.first_owner_id, day),
        account=account,
        product=product,
        channel=account.channel,
        campaign=None,
        kind="new",
        amount=new_amount(draws, product, account.segment, True),
        changes=((FIRST_STAGE, created_at), (WON_STAGE, at_work(draws, day))),
        expected_close_on=day,
    )
    archive(deal)
    return deal
