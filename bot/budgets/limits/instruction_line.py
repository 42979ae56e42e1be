"""The line that gives an instruction about limits: `@ana $800/month until:2026-11-30 reason:"pentest"`."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.budgets.limits.instructions import BudgetInstruction, LimitInstruction, RemovalInstruction, RequestInstruction
from bot.domain.formatting import last_date
from bot.domain.money import exact_limit
from bot.domain.narrowing import ALL_TASKS, TaskNarrowing
from bot.domain.periods import Unit

EVERY = "all"
"""The word for the budgets of every period: `@ana remove all`."""


def line_of(instruction: BudgetInstruction, zone: ZoneInfo) -> str:
    """Return what follows the word `budget` in the line; parsing it gives the same instruction."""
    match instruction:
        case LimitInstruction(scope, nanos, unit, ends_at, reason, _, narrowing):
            return _joined(scope, _limit(nanos, unit), _until(ends_at, zone), reason, narrowing)
        case RequestInstruction(nanos, unit, ends_at, reason):
            return _joined("request", _limit(nanos, unit), _until(ends_at, zone), reason)
        case RemovalInstruction(scope, unit, reason, narrowing, is_unlimited, is_every):
            which = EVERY if is_every else unit
            what = " ".join(filter(None, ["unlimited" if is_unlimited else "remove", which]))
            return _joined(scope, what, "", reason, narrowing)


def _joined(whose: str, what: str, until: str, reason: str | None, narrowing: TaskNarrowing = ALL_TASKS) -> str:
    why = f'reason:"{reason.replace(chr(34), chr(39))}"' if reason else ""
    return " ".join(filter(None, [whose, what, until, str(narrowing), why]))


def _limit(nanos: int, unit: Unit) -> str:
    return f"{exact_limit(nanos)}/{unit}"


def _until(ends_at: datetime | None, zone: ZoneInfo) -> str:
    return "" if ends_at is None else f"until:{last_date(ends_at, zone)}"
