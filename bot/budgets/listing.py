"""The listing: every budget with its use, its pace, and where its limit comes from."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.budgets import budget_formatting, store
from bot.budgets.evaluator import BudgetPolicy
from bot.budgets.facts import LimitAct, pace_of, revision
from bot.budgets.pace import NOTHING_TO_TELL, Pace, paces
from bot.budgets.rules import DEFAULT, TEAM, UNITS, BudgetLimit, BudgetPeriod, budget_period, percent
from bot.database.reader import Reader
from bot.domain import formatting
from bot.domain.money import show_usd, usd_text
from bot.domain.periods import Unit
from bot.domain.timestamps import from_us
from bot.ledger.members import shown_email


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A budget of somebody: limit, use and pace in nanos.

    `spend_nanos` is None for the default, which is everybody's limit and nobody's spend.
    """

    scope: str
    span: BudgetPeriod
    limit: BudgetLimit
    spend_nanos: int | None
    pace: Pace
    set_by: str
    set_at: datetime
    reason: str | None

    @property
    def percent(self) -> int:
        """How much is used."""
        return percent(self.spend_nanos or 0, self.limit.nanos)


def budget_listing(reader: Reader, policy: BudgetPolicy, now: datetime, member: int | None = None) -> list[BudgetLine]:
    """All budgets, the most used first; or those of one member."""
    with reader:
        return sorted(budget_lines(reader, policy, now, member), key=_order)


def _order(line: BudgetLine) -> tuple[int, int, int, str]:
    kind = {"team": 0, "default": 1}.get(line.scope, 2)
    return kind, UNITS.index(line.span.unit) if kind < 2 else 0, -line.percent, line.scope  # noqa: PLR2004 - the members


def budget_lines(
    reader: Reader, policy: BudgetPolicy, now: datetime, member: int | None = None, units: Iterable[Unit] = UNITS
) -> Iterator[BudgetLine]:
    """The same in no particular order, of some periods, within the caller's snapshot."""
    for unit in units:
        span = budget_period(unit, now, policy.zone)
        if member is None:
            yield from _general(reader, span, policy, now)
        subjects = _subjects(reader, span) if member is None else [member]
        cases = [(subject, span) for subject in subjects]
        limits = store.limits(reader, cases, now)
        spent = store.spends(reader, limits, policy.basis)
        ahead = paces(reader, limits, spent, policy, now)
        names = _emails(reader, [subject for subject, _ in limits])
        acts = {key: revision(reader, key) for key in {limit.revision for limit in limits.values()}}
        for case, limit in limits.items():
            yield _line(acts[limit.revision], names[case[0]], span, limit, spent[case], ahead[case])


def _general(reader: Reader, period: BudgetPeriod, policy: BudgetPolicy, now: datetime) -> Iterator[BudgetLine]:
    team = (TEAM, period)
    limit = store.limits(reader, [team], now).get(team)
    if limit is not None:
        spent = store.spends(reader, [team], policy.basis)[team]
        yield _line(
            revision(reader, limit.revision),
            "team",
            period,
            limit,
            spent,
            pace_of(reader, team, limit, spent, policy, now),
        )
    default = store.stored_budget(reader, DEFAULT, period.unit)
    if default is not None and default.limit_nanos is not None:
        limit = BudgetLimit(default.revision, default.limit_nanos, DEFAULT, default.ends_at)
        yield _line(revision(reader, limit.revision), "default", period, limit, None, NOTHING_TO_TELL)


def _subjects(reader: Reader, period: BudgetPeriod) -> list[int]:
    """Who spent in a period, and who has a budget of their own."""
    own = reader.rows(
        "SELECT scope FROM budget WHERE unit = :unit AND scope > 0 AND limit_nanos IS NOT NULL", {"unit": period.unit}
    )
    return sorted({*store.spenders(reader, period), *(row[0] for row in own)})


def _emails(reader: Reader, members: Sequence[int]) -> dict[int, str]:
    sql = "SELECT m.id, m.email FROM json_each(:ids) j CROSS JOIN member m ON m.id = j.value"
    return {key: shown_email(email) for key, email in reader.rows(sql, {"ids": json.dumps(list(members))})}


def _line(  # noqa: PLR0917 - what a line is made of
    was: LimitAct | None, scope: str, period: BudgetPeriod, limit: BudgetLimit, spent: int | None, pace: Pace
) -> BudgetLine:
    by, at, reason = (was.act.by, was.act.at, was.act.reason) if was else ("", from_us(0), None)
    return BudgetLine(scope, period, limit, spent, pace, by, at, reason)


def to_document(lines: Sequence[BudgetLine]) -> list[dict[str, Any]]:
    """The listing as data; amounts are exact decimal strings, moments UTC."""
    return [
        {
            "scope": line.scope,
            "period": line.span.unit.value,
            "window": line.span.label,
            "limit_usd": usd_text(line.limit.nanos),
            "spend_usd": None if line.spend_nanos is None else usd_text(line.spend_nanos),
            "percent": None if line.spend_nanos is None else line.percent,
            "forecast_low_usd": None if line.pace.low_nanos is None else usd_text(line.pace.low_nanos),
            "forecast_high_usd": None if line.pace.high_nanos is None else usd_text(line.pace.high_nanos),
            "used_up_on": None if line.pace.passes is None else line.pace.passes.isoformat(),
            "source": "default" if line.limit.scope == DEFAULT else "own",
            "until": None if line.limit.ends_at is None else formatting.utc(line.limit.ends_at),
            "set_by": line.set_by,
            "set_at": formatting.utc(line.set_at),
            "reason": line.reason,
        }
        for line in lines
    ]


COLUMNS = ("Whose", "Period", "Limit", "Used", "Use", "Pace", "Limit from")
NUMBERS = (2, 3, 4, 5)


def rows(lines: Sequence[BudgetLine], policy: BudgetPolicy) -> list[list[str]]:
    """The listing as cells."""
    return [
        [
            line.scope,
            f"{line.span.unit} {line.span.label}",
            show_usd(line.limit.nanos),
            "–" if line.spend_nanos is None else show_usd(line.spend_nanos),  # noqa: RUF001 - a dash
            "" if line.spend_nanos is None else f"{line.percent} %",
            "; used up ".join(filter(None, (budget_formatting.pace(line.pace), budget_formatting.used_up(line.pace)))),
            _from(line, policy),
        ]
        for line in lines
    ]


def _from(line: BudgetLine, policy: BudgetPolicy) -> str:
    if line.limit.scope == DEFAULT and line.scope != "default":
        return "default"
    ends = f", through {formatting.last_day(line.limit.ends_at, policy.zone)}" if line.limit.ends_at else ""
    why = f": {line.reason}" if line.reason else ""
    return f"set {formatting.moment(line.set_at, policy.zone)}{ends}{why}"
