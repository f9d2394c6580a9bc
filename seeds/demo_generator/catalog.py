"""What is sold, and the stages that a sale passes: products and pipelines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .tables import Row

FILTRATION, DISINFECTION, SERVICE, SPARES = "Filtration", "Disinfection", "Service contracts", "Spare parts"
PREDECESSOR, NEWCOMER = "P-06", "P-08"
NEWCOMER_LAUNCH = date(2025, 6, 2)
PREDECESSOR_WEIGHT_AFTER_LAUNCH = 0.55
KNOWN_AFTER_DAYS, RUN_DOWN_DAYS = 40, 100.0
"""When the customers of a predecessor begin to hear of its successor, and how long it takes until all have."""
OLD_LAMP, NEW_LAMP = "P-15", "P-16"
NEW_LAMP_LAUNCH = date(2025, 10, 6)
OLD_LAMP_WEIGHT_AFTER_LAUNCH = 0.55

NEW_BUSINESS, RENEWAL = "new_business", "renewal"
OPEN, WON, LOST = "open", "won", "lost"
WON_STAGE, LOST_STAGE = "Won", "Lost"


@dataclass(frozen=True)
class Product:
    """One product, with the weight with which it is asked for."""

    product_id: str
    name: str
    line: str
    launched_on: date
    list_price: int
    unit_cost: int
    currency: str
    weight: float
    predecessor_id: str | None = None

    def weight_on(self, day: date) -> float:
        """Return how often the product is asked for on ``day``."""
        if day < self.launched_on:
            return 0.0
        if self.product_id == PREDECESSOR and day >= NEWCOMER_LAUNCH:
            known = max(0.0, min(1.0, ((day - NEWCOMER_LAUNCH).days - KNOWN_AFTER_DAYS) / RUN_DOWN_DAYS))
            return self.weight * (1.0 - known * (1.0 - PREDECESSOR_WEIGHT_AFTER_LAUNCH))
        if self.product_id == OLD_LAMP and day >= NEW_LAMP_LAUNCH:
            return self.weight * OLD_LAMP_WEIGHT_AFTER_LAUNCH
        return self.weight


PRODUCTS: tuple[Product, ...] = (
    Product("P-01", "SandTower 40", FILTRATION, date(2015, 2, 2), 16500, 10100, "USD", 1.2),
    Product("P-02", "SandTower 90", FILTRATION, date(2016, 9, 5), 29500, 18300, "USD", 1.0),
    Product("P-03", "MembraSkid RO-8", FILTRATION, date(2019, 4, 1), 38000, 22400, "USD", 0.8),
    Product("P-04", "CarbonGuard", FILTRATION, date(2018, 6, 4), 14800, 8300, "USD", 1.2),
    Product("P-05", "SoftStream Duplex", FILTRATION, date(2020, 10, 5), 19800, 11900, "EUR", 0.9),
    Product("P-06", "ClearRay UV-100", DISINFECTION, date(2017, 5, 8), 21000, 12900, "USD", 4.8),
    Product("P-07", "OzoLine 30", DISINFECTION, date(2021, 3, 1), 33500, 19700, "EUR", 0.8),
    Product(
        "P-08",
        "ClearRay UV-200",
        DISINFECTION,
        NEWCOMER_LAUNCH,
        24500,
        13400,
        "USD",
        4.0,
        PREDECESSOR,
    ),
    Product("P-09", "DoseMaster CL", DISINFECTION, date(2016, 1, 11), 12900, 7400, "USD", 1.1),
    Product("P-10", "Care Basic", SERVICE, date(2015, 2, 2), 9800, 5100, "USD", 1.1),
    Product("P-11", "Care Plus", SERVICE, date(2015, 2, 2), 15500, 8200, "USD", 1.1),
    Product("P-12", "Care Total", SERVICE, date(2022, 1, 10), 23500, 12800, "USD", 0.6),
)
"""What the reps sell."""
SHOP_PRODUCTS: tuple[Product, ...] = (
    Product("P-13", "Carbon cartridge", SPARES, date(2016, 3, 7), 48, 21, "USD", 1.6),
    Product("P-14", "Sediment cartridge 5-pack", SPARES, date(2016, 3, 7), 64, 31, "USD", 1.5),
    Product("P-15", "UV lamp L80", SPARES, date(2017, 5, 8), 145, 70, "USD", 3.0),
    Product("P-16", "UV lamp L80 LongLife", SPARES, NEW_LAMP_LAUNCH, 189, 84, "USD", 2.2, OLD_LAMP),
    Product("P-17", "Dosing fluid 20 l", SPARES, date(2016, 1, 11), 96, 61, "USD", 1.1),
    Product("P-18", "Legionella test kit", SPARES, date(2020, 2, 3), 119, 52, "USD", 0.8),
    Product("P-19", "RO membrane 4040", SPARES, date(2019, 4, 1), 310, 192, "USD", 0.5),
)
"""What the web shop sells."""
FILTER_PLAN = Product("P-20", "Filter Plan", SPARES, date(2021, 9, 6), 160, 74, "USD", 1.0)
"""Spare parts delivered every month, sold as a subscription."""


@dataclass(frozen=True)
class Stage:
    """One stage of a pipeline; ``time_share`` says how long deals stay, relative to others."""

    name: str
    probability: Decimal
    outcome: str
    is_qualified: bool
    time_share: float = 0.0


PIPELINES: dict[str, tuple[Stage, ...]] = {
    NEW_BUSINESS: (
        Stage("Prospecting", Decimal("0.05"), OPEN, False, 0.7),
        Stage("Discovery", Decimal("0.15"), OPEN, False, 1.2),
        Stage("Qualified", Decimal("0.30"), OPEN, True, 2.0),
        Stage("Proposal", Decimal("0.50"), OPEN, True, 2.5),
        Stage("Negotiation", Decimal("0.70"), OPEN, True, 1.5),
        Stage("Contract", Decimal("0.90"), OPEN, True, 0.7),
        Stage(WON_STAGE, Decimal("1.00"), WON, True),
        Stage(LOST_STAGE, Decimal("0.00"), LOST, False),
    ),
    RENEWAL: (
        Stage("Upcoming", Decimal("0.60"), OPEN, False, 2.2),
        Stage("Proposal", Decimal("0.70"), OPEN, True, 1.8),
        Stage("Confirmation", Decimal("0.90"), OPEN, True, 0.8),
        Stage(WON_STAGE, Decimal("1.00"), WON, True),
        Stage(LOST_STAGE, Decimal("0.00"), LOST, False),
    ),
}


def open_stages(pipeline: str) -> list[Stage]:
    """Return the open stages of a pipeline in their order."""
    return [stage for stage in PIPELINES[pipeline] if stage.outcome == OPEN]


def qualified_stages(pipeline: str) -> list[str]:
    """Return the names of a pipeline's open stages that count as qualified."""
    return [stage.name for stage in open_stages(pipeline) if stage.is_qualified]


def outcome_of(pipeline: str, stage_name: str) -> str:
    """Return the outcome that a stage stands for."""
    return next(stage.outcome for stage in PIPELINES[pipeline] if stage.name == stage_name)


def product_rows() -> list[Row]:
    """Return the table ``products``."""
    return [
        {
            "product_id": product.product_id,
            "product_name": product.name,
            "product_line": product.line,
            "predecessor_product_id": product.predecessor_id,
            "launched_on": product.launched_on,
            "list_price": Decimal(product.list_price).quantize(Decimal("0.01")),
            "unit_cost": Decimal(product.unit_cost).quantize(Decimal("0.01")),
            "currency": product.currency,
        }
        for product in (*PRODUCTS, *SHOP_PRODUCTS, FILTER_PLAN)
    ]


def stage_rows() -> list[Row]:
    """Return the table ``stages``."""
    return [
        {
            "pipeline": pipeline,
            "stage": stage.name,
            "position": position,
            "probability": stage.probability,
            "outcome": stage.outcome,
            "is_qualified": stage.is_qualified,
        }
        for pipeline, stages in PIPELINES.items()
        for position, stage in enumerate(stages, start=1)
    ]
