"""The budgets in force as entries of a file."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.budgets.file.entries import BudgetEntry, Entries, by_budget, in_order
from bot.budgets.file.toml import to_toml
from bot.budgets.limits.revision_store import lasting_revisions
from bot.budgets.limits.store import BudgetIdentity, StoredBudget, budgets_in_force
from bot.budgets.rules import DEFAULT, TEAM
from bot.domain.formatting import last_date
from bot.ledger.members import emails_by_id


def export(connection: Connection, zone: ZoneInfo, now: datetime) -> str:
    """Return all budgets as a file."""
    entries = stored_entries(connection, zone, now)
    names = scope_names(connection, entries)
    return to_toml((entry for budget in in_order(entries, names) for entry in entries[budget]), names)


def stored_entries(connection: Connection, zone: ZoneInfo, now: datetime) -> dict[BudgetIdentity, Entries]:
    """Return the limits of each budget that are in force, or will be once those over them have ended."""
    budgets = budgets_in_force(connection)
    return by_budget(entry for each in budgets for entry in _entries(connection, each, zone, now))


def _entries(connection: Connection, budget: StoredBudget, zone: ZoneInfo, now: datetime) -> Iterator[BudgetEntry]:
    """Yield the limits of a budget without those that end before, or with, one that was set over them."""
    end = date.min
    for revision in reversed(lasting_revisions(connection, budget.id, now)):
        until = None if revision.ends_at is None else last_date(revision.ends_at, zone)
        if revision.nanos is not None and (until is None or until > end):
            yield BudgetEntry(budget.identity, revision.nanos, until, revision.reason or None)
        end = max(end, until or date.max)


def scope_names(connection: Connection, budgets: Iterable[BudgetIdentity]) -> dict[int, str]:
    """Return what a file calls the scopes of budgets."""
    members = sorted({budget.scope for budget in budgets} - {TEAM, DEFAULT})
    return {TEAM: "team", DEFAULT: "default", **emails_by_id(connection, members)}
