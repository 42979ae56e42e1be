"""The stall timeout: cancels what makes no progress for too long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.neo.errors import NeoError

STALL_SECONDS = 300  # without a page booked, a sync gives up


class StalledError(NeoError):
    """No page came for too long."""


@dataclass(slots=True)
class StallTimeout:
    """A timeout that restarts at each sign of progress."""

    _timeout: asyncio.Timeout | None = None

    @asynccontextmanager
    async def limit(self) -> AsyncIterator[None]:
        """Limit what is done inside. Raises StalledError STALL_SECONDS after the last progress."""
        try:
            async with asyncio.timeout(STALL_SECONDS) as self._timeout:
                yield
        except TimeoutError:
            raise StalledError(f"no page came from Neo for {STALL_SECONDS // 60} minutes. Try again later.") from None
        finally:
            self._timeout = None

    def note_progress(self) -> None:
        """Restart the timeout."""
        if self._timeout is not None:
            self._timeout.reschedule(asyncio.get_running_loop().time() + STALL_SECONDS)
