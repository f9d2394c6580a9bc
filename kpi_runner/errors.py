"""The exit codes of `kpi` and the errors that lead to them."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What `kpi` returns to the shell; the one place where exit codes are documented.

    | code | name         | means                                                             |
    |------|--------------|-------------------------------------------------------------------|
    | 0    | DONE         | the command did what was asked                                    |
    | 1    | CHECK_FAILED | a check found something (a figure out of range, a changed figure) |
    | 2    | USAGE        | wrong usage: an option, an argument or a value was not understood |
    | 3    | REFUSED      | the data or the warehouse refused                                 |
    | 4    | LOCKED       | another run holds the lock                                        |
    | 130  | INTERRUPTED  | Ctrl-C (SIGINT) stopped the command                               |
    | 143  | TERMINATED   | SIGTERM stopped the command                                       |
    """

    DONE = 0
    CHECK_FAILED = 1
    USAGE = 2
    REFUSED = 3
    LOCKED = 4
    INTERRUPTED = 130
    TERMINATED = 143


class KpiError(Exception):
    """An error that `kpi` shows as one message, without a traceback.

    The message names the option or value at fault and says what to do about it. `exit_code` is
    what the command returns; a subclass sets its own.
    """

    exit_code: ExitCode = ExitCode.REFUSED


class UsageError(KpiError):
    """An option, an argument or a value was not understood (exit code 2)."""

    exit_code = ExitCode.USAGE


class DataError(KpiError):
    """The data or the warehouse refused, or lacks what was asked for (exit code 3)."""

    exit_code = ExitCode.REFUSED


class LayoutError(KpiError):
    """The warehouse is not laid out as this version of the project reads it (exit code 3).

    No DataError: it says nothing about one figure, so nobody leaves a figure out for it.
    """

    exit_code = ExitCode.REFUSED


class OutputError(KpiError):
    """What a command prints cannot be written (exit code 3)."""

    exit_code = ExitCode.REFUSED


class LockedError(KpiError):
    """Another run holds the lock (exit code 4)."""

    exit_code = ExitCode.LOCKED


class Terminated(BaseException):
    """SIGTERM came; like KeyboardInterrupt, no error that a command handles, but a reason to clean up."""
