"""Files of budgets as TOML: written for people to change, and read with every problem named at once."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.budgets.file.entries import BudgetEntry
from bot.budgets.file.errors import BudgetFileError
from bot.budgets.limits.grammar import parse_limit, parse_narrowing
from bot.domain.access import RefusedError
from bot.domain.money import exact_limit
from bot.domain.narrowing import ALL_TASKS, TaskNarrowing
from bot.domain.periods import Unit
from bot.domain.query.spelling import enumeration, nearest

_HEADING = """\
# Budgets of neo-usage. `neo-usage budget apply FILE --dry-run` shows what a changed file would do.
# Applying removes every budget that the file doesn't have.
"""
_TABLE = "budget"
_NO_BUDGETS = f"{_TABLE} = []"  # an empty file may be one that was cut off
_WHOSE, _LIMIT, _COUNTS, _UNTIL, _REASON = KEYS = ("for", "limit", "only", "until", "reason")
_HEADER = re.compile(rf"\s*\[\[\s*{_TABLE}\s*\]\]")
_LONGEST_REASON = 1_000  # characters; longer than what can be typed, as merged members have longer ones
_LONGEST_NAME = 1_000  # characters, as many as an e-mail of Neo's has at most
_MOST_MB = 4  # of a file; ten thousand people with three budgets each take less

# --- written -------------------------------------------------------------------------------------


def to_toml(entries: Iterable[BudgetEntry], names: Mapping[int, str]) -> str:
    """Return entries as TOML, with the names of their scopes; where there are none, that is said in so many words."""
    written = [_entry(each, names[each.budget.scope]) for each in entries]
    return "\n".join([_HEADING, *(written or [f"{_NO_BUDGETS}\n"])])


def _entry(entry: BudgetEntry, name: str) -> str:
    values = {
        _WHOSE: _string(name),
        _LIMIT: _string(f"{exact_limit(entry.nanos)}/{entry.budget.unit}"),
        _COUNTS: str(entry.budget.narrowing) and _string(str(entry.budget.narrowing)),
        _UNTIL: entry.until and entry.until.isoformat(),
        _REASON: entry.reason and _string(entry.reason),
    }
    lines = (f"{key} = {value}" for key, value in values.items() if value)
    return "\n".join([f"[[{_TABLE}]]", *lines, ""])


def _string(text: str) -> str:
    """Return a TOML string; its escapes are those of JSON, which leaves the last control character as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


# --- read ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WrittenEntry:
    """An entry as somebody wrote it, before it is known whether there is such a person; `place` says where it is."""

    place: str
    name: str
    nanos: int
    unit: Unit
    narrowing: TaskNarrowing
    until: date | None
    reason: str | None


def parse(content: bytes) -> tuple[list[WrittenEntry], list[str]]:
    """Return the entries of a file that can be read, and what is wrong with the others.

    Raises:
        BudgetFileError: it is too large, no TOML, or has nothing in it.
    """
    text = _text(content)
    document = _document(text)
    tables = document.pop(_TABLE, None)
    if tables is None and not document:
        raise BudgetFileError([f"the file has no budgets. To remove all of them, write `{_NO_BUDGETS}`."])
    tables = [] if tables is None else tables
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise BudgetFileError([f"each budget begins with `[[{_TABLE}]]`, in double brackets"])
    problems = [f"I don't know `{key}`. Each budget begins with `[[{_TABLE}]]`." for key in document]
    entries = []
    for place, table in zip(_places(text, len(tables)), tables, strict=True):
        found = _Fields(table)
        entry = found.entry(place)
        problems += (f"{place}: {each}" for each in found.problems)
        if entry is not None:
            entries.append(entry)
    return entries, problems


def _text(content: bytes) -> str:
    if len(content) > _MOST_MB * 2**20:
        raise BudgetFileError([f"the file is larger than {_MOST_MB} MB, so it can't be one of budgets"])
    try:
        return content.decode("utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError:
        raise BudgetFileError(["this isn't text in UTF-8. Save the file as UTF-8."]) from None


def _document(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise BudgetFileError([f"this isn't TOML: {error}"]) from None
    except RecursionError:
        raise BudgetFileError(["this isn't TOML: too many brackets inside each other"]) from None


def _places(text: str, count: int) -> Sequence[str]:
    """Return where each table begins: its line or, where text that spans lines hides that, its number."""
    lines = [number for number, line in enumerate(text.split("\n"), 1) if _HEADER.match(line)]
    if len(lines) == count:
        return [f"line {number}" for number in lines]
    return [f"budget {number}" for number in range(1, count + 1)]


class _Fields:
    """The fields of one table, and what is wrong with them."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = table
        self.problems = list(_unknown_keys(table))

    def entry(self, place: str) -> WrittenEntry | None:
        """Return the entry; None if it has problems."""
        name, limit = self._name(), self._limit()
        narrowing, until, reason = self._narrowing(), self._day(), self._reason()
        if self.problems or name is None or limit is None:
            return None
        return WrittenEntry(place, name, *limit, narrowing, until, reason)

    def _name(self) -> str | None:
        name = self._text(_WHOSE)
        if name is not None and len(name) > _LONGEST_NAME:
            self.problems.append(f"`{_WHOSE}` is too long for a name. {_EXAMPLES[_WHOSE]}")
            return None
        return name

    def _text(self, key: str) -> str | None:
        value = self._table.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.problems.append(f"`{key}` is missing. {_EXAMPLES[key]}")
        return None

    def _limit(self) -> tuple[int, Unit] | None:
        value = self._table.get(_LIMIT)
        text = str(value) if type(value) in {int, float} else self._text(_LIMIT)
        if text is None:
            return None
        try:
            return parse_limit(text)
        except RefusedError as error:
            self.problems.append(str(error))
            return None

    def _narrowing(self) -> TaskNarrowing:
        if _COUNTS not in self._table:
            return ALL_TASKS
        try:
            return parse_narrowing(self._text(_COUNTS) or "")
        except RefusedError as error:
            self.problems.append(str(error))
            return ALL_TASKS

    def _day(self) -> date | None:
        value = self._table.get(_UNTIL)
        if value is None or type(value) is date:  # not a date with a time, which is one of its kind
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.problems.append(f"`{_UNTIL}` isn't a day. {_EXAMPLES[_UNTIL]}")
            return None

    def _reason(self) -> str | None:
        value = self._table.get(_REASON, "")
        if isinstance(value, str) and len(value) <= _LONGEST_REASON:
            return value or None
        self.problems.append(f"`{_REASON}` must be a text of at most {_LONGEST_REASON:,} characters")
        return None


_EXAMPLES = {
    _WHOSE: 'Write an e-mail, "team", or "default" for everyone without a personal budget.',
    _LIMIT: f'Write {_LIMIT} = "$500/month".',
    _COUNTS: f'Write {_COUNTS} = "model:opus", or leave it out.',
    _UNTIL: f"Write {_UNTIL} = 2026-12-31.",
}


def _unknown_keys(table: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(table.keys() - {*KEYS}):
        meant = nearest(key, KEYS)
        advice = f"Did you mean `{meant}`?" if meant else f"A budget has {enumeration(f'`{each}`' for each in KEYS)}."
        yield f"I don't know `{key}`. {advice}"
