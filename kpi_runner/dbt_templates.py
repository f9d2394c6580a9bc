"""What Jinja has made of dbt's macros and the project's models, kept from one run to the next.

dbt has Jinja compile each of some nine hundred templates anew in every process, which is an eighth of a small company's
run. What comes out hangs on nothing but the text, the kind of environment, and the versions of Python, Jinja and dbt.
"""

from __future__ import annotations

import marshal
import os
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from types import CodeType
from typing import Any

#: How many are kept; of more than that, those of the last run alone.
MOST = 4000


class KeptTemplates:
    """The compiled templates in a file of a directory; one that cannot be read holds none."""

    def __init__(self, directory: Path) -> None:
        versions = "-".join((sys.implementation.cache_tag, version("jinja2"), version("dbt-common")))
        self.file = directory / f"templates-{versions}.marshal"
        self._kept: dict[tuple[str, str], CodeType] = {}
        self._used: dict[tuple[str, str], CodeType] = {}
        with suppress(OSError, EOFError, ValueError, TypeError):
            self._kept = dict(marshal.loads(self.file.read_bytes()))

    def use(self) -> None:
        """Makes dbt's environments take from here what is here."""
        from dbt_common.clients.jinja import MacroFuzzEnvironment

        compiling = MacroFuzzEnvironment.compile

        def compiled(environment: Any, source: Any, *rest: Any, **others: Any) -> Any:
            if not isinstance(source, str) or rest or others:
                return compiling(environment, source, *rest, **others)
            key = (type(environment).__name__, source)
            code = self._used.get(key) or self._kept.get(key) or compiling(environment, source)
            self._used[key] = code
            return code

        MacroFuzzEnvironment.compile = compiled  # type: ignore[method-assign, assignment]

    def keep(self) -> None:
        """Writes what this process has used, where some of it is not there yet.

        A file that cannot be written is no matter.
        """
        if self._used.keys() <= self._kept.keys():
            return
        unfinished = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        with suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            both = self._kept | self._used
            unfinished.write_bytes(marshal.dumps(both if len(both) <= MOST else self._used))
            unfinished.replace(self.file)
