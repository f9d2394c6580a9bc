"""`kpi run` on a terminal: progress is shown there and nowhere else, without colours, and Ctrl-C stops it cleanly."""

from __future__ import annotations

import os
import pty
import select
import sys
import time
from pathlib import Path

import pytest

from tests.python.conftest import AS_OF, ROOT, Warehouse
from tests.python.test_cli_stopped import KPI, eventually, is_alive, is_locked, leftovers, start

#: Stands for dbt: says that a model is done, who it is, and lasts.
SLOW_DBT = """
import json, os, pathlib, time
print(json.dumps({{
    "info": {{"name": "LogModelResult", "level": "info", "msg": "done"}},
    "data": {{"node_info": {{"node_name": "won_deals"}}, "execution_time": 0.1, "index": 1, "total": 3}},
}}), flush=True)
pathlib.Path({said!r}).write_text(str(os.getpid()))
time.sleep(60)
"""


class Terminal:
    """A command on a terminal of its own, as a person starts it."""

    def __init__(self, warehouse: Warehouse, environment: dict[str, str], *command: str) -> None:
        variables = os.environ | warehouse.environment() | environment
        self.pid, self.opened = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execve(sys.executable, [sys.executable, *command], variables)
        self.shown = ""

    def read(self, seconds: float) -> bool:
        """Takes in what is shown within that time; False where the command has ended."""
        if not select.select([self.opened], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.opened, 4096)
        except OSError:
            return False
        self.shown += data.decode("utf-8")
        return data != b""

    def wait_for(self, text: str) -> None:
        """Reads until a text is shown; fails after half a minute."""
        end = time.monotonic() + 30
        while text not in self.shown:
            assert self.read(0.1), self.shown
            assert time.monotonic() < end, self.shown

    def press(self, key: bytes) -> None:
        os.write(self.opened, key)

    def ended(self) -> int:
        """Reads to the end; gives the exit code."""
        end = time.monotonic() + 30
        while self.read(0.1):
            assert time.monotonic() < end, self.shown
        os.close(self.opened)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A place with an earlier warehouse, which no run here may change."""
    place = Warehouse(tmp_path / "warehouse")
    place.directory.mkdir()
    place.path.write_bytes(b"earlier")
    return place


@pytest.fixture
def command(tmp_path: Path) -> tuple[str, ...]:
    """A run whose build lasts."""
    script = tmp_path / "slow.py"
    script.write_text(SLOW_DBT.format(said=str(tmp_path / "said")), encoding="utf-8")
    return ("-c", KPI, str(script), "run", "--system", "demo", "--as-of", AS_OF)


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}])
def test_ctrl_c_on_a_terminal(
    warehouse: Warehouse, command: tuple[str, ...], tmp_path: Path, environment: dict[str, str]
) -> None:
    """The terminal sends the signal to run and build at once."""
    terminal = Terminal(warehouse, {"TERM": "xterm-256color", **environment}, *command)
    terminal.wait_for("[1/3] won_deals")
    eventually(lambda: (tmp_path / "said").exists() and (tmp_path / "said").read_text() != "", "a build that runs")
    assert is_locked(warehouse)
    terminal.press(b"\x03")
    assert terminal.ended() == 130
    assert "\x1b" not in terminal.shown
    assert "Traceback" not in terminal.shown
    # The line of the progress is wiped before the last word is said.
    assert terminal.shown.splitlines()[-1].split("\r")[-1] == "Interrupted."
    assert not is_alive(int((tmp_path / "said").read_text()))
    assert not is_locked(warehouse)
    assert leftovers(warehouse) == []
    assert warehouse.path.read_bytes() == b"earlier"


def test_no_progress_in_a_pipe(warehouse: Warehouse, command: tuple[str, ...], tmp_path: Path) -> None:
    process = start(warehouse, *command)
    eventually(lambda: (tmp_path / "said").exists() and (tmp_path / "said").read_text() != "", "a build that runs")
    process.terminate()
    assert process.communicate(timeout=30) == ("", "Terminated.\n")
    assert process.returncode == 143
