"""Makes dbt pass over what it has to say for debugging.

dbt tells hundreds of events a second, most of them for debugging and none of those to anybody here; yet each is made
into a message first, which is a tenth of a small company's build.
"""

from __future__ import annotations

from functools import cache
from threading import RLock
from typing import Any

#: Held by whoever makes a message; making one can fire another event.
MAKING = RLock()


@cache
def pass_over_debugging() -> None:
    """Makes no messages of events for debugging in what dbt is asked for afterwards in this process.

    Messages of all others are made when somebody looks at them, which is as soon as they are fired.
    """
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    class WithoutDebugging(EventManager):
        def fire_event(
            self,
            e: BaseEvent,
            level: EventLevel | None = None,
            node: Any = None,
            force_warn_or_error_handling: bool = False,
        ) -> None:
            # What a warning is asked to fail for may be fired for debugging.
            if (level or e.level_tag()) != EventLevel.DEBUG or force_warn_or_error_handling:
                super().fire_event(e, level, node, force_warn_or_error_handling)

    ctx_set_event_manager(WithoutDebugging())
    _make_messages_when_asked(BaseEvent)


def _make_messages_when_asked(kind: Any) -> None:
    """Has an event of that class, or one below it, make its message (`pb_msg`) when somebody first looks at it."""
    making, getting, setting = kind.__init__, kind.__getattr__, kind.__setattr__

    def put_off(self: Any, *given: Any, **named: Any) -> None:
        self.__dict__["put_off"] = given, named

    def made(self: Any) -> Any:
        with MAKING:
            if "put_off" in self.__dict__:
                given, named = self.__dict__.pop("put_off")
                making(self, *given, **named)
        return self

    def get(self: Any, name: str) -> Any:
        return getting(made(self), name)

    def put(self: Any, name: str, value: Any) -> None:
        setting(made(self), name, value)

    kind.__init__, kind.__getattr__, kind.__setattr__ = put_off, get, put
