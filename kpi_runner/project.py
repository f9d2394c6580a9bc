"""The dbt project that the command works on: where it lies, its vars, and its targets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from kpi_runner.errors import UsageError
from kpi_runner.profiles import Target, load_profiles, read_target

PROJECT_NAME = "sales_kpis"
PROJECT_FILE = "dbt_project.yml"
PROFILES_EXAMPLE = "profiles.yml.example"


@dataclass(frozen=True)
class Project:
    """A project directory, and the profiles file that its targets come from."""

    directory: Path
    profiles_file: Path

    def settings(self) -> dict[str, Any]:
        """The layer's vars with their defaults."""
        document = read_yaml(self.directory / PROJECT_FILE)
        found = document.get("vars") or {}
        return dict(found)

    def target(self, name: str | None) -> Target:
        """The target of that name, or the profile's default one; see read_target() for its errors."""
        profile = load_profiles(self.profiles_file).get(PROJECT_NAME)
        if not isinstance(profile, dict):
            raise UsageError(f"{self.profiles_file} has no profile {PROJECT_NAME!r}; add one.")
        return read_target(self.profiles_file, profile, name, self.directory)


def find_project(directory: Path | None) -> Project:
    """The project in `directory`; without one, around the working directory, else the command's own.

    Raises UsageError where there is none.
    """
    if directory is not None:
        candidates = [directory]
    else:
        here = Path.cwd()
        candidates = [here, *here.parents, Path(__file__).resolve().parents[1]]
    for candidate in candidates:
        if _is_project(candidate / PROJECT_FILE):
            project_dir = candidate.resolve()
            return Project(project_dir, _profiles_file(project_dir))
    raise UsageError(f"--project-dir: there is no {PROJECT_FILE} of the project {PROJECT_NAME} in {candidates[0]}.")


def _is_project(file: Path) -> bool:
    return file.is_file() and read_yaml(file).get("name") == PROJECT_NAME


def _profiles_file(project_dir: Path) -> Path:
    """The user's profiles.yml, where dbt looks for it too; else the example as it stands."""
    given = os.environ.get("DBT_PROFILES_DIR")
    places = [Path(given)] if given else [project_dir, Path.home() / ".dbt"]
    for place in places:
        file = place / "profiles.yml"
        if file.is_file() and PROJECT_NAME.encode() in file.read_bytes() and PROJECT_NAME in load_profiles(file):
            return file
    return project_dir / PROFILES_EXAMPLE


class _Loader(yaml.SafeLoader):
    """Reads dates as the text that they are."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_yaml(text: str) -> Any:
    """A YAML text as plain values, dates as text. Raises yaml.YAMLError where it is none."""
    try:
        return yaml.load(text, Loader=_Loader)
    except ValueError as error:
        # What a tag says is an integer or a timestamp need not be one.
        raise yaml.YAMLError(str(error)) from None


def read_yaml(file: Path) -> dict[str, Any]:
    """A YAML file that holds a mapping; an empty file is an empty one. Raises UsageError otherwise."""
    try:
        document = parse_yaml(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise UsageError(f"{file} must hold `name: value` lines.")
    return document
