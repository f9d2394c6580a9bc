"""The tests of the data in tests/data find what does not add up; over whole companies they find nothing."""

from __future__ import annotations

import pytest

from tests.python.harness import ROOT, Layer, compile_layer, delivering
from tests.python.reference.company import COLUMNS, Company, Settings
from tests.python.test_harness import COMPANY

#: A wrong that each of these tests was written to find, as SQL on a warehouse that was built right.
WRONGS = {
    "slices_sum_to_totals": "update kpi_figures set value = value + 1 where kpi_id = 'won_deals' and dimension = 'rep'"
    " and dimension_value = 'Ann' and grain = 'month'",
    "shares_sum_to_one": "update kpi_figures set numerator = 2 where kpi_id = 'deals_by_channel' and measure = 'share'"
    " and dimension = 'channel' and grain = 'year'",
    "a_call_is_closed_dropped_or_unwinnable": "update kpi_figures set numerator = numerator + 1"
    " where kpi_id = 'conversation_droppage' and measure = 'close_rate' and grain = 'week'",
    "open_pipeline_flows": "update kpi_figures set value = 2 * value where kpi_id = 'open_pipeline'"
    " and measure = 'open_amount' and period_end = '2024-03-01' and grain = 'month'",
    "customers_flow": "update kpi_figures set value = 2 * value where kpi_id = 'active_customers'"
    " and period_end = '2024-03-01' and grain = 'month'",
}


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Layer:
    return compile_layer(Settings("2024-03-31"), tuple(COLUMNS), tmp_path_factory.mktemp("conservation"))


@pytest.fixture(scope="module")
def company() -> Company:
    return delivering(COMPANY, tuple(COLUMNS))


def test_nothing_is_found_in_a_warehouse_built_right(layer: Layer, company: Company) -> None:
    assert set(WRONGS) < set(layer.checks)
    assert set(layer.checks) == {path.stem for path in (ROOT / "tests" / "data").glob("*.sql")}
    assert layer.broken_checks(layer.build(company)) == []


@pytest.mark.parametrize(("name", "wrong"), WRONGS.items())
def test_a_wrong_is_found(layer: Layer, company: Company, name: str, wrong: str) -> None:
    connection = layer.build(company)
    (changed,) = connection.execute(wrong).fetchall()
    assert changed[0] > 0
    assert layer.broken_checks(connection) == [name]
