"""What is written is current: the manual is the commands' help, and README shows what `kpi` does."""

from typing import Any

import pytest

from docs import generate_cli, generate_kpis
from kpi_runner.cli import COMMANDS
from tests.python.conftest import Built
from tests.python.harness import ROOT


def test_the_manual_is_the_help_of_the_commands() -> None:
    assert generate_cli.PAGE.read_text(encoding="utf-8") == generate_cli.page(), "run `make docs`"


def test_the_page_of_kpis_is_what_they_say(manifest: dict[str, Any]) -> None:
    assert generate_kpis.PAGE.read_text(encoding="utf-8") == generate_kpis.page(manifest), "run `make docs`"


#: What needs that have a name of their own stand for, on the demo.
STATED = {
    "customers": ["subscriptions.ended_on"],
    "closed_deals": ["deals", "deals.closed_at?|deal_stage_changes"],
}


def test_the_page_of_kpis_says_what_the_catalog_says(manifest: dict[str, Any], demo: Built) -> None:
    """What a measure takes from its KPI is worked out twice: by the page, and by kpi_measures."""
    kpis = [node for node in manifest["nodes"].values() if node["config"].get("materialized") == "kpi"]
    on_page = {
        (kpi["name"], measure.name): (
            measure.unit,
            measure.basis,
            measure.better,
            measure.healthy.get("above", measure.healthy.get("low")),
            measure.healthy.get("below", measure.healthy.get("high")),
            "above" in measure.healthy,
            "below" in measure.healthy,
            ",".join(measure.dimensions),
            {stated for need in measure.needs for stated in STATED.get(need, [need])},
        )
        for kpi in kpis
        for measure in generate_kpis.described(kpi)
    }
    in_catalog = {
        (kpi_id, measure): (*values, set(needs.split(",")))
        for kpi_id, measure, needs, *values in demo.warehouse.rows(
            "select kpi_id, measure, needs, unit, basis, better, healthy_low, healthy_high, low_is_exclusive,"
            " high_is_exclusive, dimensions from kpi_measures"
        )
    }
    assert on_page == in_catalog


@pytest.mark.parametrize(
    ("measure", "text"),
    [
        ({"count": "won"}, "rows with `won`"),
        ({"mean": "day", "age": True}, "mean of the days from `day` to the period's end"),
        ({"percentile": ["hours", 0.5]}, "median of `hours`"),
        ({"percentile": ["hours", 0.9]}, "90th percentile of `hours`"),
        ({"share": "won"}, "rows with `won` ÷ those of the whole period"),
        ({"ratio": ["trailing.cost", "trailing.won"]}, "`trailing cost ÷ trailing won`"),
        ({"ratio": ["won", "closed"], "null_unless": "lost"}, "`won ÷ closed`, where some row has `lost`"),
        ({"formula": "{a - year.a} / nullif({year.a}, 0)"}, "`(a − year-ago a) ÷ year-ago a`"),
        ({"formula": "{a} * {b} / nullif({c} / nullif({d}, 0), 0) - {e}"}, "`a × b ÷ (c ÷ d) − e`"),
        (
            {"formula": "{a} / nullif({trailing_months.a}, 0) * {period.selling_days}"},
            "`a ÷ months of a × selling days`",
        ),
        ({"formula": "case when slice = 0 then {a} else {b} end - {c}"}, "`(in the total a, else b) − c`"),
    ],
)
def test_formulas_are_in_words_and_signs(measure: dict[str, Any], text: str) -> None:
    assert generate_kpis.formula_text(measure) == text


def test_every_command_is_in_the_readme_or_the_manual() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8") + generate_cli.page()
    assert all(f"kpi {name}" in text for name in COMMANDS)


def test_the_readme_shows_what_the_demo_prints(demo: Built) -> None:
    """Line by line, in their order, with … where lines are left out."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.split("```text\n")[1].split("```")[0].splitlines()
    printed = iter(demo.result.stdout.splitlines())
    missing = [line for line in shown if line.strip() not in ("", "…") and line not in printed]
    assert missing == []
    assert len(shown) > 20


def test_every_var_is_documented_beside_its_default() -> None:
    lines = (ROOT / "dbt_project.yml").read_text(encoding="utf-8").splitlines()
    start = lines.index("vars:") + 1
    end = lines.index("models:")
    for number in range(start, end):
        line = lines[number]
        if line.startswith("  ") and not line.startswith(("   ", "  #")) and line.strip():
            above = lines[number - 1].strip()
            assert above.startswith("#") or line.startswith("  period_end"), f"{line} has no comment above it"
