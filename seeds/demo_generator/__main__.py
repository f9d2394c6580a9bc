"""Write the demo company, or check that the committed files are what the generator makes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .company import build_company, build_files

DEFAULT_DIRECTORY = Path(__file__).resolve().parents[1] / "demo"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m seeds.demo_generator", description=__doc__)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="exit 1 when the files differ")
    mode.add_argument("--dirt", action="store_true", help="list the rows broken on purpose")
    parser.add_argument("--out", type=Path, default=DEFAULT_DIRECTORY, help="the files' directory")
    options = parser.parse_args(arguments)
    if options.dirt:
        return list_dirt()
    return check(options.out) if options.check else write(options.out)


def write(directory: Path) -> int:
    """Write all files."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in build_files().items():
        (directory / name).write_bytes(content)
        print(f"{name}: {len(content):,} bytes")
    return 0


def check(directory: Path) -> int:
    """Compare the files with what would be written; name those that differ."""
    differing = [
        name
        for name, content in build_files().items()
        if not (directory / name).is_file() or (directory / name).read_bytes() != content
    ]
    for name in differing:
        print(f"{directory / name} differs; run python -m seeds.demo_generator", file=sys.stderr)
    return 1 if differing else 0


def list_dirt() -> int:
    """Print the rows that are broken on purpose."""
    _, dirty = build_company()
    for row in dirty:
        print(f"{row.entity} {row.key}: {row.case} -> {row.fate}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
