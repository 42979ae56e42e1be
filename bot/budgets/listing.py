"""The listing: every budget with its use, its pace, and where its limit comes from."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.budgets import phrases, store
from bot.budgets.facts import LimitAct, pace_of, revision
from bot.budgets.pace import NOTHING_TO_TELL, Pace, paces
from bot.budgets.rules import DEFAULT, TEAM, UNITS, Limit, Span, percent, span_of
from bot.budgets.watch import Terms
from bot.domain import wording
from bot.domain.money import show_usd, usd_text
from bot.domain.periods import Unit
from bot.ledger.instants import from_us
from bot.ledger.members import shown_email
from bot.ledger.reading import Reader


@dataclass(frozen=True, slots=True)
class Line:
    """A budget of somebody: limit, use and pace in nanos.

    `spend_nanos` is None for the default, which is everybody's limit and nobody's spend.
    """

    scope: str
    span: Span
    limit: Limit
    spend_nanos: int | None
    pace: Pace
    set_by: str
    set_at: datetime
    reason: str | None

    @property
    def percent(self) -> int:
        """How much is used."""
        return percent(self.spend_nanos or 0, self.limit.nanos)


def listing(reader: Reader, terms: Terms, now: datetime, member: int | None = None) -> list[Line]:
    """All budgets, the most used first; or those of one member."""
    with reader:
        return sorted(lines(reader, terms, now, member), key=_order)


def _order(line: Line) -> tuple[int, int, int, str]:
    kind = {"team": 0, "default": 1}.get(line.scope, 2)
    return kind, UNITS.index(line.span.unit) if kind < 2 else 0, -line.percent, line.scope  # noqa: PLR2004 - the members


def lines(
    reader: Reader, terms: Terms, now: datetime, member: int | None = None, units: Iterable[Unit] = UNITS
) -> Iterator[Line]:
    """The same in no particular order, of some periods, within the caller's snapshot."""
    for unit in units:
        span = span_of(unit, now, terms.zone)
        if member is None:
            yield from _general(reader, span, terms, now)
        subjects = _subjects(reader, span) if member is None else [member]
        cases = [(subject, span) for subject in subjects]
        limits = store.limits(reader, cases, now)
        spent = store.spends(reader, limits, terms.basis)
        ahead = paces(reader, limits, spent, terms, now)
        names = _emails(reader, [subject for subject, _ in limits])
        acts = {key: revision(reader, key) for key in {limit.revision for limit in limits.values()}}
        for case, limit in limits.items():
            yield _line(acts[limit.revision], names[case[0]], span, limit, spent[case], ahead[case])


def _general(reader: Reader, span: Span, terms: Terms, now: datetime) -> Iterator[Line]:
    team = (TEAM, span)
    limit = store.limits(reader, [team], now).get(team)
    if limit is not None:
        spent = store.spends(reader, [team], terms.basis)[team]
        yield _line(
            revision(reader, limit.revision),
            "team",
            span,
            limit,
            spent,
            pace_of(reader, team, limit, spent, terms, now),
        )
    default = store.stored(reader, DEFAULT, span.unit)
    if default is not None and default.limit_nanos is not None:
        limit = Limit(default.revision, default.limit_nanos, DEFAULT, default.ends_at)
        yield _line(revision(reader, limit.revision), "default", span, limit, None, NOTHING_TO_TELL)


def _subjects(reader: Reader, span: Span) -> list[int]:
    """Who spent in a period, and who has a budget of their own."""
    own = reader.rows(
        "SELECT scope FROM budget WHERE unit = :unit AND scope > 0 AND limit_nanos IS NOT NULL", {"unit": span.unit}
    )
    return sorted({*store.spenders(reader, span), *(row[0] for row in own)})


def _emails(reader: Reader, members: Sequence[int]) -> dict[int, str]:
    sql = "SELECT m.id, m.email FROM json_each(:ids) j CROSS JOIN member m ON m.id = j.value"
    return {key: shown_email(email) for key, email in reader.rows(sql, {"ids": json.dumps(list(members))})}


def _line(  # noqa: PLR0917 - what a line is made of
    was: LimitAct | None, scope: str, span: Span, limit: Limit, spent: int | None, pace: Pace
) -> Line:
    by, at, reason = (was.act.by, was.act.at, was.act.reason) if was else ("", from_us(0), None)
    return Line(scope, span, limit, spent, pace, by, at, reason)


def to_document(lines: Sequence[Line]) -> list[dict[str, Any]]:
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
            "until": None if line.limit.ends_at is None else wording.utc(line.limit.ends_at),
            "set_by": line.set_by,
            "set_at": wording.utc(line.set_at),
            "reason": line.reason,
        }
        for line in lines
    ]


COLUMNS = ("Whose", "Period", "Limit", "Used", "Use", "Pace", "Limit from")
NUMBERS = (2, 3, 4, 5)


def rows(lines: Sequence[Line], terms: Terms) -> list[list[str]]:
    """The listing as cells."""
    return [
        [
            line.scope,
            f"{line.span.unit} {line.span.label}",
            show_usd(line.limit.nanos),
            "–" if line.spend_nanos is None else show_usd(line.spend_nanos),  # noqa: RUF001 - a dash
            "" if line.spend_nanos is None else f"{line.percent} %",
            "; used up ".join(filter(None, (phrases.pace(line.pace), phrases.used_up(line.pace)))),
            _from(line, terms),
        ]
        for line in lines
    ]


def _from(line: Line, terms: Terms) -> str:
    if line.limit.scope == DEFAULT and line.scope != "default":
        return "default"
    ends = f", through {wording.last_day(line.limit.ends_at, terms.zone)}" if line.limit.ends_at else ""
    why = f": {line.reason}" if line.reason else ""
    return f"set {wording.moment(line.set_at, terms.zone)}{ends}{why}"
