"""What somebody wants of a budget, as it was typed or filled into a form."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.narrowing import ALL_TASKS, TaskNarrowing
from bot.domain.periods import Unit


@dataclass(frozen=True, slots=True)
class LimitInstruction:
    """A limit to be set; `scope` is as typed (an e-mail, a mention, `default`, `team`), `ends_at` None is permanent.

    A `newcomer` may have no task yet, because Slack vouches for them. The narrowing is as typed, too.
    """

    scope: str
    nanos: int
    unit: Unit
    ends_at: datetime | None = None
    reason: str | None = None
    newcomer: bool = False
    narrowing: TaskNarrowing = ALL_TASKS


@dataclass(frozen=True, slots=True)
class RemovalInstruction:
    """A limit to be removed; `unit` None means the only one there is, or with `is_every` that of every period.

    `is_unlimited` says that nothing is to limit whoever it is of then, not even the default.
    """

    scope: str
    unit: Unit | None
    reason: str | None = None
    narrowing: TaskNarrowing = ALL_TASKS
    is_unlimited: bool = False
    is_every: bool = False


@dataclass(frozen=True, slots=True)
class RequestInstruction:
    """A limit of one's own, to be asked for; `ends_at` None is permanent."""

    nanos: int
    unit: Unit
    ends_at: datetime | None = None
    reason: str | None = None


BudgetInstruction = LimitInstruction | RemovalInstruction | RequestInstruction
