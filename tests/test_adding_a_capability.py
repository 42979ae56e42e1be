"""What the developers' manual says about adding a capability: a copy of the project is changed that way, and used."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
MANUAL = (ROOT / "docs" / "developing.md").read_text(encoding="utf-8")

_FILE = re.compile(r"```(?:python|jinja)\n(?:# (\S+)\n|\{# (\S+) #\}\n)(.*?)```", re.DOTALL)
_CHANGE = re.compile(r"```diff\n(.*?)```", re.DOTALL)

USE = """
from tests.support.engines import costly
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, visible_text


@costly
async def test_it_is_used(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "greet")
    assert visible_text(answer).startswith(f"Good morning, {harness.workspace.user('hannah').email}.")
    assert actions(answer) == ["greet_again"]
    again = await harness.press("hannah", answer, "greet_again")
    assert ", once more (2 times by now)." in visible_text(again)
"""


def test_a_capability_is_a_folder_its_templates_and_its_name_in_the_app(tmp_path: Path) -> None:
    copy_of_project(tmp_path)
    written = [write_file(tmp_path, *each) for each in _FILE.findall(MANUAL)]
    assert {each.parent for each in written} == {Path("bot/greeting"), Path("templates/greeting")}
    change_app(tmp_path / "bot" / "app.py")
    (tmp_path / "tests" / "test_use.py").write_text(USE)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n0",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        "tests/test_use.py",
    ]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert run.returncode == 0, run.stdout + run.stderr


def copy_of_project(directory: Path) -> None:
    """Copy what a service and its tests need, with what was compiled of it."""
    for name in ("bot", "templates", "migrations", "tests/support"):
        shutil.copytree(ROOT / name, directory / name)
    for name in ("pyproject.toml", "tests/conftest.py"):
        shutil.copy(ROOT / name, directory / name)


def write_file(directory: Path, source: str, template: str, text: str) -> Path:
    """Write a file of the manual, and return where, relative to the project."""
    path = Path(source or template)
    (directory / path).parent.mkdir(exist_ok=True)
    (directory / path).write_text(text, encoding="utf-8")
    return path


def change_app(app: Path) -> None:
    """Change the list of capabilities as the manual's diff says."""
    (change,) = _CHANGE.findall(MANUAL)
    text = app.read_text(encoding="utf-8")
    for hunk in change.split("@@\n")[1:]:
        lines = hunk.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if not line.startswith("+"))
        assert text.count(before) == 1
        text = text.replace(before, "".join(line[1:] for line in lines if not line.startswith("-")))
    app.write_text(text, encoding="utf-8")
