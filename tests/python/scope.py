"""How much is tried: what a person waits for after each change or, with KPI_TESTS=all, everything that CI tries."""

import os
from collections.abc import Sequence
from typing import Any

import pytest

#: Whether servers are started, and as many companies compared as CI compares.
ALL = os.environ.get("KPI_TESTS") == "all"

#: For tests that start a server: where they are asked for they must run, and fail without it.
on_a_server = pytest.mark.skipif(not ALL, reason="starts servers: KPI_TESTS=all make test, as CI does")

#: For what is much like tests that everybody runs, or about engines that few build on.
in_ci = pytest.mark.skipif(not ALL, reason="takes minutes: KPI_TESTS=all make test, as CI does")


def every_third(values: Sequence[str]) -> list[Any]:
    """Values to try one by one: a person waits for each third of them, CI for all."""
    return [pytest.param(value, marks=in_ci if place % 3 else ()) for place, value in enumerate(values)]
