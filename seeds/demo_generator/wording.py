"""Words on a deal: its campaign, the reason of a loss, and the note that says why it is a deal."""

from __future__ import annotations

from datetime import date

from .catalog import DISINFECTION, FILTRATION, RENEWAL, SERVICE
from .draws import Draws

CAMPAIGN_CHANCE = {
    "paid_search": 0.85,
    "event": 0.90,
    "outbound": 0.45,
    "partner": 0.25,
    "paid_social": 1.0,
    "display": 1.0,
}
SEARCH_CAMPAIGNS = ("uv-search", "filtration-search", "service-search")
SOCIAL_CAMPAIGNS = ("fb-legionella", "fb-spare-parts")
DISPLAY_CAMPAIGNS = ("retargeting",)
NO_REASON_CHANCE = 0.08
NOTE_CHANCE = 0.78
JUNE = 6
MONTHS_PER_QUARTER = 3

_EARLY_REASONS: tuple[tuple[str, float], ...] = (
    ("no budget", 0.30),
    ("timing", 0.27),
    ("no decision", 0.28),
    ("competitor", 0.09),
    ("price", 0.06),
)
_LATE_REASONS: tuple[tuple[str, float], ...] = (
    ("price", 0.30),
    ("competitor", 0.27),
    ("no decision", 0.24),
    ("timing", 0.11),
    ("no budget", 0.08),
)
_EARLY_STAGES = ("Prospecting", "Discovery", "Qualified", "Upcoming")

_RENEWAL_NOTES: tuple[str, ...] = (
    "Uptime target met all year",
    "Wants a fixed price for two years",
    "Plant manager asked for the same crew",
    "Insurer requires a service contract",
)
_NOTES: dict[str, tuple[str, ...]] = {
    FILTRATION: (
        "Old filters fail twice a month",
        "Discharge limit tightens next year",
        "New line needs 30 % more water",
        "Budget approved by plant director",
        "Reject rate costs more than the unit",
        "Audit found high iron levels",
    ),
    DISINFECTION: (
        "Must replace chlorine by next season",
        "Legionella finding in March audit",
        "Customer requires chemical-free rinse",
        "Budget approved by plant director",
        "Lamp costs doubled on the old unit",
        "Pilot cut counts by 99 %",
    ),
    SERVICE: (
        "Lost two shifts to a pump failure",
        "No own technician since spring",
        "Wants one contract for all sites",
        "Insurer requires a service contract",
        "Spare parts budget was cut",
    ),
}


def campaign_for(draws: Draws, channel: str, day: date) -> str | None:
    """Return the campaign that brought the deal or lead, where the channel runs any."""
    if not draws.chance(CAMPAIGN_CHANCE.get(channel, 0.0)):
        return None
    quarter = f"{day.year}-q{(day.month - 1) // MONTHS_PER_QUARTER + 1}"
    names = {
        "paid_search": SEARCH_CAMPAIGNS,
        "event": ("water-expo" if day.month <= JUNE else "plant-days",),
        "outbound": (f"outbound-{quarter}",),
        "partner": ("installer-program",),
        "paid_social": SOCIAL_CAMPAIGNS,
        "display": DISPLAY_CAMPAIGNS,
    }
    name = draws.pick(names[channel])
    return f"{name}-{day.year}" if channel == "event" else name


def lost_reason(draws: Draws, lost_from: str) -> str | None:
    """Return why a deal was lost from this stage; sometimes nobody wrote it down."""
    if draws.chance(NO_REASON_CHANCE):
        return None
    return draws.weighted(_EARLY_REASONS if lost_from in _EARLY_STAGES else _LATE_REASONS)


def rationale_note(draws: Draws, pipeline: str, line: str) -> str | None:
    """Return the note that says why a qualified deal is one; most have it."""
    if not draws.chance(NOTE_CHANCE):
        return None
    return draws.pick(_RENEWAL_NOTES if pipeline == RENEWAL else _NOTES[line])
