"""Delivery: one claimed notification to Slack, in a request whose outcome decides what becomes of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import structlog

from bot.database.engine import DATABASE_ERRORS
from bot.domain.timestamps import from_us
from bot.outbox import store
from bot.outbox.renderers import Renderers, RenderRequest
from bot.outbox.rules import DeliveryTiming, NotificationState, fallback, waiting
from bot.outbox.store import Arrival, ClaimedEdit, ClaimedNotification, Ending, Posted, Sought
from bot.slack.blocks import Message, paragraph
from bot.slack.errors import RateLimitedError, RefusedBySlackError, SlackError, SlackUnavailableError
from bot.slack.messages import send_simplified
from bot.slack.workspace import Workspace

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.database.engine import Database

log = structlog.get_logger(__name__)

R = TypeVar("R")

_UNREADABLE = {
    "not_in_channel",
    "missing_scope",
    "channel_not_found",
    "no_permission",
    "method_not_supported_for_channel_type",
}
_NOTHING_YET = -1  # a version below all others
_GONE = {"message_not_found", "thread_not_found"}
_AHEAD = 7 * 86_400.0  # seconds that are looked through where our clock was ahead, nobody knows for how long


@dataclass(slots=True)
class Delivery:
    """What every delivery needs; `clock` gives aware times, `voices` the words."""

    database: "Database"
    workspace: Workspace
    voices: Renderers
    clock: Callable[[], datetime]
    times: DeliveryTiming
    stopping: bool = False
    posted: dict[str, float] = field(default_factory=dict)  # when each channel last got a request, by the loop's clock

    async def write(self, work: "Callable[[Connection], R]") -> R:
        """Do something in one transaction, off the event loop."""
        return await self.database.write(work)

    # --- a message ---------------------------------------------------------------------------------

    async def deliver(self, job: ClaimedNotification) -> float:
        """Send it, and write down what came of it.

        Returns:
            For how many seconds to leave the channel alone.

        Raises:
            LimitedBySlackError: Slack says for how long.
        """
        worded = await self._wording(job)
        if worded is None:
            return 0
        version, message = worded
        if message is None:
            done = Ending(NotificationState.MOVED, "nothing to say any more")
            await self.write(lambda c: store.hand_on(c, job, done, self.clock()))
            return 0
        try:
            ts, threaded = await self._posted(job, message)
        except _ClaimLostError:
            return 0
        except RateLimitedError:
            # the channel waits, not the message
            await self.write(
                lambda c: store.release_for_retry(c, job, self.clock(), "Slack takes nothing more just now")
            )
            raise
        except RefusedBySlackError as refusal:
            await self._refused(job, refusal)
            return 0
        except SlackUnavailableError as error:
            return await self._failed(job, error)
        # a reply that has become the parent does not show what the parent is to show
        shown = version if job.thread is None else _NOTHING_YET
        await self._arrived(job, Posted(ts, job.thread if threaded else None), shown)
        return 0

    async def _wording(self, job: ClaimedNotification) -> tuple[int, Message | None] | None:
        """As `_worded`; None if it cannot be worded, and so was put off."""
        try:
            return await self._worded(job, RenderRequest(job.dedup_key, job.destination, job.channel, job.topic))
        except SlackError as error:  # such as who is meant, which Slack does not say just now
            why, later = str(error), self.later(error)
        except DATABASE_ERRORS:
            raise  # nothing is wrong with the message
        except Exception:
            log.exception("a message could not be worded", key=job.dedup_key)
            later = self.clock() + timedelta(seconds=self.times.longest_wait)
            why = "it could not be worded: the log says why"
        await self.write(lambda c: store.release_for_retry(c, job, later, why))
        return None

    async def _worded(self, job: ClaimedNotification, request: RenderRequest) -> tuple[int, Message | None]:
        """The version of a living message that a parent shows, and the message."""
        version = await self.database.read(lambda reader: store.wanted_version(reader, job.living))
        if request.dedup_key.startswith("missed:"):
            return version, await self._summary(request)
        return version, await self.voices.word(request, reply=job.thread is not None)

    async def _summary(self, request: RenderRequest) -> Message | None:
        covered = await self.database.read(lambda reader: store.summarized_notifications(reader, request.dedup_key))
        lines = [
            RenderRequest(stem, request.destination, request.channel, thing, listed=True) for stem, thing in covered
        ]
        said = [await self._line(each) for each in lines]
        return await self.voices.missed([each.text for each in said if each is not None])

    async def _line(self, request: RenderRequest) -> Message | None:
        """One of a summary's lines; if it cannot be worded, it says so, and the others are told all the same."""
        try:
            return await self.voices.word(request, reply=True)
        except SlackError:
            raise  # who is meant cannot be asked just now: the summary is put off
        except Exception:
            log.exception("a line of a summary could not be worded", key=request.dedup_key)
            return paragraph(self.voices.templates.render("outbox/render_failure"))

    async def _posted(self, job: ClaimedNotification, message: Message) -> tuple[str, bool]:
        """Post it; the claim is looked at just before each request."""

        async def post(message: Message) -> tuple[str, bool]:
            if not await self.database.read(lambda reader: store.is_claim_valid(reader, job, self.clock())):
                raise _ClaimLostError
            self.posted[job.channel] = asyncio.get_running_loop().time()
            async with self.in_time():
                return await self.workspace.messages.post_notification(job.channel, message, job.key, job.thread)

        return await send_simplified(message, post)

    def later(self, error: SlackError) -> datetime:
        """When Slack is asked again that did not say something: nothing is put off for longer than `LONGEST`."""
        wait = timedelta(seconds=self.times.first_wait)
        if isinstance(error, RefusedBySlackError):
            wait = timedelta(seconds=self.times.longest_wait)
        if isinstance(error, RateLimitedError):
            wait = max(wait, timedelta(seconds=min(error.seconds, store.LONGEST.total_seconds())))
        return self.clock() + wait

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """One request, which ends well before the claim does.

        Raises:
            SlackUnavailableError: Slack did not answer in time.
        """
        try:
            async with asyncio.timeout(self.times.request):
                yield
        except TimeoutError:
            raise SlackUnavailableError(f"no answer within {self.times.request:g} s") from None

    async def _refused(self, job: ClaimedNotification, refusal: RefusedBySlackError) -> None:
        code = refusal.code
        if refusal.refuses_the_bot:
            again = self.clock() + timedelta(seconds=self.times.longest_wait)
            await self.write(lambda c: store.release_for_retry(c, job, again, f"Slack refused: {code}"))
            log.warning("the bot is not let in", code=code)
            return
        to = fallback(job.destination)
        log.warning("a message cannot be delivered", key=job.dedup_key, code=code, instead=", ".join(to) or "nothing")
        end = Ending(NotificationState.DEAD, f"Slack refused: {code}", to)
        await self.write(lambda c: store.hand_on(c, job, end, self.clock()))

    async def _failed(self, job: ClaimedNotification, error: SlackUnavailableError) -> float:
        if error.not_carried_out:
            wait = waiting(self.times, job.attempts - 1)
            await self.write(lambda c: store.release_for_retry(c, job, self.clock() + wait, str(error)))
            return wait.total_seconds()
        await self.write(lambda c: store.mark_unconfirmed(c, job, self.clock(), str(error)))
        return self.times.first_wait

    async def _arrived(self, job: ClaimedNotification, posted: Posted, version: int) -> None:
        doubted = job.unsure_at is not None
        counts = await self.write(
            lambda c: store.mark_sent(c, job, Arrival(posted, version, self._first_check, self.clock()))
        )
        log.info(
            "told", key=job.dedup_key, to=job.destination.partition(":")[0], attempts=job.attempts, doubted=doubted
        )
        if counts not in {posted.ts, ""}:
            await self.write(lambda c: store.mark_second_copy(c, job, self.clock()))  # should it not be deleted now
            with suppress(SlackError):
                await self._take_back(job.channel, posted.ts)

    async def _take_back(self, channel: str, ts: str) -> None:
        """Delete a second copy."""
        try:
            await self.workspace.messages.delete(channel, ts)
        except RefusedBySlackError as refusal:
            log.info("a second copy could not be deleted", code=refusal.code)

    # --- what may have arrived -----------------------------------------------------------------------

    async def settle_doubt(self, sought: Sought) -> None:
        """Look whether it arrived: then it is sent, else it is owed again; raises SlackError if Slack does not say."""
        copies = await self._copies(sought)
        now = self.clock()
        if copies is None:
            await self.write(lambda c: store.mark_not_arrived(c, sought, now, "its channel's history cannot be read"))
        elif not copies:
            await self.write(lambda c: store.mark_not_arrived(c, sought, now, "it had not arrived"))
        else:
            arrival = Arrival(copies[0], _NOTHING_YET, self._first_check, now)
            counts = await self.write(lambda c: store.mark_arrived(c, sought.id, arrival))
            await self._leave_one(sought, copies, counts)

    async def check(self, sought: Sought) -> None:
        """Look for second copies of what was sent after a doubt."""
        copies = await self._copies(sought)
        if copies is not None and sought.ts is not None:
            await self._leave_one(sought, copies, sought.ts)
        at = self._next_check(sought.checks + 1)
        await self.write(lambda c: store.look_again(c, sought, at))

    async def _leave_one(self, sought: Sought, copies: list[Posted], counts: str) -> None:
        if not counts:  # somebody else is sending it again: one of these may be theirs, and the checks come later
            return
        for copy in copies:
            if copy.ts != counts:
                await self._take_back(sought.channel, copy.ts)

    @property
    def _first_check(self) -> timedelta:
        return timedelta(seconds=self.times.unsure + self.times.checks[0])

    def _next_check(self, number: int) -> datetime | None:
        """When copies are looked for the next time, counted from now: the clock may have been put right meanwhile."""
        checks = self.times.checks
        if number >= len(checks):
            return None
        return self.clock() + timedelta(seconds=checks[number] - checks[number - 1])

    async def _copies(self, sought: Sought) -> list[Posted] | None:
        """The copies of a message that are in Slack, oldest first; None where history cannot be read."""
        oldest = self._since(sought)
        copies: list[Posted] = []
        try:
            copies += [
                Posted(ts, None)
                for ts in await self.workspace.history.messages_with_key(sought.channel, sought.key, oldest)
            ]
            for thread in await self._threads(sought, oldest):
                with suppress(_NoThreadError):
                    copies += [Posted(ts, thread) for ts in await self._replies(sought, thread, oldest)]
        except RefusedBySlackError as refusal:
            if refusal.refuses_the_bot and refusal.code not in _UNREADABLE:
                raise
            return None
        return sorted({copy.ts: copy for copy in copies}.values(), key=lambda copy: float(copy.ts))

    async def _threads(self, sought: Sought, oldest: float) -> list[str]:
        """The threads that a copy may hang in; if nobody here knows, all that begin with a message of the bot's."""
        if sought.living is None or sought.claimed_at is not None:
            return sought.threads
        return sorted({*sought.threads, *await self.workspace.history.threads(sought.channel, oldest)})

    def _since(self, sought: Sought) -> float:
        """No copy is older than this, by Slack's clock: ours may have been ahead."""
        owed, now = from_us(sought.created_at).timestamp(), self.clock().timestamp()
        if owed > now:
            owed = now - _AHEAD
        oldest = owed - self.times.margin
        return oldest if sought.last_ts is None else min(oldest, float(sought.last_ts))

    async def _replies(self, sought: Sought, thread: str, oldest: float) -> list[str]:
        try:
            return await self.workspace.history.messages_with_key(sought.channel, sought.key, oldest, thread)
        except RefusedBySlackError as refusal:
            if refusal.code in _GONE:
                raise _NoThreadError from refusal
            raise

    # --- a living message --------------------------------------------------------------------------

    async def edit(self, edit: ClaimedEdit) -> float:
        """Bring a living message up to date; returns for how many seconds the channel takes nothing more."""
        if not edit.editable:
            await self.write(lambda c: store.mark_not_editable(c, edit, self.clock()))
            return 0
        try:
            message = await self.voices.show(RenderRequest(edit.dedup_key, edit.destination, edit.channel, edit.topic))
        except SlackError as error:
            later = self.later(error)
            await self.write(lambda c: store.edit_later(c, edit, later))
            return 0
        try:
            if message is not None:
                await self._edited(edit, message)
        except RefusedBySlackError as refusal:
            return await self._not_edited(edit, refusal)
        except SlackError as error:
            return await self._edit_failed(edit, error)
        await self.write(lambda c: store.mark_edit_done(c, edit))
        return 0

    async def _edit_failed(self, edit: ClaimedEdit, error: SlackError) -> float:
        """Edits wait, the channel's posts do not: Slack limits each for itself."""
        later = self.later(error)
        await self.write(lambda c: store.edit_later(c, edit, later))
        if not isinstance(error, RateLimitedError):
            return self.times.first_wait
        await self.write(lambda c: store.edits_later(c, edit.channel, later, self.clock()))
        return 0

    async def _edited(self, edit: ClaimedEdit, message: Message) -> None:
        async def say(message: Message) -> None:
            async with self.in_time():
                await self.workspace.messages.edit(edit.channel, edit.ts, message, edit.key)

        await send_simplified(message, say)

    async def _not_edited(self, edit: ClaimedEdit, refusal: RefusedBySlackError) -> float:
        code = refusal.code
        if refusal.refuses_the_bot:
            again = self.clock() + timedelta(seconds=self.times.longest_wait)
            await self.write(lambda c: store.edit_later(c, edit, again))
        elif code in _GONE:
            await self.write(lambda c: store.mark_deleted(c, edit, self.clock()))
        elif code in _UNREADABLE or code == "is_archived":
            await self.write(lambda c: store.mark_edit_done(c, edit))  # the channel is gone: nobody reads it
        else:
            log.info("a message can no longer be edited", code=code)
            await self.write(lambda c: store.mark_not_editable(c, edit, self.clock()))
        return 0


class _ClaimLostError(Exception):
    """Somebody else has taken the message over."""


class _NoThreadError(Exception):
    """The thread is gone, with its parent."""
