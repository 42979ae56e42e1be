"""The outcome of a sync, and the progress of a running one."""

from dataclasses import dataclass, field

from bot.ledger.passes.tally import PassTally
from bot.sync.rules import PlannedPass


@dataclass(slots=True)
class SyncOutcome:
    """What a sync did: the ids of its passes, its tally, whether every pass was complete, warnings for operators."""

    tally: PassTally = field(default_factory=PassTally)
    complete: bool = True
    warnings: list[str] = field(default_factory=list)
    passes: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How far a sync is: the window, its number among `windows`, and the rows read of the announced `total`."""

    window: PlannedPass
    number: int
    windows: int
    rows: int
    total: int
