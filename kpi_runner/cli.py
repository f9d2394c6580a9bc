"""The command `kpi`: registers its subcommands, each loaded only when it is called."""

from __future__ import annotations

import io
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType
from typing import Any, NoReturn

import click

from kpi_runner.errors import ExitCode, KpiError, Terminated

COMMANDS = (
    "demo", "run", "list", "show", "query", "explain", "drill", "check", "export", "publish", "diff",
)  # fmt: skip


class _Commands(click.Group):
    """Subcommands by name: kpi_runner/commands/<name>.py holds `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"kpi_runner.commands.{cmd_name}").command
        return command

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the command line; what stdout's encoding lacks is printed as `?`."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the subcommand; an error of ours becomes one message on stderr and its exit code."""
        try:
            with _terminable():
                return super().invoke(ctx)
        except KpiError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            sys.exit(ExitCode.INTERRUPTED)
        except Terminated:
            click.echo("Terminated.", err=True)
            sys.exit(ExitCode.TERMINATED)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(ExitCode.DONE)


@contextmanager
def _terminable() -> Iterator[None]:
    """Lets a command clean up when SIGTERM comes, as when Ctrl-C does; just a main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    # Cleaning up takes a moment, and a second signal must not break into it.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Terminated


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sales-kpis", prog_name="kpi")
def main() -> None:
    """Sales KPIs, exact for any period and slice.

    \b
    Exit codes: 0 done, 1 a check found something, 2 wrong usage,
                3 the data or the warehouse refused, 4 another run holds the lock,
                130 interrupted (Ctrl-C), 143 terminated (SIGTERM).

    \b
    Example:
      kpi demo
      kpi query win_rate --period 2026-Q2 --by team
    """


if __name__ == "__main__":
    main()
