"""What was a line of the query language before everyday words were understood still means the same.

The table was written by the parser of that time: a line, the question it asks, and when its time begins and ends. None
of its lines has another meaning by now; one whose meaning is changed on purpose belongs in DELIBERATE, with why.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.domain.everyday.commands import command_line
from bot.domain.everyday.exact_commands import exact_line, politely_asked
from bot.domain.query.parser import parse
from bot.domain.query.question import describe
from bot.domain.query.when import resolve
from tests.support.commands import COMMANDS

NOW, ZONE = datetime(2026, 11, 29, 12, tzinfo=UTC), ZoneInfo("America/New_York")
DELIBERATE = {
    "": "the command alone shows the card, which has one's spend this month",
    "  ": "the same",
}
TABLE = Path(__file__).with_name("strict_lines.tsv")


def plain(cell: str) -> str:
    """A cell of the table, whose characters other than ASCII are written as Python escapes them."""
    return cell.encode("ascii").decode("unicode_escape")


ROWS = [tuple(map(plain, row.split("\t"))) for row in TABLE.read_text(encoding="ascii").splitlines()]


def test_a_line_of_the_query_language_asks_what_it_asked_before_everyday_words() -> None:
    assert len(ROWS) > 500
    assert [row for row in ROWS if meaning(row[0]) != row] == []


def meaning(line: str) -> tuple[str, ...]:
    """The row that today's parser would write of a line."""
    question = parse(line, now=NOW, zone=ZONE)
    window = resolve(question.effective_when, NOW, ZONE)
    return line, describe(question), *(each.astimezone(UTC).isoformat() for each in (window.start, window.end))


@pytest.mark.parametrize("reader", [exact_line, politely_asked], ids=lambda reader: reader.__name__)
def test_no_line_of_the_query_language_is_a_command(reader: Callable[[str, Collection[str]], str | None]) -> None:
    assert {line for line, *_ in ROWS if reader(line, COMMANDS) is not None} - DELIBERATE.keys() == set()


def test_no_line_of_the_query_language_is_a_command_in_everyday_words() -> None:
    assert [line for line, *_ in ROWS if command_line(line) is not None] == []
