"""Days that Neo counts otherwise than it lists them: which tasks are wrong there, if not its reading is the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.reconcile.narrowing import FoundTask, Narrowing, quiet_moments
from bot.reconcile.rules import CONTINUED_WITHIN
from bot.reconcile.upstream import Heal
from bot.sync.rules import PassKind, PlannedPass

_MOST_MOMENTS = 20  # so many are tried as a boundary


@dataclass(frozen=True, slots=True)
class SpreadDays:
    """Looks for what is wrong from the `start` of the first such day on, by narrowing; `heal` reads passes."""

    narrowing: Narrowing
    heal: Heal
    start: datetime

    async def wrong_tasks(self) -> Sequence[FoundTask] | None:
        """Return what is wrong from the first day on; None if something is, and no task can be told.

        Where tasks are executed at any time, nothing is wrong as far as anybody can tell. Raises what `neo` and `heal`
        do.
        """
        excess, moments = await self.narrowing.excess(), await self._moments()
        if excess is None:
            return [] if (await self.narrowing.surplus(self.start)).is_nothing else None
        low = await self._boundary(moments, excess)
        if excess == 0 and (low is None or (await self.narrowing.surplus(low)).is_nothing):
            return []
        low = await self._boundary_after_healing(moments)
        if low is None:
            return []
        found = await self.narrowing.isolated(low, self.narrowing.now)
        return found if found or (await self.narrowing.surplus(low)).is_nothing else None

    async def _boundary_after_healing(self, moments: Sequence[datetime]) -> datetime | None:
        """Have the ledger read again, and return a boundary: one of these moments, or the beginning of all."""
        now, covered = self.narrowing.now, await self.narrowing.ledger.covered(self.narrowing.now)
        await self.heal([PlannedPass(PassKind.FULL, self.start - CONTINUED_WITHIN, now)])
        excess = await self.narrowing.excess() or 0
        low = await self._boundary(moments, excess)
        if low is not None or excess == 0 or covered is None:
            return low
        await self.heal([PlannedPass(PassKind.FULL, covered.start, now)])
        return await self._boundary([covered.start], excess)

    async def _moments(self) -> list[datetime]:
        """Return moments that may be a boundary: the start of the days, and quiet ones of the two weeks before."""
        covered = await self.narrowing.ledger.covered(self.narrowing.now)
        if covered is None:
            return []
        since = self.start - CONTINUED_WITHIN
        quiet = quiet_moments(since, self.start, await self.narrowing.ledger.tasks(since, self.start))
        return [each for each in (self.start, *quiet[:_MOST_MOMENTS]) if each >= covered.start]

    async def _boundary(self, moments: Sequence[datetime], excess: int) -> datetime | None:
        """Return the first of these moments that is a boundary, where Neo's total exceeds its list by so many tasks."""
        for moment in moments:
            if (await self.narrowing.surplus(moment)).tasks == excess:
                return moment
        return None
