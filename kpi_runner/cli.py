"""The command `kpi`: registers its subcommands, each loaded only when it is called."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from kpi_runner.errors import ExitCode, KpiError

COMMANDS = ("demo", "run", "list", "query", "export")


class _Commands(click.Group):
    """Subcommands by name: kpi_runner/commands/<name>.py holds `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"kpi_runner.commands.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the subcommand; an error of ours becomes one message on stderr and its exit code."""
        try:
            return super().invoke(ctx)
        except KpiError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(error.exit_code)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(ExitCode.DONE)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sales-kpis", prog_name="kpi")
def main() -> None:
    """Sales KPIs, exact for any period and slice.

    \b
    Exit codes: 0 done, 1 a check found something, 2 wrong usage,
                3 the data or the warehouse refused, 4 another run holds the lock.

    \b
    Example:
      kpi demo
      kpi query win_rate --period 2026-Q2 --by team
    """


if __name__ == "__main__":
    main()
