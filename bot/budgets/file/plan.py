"""The plan of a file: what would change if it were applied, and the limits to set for that."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.budgets.budget_formatting import adjective
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.file.entries import BudgetEntry, Entries, by_budget, in_order
from bot.budgets.file.errors import BudgetFileError
from bot.budgets.file.stored import scope_names, stored_entries
from bot.budgets.file.toml import WrittenEntry, parse
from bot.budgets.limits.grammar import parse_until
from bot.budgets.limits.narrowing_names import resolved
from bot.budgets.limits.revision_store import LimitSetting
from bot.budgets.limits.store import BudgetIdentity
from bot.budgets.scopes import scope_of
from bot.domain.access import RefusedError
from bot.domain.narrowing import ALL_TASKS
from bot.domain.periods import day_start, local_day

_TERMINAL = "terminal"  # who sets the limits of a file
_REMOVED = "no longer in the budgets file"


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """The limits of one budget before and after; `name` is what the file calls its scope."""

    budget: BudgetIdentity
    name: str
    before: Entries
    after: Entries

    def settings(self, zone: ZoneInfo) -> Iterator[LimitSetting]:
        """Yield the limits to set, in order."""
        kept = len(self.before)
        is_added = self.after[:kept] == self.before
        if not is_added and (not self.after or self.after[0].until is not None):
            yield self._setting(None, _REMOVED, None)
        for entry in self.after[kept if is_added else 0 :]:
            ends_at = None if entry.until is None else day_start(entry.until + timedelta(days=1), zone)
            yield self._setting(entry.nanos, entry.reason, ends_at)

    def _setting(self, nanos: int | None, reason: str | None, ends_at: datetime | None) -> LimitSetting:
        scope, unit, narrowing = self.budget
        return LimitSetting(scope, unit, nanos, _TERMINAL, reason, ends_at, narrowing)


@dataclass(frozen=True, slots=True)
class BudgetPlan:
    """What a file changes, how many budgets it leaves as they are, and what of it is over already."""

    changes: Sequence[PlannedChange]
    unchanged: int
    ended: Sequence[WrittenEntry]


def plan(connection: Connection, content: bytes, zone: ZoneInfo, now: datetime) -> BudgetPlan:
    """Return what a file would change.

    Raises:
        BudgetFileError: it cannot be applied; all that is wrong with it is named.
    """
    written, problems = parse(content)
    resolver = _Resolver(connection, zone, now)
    wanted = by_budget(entry for each in written if (entry := resolver.entry(each)))
    if problems := [*problems, *resolver.problems]:
        raise BudgetFileError(problems)
    present = stored_entries(connection, zone, now)
    names = scope_names(connection, {**present, **wanted})
    changes = [
        PlannedChange(budget, names[budget.scope], present.get(budget, ()), wanted.get(budget, ()))
        for budget in in_order({**present, **wanted}, names)
        if present.get(budget) != wanted.get(budget)
    ]
    unchanged = sum(present.get(budget) == entries for budget, entries in wanted.items())
    return BudgetPlan(changes, unchanged, resolver.ended)


def apply(connection: Connection, evaluator: BudgetEvaluator, content: bytes, now: datetime) -> BudgetPlan:
    """Set and remove limits as a file says, with what follows from all of them together. Returns what was changed.

    Raises:
        BudgetFileError: the file cannot be applied, and nothing was changed.
    """
    zone = evaluator.policy.zone
    planned = plan(connection, content, zone, now)
    settings = [setting for change in planned.changes for setting in change.settings(zone)]
    if settings:
        evaluator.set_limits(connection, settings, now)
    return planned


class _Resolver:
    """Finds the budgets that written entries are for, and what is wrong with them or over already."""

    def __init__(self, connection: Connection, zone: ZoneInfo, now: datetime) -> None:
        self._connection, self._zone, self._now = connection, zone, now
        self._seen: dict[tuple[BudgetIdentity, object], str] = {}
        self.problems: list[str] = []
        self.ended: list[WrittenEntry] = []

    def entry(self, written: WrittenEntry) -> BudgetEntry | None:
        """Return the entry of what somebody wrote; None if there is something wrong with it, or it is over."""
        try:
            narrowing = resolved(self._connection, written.narrowing) if written.narrowing else ALL_TASKS
            budget = BudgetIdentity(scope_of(self._connection, written.name), written.unit, narrowing)
            self._check_last_day(written)
            self._check_first(budget, written)
        except RefusedError as error:
            self.problems.append(f"{written.place}: {error}")
            return None
        if self._is_over(written):
            self.ended.append(written)
            return None
        return BudgetEntry(budget, written.nanos, written.until, written.reason)

    def _is_over(self, written: WrittenEntry) -> bool:
        return written.until is not None and written.until < local_day(self._now, self._zone)

    def _check_last_day(self, written: WrittenEntry) -> None:
        """Raise RefusedError if a limit has a last day that no limit can have."""
        if written.until is not None and not self._is_over(written):
            parse_until(written.until.isoformat(), self._now, self._zone)

    def _check_first(self, budget: BudgetIdentity, written: WrittenEntry) -> None:
        """Raise RefusedError if the file has a limit of the budget with the same last day already."""
        place = self._seen.setdefault((budget, written.until), written.place)
        if place != written.place:
            end = " through that day" if written.until else ""
            limit = f"{adjective(budget.unit, budget.narrowing)} limit{end}"
            raise RefusedError(f"`{written.name}` already has a {limit} in {place}. Remove one of the two.")
