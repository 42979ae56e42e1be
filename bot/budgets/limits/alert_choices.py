"""The budgets that an alert may be meant by: `alert me when the team passes 1000 a month`, `warn me at $500 a week`."""

from bot.budgets.limits.grammar import name_and_limit, parse_limit
from bot.domain.access import Caller, Role

Choice = tuple[str, str]
"""A line to type, and whose budget it sets in words."""


def alert_choices(line: str, caller: Caller) -> list[Choice]:
    """Return the lines that set a budget with the limit of a typed line, for whom it may be meant.

    For others than operators it is the line that asks for one's own.

    Raises:
        RefusedError: there is no limit, or none that can be; the message says what is wrong.
    """
    name, limit = name_and_limit(["", *line.split()])
    parse_limit(limit)
    if caller.role is not Role.OPERATOR:
        return [(f"budget request {limit}", "asks your operators for it")]
    choices = {"team": "for the whole team", "default": "for everyone without a personal budget"}
    if scope := name.strip():
        return [(f"budget {scope} {limit}", choices.get(scope, ""))]
    own = {} if caller.member is None else {caller.member: "for you"}
    return [(f"budget {whom} {limit}", meaning) for whom, meaning in (choices | own).items()]
