"""The reconciler: compares closed days with Neo's totals, and has the ledger healed where that is the cure."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from bot.database.engine import Database
from bot.ledger.neo_agreement import NeoAgreement
from bot.neo.client import NeoClient
from bot.neo.errors import NeoError
from bot.neo.unavailable import reason
from bot.reconcile.days_comparison import Comparison, DaysComparison
from bot.reconcile.rules import Days
from bot.reconcile.upstream import Heal
from bot.sync import rate_limit

Connect = Callable[[], AbstractAsyncContextManager[NeoClient]]


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Compares a ledger with the upstream that `connect` opens; `heal` reads passes, `clock` gives aware times."""

    database: Database
    connect: Connect
    heal: Heal
    clock: Callable[[], datetime]

    async def compare(self, days: Days, former: NeoAgreement) -> Comparison:
        """Return how the ledger agrees with Neo on these days, after healing what a pass can heal.

        `former` is what the last comparison found. Where nothing can be compared, the reason is returned alone.

        Raises:
            LedgerError: the ledger cannot be written, or another process took over.
            SettingsError: there is no credential.
        """
        now = self.clock()
        try:
            await self.database.read(partial(rate_limit.require_wait_over, now=now))
            async with self.connect() as client:
                found = await DaysComparison(self.database, client, self.heal, days, former, now).run()
        except NeoError as error:
            return Comparison(NeoAgreement(attempted_at=now, unavailable=reason(error)))
        return replace(found, agreement=replace(found.agreement, attempted_at=now, compared_at=now))
