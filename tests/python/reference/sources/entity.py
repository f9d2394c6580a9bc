"""What it takes to read an entity."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .parsing import Parser


class Entity(NamedTuple):
    """An entity's typed row, its key, its required columns in their order, and how columns are read.

    A column without a parser is text.
    """

    row: Callable[..., Any]
    key: tuple[str, ...]
    required: tuple[str, ...]
    parsers: Mapping[str, Parser]
