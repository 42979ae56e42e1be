"""The budgets that an alert, or a limit for everybody, may be meant by: `warn me at $500 a week`, `everyone 300`."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.budgets.limits.grammar import begins_amount, parse_instruction
from bot.budgets.limits.instruction_line import line_of
from bot.budgets.limits.instructions import LimitInstruction, RequestInstruction
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.everyday.limit_orders import OF_ALL
from bot.domain.query.tokens import clean

Choice = tuple[str, str]
"""A line to type, and whose budget it sets in words."""

_TOGETHER, _EACH = ("team", "for the whole team"), ("default", "for everyone without a personal budget")


@dataclass(frozen=True, slots=True)
class WantedLimit:
    """A limit that somebody wants, and whose: the scopes that may be meant, with what they are in words."""

    limit: LimitInstruction
    scopes: tuple[tuple[str, str], ...]


def wanted_limit(line: str, caller: Caller, now: datetime, zone: ZoneInfo) -> WantedLimit:
    """Return what a typed line wants, such as `team 1000 a month`, or `$500 a week` without saying whose.

    Raises:
        RefusedError: there is no limit, or none that can be; the message says what is wrong.
    """
    typed = clean(line)
    is_unnamed = begins_amount(typed.partition(" ")[0])
    limit = parse_instruction(f"team {typed}" if is_unnamed else typed, now, zone)
    if not isinstance(limit, LimitInstruction):
        raise RefusedError("The limit is missing. Type `budget @ana 500/month`.")
    own = () if caller.member is None else ((caller.member, "for you"),)
    return WantedLimit(limit, (_TOGETHER, _EACH, *own) if is_unnamed else scopes_of(limit.scope))


def scopes_of(name: str) -> tuple[tuple[str, str], ...]:
    """Return the scopes that a name may mean, with what they are in words."""
    said = name.lower()
    return (_EACH, _TOGETHER) if said in OF_ALL else ((name, dict([_TOGETHER, _EACH]).get(said, "")),)


def limit_choices(wanted: WantedLimit, caller: Caller, zone: ZoneInfo) -> list[Choice]:
    """Return the lines that set such a limit; for others than operators the one that asks for their own.

    Raises RefusedError if somebody else wants another's or the team's, or a limit on some of their tasks.
    """
    limit = wanted.limit
    if caller.role is Role.OPERATOR:
        return [(f"budget {line_of(replace(limit, scope=scope), zone)}", words) for scope, words in wanted.scopes]
    line = f"budget {line_of(RequestInstruction(limit.nanos, limit.unit, limit.ends_at, limit.reason), zone)}"
    if limit.narrowing:
        raise RefusedError(f"You can only ask for a budget for all of your tasks: `{line}`.")
    if caller.member is None or (caller.member, "for you") not in wanted.scopes:
        raise RefusedError(f"Only operators set budgets for the team and other people. For yours, type `{line}`.")
    return [(line, "asks your operators for it")]
