"""The command `kpi`: registers its subcommands, each loaded only when it is called."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from kpi_runner.errors import ExitCode, KpiError, OutputError, Terminated

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

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
        """Runs the command line, help included; all that it printed is written when it ends.

        What stdout's encoding lacks is printed as `?`.
        """
        with _reported():
            _open_stdout()
            try:
                return super().main(*args, **kwargs)
            finally:
                sys.stdout.flush()

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the subcommand; an error of ours becomes one message on stderr and its exit code."""
        with _reported(), _terminable():
            return super().invoke(ctx)


@contextmanager
def _reported() -> Iterator[None]:
    """Makes of an error of ours, and of a signal, one message on stderr and an exit code."""
    try:
        yield
    except KpiError as error:
        _say(f"Error: {error}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _say("Interrupted.")
        sys.exit(ExitCode.INTERRUPTED)
    except Terminated:
        _say("Terminated.")
        sys.exit(ExitCode.TERMINATED)
    except OSError as error:
        # A file that we do not look after: stderr that is full, say.
        _say(f"Error: {error}")
        sys.exit(ExitCode.REFUSED)
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception:
        # A fault of the command's. Python's own exit code for it would say that a check has found something.
        _say(traceback.format_exc())
        sys.exit(ExitCode.REFUSED)


def _say(message: str) -> None:
    """Prints a last word on stderr; where that cannot be written, the exit code alone tells."""
    try:
        click.echo(message, err=True)
    except OSError:
        # Else Python fails to write it once more when it ends, and that has an exit code of its own.
        _send_nowhere(sys.stderr.fileno())


def _send_nowhere(descriptor: int) -> None:
    """Has a file that is open take everything from now on, and keep nothing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


class _Stdout(io.FileIO):
    """The file that is stdout. Once a write to it has failed, it takes everything and keeps nothing.

    So a failure is raised once, and not again by what was still to be written. Where its reader has stopped, as `head`
    does, that is no failure: the command goes on, and its exit code says what it has found.
    """

    def write(self, data: ReadableBuffer, /) -> int:
        """Writes what it can. Raises OutputError where it cannot be written."""
        try:
            return super().write(data)
        except OSError as error:
            _send_nowhere(self.fileno())
            if isinstance(error, BrokenPipeError):
                return memoryview(data).nbytes
            raise OutputError(f"stdout cannot be written: {error.strerror}.") from None


def _open_stdout() -> None:
    """Puts a stream in stdout's place that says when it cannot be written. Raises OutputError where it is closed."""
    given = sys.stdout
    # Python has none where the process was started without one.
    if given is None:
        raise OutputError("stdout is closed, so nothing can be printed. Send it to a file, or to /dev/null.")
    if not isinstance(given, io.TextIOWrapper):
        return
    if given is not sys.__stdout__:
        given.reconfigure(errors="replace")
        return
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Stdout(given.fileno(), "wb", closefd=False)),
        encoding=given.encoding,
        errors="replace",
        line_buffering=given.line_buffering,
        write_through=given.write_through,
    )


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
