"""What is written is current: the manual is the commands' help, and README shows what `kpi` does."""

from docs.generate_cli import PAGE, page
from kpi_runner.cli import COMMANDS
from tests.python.harness import ROOT


def test_the_manual_is_the_help_of_the_commands() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_every_command_is_in_the_readme_or_the_manual() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8") + page()
    assert all(f"kpi {name}" in text for name in COMMANDS)


def test_every_var_is_documented_beside_its_default() -> None:
    lines = (ROOT / "dbt_project.yml").read_text(encoding="utf-8").splitlines()
    start = lines.index("vars:") + 1
    end = lines.index("models:")
    for number in range(start, end):
        line = lines[number]
        if line.startswith("  ") and not line.startswith(("   ", "  #")) and line.strip():
            above = lines[number - 1].strip()
            assert above.startswith("#") or line.startswith("  period_end"), f"{line} has no comment above it"
