"""The company as a whole: builds every table from the parts, in the order they need each other.

To add an entity: give it a module with a builder and a ``..._rows`` function, its columns and
sort key in ``tables.py``, and a line here.
"""

from __future__ import annotations

from .accounts import account_rows, build_accounts, build_shop_accounts
from .advertising import acquisition_cost_rows, ad_spend_rows
from .calls import call_rows
from .catalog import product_rows, stage_rows
from .contacts import activity_rows, build_contacts
from .deals import Simulation, deal_rows, numbered_deals, stage_change_rows
from .dirt import spoil
from .dirty_rows import DirtyRow
from .emails import email_rows
from .founding import founding_deals
from .lead_quotas import lead_quota_rows
from .leads import build_leads, lead_rows
from .market import brand_mention_rows, competitor_price_rows
from .meetings import build_meetings, meeting_rows
from .money import build_rates, rate_rows
from .orders import deal_orders, numbered, order_line_rows, order_rows
from .people import build_marketers, build_reps, rep_rows
from .pixel import pixel_rows
from .plans import build_plans
from .quotas import build_quotas, quota_rows
from .quotes import build_quotes, quote_rows
from .shop import build_purchases
from .subscriptions import build_subscriptions, subscription_rows
from .tables import Row, to_files
from .visits import build_visits, session_rows


def build_company() -> tuple[dict[str, list[Row]], list[DirtyRow]]:
    """Return the tables by entity, and the list of the rows that were broken on purpose."""
    reps = build_reps()
    people = [*reps, *build_marketers()]
    accounts = build_accounts()
    shop_accounts = build_shop_accounts(accounts)
    rates = build_rates()
    plans = build_plans(shop_accounts)
    simulation = Simulation(reps, accounts, founding_deals(accounts))
    deals = numbered_deals([*simulation.run(), *(deal for plan in plans for deal in plan.deals)])
    leads = build_leads(reps, accounts, deals)
    meetings = build_meetings(reps, leads, deals)
    contacts = build_contacts(reps, leads, deals, meetings)
    purchases = build_purchases(accounts, shop_accounts, deals)
    visits = build_visits(leads, purchases)
    orders = numbered([*deal_orders(deals), *(purchase.order for purchase in purchases)])
    subscriptions = build_subscriptions(reps, deals, simulation.contracts, plans)
    tables: dict[str, list[Row]] = {
        "reps": rep_rows(people),
        "accounts": account_rows([*accounts, *shop_accounts]),
        "products": product_rows(),
        "stages": stage_rows(),
        "leads": lead_rows(leads),
        "deals": deal_rows(deals),
        "deal_stage_changes": stage_change_rows(deals),
        "activities": activity_rows(contacts),
        "emails": email_rows(leads, contacts),
        "calls": call_rows(contacts),
        "meetings": meeting_rows(meetings),
        "quotes": quote_rows(build_quotes(deals)),
        "sessions": session_rows(visits),
        "pixel_events": pixel_rows(visits),
        "ad_spend": ad_spend_rows(visits, rates),
        "orders": order_rows(orders),
        "order_lines": order_line_rows(orders),
        "subscriptions": subscription_rows(subscriptions),
        "quotas": [*quota_rows(build_quotas(reps, deals, rates)), *lead_quota_rows(people, leads)],
        "acquisition_costs": acquisition_cost_rows(rates),
        "competitor_prices": competitor_price_rows(),
        "brand_mentions": brand_mention_rows(),
        "exchange_rates": rate_rows(rates),
    }
    dirty = spoil(tables)
    return tables, dirty


def build_files() -> dict[str, bytes]:
    """Return file name and content of every table."""
    tables, _ = build_company()
    return to_files(tables)
