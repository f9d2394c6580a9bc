"""What Jinja has made of dbt's templates is kept from one process to the next, and gives the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kpi_runner.dbt_templates import KeptTemplates

#: Renders two templates, the first in environments of both kinds, with what is kept in a directory; says how many Jinja
#: had to compile, and what came out.
RENDERING = """
import sys
from pathlib import Path
import jinja2
compiling, compiled = jinja2.Environment.compile, []
jinja2.Environment.compile = lambda *given, **named: compiled.append(given[1]) or compiling(*given, **named)
from dbt_common.clients.jinja import get_template
from kpi_runner.dbt_templates import KeptTemplates
templates = KeptTemplates(Path(sys.argv[1]))
templates.use()
found = []
for text, native in (("{{ 1 + one }}", False), ("{{ 1 + one }}", True), (sys.argv[2], False)):
    found.append(repr(get_template(text, {"one": 1}, native=native).render({"one": 1})))
templates.keep()
print(len(compiled), *found, sep="|")
"""


def rendered(directory: Path, text: str = "{% macro m() %}{{ one }}{% endmacro %}{{ dbt_macro__m() }}") -> list[str]:
    """What the script says, in a process of its own."""
    command = [sys.executable, "-c", RENDERING, str(directory), text]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().split("|")


def test_what_is_kept_is_not_compiled_again(tmp_path: Path) -> None:
    assert rendered(tmp_path) == ["3", "'2'", "2", "'1'"]
    assert rendered(tmp_path) == ["0", "'2'", "2", "'1'"]
    # One that has changed is another one.
    assert rendered(tmp_path, "{{ one }}{{ one }}") == ["1", "'2'", "2", "'11'"]
    assert rendered(tmp_path)[0] == "0"


@pytest.mark.parametrize("content", [b"", b"\x00", b"not what was written", b"i\x01\x00\x00\x00"])
def test_a_file_that_cannot_be_read_holds_nothing(tmp_path: Path, content: bytes) -> None:
    KeptTemplates(tmp_path).file.write_bytes(content)
    assert rendered(tmp_path)[0] == "3"
    assert rendered(tmp_path)[0] == "0"


def test_a_directory_that_cannot_be_written_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert rendered(tmp_path / "file" / "nowhere") == ["3", "'2'", "2", "'1'"]
