"""Runs dbt for a build, and ends with the process that started it: `dbt_child.py PARENT_PID ARGUMENT…`."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

#: From <linux/prctl.h>: the signal that this process gets when its parent dies.
PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """Makes this process end when its parent does, however the parent ends; Linux alone can do that.

    Elsewhere the child goes on to its end, and the lock that it inherited keeps other runs away.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("The process that started this build has ended.")


if __name__ == "__main__":
    end_with(int(sys.argv.pop(1)))
    from dbt.cli.main import cli

    cli()
