"""The jobs lease: of all the services on one database, one runs the jobs."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex

import structlog
from sqlalchemy import Connection

from bot.database import lease
from bot.database.engine import DATABASE_ERRORS, Database
from bot.database.fence import fenced
from bot.database.lease import HeldLease, LeaseHolder, LeaseLostError
from bot.database.lease_holder import holder_name
from bot.database.timing import LEASE_LIFETIME

log = structlog.get_logger(__name__)

_PARTS = 2  # of its lifetime; a lease is renewed once one of them is over
_RETRY_PARTS = 8  # and once one of these, after that has failed


@dataclass(slots=True)
class JobsLease:
    """This service's lease on the jobs: `held` is None while another service has it. `clock` gives aware times.

    A service alone takes it when it starts. One of several stands by until the other ends, dies or freezes.
    """

    database: Database
    clock: Callable[[], datetime]
    lifetime: timedelta = LEASE_LIFETIME
    held: HeldLease | None = None
    has_waited: bool = False  # for another service, since it last began to run the jobs
    _holder: str = field(default_factory=lambda: holder_name(token_hex(4)))
    _renew_from: datetime | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def hold(self) -> bool:
        """Take the lease if it is free, and renew it once half of it is over; return whether it is held.

        Raises the database's errors if it is unknown whether it is free.
        """
        async with self._turn:
            if self.held is None:
                await self._take()
            elif self._is_renewal_due():
                await self._renew(self.held)
            return self.held is not None

    def fence(self) -> AbstractContextManager[None]:
        """Return a context in which nothing is written any more once another service has taken the lease."""
        held = self.held
        return fenced(lambda connection: self._check(connection, held))

    def lose(self, held: HeldLease | None, error: LeaseLostError) -> None:
        """Stand by from now on, as another service has taken the lease that was `held`."""
        if error.name == lease.JOBS and held is not None and self.held == held:
            self.held, self.has_waited = None, True
            log.warning("standing by", why=str(error))

    async def release(self) -> None:
        """End the lease, so that another service may take it at once; if that fails, it expires."""
        if self.held is None:
            return
        self.held = None
        try:
            await self.database.finish_release(lambda c: lease.release(c, lease.JOBS, self._holder))
        except DATABASE_ERRORS as error:
            log.info("could not release the jobs", why=str(error))

    async def _take(self) -> None:
        now = self.clock()
        if not await self.database.read(lambda c: lease.is_free(c, lease.JOBS, self._holder, now, self.lifetime)):
            if not self.has_waited:
                log.info("standing by: another process runs the jobs")
            self.has_waited = True
            return
        found = await self.database.finish_write(
            lambda c: lease.acquire(c, lease.JOBS, self._holder, self.clock(), self.lifetime)
        )
        if not isinstance(found, LeaseHolder):
            self.held = found
            self._renew_after(_PARTS)
            if self.has_waited:
                log.info("took over the jobs")

    async def _renew(self, held: HeldLease) -> None:
        """Renew the lease. If the database fails, the jobs go on: each of their transactions checks it anyway."""
        try:
            await self.database.write(lambda c: lease.renew(c, held, self.clock()))
        except LeaseLostError as error:
            self.lose(held, error)
        except DATABASE_ERRORS:
            self._renew_after(_RETRY_PARTS)
        else:
            self._renew_after(_PARTS)

    def _check(self, connection: Connection, held: HeldLease | None) -> None:
        if held is None:
            raise LeaseLostError(lease.JOBS)
        lease.renew(connection, held, self.clock())

    def _renew_after(self, parts: int) -> None:
        self._renew_from = self.clock() + self.lifetime / parts

    def _is_renewal_due(self) -> bool:
        now = self.clock()
        # a moment that is further off was set before the clock was
        return self._renew_from is None or not now < self._renew_from <= now + self.lifetime
