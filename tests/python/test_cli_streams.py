"""What `kpi` prints where the terminal's encoding lacks a character, where nothing can be printed, and in its help."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import datetime

import duckdb
import pytest

from kpi_runner.periods import FORMS, Calendar, parse_period
from tests.python.conftest import ROOT, Built, Warehouse


@pytest.fixture(scope="module")
def warehouse(small: Built, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The small company, with a rep whose name is not ASCII."""
    place = Warehouse(tmp_path_factory.mktemp("streams") / "warehouse")
    place.directory.mkdir()
    shutil.copy(small.warehouse.path, place.path)
    with duckdb.connect(str(place.path)) as connection:
        connection.execute("update won_deals__rows set rep = 'Zo\u00eb \u0141' where rep = 'Bob'")
    return place


def printed(warehouse: Warehouse, encoding: str, *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command whose streams have that encoding."""
    done = subprocess.run(
        [sys.executable, "-m", "kpi_runner.cli", *arguments],
        cwd=ROOT,
        env=os.environ | warehouse.environment() | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout.decode(encoding), done.stderr.decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("encoding", "name"), [("ascii", "Zo? ?"), ("latin-1", "Zo\u00eb ?"), ("utf-8", "Zo\u00eb \u0141")]
)
@pytest.mark.parametrize("output_format", ["text", "csv", "json"])
def test_what_an_encoding_lacks_is_a_question_mark(
    warehouse: Warehouse, encoding: str, name: str, output_format: str
) -> None:
    question = ("query", "won_deals", "--by", "rep", "--format", output_format)
    code, stdout, stderr = printed(warehouse, encoding, *question)
    assert (code, stderr.count("\n")) == (0, 1), stderr
    assert name in stdout
    if output_format == "json":
        assert [row["rep"] for row in json.loads(stdout)] == ["Ann", name]


def test_messages_in_any_encoding(warehouse: Warehouse) -> None:
    for encoding in ("ascii", "latin-1"):
        code, stdout, stderr = printed(warehouse, encoding, "query", "won_deals", "--where", "rep = Zo\u00eb")
        assert (code, stdout) == (2, "")
        assert "--where" in stderr
        assert "Traceback" not in stderr


def test_help_in_any_encoding(warehouse: Warehouse) -> None:
    code, stdout, stderr = printed(warehouse, "latin-1", "query", "--help")
    assert (code, stderr) == (0, "")
    assert "--grain" in stdout


@pytest.mark.parametrize("command", ["run", "query", "export"])
def test_the_help_names_every_form_of_a_period(warehouse: Warehouse, command: str) -> None:
    """And the parser takes each form that the help names."""
    text = "".join(warehouse.call(command, "--help").stdout.split())
    assert FORMS.replace(" ", "") in text
    calendar = Calendar(datetime(2026, 12, 31), first_event_on=datetime(2020, 1, 1).date())
    forms = re.split(", | or ", FORMS)
    assert {f"last-{grain}" for grain in ("week", "month", "quarter", "year")} < set(forms)
    for form in forms:
        parse_period(form, calendar)


# --- Output that cannot be written


FULL = "Error: stdout cannot be written: No space left on device."
CLOSED = "Error: stdout is closed, so nothing can be printed. Send it to a file, or to /dev/null."


def in_shell(warehouse: Warehouse, arguments: str, redirection: str) -> tuple[int, list[str]]:
    """Exit code and the errors on stderr of a command whose output a shell sends elsewhere."""
    done = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -m kpi_runner.cli {arguments} {redirection}'],
        cwd=ROOT,
        env=os.environ | warehouse.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stderr.splitlines()
    return done.returncode, [line for line in said if not line.startswith(("as of ", "revenue from "))]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is full")
@pytest.mark.parametrize(
    "arguments",
    [
        "--help",
        "query --help",
        "--version",
        "list",
        "list --format json",
        "query revenue",
        "query revenue --grain day --format csv",
        "query revenue --format parquet",
        "drill revenue --format parquet",
        "show revenue",
    ],
)
def test_a_full_disk_is_said_once(warehouse: Warehouse, arguments: str) -> None:
    """Whether the output is written at once, or when the command ends."""
    assert in_shell(warehouse, arguments, "> /dev/full") == (3, [FULL])


@pytest.mark.parametrize("arguments", ["--help", "query revenue", "query revenue --format parquet"])
def test_a_closed_stdout_is_said_once(warehouse: Warehouse, arguments: str) -> None:
    assert in_shell(warehouse, arguments, ">&-") == (3, [CLOSED])


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is full")
def test_a_full_stderr_is_no_finding(warehouse: Warehouse) -> None:
    assert in_shell(warehouse, "query revenue", "2> /dev/full") == (3, [])


@pytest.mark.parametrize("arguments", ["--help", "list", "list --format json", "query revenue --format parquet"])
def test_a_reader_may_stop(warehouse: Warehouse, arguments: str) -> None:
    """As `head` does: that is no error, and no finding of a check."""
    done = without_a_reader(warehouse, arguments)
    assert done.returncode == 0
    assert [line for line in done.stderr.splitlines() if not line.startswith("as of ")] == []


def test_what_a_check_has_found_is_told_without_a_reader(demo: Built) -> None:
    done = without_a_reader(demo.warehouse, "check --period 2025")
    assert done.returncode == 1
    assert "Error" not in done.stderr


def without_a_reader(warehouse: Warehouse, arguments: str) -> subprocess.CompletedProcess[str]:
    """A command whose stdout is a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return subprocess.run(
            [sys.executable, "-m", "kpi_runner.cli", *arguments.split()],
            cwd=ROOT,
            env=os.environ | warehouse.environment(),
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
