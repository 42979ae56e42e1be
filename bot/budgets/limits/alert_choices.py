"""The budgets that an alert may be meant by: `alert me when the team passes 1000 a month`, `warn me at $500 a week`."""

from dataclasses import dataclass

from bot.budgets.limits.grammar import name_and_limit, parse_limit, without_narrowing
from bot.domain.access import Caller, RefusedError, Role

Choice = tuple[str, str]
"""A line to type, and whose budget it sets in words."""


@dataclass(frozen=True, slots=True)
class WantedAlert:
    """What somebody wants to be alerted of: a limit such as `500/week`, and whose; empty if that is not said."""

    scope: str
    limit: str
    narrowing: str = ""  # such as `model:opus`

    def line(self, scope: str) -> str:
        """Return the line that sets it for somebody."""
        return f"budget {scope} {self.limit} {self.narrowing}".rstrip()


def wanted_alert(line: str) -> WantedAlert:
    """Return what a typed line wants, such as `team 1000 a month`.

    Raises:
        RefusedError: there is no limit, or none that can be; the message says what is wrong.
    """
    words, narrowing = without_narrowing(line.split())
    name, limit = name_and_limit(["", *words])
    parse_limit(limit)
    return WantedAlert(name.strip(), limit, str(narrowing))


def alert_choices(wanted: WantedAlert, caller: Caller) -> list[Choice]:
    """Return the lines that set such a budget; for others than operators the one that asks for their own.

    Raises RefusedError if somebody else wants another's or the team's.
    """
    if caller.role is not Role.OPERATOR:
        line = f"budget request {wanted.limit}"
        if wanted.scope:
            raise RefusedError(f"Only operators set budgets for the team and other people. For yours, type `{line}`.")
        return [(line, "asks your operators for it")]
    choices = {"team": "for the whole team", "default": "for everyone without a personal budget"}
    if wanted.scope:
        return [(wanted.line(wanted.scope), choices.get(wanted.scope, ""))]
    own = {} if caller.member is None else {caller.member: "for you"}
    return [(wanted.line(whom), meaning) for whom, meaning in (choices | own).items()]
