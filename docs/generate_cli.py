"""Writes docs/cli.md from the commands' own help: `python -m docs.generate_cli`."""

from __future__ import annotations

from pathlib import Path

import click

from kpi_runner.cli import COMMANDS, main

PAGE = Path(__file__).parent / "cli.md"


def page() -> str:
    """The manual: the help of `kpi` and of every command."""
    parent = click.Context(main, info_name="kpi", terminal_width=100, **main.context_settings)
    parts = [
        "# The command `kpi`\n\nWritten by `make docs` from `--help`; edit the docstrings, not this page.\n",
        _section("kpi", main, parent),
    ]
    for name in COMMANDS:
        command = main.get_command(parent, name)
        assert command is not None
        context = click.Context(command, parent=parent, info_name=name, max_content_width=100, terminal_width=100)
        parts.append(_section(f"kpi {name}", command, context))
    return "\n".join(parts)


def _section(title: str, command: click.Command, context: click.Context) -> str:
    return f"## {title}\n\n```text\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
