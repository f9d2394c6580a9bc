"""The report: one page for people that works offline, from what the last run left behind."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from kpi_runner.periods import Period
from kpi_runner.report.content import gathered
from kpi_runner.report.parts import STATUSES, Report, spoken
from kpi_runner.report.spans import Span
from kpi_runner.warehouse import Warehouse


def write_report(warehouse: Warehouse, period: Period, path: Path) -> Span:
    """Writes the page, and returns the period that it is about.

    That is the asked period where it is one complete period of a grain, else the last complete
    month in it, else week, else day. Raises DataError where no complete day lies in it.
    """
    report = gathered(warehouse, period)
    path.write_text(page(report), encoding="utf-8")
    return report.span


def page(report: Report) -> str:
    """The page as HTML: all text of the data escaped, style and script inside, nothing loaded."""
    # PackageLoader finds its template in a wheel as in a checkout.
    environment = Environment(
        loader=PackageLoader("kpi_runner.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["spoken"] = spoken
    style, script = (_own(environment, name) for name in ("report.css", "report.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    template = environment.get_template("report.html.j2")
    return template.render(report=report, statuses=STATUSES, style=style, script=script, script_digest=digest)


def _own(environment: Environment, name: str) -> Markup:
    """A file of ours that is put into the page as it stands."""
    assert environment.loader is not None
    source, *_ = environment.loader.get_source(environment, name)
    return Markup(source)
