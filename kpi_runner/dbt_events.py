"""Makes dbt pass over what it has to say for debugging.

dbt tells hundreds of events a second, most of them for debugging and none of those to anybody here; yet each is made
into a message first, which is a tenth of a small company's build.
"""

from __future__ import annotations

from typing import Any


def pass_over_debugging() -> None:
    """Makes no messages of events for debugging, here and in all that dbt is asked for afterwards in this process."""
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    class WithoutDebugging(EventManager):
        def fire_event(self, e: BaseEvent, level: EventLevel | None = None, *more: Any, **others: Any) -> None:
            if (level or e.level_tag()) != EventLevel.DEBUG:
                super().fire_event(e, level, *more, **others)

    ctx_set_event_manager(WithoutDebugging())
    _make_messages_when_asked(BaseEvent)


def _make_messages_when_asked(kind: Any) -> None:
    """Has an event of that class, or one below it, make its message (`pb_msg`) when somebody first looks at it."""
    making, getting, setting = kind.__init__, kind.__getattr__, kind.__setattr__

    def put_off(self: Any, *given: Any, **named: Any) -> None:
        self.__dict__["put_off"] = given, named

    def made(self: Any) -> Any:
        if "put_off" in self.__dict__:
            given, named = self.__dict__.pop("put_off")
            making(self, *given, **named)
        return self

    def get(self: Any, name: str) -> Any:
        return getattr(made(self), name) if "put_off" in self.__dict__ else getting(self, name)

    def put(self: Any, name: str, value: Any) -> None:
        setting(made(self), name, value)

    kind.__init__, kind.__getattr__, kind.__setattr__ = put_off, get, put
