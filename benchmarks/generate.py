"""Writes a company of any size as canonical Parquet, for the benchmarks and for trials of your own.

    python -m benchmarks.generate --scale 10 --out /tmp/company

Scale 1 is 10,000 deals with 60,000 stage changes, 100,000 activities, 500,000 sessions and 600,000 pixel events over
the three years 2023 to 2025, and the rest in proportion; what does not grow with a company's sales (days of ad spend,
price lists, quotas of a rep) stays as it is. Every value is worked out from its row's number, so that the same scale
gives the same files, whatever the number of threads; `--days` leaves the last days out, for a first delivery
that a later one adds to.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click
import duckdb

COMPANY = Path(__file__).parent / "company"

#: Where the data ends: the first moment that is not in it.
DATA_END = datetime(2026, 1, 1)

#: How many there are at scale 1.
AT_SCALE_ONE = {
    "deals": 10_000,
    "leads": 30_000,
    "activities": 100_000,
    "emails": 60_000,
    "calls": 20_000,
    "meetings": 8_000,
    "quotes": 7_000,
    "sessions": 500_000,
    "visitors": 200_000,
    "events": 600_000,
    "orders": 20_000,
    "subscriptions": 2_000,
    "mentions": 5_000,
    "accounts": 4_000,
}

#: Teams grow slower than sales: as many reps as this times the root of the scale.
REPS_AT_SCALE_ONE = 24

#: The date on which each entity's rows come into being; what has none is delivered whole.
DATED_BY = {
    "leads": "created_at",
    "deals": "created_at",
    "deal_stage_changes": "entered_at",
    "activities": "occurred_at",
    "emails": "sent_at",
    "calls": "started_at",
    "meetings": "scheduled_for",
    "quotes": "sent_at",
    "sessions": "started_at",
    "pixel_events": "occurred_at",
    "ad_spend": "spent_on",
    "orders": "ordered_at",
    "subscriptions": "started_on",
    "brand_mentions": "mentioned_at",
}

#: A row's number and a word give a number that looks like chance.
_MACROS = """
create macro pick(i, word, among) as cast(hash(i, word) % cast(among as ubigint) as bigint);
create macro moment(i, word) as timestamp '2023-01-01' + to_seconds(pick(i, word, 1096 * 86400));
create macro later(start, i, word, days) as start + to_seconds(60 + pick(i, word, days * 86400));
create macro channel(i) as ['organic', 'ads', 'e-mail', 'partner'][1 + pick(i, 'channel', 4)];
create macro currency(i) as ['USD', 'USD', 'USD', 'EUR', 'GBP'][1 + pick(i, 'currency', 5)];
"""


def generate(scale: float, out: Path, until: datetime = DATA_END) -> dict[str, int]:
    """Writes one Parquet file per entity into `out`, rows from before `until`; returns the rows of each.

    `out` is made where it is missing, and files of an earlier run in it are replaced.
    """
    out.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    sizes = {name: max(1, round(count * scale)) for name, count in AT_SCALE_ONE.items()}
    sizes["reps"] = max(8, round(REPS_AT_SCALE_ONE * scale**0.5))
    for name, count in sizes.items():
        connection.execute(f"set variable {name} = {count}")
    connection.execute(f"set variable data_end = timestamp '{until}'")
    connection.execute(_MACROS)
    for file in ("dimensions", "sales", "web"):
        connection.execute((COMPANY / f"{file}.sql").read_text(encoding="utf-8"))
    written: dict[str, int] = {}
    for entity in entities(connection):
        dated = f"where {DATED_BY[entity]} < timestamp '{until}'" if entity in DATED_BY else ""
        path = str(out / f"{entity}.parquet").replace("'", "''")
        [(written[entity],)] = connection.execute(
            f"copy (select * from {entity} {dated}) to '{path}' (format parquet, compression zstd)"
        ).fetchall()
    connection.close()
    return written


def last_day(until: datetime = DATA_END) -> str:
    """The day before a moment, as `--as-of` takes it: the last one that has rows."""
    return (until - timedelta(days=1)).date().isoformat()


def entities(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The entities among the views that the SQL files make: not the plans that deals are made from."""
    views = connection.execute("select view_name from duckdb_views() where not internal order by 1").fetchall()
    return [name for (name,) in views if name not in ("deal_plans", "deal_steps")]


@click.command()
@click.option("--scale", type=float, default=1.0, show_default=True, help="How many times the size of scale 1.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Directory to write to.")
@click.option("--days", type=int, default=0, show_default=True, help="How many of the last days to leave out.")
def main(scale: float, out: Path, days: int) -> None:
    """Write a company of any size as Parquet files that `kpi run --data DIR` reads."""
    for entity, rows in generate(scale, out, DATA_END - timedelta(days=days)).items():
        click.echo(f"{entity:<20} {rows:>12,}")


if __name__ == "__main__":
    main()
