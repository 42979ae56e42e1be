"""What the lock files and the project's own file name: packages to run it with, and packages to develop it with."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def name(requirement: str) -> str:
    """Return the normalized name of what a requirement asks for."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def locked(file: str) -> dict[str, str]:
    """What a lock names: each with its version and where it is needed."""
    lines = re.findall(r"^([^\s#-].*?) \\$", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    return {name(line): line for line in lines}


def needed(groups: dict[str, list[str]]) -> set[str]:
    """The names of all that groups of requirements ask for."""
    return {name(each) for group in groups.values() for each in group}


RUNNING, DEVELOPING = locked("requirements.lock"), locked("requirements-dev.lock")
BUILDING = locked("requirements-build.lock")
REQUIRED = needed({"": PROJECT["project"]["dependencies"], **PROJECT["project"]["optional-dependencies"]})
TESTED_WITH = needed(PROJECT["dependency-groups"])
