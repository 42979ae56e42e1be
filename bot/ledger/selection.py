"""Selections: which charges and tasks a question is about. Filters see tasks as they are now."""

from dataclasses import dataclass

from bot.domain.periods import Window
from bot.domain.query.question import Filter
from bot.ledger.scope import Scope


@dataclass(frozen=True, slots=True)
class Selection:
    """Which charges and tasks of a scope a question is about; `members` are e-mails, None for everybody in it."""

    scope: Scope
    window: Window
    members: tuple[str, ...] | None = None
    filters: tuple[Filter, ...] = ()
    byok: bool | None = None
