"""Settings as users write them: NAME=VALUE texts and YAML, each value of the kind that its setting takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml

from kpi_runner.errors import UsageError
from kpi_runner.project import parse_yaml
from kpi_runner.warehouse import nearest

#: Vars that are no settings of a company: how the layer is put together, and what options set.
NOT_SETTABLE = ("source_system_entities", "period_start", "period_end")


def assigned(assignments: Sequence[str]) -> dict[str, Any]:
    """NAME=VALUE texts as a mapping; values are read as YAML. Raises UsageError for another text."""
    found = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"--set: {text!r} is not NAME=VALUE.")
        try:
            found[name.strip()] = parse_yaml(value)
        except yaml.YAMLError:
            raise UsageError(f"--set: the value of {name} cannot be read: {value!r}.") from None
    return found


def settable(given: Mapping[str, Any], defaults: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The given settings; one source system by itself becomes a list.

    Raises UsageError for a name that is no setting, and for a value that is not of its kind.
    """
    names = [name for name in defaults if name not in NOT_SETTABLE]
    for name in given:
        if name not in names:
            raise UsageError(
                f"{where}: there is no setting {name!r}.{nearest(str(name), names)} It is one of {', '.join(names)}."
            )
    return checked(given, where)


def checked(given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The settings among the given vars, each of its kind; see settable()."""
    found = dict(given)
    if isinstance(found.get("source_systems"), str):
        found["source_systems"] = [name.strip() for name in found["source_systems"].split(",")]
    for name, (is_of_kind, kind) in KINDS.items():
        if name in found and not is_of_kind(found[name]):
            value = "no value" if found[name] in (None, "") else repr(found[name])
            raise UsageError(f"{where}: {name}: {value} is not {kind}.")
    return found


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, int) and not isinstance(value, bool))


def _is_count(value: Any) -> bool:
    return _is_number(value) and re.fullmatch("[0-9]{1,4}", str(value)) is not None


def _is_systems(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value)) and 0 < len(value) == len(set(value))


def _is_grid(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(choice, str | list) for choice in value.values())


def _is_grids(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_grid, value.values()))


def _is_dates(value: Any) -> bool:
    return value is None or isinstance(value, str) or (isinstance(value, list) and all(map(_is_text, value)))


#: Setting → what a value of it is. Which texts and numbers are right, the layer checks (macros/settings.sql).
KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "source_systems": (_is_systems, "a list of different source systems, such as [folder]"),
    "data_dir": (lambda value: value is None or isinstance(value, str), "a directory"),
    "timezone": (_is_text, "an IANA time zone, such as Europe/Berlin"),
    "week_start": (_is_text, "a weekday, such as monday"),
    "fiscal_year_start_month": (_is_number, "a month from 1 to 12"),
    "cohort_window_days": (_is_count, "a whole number of days from 0 to 9999"),
    "response_sla_hours": (_is_count, "a whole number of hours from 0 to 9999"),
    "stale_after_days": (_is_count, "a whole number of days from 0 to 9999"),
    "customer_lifecycle": (("subscriptions", "purchases").__contains__, "subscriptions or purchases"),
    "renewal_gap_days": (_is_count, "a whole number of days from 0 to 9999"),
    "active_days": (_is_count, "a whole number of days from 0 to 9999"),
    "reporting_currency": (_is_text, "a currency's three capital letters"),
    "grid": (_is_grid, "a mapping of grains to all, totals, none or a list of dimensions, such as {day: totals}"),
    "grid_of_kpis": (_is_grids, "a mapping of KPIs to grids, such as {KPI: {day: all}}"),
    "incremental": (lambda value: isinstance(value, bool), "true or false"),
    "incremental_from_rows": (_is_number, "a whole number of rows"),
    "holidays": (_is_dates, "a list of dates, such as [2026-12-24, 2026-12-25]"),
}
