"""The job: asks Neo for the balance, keeps it, and enqueues a warning where a level is reached."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from bot.balance.facts import BalanceFacts, runway_of
from bot.balance.keys import BalanceKey
from bot.balance.rules import (
    Balance,
    Cause,
    days_until_expiry,
    days_until_used_up,
    is_filled_up,
    is_put_off,
    new_warning,
    next_wait,
)
from bot.balance.store import stored_balance, write_balance
from bot.database.engine import Database
from bot.domain.money import nanos_of_credits
from bot.neo.client import NeoClient, QueryWindow
from bot.neo.errors import NeoError
from bot.neo.summary import CreditBalance
from bot.neo.unavailable import reason
from bot.outbox.destinations import OpsDestination
from bot.outbox.store import NewNotification, enqueue
from bot.sync import rate_limit
from bot.sync.planner import is_due_after_pass

log = structlog.get_logger(__name__)

_NOT_SAID = "Neo doesn't say how many credits are left"
_WINDOW = timedelta(days=1)  # of the totals that come with a balance, and are not used


@dataclass(frozen=True, slots=True)
class BalanceJob:
    """Asks the upstream that `connect` opens; `clock` gives aware times, days are those of `zone`."""

    database: Database
    connect: Callable[[], AbstractAsyncContextManager[NeoClient]]
    zone: ZoneInfo
    clock: Callable[[], datetime]

    async def run_when_due(self) -> None:
        """Ask if it is time to. Raises the database's errors."""
        now = self.clock()
        if await self.database.read(lambda connection: _is_due(connection, now)):
            await self.ask()

    async def ask(self) -> BalanceFacts:
        """Ask Neo, keep what it says, enqueue warnings, and return what is known. Raises the database's errors."""
        answer = await self._answer()
        now = self.clock()
        facts = await self.database.write(lambda connection: self._record(connection, answer, now))
        log.info("asked for the balance", unavailable=facts.balance.unavailable, days_left=facts.days_left)
        return facts

    async def _answer(self) -> CreditBalance | str:
        """Return the balance that Neo says, or why it says none."""
        now = self.clock()
        try:
            await self.database.read(partial(rate_limit.require_wait_over, now=now))
            async with self.connect() as client:
                summary = await client.summary(QueryWindow(now - _WINDOW, now))
        except NeoError as error:
            return reason(error)
        return summary.balance or _NOT_SAID

    def _record(self, connection: Connection, answer: CreditBalance | str, now: datetime) -> BalanceFacts:
        before = stored_balance(connection)
        if isinstance(answer, str):
            after = replace(before, attempted_at=now, unavailable=answer)
        else:
            said = _balance(answer, before, now)
            lasts = runway_of(connection, said.available_nanos, self.zone, now)
            after = _warn(connection, replace(said, runway=lasts), now)
        write_balance(connection, after)
        return BalanceFacts(after, now)


def _is_due(connection: Connection, now: datetime) -> bool:
    balance = stored_balance(connection)
    return is_due_after_pass(connection, balance.attempted_at, next_wait(balance, now), now)


def _warn(connection: Connection, balance: Balance, now: datetime) -> Balance:
    """Enqueue a warning of each cause whose level was reached, and return the balance with that noted."""
    warned = dict(balance.warned)
    days = {Cause.SPEND: days_until_used_up(balance)}
    if balance.available_nanos > 0:
        days[Cause.EXPIRY] = days_until_expiry(balance, now)
    for cause, left in days.items():
        level = new_warning(warned.get(cause), left)
        if level is not None:
            key = BalanceKey(balance.beginnings(cause), cause, level)
            enqueue(connection, [NewNotification(key, OpsDestination())], now)
            warned[cause] = level
    return replace(balance, warned=tuple(warned.items()))


def _balance(answer: CreditBalance, before: Balance, now: datetime) -> Balance:
    """Return the balance that Neo says, with what was warned of, unless that has begun anew."""
    after = Balance(
        attempted_at=now,
        said_at=now,
        available_nanos=nanos_of_credits(answer.available),
        issued_nanos=_optional_nanos(answer.issued),
        last_reset=answer.last_reset,
        expires_at=answer.expires_at,
        is_expired=answer.is_expired,
        fillings=before.fillings,
        extensions=before.extensions,
        warned=before.warned,
    )
    if is_put_off(before, after, now):
        after = after.begun_anew(Cause.EXPIRY)
    return after.begun_anew(Cause.SPEND) if is_filled_up(before, after) else after


def _optional_nanos(amount: Decimal | None) -> int | None:
    return None if amount is None else nanos_of_credits(amount)
