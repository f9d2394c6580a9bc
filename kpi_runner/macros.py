"""Macros of the project, compiled without dbt: pure Jinja, which dbt renders when it builds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

from jinja2 import DictLoader, Environment, FileSystemBytecodeCache, StrictUndefined, Template
from jinja2.runtime import Macro

MACROS = Path("macros")

#: The files of pure Jinja that the roll-up is written in.
ROLLUP_FILES = (
    "kpi/rollup.sql", "kpi/cells/parts.sql", "kpi/cells/events.sql", "kpi/cells/states.sql", "kpi/cells/spans.sql",
    "kpi/cells/percentiles.sql", "kpi/measures.sql", "kpi/grid.sql", "kpi/windows.sql", "kpi/known_rows.sql",
    "kpi/drill.sql", "engine/numbers.sql",
)  # fmt: skip

#: The file that says how files are read.
FILE_FILES = ("engine/engine.sql",)


class _Returned(Exception):
    """Carries a macro's return value, as dbt's `return` does."""

    def __init__(self, value: Any) -> None:
        self.value = value


class _ReturningMacro(Macro):
    """A macro that may return any value, not just the text that it prints."""

    def _invoke(self, arguments: list[Any], autoescape: bool) -> Any:
        try:
            return super()._invoke(arguments, autoescape)
        except _Returned as returned:
            return returned.value


def _return(value: Any) -> NoReturn:
    raise _Returned(value)


class _Adapter:
    """Finds how an engine spells a macro, as dbt's adapter does: its own spelling, or the one that does for all."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.macros: Any = None

    def dispatch(self, name: str, package: str) -> Any:
        """The macro."""
        return getattr(self.macros, f"{self.engine}__{name}", None) or getattr(self.macros, f"default__{name}")


def _kept_bytecode() -> FileSystemBytecodeCache | None:
    """Where compiled macros are kept from one command to the next: Jinja's own directory, which is this user's alone.

    None where there can be no such directory: compiling takes a third of a second, and gives the same.
    """
    try:
        return FileSystemBytecodeCache()
    except (OSError, RuntimeError):
        return None


@cache
def rollup_macros(project_dir: Path, engine: str) -> Any:
    """The macros of the roll-up of a project as an engine spells them; compiled once, whatever is asked for."""
    return compiled(project_dir, ROLLUP_FILES, {}, engine)


@dataclass(frozen=True)
class _Found:
    """The rows of a query as macros take them: `rows`, and `columns`, each with its values."""

    rows: list[tuple[Any, ...]]

    @property
    def columns(self) -> list[Any]:
        """The columns of the rows."""
        return [SimpleNamespace(values=lambda values=values: values) for values in zip(*self.rows, strict=True)]


def file_macros(project_dir: Path, query: Callable[[str], list[tuple[Any, ...]]]) -> Any:
    """The macros by which DuckDB reads files in a build, where `query` gives the rows of its SQL."""
    given = {"run_query": lambda sql: _Found(query(sql)), "modules": SimpleNamespace(re=re)}
    return compiled(project_dir, FILE_FILES, given)


def compiled(project_dir: Path, names: Sequence[str], given: Mapping[str, Any], engine: str = "default") -> Any:
    """The macros of some files, with what dbt would give them."""
    source = "".join((project_dir / MACROS / name).read_text(encoding="utf-8") for name in names)
    environment = Environment(
        extensions=["jinja2.ext.do"],
        undefined=StrictUndefined,
        loader=DictLoader({MACROS.name: source}),
        bytecode_cache=_kept_bytecode(),
    )
    environment.globals |= given
    environment.globals["return"] = _return
    environment.globals["adapter"] = adapter = _Adapter(engine)
    template: Template = environment.get_template(MACROS.name)
    template.root_render_func.__globals__["Macro"] = _ReturningMacro
    adapter.macros = template.module
    return adapter.macros
