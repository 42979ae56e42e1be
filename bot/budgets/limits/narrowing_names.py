"""The names of a narrowing: the models and statuses that people type, as they are spelled in the ledger."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches

from sqlalchemy import Connection

from bot.domain.access import RefusedError
from bot.domain.narrowing import TaskNarrowing, narrowing_of
from bot.domain.query.spelling import enumeration
from bot.domain.tasks import UPSTREAM_STATUSES
from bot.ledger.scope import EVERYTHING
from bot.ledger.scope_queries import models_named, seen_values, statuses_named

_MOST = 5  # names that are listed


def resolved(connection: Connection, typed: TaskNarrowing) -> TaskNarrowing:
    """Return a narrowing that was typed with the models and statuses that the ledger knows by these names.

    As in a question, a model is named exactly or, where none is, by a part of its name.

    Raises:
        RefusedError: no model or status is called so.
    """
    models = [name for value in typed.models for name in _models(connection, value)]
    statuses = [name for value in typed.statuses for name in _statuses(connection, value)]
    found = TaskNarrowing(tuple(sorted({*models})), tuple(sorted({*statuses})), typed.byok)
    try:
        return narrowing_of(str(found))
    except ValueError:
        raise RefusedError(f"Names such as in `{found}` can't be typed, so no budget can count them.") from None


def _models(connection: Connection, value: str) -> Sequence[str]:
    known = seen_values(connection, EVERYTHING, "model")
    return _named(value, "model", models_named(connection, EVERYTHING, [value]), lambda: known)


def _statuses(connection: Connection, value: str) -> Sequence[str]:
    upstream = [each for each in UPSTREAM_STATUSES if each == value.lower()]
    found = upstream or statuses_named(connection, EVERYTHING, [value])
    return _named(value, "status", found, lambda: sorted({*UPSTREAM_STATUSES, *_seen_statuses(connection)}))


def _seen_statuses(connection: Connection) -> Sequence[str]:
    return seen_values(connection, EVERYTHING, "status")


def _named(value: str, kind: str, found: Sequence[str], known: Callable[[], Sequence[str]]) -> Sequence[str]:
    """Return what was found by a name. Raises RefusedError, with what there is, if nothing was."""
    if found:
        return found
    names = list(known())
    listed = get_close_matches(value, names, n=1) or names[:_MOST]
    there = f" There is {enumeration(f'`{name}`' for name in listed)}." if listed else ""
    raise RefusedError(f"No task has the {kind} `{value}`.{there}")
