"""No word of a command in everyday words is dropped: what is not known stands in the command, or it is none."""

import re
from pathlib import Path

import pytest

from bot.domain.everyday.commands import command_line
from bot.domain.everyday.pointing import pointed_line

MANUAL = Path(__file__).parents[3] / "docs" / "typing.md"
ROW = re.compile(r"\| `(.*?)` \| `.*?` \|")
UNKNOWN = "frobnicate"
POINTING = [
    ("budgets @ana", "how much of it is used"),
    ("budgets @ana", "is it enough for this month"),
    ("budgets me", "can I get more"),
    ("balance", "when will it run out"),
    ("balance", "how long will that last"),
    ("overview", "is that over budget"),
]


def commands() -> list[str]:
    page = MANUAL.read_text(encoding="utf-8").partition("\n## Commands\n")[2].partition("\n## ")[0]
    found = [row[1] for row in map(ROW.match, page.splitlines()) if row]
    assert len(found) > 10
    return found


def longer_lines(line: str) -> list[str]:
    words = line.split()
    return [" ".join([*words[:place], UNKNOWN, *words[place:]]) for place in range(len(words) + 1)]


@pytest.mark.parametrize("line", commands())
def test_no_unknown_word_is_dropped_from_a_command(line: str) -> None:
    for longer in longer_lines(line):
        found = command_line(longer)
        assert found is None or UNKNOWN in found, longer


@pytest.mark.parametrize(("before", "line"), POINTING)
def test_no_unknown_word_is_dropped_from_a_line_that_points_to_a_command(before: str, line: str) -> None:
    for longer in longer_lines(line):
        assert pointed_line(longer, before) is None
