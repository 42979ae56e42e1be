"""Everyday words: what Slack runs for a typed line before it is answered, and how that grows with the line's length.

The times are of the processor, so that no other process counts as ours.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC
from pathlib import Path
from statistics import quantiles
from time import thread_time
from typing import TYPE_CHECKING, cast

from benchmarks.bars import Bar
from benchmarks.ledgers import Size, ledger
from benchmarks.workplace import NOW, scratch
from bot.database.read_engine import open_reader
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.everyday.averages import average_alone
from bot.domain.everyday.commands import command_line
from bot.domain.everyday.exact_commands import exact_line, politely_asked
from bot.domain.everyday.meaning import TypingContext
from bot.domain.everyday.pointing import pointed_line
from bot.domain.everyday.typography import plain
from bot.domain.everyday.understanding import understand
from bot.domain.query.errors import QueryError
from bot.domain.query.parser import parse
from bot.domain.tasks import UPSTREAM_STATUSES
from bot.ledger.question_parsing import parse_question
from bot.people.directory import Directory
from bot.people.people import People
from bot.people.roles import SlackUser
from bot.usage.continuation import continuation_of
from bot.usage.follow_up import is_follow_up, without_pointing

if TYPE_CHECKING:
    from bot.database.engine import Database
    from bot.slack.workspace import Workspace

_MANUAL = Path(__file__).parents[1] / "docs" / "typing.md"
_MEMBERS = 1_000
_CALLER = Caller(Role.OPERATOR, "person7.silva7@acme.example")
_LIMIT_MS, _LIMIT_WITH_NAMES_MS = 1.0, 10.0
_ROUNDS = 20
_COMMANDS = {
    "help", "status", "errors", "budget", "budgets", "explain", "snooze", "notify", "link", "digest", "overview",
    "subscribe", "subscriptions", "unsubscribe", "reschedule", "balance", "reconcile", "backtest",
}  # fmt: skip
_PARTS = ("spend of everyone by model since monday except opus ", "set a limit of 500 a month for ana until friday ")
_TIMES = 8
_LINEAR = 1.5  # times as long a line's share, at most


class _Names:
    """A team of a thousand, by name."""

    def __init__(self) -> None:
        self._known = {f"person{number}": [f"email:person{number}@acme.dev"] for number in range(_MEMBERS)}
        self._known["opus"] = ["model:opus"]

    def exact_meanings(self, name: str) -> list[str]:
        return self._known.get(name, [])

    meanings = exact_meanings


def measure(*, quick: bool) -> Iterator[Bar]:
    """Measure each line of the manual as it is read in Slack, and lines against ones of several times their length."""
    lines = [row.split("`")[1] for row in _MANUAL.read_text(encoding="utf-8").splitlines() if row.startswith("| `")]
    rounds = range(_ROUNDS // 4 if quick else _ROUNDS)
    context = TypingContext(NOW.date(), UPSTREAM_STATUSES, _Names(), lambda _when, _other: True)

    def read(line: str) -> None:
        _read(line, lambda each: _understand(each, context))

    note = f"{len(lines)} lines of the manual"
    times = [_seconds(read, line) for _ in rounds for line in lines]
    yield Bar("understanding a typed line, 99th percentile", _percentile(times) * 1000, _LIMIT_MS, "ms", note=note)
    times = list(_seconds_with_names(lines * (1 if quick else 2)))
    yield Bar(
        "the same with the names of a ledger and of Slack",
        _percentile(times) * 1000,
        _LIMIT_WITH_NAMES_MS,
        "ms",
        note=f"{_MEMBERS:,} members",
    )
    for part in _PARTS:
        short, long = (min(_seconds(read, part * count) for _ in range(_ROUNDS)) for count in (_TIMES, 4 * _TIMES))
        note = f"`{part}`, {len(part) * _TIMES:,} characters"
        yield Bar("a line of four times the length, per character", long / short / 4, _LINEAR, note=note)


def _read(line: str, ask: Callable[[str], object]) -> None:
    """Find out what a line asks for, as the router and the questions do after another question."""
    if (
        exact_line(line, _COMMANDS) is not None
        or pointed_line(line, "team last week", sees_all=True) is not None
        or command_line(line) is not None
    ):
        return
    politely_asked(line, _COMMANDS)
    ask(line)
    average_alone(line), continuation_of(line), without_pointing(line), is_follow_up(line)


def _understand(line: str, context: TypingContext) -> None:
    with suppress(QueryError):
        if not _is_question(line):
            for each in understand(line, context):
                _is_question(each)


def _is_question(line: str) -> bool:
    try:
        parse(line, now=NOW, zone=UTC)
    except QueryError:
        return False
    return True


def _seconds_with_names(lines: list[str]) -> Iterator[float]:
    """Yield how long each line takes where names are looked up in a ledger, and in what is known of Slack."""
    in_slack = _people().emails_by_name
    with scratch() as directory:
        path = Path(shutil.copy(ledger(Size(100_000, members=_MEMBERS)), directory))
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("UPDATE member SET email = 'person' || id || '.silva' || id || '@acme.example'")
        with closing(open_reader(path)) as reader:

            def ask(line: str) -> None:
                with suppress(QueryError, RefusedError):
                    parse_question(reader, _CALLER, line, now=NOW, zone=UTC, in_slack=in_slack)

            for line in lines:
                yield _seconds(lambda each: _read(each, ask), line)


def _people() -> People:
    """Return a workspace's people as the bot has read them; nothing else is asked of it."""
    directory = Directory(cast("Workspace", None), lambda: NOW)
    for number in range(_MEMBERS):
        email = f"person{number}.silva{number}@acme.example"
        user = SlackUser(f"U{number}", f"Person{number} Silva{number}", email, None)
        directory._cache_user(user, NOW)  # noqa: SLF001 - without a Slack to read them from
    return People(directory, cast("Database", None), frozenset())


def _seconds(work: Callable[[str], object], line: str) -> float:
    plain.cache_clear()  # nobody has typed it just before
    began = thread_time()
    work(line)
    return thread_time() - began


def _percentile(times: list[float]) -> float:
    return quantiles(times, n=100)[98]
