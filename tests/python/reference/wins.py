"""Each account's won deals in order (kpis.md, Rulings, 20)."""

from datetime import datetime

from .deals import Life
from .world import World


def wins_by_account(world: World) -> dict[str, list[tuple[Life, datetime]]]:
    """By account id, also one that points nowhere; in the order of (closed_at, deal_id)."""
    accounts: dict[str, list[tuple[Life, datetime]]] = {}
    ordered = sorted(world.closed("won"), key=lambda win: (win[1], win[0].deal.deal_id))
    for life, at in ordered:
        if life.deal.account_id is not None:
            accounts.setdefault(life.deal.account_id, []).append((life, at))
    return accounts
