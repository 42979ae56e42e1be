"""The README keeps its word: its questions are the demo's, its commands and settings exist."""

import re
from pathlib import Path

from click.testing import CliRunner

from bot.cli.main import app
from bot.settings.variables import NAMES
from tests.support.questions import QUESTIONS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_examples_are_the_demos_questions() -> None:
    asking = README.partition("\n## Asking\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^/neo-usage ?(.*?)(?:\s+#.*)?$", asking, re.MULTILINE)
    assert tuple(lines) == QUESTIONS


def test_every_command_of_the_readme_has_a_help() -> None:
    commands = README.partition("## The command line")[2].partition("\n## ")[0]
    found = re.findall(r"^\| `(\w+)", commands, re.MULTILINE)
    assert "run" in found
    for words in found:
        assert CliRunner().invoke(app, [words, "--help"]).exit_code == 0


def test_every_setting_is_in_the_example_file_and_no_other() -> None:
    named = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(NAMES)


def test_the_changelog_knows_the_version() -> None:
    from bot import __version__

    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
