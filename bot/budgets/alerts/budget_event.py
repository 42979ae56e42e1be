"""What all events about budgets say: whose budget it is, of which period, and which tasks it counts."""

from typing import Any

from bot.budgets.periods import BudgetPeriod
from bot.budgets.rules import TEAM
from bot.outbox.events import EventMembers, moment


def who(email: str | None, members: EventMembers) -> str:
    """Return what a sentence calls a subject, by its e-mail; None for the team."""
    return "The team" if email is None else members.name(email)


def budget_data(subject: int, email: str | None, period: BudgetPeriod, members: EventMembers) -> dict[str, Any]:
    """Return a budget as JSON values; `counts` is there only if it counts some tasks alone."""
    window = period.window
    return {
        "scope": "team" if subject == TEAM else "member",
        "member": None if email is None else members.reference(email),
        "period": {"unit": period.unit.value, "from": moment(window.start), "to": moment(window.end)},
        **({"counts": str(period.narrowing)} if period.narrowing else {}),
    }
