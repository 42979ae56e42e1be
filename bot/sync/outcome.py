"""What a sync did, and where one that is under way stands."""

from dataclasses import dataclass, field

from bot.ledger.passes.tally import PassTally
from bot.sync.rules import PlannedPass


@dataclass(slots=True)
class SyncOutcome:
    """What a sync did: its tally, whether every pass was complete, and what an operator must hear at once."""

    tally: PassTally = field(default_factory=PassTally)
    complete: bool = True
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """Where a sync stands: the window, its number of how many, and rows read of how many announced."""

    window: PlannedPass
    number: int
    windows: int
    rows: int
    total: int
