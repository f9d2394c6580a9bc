"""What `kpi` prints where the terminal's encoding lacks a character, and which forms its help names."""

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
