"""What the process that runs dbt tells the one that started it."""

from __future__ import annotations

import json
import subprocess
import sys

THREADS = 8
EVENTS = 200

#: Many errors told at once, as models that fail side by side do.
TELLING = f"""
import sys
from threading import Thread
from dbt.events.types import RunResultError
from dbt_common.events.base_types import EventLevel, msg_from_base_event
from kpi_runner.dbt_child import tell

sys.setswitchinterval(1e-6)
event = msg_from_base_event(RunResultError(msg="x" * 300), level=EventLevel.ERROR)
threads = [Thread(target=lambda: [tell(event) for _ in range({EVENTS})]) for _ in range({THREADS})]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def test_what_is_told_at_once_is_told_in_lines_of_its_own() -> None:
    told = subprocess.run([sys.executable, "-c", TELLING], check=True, capture_output=True, text=True).stdout
    assert [json.loads(line)["info"]["name"] for line in told.splitlines()] == ["RunResultError"] * THREADS * EVENTS
