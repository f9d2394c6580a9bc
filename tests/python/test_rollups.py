"""The KPIs written by hand for the benchmark give what the models give: else the times of the two are of other work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.generate import generate
from benchmarks.rollups import BY_HAND, KPIS, Times, assert_same, by_hand, by_model, lines
from kpi_runner.warehouse import Warehouse
from tests.python.conftest import Builder

#: In the middle of a day, week, month and quarter, so that running periods are compared with parts of others.
AS_OF = "2025-11-12T10:30:00Z"


@pytest.fixture(scope="module")
def warehouse(builder: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    company = tmp_path_factory.mktemp("rolled_up") / "company"
    generate(0.02, company)
    built = builder.run("rolled_up", "run", "--data", str(company), "--as-of", AS_OF, "--select", ",".join(KPIS))
    with Warehouse(built.warehouse.path) as opened:
        yield opened


def test_every_kpi_is_written_by_hand() -> None:
    assert {file.stem for file in BY_HAND.iterdir()} == KPIS.keys()


@pytest.mark.parametrize("kpi_id", KPIS)
def test_by_hand_gives_the_same_figures(kpi_id: str, warehouse: Warehouse) -> None:
    for statement in (*by_model(kpi_id, warehouse), by_hand(kpi_id)):
        warehouse.rows(statement)
    assert assert_same(kpi_id, warehouse) > 0


def test_other_figures_are_told(warehouse: Warehouse) -> None:
    for statement in (*by_model("revenue", warehouse), by_hand("revenue")):
        warehouse.rows(statement)
    warehouse.rows("update written_figures set value = value + 1 where grain = 'year' and dimension = 'total'")
    with pytest.raises(AssertionError, match="revenue"):
        assert_same("revenue", warehouse)


def test_the_table_ends_with_the_sums() -> None:
    times = [Times("revenue", 10, [1.0], [3.0], [2.0]), Times("win_rate", 20, [0.0], [1.0], [2.0])]
    assert lines(times)[-1] == "| all 2 |  | 30 | 1.000 | 4.000 | 4.000 | 1.00 | 1.25 |"
