"""Changes of a budget that no command makes, `pause`, `drop`, `undo` and `reset`: what is answered to them."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.budgets.limits.commands import ONLY_OPERATORS
from bot.budgets.limits.instruction_line import line_of
from bot.budgets.limits.instructions import RemovalInstruction
from bot.budgets.limits.unclear_line import UnclearLineError
from bot.domain.access import RefusedError
from bot.domain.everyday.limit_orders import OF_ALL
from bot.domain.everyday.vocabulary import ONESELF
from bot.domain.slack_ids import is_mention

UNMADE = {"pause", "drop", "undo", "reset"}
"""The words for them, as everyday words come to them."""
_LENGTHS = ("today", "period")
_NOT_PAUSED = "A budget can't be paused. I can keep its alerts away for a while, or remove it. Which do you want?"
_NOT_PAUSED_OWN = "A budget can't be paused. I can keep its alerts away for a while. For how long?"
_NONE_PAUSED = (
    "A budget can't be paused. I can keep one person's alerts away for a while, with `snooze @ana today`, or remove a"
    " budget. To remove one, press the button or type:"
)


def unmade_change(verb: str, budget: RemovalInstruction, zone: ZoneInfo, *, is_operator: bool) -> RefusedError:
    """Return the answer to one of UNMADE, to the budget that removing it would remove: it asks back, or leads on.

    Raises ValueError if it is none of them.
    """
    name = "@ana" if is_mention(budget.scope) else budget.scope
    changed = f"To change the limit, type `budget {name} 500/month`. To remove it, type `budget {name} remove`."
    instead = changed if is_operator else ONLY_OPERATORS
    match verb:
        case "pause":
            return _not_paused(budget, zone, is_operator=is_operator)
        case "drop":
            lower = f"To lower it instead, type its new limit, such as `budget {name} 400/month`."
            return UnclearLineError(f"Should I remove this budget? {lower}", [line_of(budget, zone)])
        case "undo":
            return RefusedError(f"I can't undo a change of a budget. {instead}")
        case "reset":
            again = "A budget starts again at $0 by itself, with each new day, week or month"
            return RefusedError(f"{again}. I can't reset it before that. {instead}")
        case _:
            raise ValueError(verb)


def _not_paused(budget: RemovalInstruction, zone: ZoneInfo, *, is_operator: bool) -> UnclearLineError:
    scope = budget.scope.lower()
    if scope in OF_ALL or scope == "default":
        return UnclearLineError(_NONE_PAUSED, [line_of(replace(budget, scope=scope), zone)])
    is_own = scope in ONESELF
    snoozes = [" ".join(filter(None, ["snooze", "" if is_own else budget.scope, each])) for each in _LENGTHS]
    if is_own and not is_operator:
        return UnclearLineError(_NOT_PAUSED_OWN, (), snoozes)
    return UnclearLineError(_NOT_PAUSED, [line_of(budget, zone)], snoozes)
