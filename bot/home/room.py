"""The room: draws App Home when it is opened, when its owner acts in it, and when something in it has changed."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.budgets.command import Budgets
from bot.domain.access import Caller, RefusedError, Role
from bot.failures.command import Failures
from bot.home import store
from bot.home.facts import Facts, Terms, facts
from bot.home.message import View, message_of
from bot.home.store import Mark
from bot.ledger.database import Database
from bot.ledger.readers import Readers
from bot.ledger.schema import LedgerError
from bot.people.callers import Callers
from bot.slack.errors import LimitedBySlackError, SlackError
from bot.slack.message import Message, paragraph
from bot.slack.rendering import Words
from bot.slack.requests import Request
from bot.slack.workspace import Workspace
from bot.usage.source import Source

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Home:
    """App Home of everybody who looks at it; `clock` gives aware times."""

    database: Database
    readers: Readers
    callers: Callers
    workspace: Workspace
    words: Words
    source: Source
    budgets: Budgets
    failures: Failures
    terms: Terms
    clock: Callable[[], datetime]
    _seen: Mark | None = None
    _wanted: set[str] = field(default_factory=set)
    _not_before: datetime | None = None

    async def open(self, request: Request, caller: Caller) -> None:
        """Somebody opens it."""
        now = self.clock()
        await self.database.write(lambda connection: store.opened(connection, request.user, now))
        if not await self._drawn(request.user, caller):
            self._wanted.add(request.user)

    async def press(self, request: Request, caller: Caller) -> None:
        """Somebody presses a button in it."""
        _, what, _ = f"{request.action}::".split(":", 2)
        match what:
            case "listen":
                await self._listen(caller, on=request.text == "on")
            case "ask" | "set":
                channel = await self.workspace.dm(request.user)
                await self.budgets.fill_in(replace(request, channel=channel), caller)
                return
            case "lift":
                await self._lift(request, caller)
        await self._drawn(request.user, caller, at_once=True)

    async def _listen(self, caller: Caller, *, on: bool) -> None:
        member = await self.failures.member(caller)
        await self.failures.listen(member, on=on)

    async def _lift(self, request: Request, caller: Caller) -> None:
        if caller.role is not Role.OPERATOR:
            raise RefusedError("Only operators lift silences.")
        await self.failures.lift(int(request.text))

    # --- when something changes ----------------------------------------------------------------------

    async def tick(self) -> None:
        """Draw anew what has changed, for those who looked at it lately, once a minute each at most."""
        now = self.clock()
        seen = await self.readers.ask(store.mark)
        if seen != self._seen:
            before, self._seen = self._seen, seen
            self._wanted |= await self._touched(before, now)
        if self._not_before is not None and now < self._not_before:
            return
        for user in sorted(self._wanted):
            try:
                if await self._drawn(user, await self._caller(user)):
                    self._wanted.discard(user)
            except LimitedBySlackError as limit:
                self._not_before = now + timedelta(seconds=limit.seconds)
                return
            except (SlackError, RefusedError) as error:
                log.info("could not draw App Home", user=user, why=str(error))
                self._wanted.discard(user)

    async def _touched(self, before: Mark | None, now: datetime) -> set[str]:
        """Whose App Home may look different now: those with charges and operators, or everybody's."""
        looking = set(await self.readers.ask(lambda reader: store.viewers(reader, now)))
        if before is None or self._seen is None or before.others != self._seen.others:
            return looking
        emails = await self.readers.ask(lambda reader: store.spenders(reader, before))
        found = set(self.callers.operators()) & looking
        for user in looking - found:
            caller = await self._caller(user)
            if caller is not None and caller.member in emails:
                found.add(user)
        return found

    async def _caller(self, user: str) -> Caller | None:
        try:
            return await self.callers.caller(user)
        except RefusedError:
            return None

    # --- drawing -------------------------------------------------------------------------------------

    async def _drawn(self, user: str, caller: Caller | None, *, at_once: bool = False) -> bool:
        """Draw somebody's, unless it looks like that already; whether it was their turn."""
        now = self.clock()
        if not await self.database.write(lambda connection: store.claim(connection, user, now, at_once=at_once)):
            return False
        shown = await self._message(caller)
        looks = _looks(shown)
        if looks != await self.readers.ask(lambda reader: store.looks_of(reader, user)) or at_once:
            await self.workspace.publish(user, shown)
            await self.database.write(lambda connection: store.drawn(connection, user, looks))
        return True

    async def _message(self, caller: Caller | None) -> Message:
        if caller is None:
            return paragraph(self.words.say("home/refused"))
        now = self.clock()
        try:
            found = await self.readers.ask(lambda reader: facts(reader, caller, self.terms, now))
        except LedgerError:
            return paragraph(self.words.say("home/unread", reading=self.source.reading))
        return message_of(found, self._view(found, now))

    def _view(self, found: Facts, now: datetime) -> View:
        stale = found.as_of is None or now - found.as_of > self.source.stale_after
        return View(
            words=self.words,
            zone=self.terms.usage.zone,
            now=now,
            whom_to_ask=self.callers.whom_to_ask(),
            stale=stale,
            reading=self.source.reading,
            failure=self.source.failure,
        )


def _looks(shown: Message) -> str:
    """A digest of what is drawn, but for the last block: how fresh it is."""
    return hashlib.blake2b(json.dumps(shown.blocks[:-1] or shown.blocks).encode(), digest_size=12).hexdigest()
