"""Everyday words: understanding a typed line, and how that grows with its length."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from benchmarks.bars import Bar
from bot.domain.everyday.meaning import TypingContext
from bot.domain.everyday.understanding import understand
from bot.domain.query.errors import QueryError
from bot.domain.query.parser import parse
from bot.domain.tasks import UPSTREAM_STATUSES

_NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
_MANUAL = Path(__file__).parents[1] / "docs" / "typing.md"
_LIMIT_MS = 1.0
_ROUNDS = 20
_PART, _PARTS = "spend of everyone by model since monday except opus ", 8
_LINEAR = 1.5  # times as long a line's share, at most


class _Names:
    """A team of a thousand, by name."""

    def __init__(self) -> None:
        self._known = {f"person{number}": [f"email:person{number}@acme.dev"] for number in range(1_000)}
        self._known["opus"] = ["model:opus"]

    def exact_meanings(self, name: str) -> list[str]:
        return self._known.get(name, [])

    meanings = exact_meanings


def measure(*, quick: bool) -> Iterator[Bar]:
    """Measure lines as people type them, and a line against one of several times its length."""
    context = TypingContext(_NOW.date(), UPSTREAM_STATUSES, _Names(), lambda _when, _other: True)
    questions, _, _ = _MANUAL.read_text(encoding="utf-8").partition("\n## Commands\n")
    lines = [row.split("`")[1] for row in questions.splitlines() if row.startswith("| `")]
    rounds = range(_ROUNDS // 4 if quick else _ROUNDS)
    times = [median(_seconds(line, context) for _ in rounds) for line in lines]
    note = f"{len(lines)} lines of the manual"
    yield Bar(
        "understanding a typed line, 99th percentile", quantiles(times, n=100)[98] * 1000, _LIMIT_MS, "ms", note=note
    )
    short, long = (min(_seconds(_PART * count, context) for _ in range(_ROUNDS)) for count in (_PARTS, 4 * _PARTS))
    yield Bar(
        "a line of four times the length, per character",
        long / short / 4,
        _LINEAR,
        note=f"{len(_PART) * _PARTS:,} characters",
    )


def _seconds(line: str, context: TypingContext) -> float:
    """Return how long it takes to learn that a line is none of the query language, and what it means."""
    began = perf_counter()
    with suppress(QueryError):
        if not _is_question(line):
            for each in understand(line, context):
                _is_question(each)
    return perf_counter() - began


def _is_question(line: str) -> bool:
    try:
        parse(line, now=_NOW, zone=UTC)
    except QueryError:
        return False
    return True
