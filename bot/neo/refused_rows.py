"""Rows that cannot be booked: the key each is kept under, and why it was refused."""

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b

import msgspec

from bot.domain.tasks import Refused
from bot.neo.created_at import readable_creation_time
from bot.neo.row_schema import UsageRow

NAMELESS = "row "  # what the key of a row without an id begins with
_LONGEST_ID = 200  # characters


def refused_row(row: UsageRow, error: ValueError) -> Refused:
    """Return why a row of the right types is no task."""
    return Refused(_printable_id(row.task_id) or _digest(row), str(error), readable_creation_time(row.created_at))


def refused_value(row: object, error: Exception) -> Refused:
    """Return why a value of any shape is no row."""
    created_at = row.get("created_at") if isinstance(row, dict) else None
    return Refused(_key(row), _reason(error), readable_creation_time(created_at))


def with_unique_keys(refused: Iterable[Refused]) -> Iterator[Refused]:
    """Yield the same rows, with a number added to the keys of equal rows without an id, which are different rows."""
    times: Counter[str] = Counter()
    for each in refused:
        times[each.key] += 1
        is_repeated = times[each.key] > 1 and each.key.startswith(NAMELESS)
        yield msgspec.structs.replace(each, key=f"{each.key} no. {times[each.key]}") if is_repeated else each


def _reason(error: Exception) -> str:
    # other messages may quote the row's text; a validation error names types and places only
    return str(error) if isinstance(error, msgspec.ValidationError) else "text or a number that cannot be stored"


def _key(row: object) -> str:
    task_id = row.get("task_id") if isinstance(row, dict) else None
    return _printable_id(task_id) if isinstance(task_id, str) and task_id else _digest(row)


def _printable_id(task_id: str) -> str:
    """Return an id with its unprintable characters replaced, cut to a length that can be stored."""
    return "".join(letter if letter.isprintable() else "?" for letter in task_id[:_LONGEST_ID])


def _digest(row: object) -> str:
    return f"{NAMELESS}{blake2b(repr(row).encode(errors='replace'), digest_size=6).hexdigest()}"
