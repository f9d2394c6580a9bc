"""dbt's events for debugging are passed over before they are messages; all others are told as ever."""

from __future__ import annotations

import subprocess
import sys

#: Fires an event of each kind, and says how many messages were made, and which of them were told.
FIRING = """
from dbt.adapters.events.types import SQLQuery
import sys
from threading import Thread
from dbt.events.types import RunResultError
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager_client import add_callback_to_manager
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note
from kpi_runner.dbt_events import pass_over_debugging

made = []
making = BaseEvent.__init__
BaseEvent.__init__ = lambda self, **given: made.append(type(self).__name__) or making(self, **given)
pass_over_debugging()
pass_over_debugging()
told = []
add_callback_to_manager(lambda event: told.append((event.info.name, event.info.level, event.info.msg)))
fire_event(SQLQuery(conn_name="one", sql="select 1"))
fire_event(Note(msg="for debugging"), level=EventLevel.DEBUG)
fire_event(Note(msg="as such"), level=EventLevel.WARN)
fire_event(RunResultError(msg="it failed"))
fire_event(SQLQuery(conn_name="one", sql="select 2"), level=EventLevel.INFO)
fire_event(SQLQuery(conn_name="one", sql="select 3"), force_warn_or_error_handling=True)
print(made)
print([entry[:2] for entry in told], told[0][2], told[1][2], "select 2" in told[2][2])
looked_at = SQLQuery(conn_name="two", sql="select 4")
looked_at.sql = "select 5"
print(looked_at.conn_name, looked_at.sql, looked_at.to_dict()["sql"], hasattr(looked_at, "nothing"))

sys.setswitchinterval(1e-6)
failed = []
def look(event):
    try:
        event.sql
    except Exception as error:
        failed.append(error)
for number in range(200):
    event = SQLQuery(conn_name="three", sql="select 6")
    threads = [Thread(target=look, args=(event,)) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
print(len(failed))
"""


def test_messages_are_made_of_what_is_told_alone() -> None:
    done = subprocess.run([sys.executable, "-c", FIRING], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "['Note', 'RunResultError', 'SQLQuery', 'SQLQuery']",
        "[('Note', 'warn'), ('RunResultError', 'error'), ('SQLQuery', 'info'), ('SQLQuery', 'debug')]"
        " as such   it failed True",
        "two select 5 select 5 False",
        "0",
    ]
