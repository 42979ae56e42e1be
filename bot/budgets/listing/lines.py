"""The listing: every budget with its use, its pace, and where its limit comes from."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets import budget_formatting
from bot.budgets.limits.revision_store import LimitRevision, limit_revision
from bot.budgets.limits.store import BudgetIdentity, limited_members, limits, narrowings_of, stored_budget
from bot.budgets.pace import NO_PACE, LimitedCase, Pace, paces
from bot.budgets.periods import UNITS, BudgetPeriod, Case, budget_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import DEFAULT, TEAM, BudgetLimit, percent
from bot.budgets.spend import spends, without_costs
from bot.domain.periods import Unit
from bot.domain.timestamps import from_us
from bot.ledger.charge_queries import members_charged_within
from bot.ledger.members import attributed_emails, emails_by_id


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A budget of somebody: limit, use and pace in nanos.

    `spend_nanos` is None for the default, which is everybody's limit and nobody's spend. `without_cost` counts the
    tasks of unknown cost, which are not in it.
    """

    scope: str
    period: BudgetPeriod
    limit: BudgetLimit
    spend_nanos: int | None
    pace: Pace
    set_by: str
    set_at: datetime
    reason: str | None
    without_cost: int = 0

    @property
    def unknown_costs(self) -> int:
        """How many tasks of unknown cost there are where no spend is known; else 0."""
        return 0 if self.spend_nanos else self.without_cost

    @property
    def limit_text(self) -> str:
        """The limit with its period, and what it counts if not all tasks."""
        return budget_formatting.limit_of(self.limit.nanos, self.period.unit, self.period.narrowing)

    @property
    def percent(self) -> int:
        """How much is used."""
        return percent(self.spend_nanos or 0, self.limit.nanos)


def budget_listing(
    connection: Connection, policy: BudgetPolicy, now: datetime, subject: int | None = None
) -> list[BudgetLine]:
    """Return all budgets, or those of one subject, in one snapshot: the team's, the default, then the most used."""
    return sorted(budget_lines(connection, policy, now, subject), key=_order)


def _order(line: BudgetLine) -> tuple[int, int, int, str]:
    if line.scope in {"team", "default"}:
        return 0 if line.scope == "team" else 1, UNITS.index(line.period.unit), -line.percent, line.scope
    return 2, 0, -line.percent, line.scope


def budget_lines(
    connection: Connection,
    policy: BudgetPolicy,
    now: datetime,
    subject: int | None = None,
    units: Iterable[Unit] = UNITS,
) -> Iterator[BudgetLine]:
    """Yield the same for some units, in no particular order, within the caller's snapshot."""
    kinds = ((unit, narrowing) for unit in units for narrowing in narrowings_of(connection, unit))
    for period in (budget_period(unit, now, policy.zone, narrowing) for unit, narrowing in kinds):
        if subject is None:
            yield from _lines(connection, period, [TEAM], policy, now)
            yield from _default_line(connection, period)
            yield from _lines(connection, period, _members(connection, period), policy, now)
        else:
            yield from _lines(connection, period, [subject], policy, now)


def default_lines(connection: Connection, policy: BudgetPolicy, now: datetime) -> list[BudgetLine]:
    """Return the budgets for whoever has none of their own."""
    periods = (budget_period(unit, now, policy.zone) for unit in UNITS)
    return [line for period in periods for line in _default_line(connection, period)]


def emails_without_budget(connection: Connection) -> list[str]:
    """Return the e-mails of the members who have no budget of their own that counts all of their tasks."""
    limited = {member for unit in UNITS for member in limited_members(connection, unit)}
    having = set(emails_by_id(connection, limited).values())
    return [email for email in attributed_emails(connection) if email not in having]


def _default_line(connection: Connection, period: BudgetPeriod) -> Iterator[BudgetLine]:
    default = stored_budget(connection, BudgetIdentity(DEFAULT, period.unit, period.narrowing))
    if default is not None and default.limit_nanos is not None:
        limit = BudgetLimit(default.revision, default.limit_nanos, DEFAULT, default.ends_at)
        by, at, reason = _setting(limit_revision(connection, limit.revision))
        yield BudgetLine("default", period, limit, None, NO_PACE, by, at, reason)


def _lines(
    connection: Connection, period: BudgetPeriod, subjects: Sequence[int], policy: BudgetPolicy, now: datetime
) -> Iterator[BudgetLine]:
    limited = _limited_cases(connection, [(subject, period) for subject in subjects], policy, now)
    pace_by_case = paces(connection, limited, policy, now)
    names = {TEAM: "team"} | emails_by_id(connection, [each.case[0] for each in limited if each.case[0] != TEAM])
    revisions = {id_: limit_revision(connection, id_) for id_ in {each.limit.revision for each in limited}}
    unknown = without_costs(connection, [each.case for each in limited])
    for each in limited:
        by, at, reason = _setting(revisions[each.limit.revision])
        pace = pace_by_case[each.case]
        yield BudgetLine(
            names[each.case[0]], period, each.limit, each.spend_nanos, pace, by, at, reason, unknown.get(each.case, 0)
        )


def _limited_cases(
    connection: Connection, cases: Sequence[Case], policy: BudgetPolicy, now: datetime
) -> list[LimitedCase]:
    limits_by_case = limits(connection, cases, now)
    spent = spends(connection, limits_by_case, policy.basis)
    return [LimitedCase(case, limit, spent[case]) for case, limit in limits_by_case.items()]


def _members(connection: Connection, period: BudgetPeriod) -> list[int]:
    """Return the members who spent in a period, and those with a budget of their own."""
    limited = limited_members(connection, period.unit, period.narrowing)
    return sorted({*members_charged_within(connection, period.window), *limited})


def _setting(revision: LimitRevision | None) -> tuple[str, datetime, str | None]:
    """Return who set a limit, when, and why."""
    if revision is None:
        return "", from_us(0), None
    return revision.act.by, revision.act.at, revision.act.reason
