"""App Home: published when it is opened, when its owner acts in it, and when its content has changed."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.budgets.commands import BudgetCommands
from bot.database.engine import DATABASE_ERRORS, Database
from bot.database.errors import UnusableError
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.periods import local_day
from bot.failures.commands import FailureCommands
from bot.failures.silence_commands import SilenceCommands
from bot.home import store
from bot.home.facts import HomeFacts, HomePolicy, home_facts
from bot.home.keys import BudgetFormAction, LiftSilenceAction, ListenAction, home_action
from bot.home.render import HomeView, message_of
from bot.home.store import Mark, Touched
from bot.home.viewers import Standing, Viewers
from bot.ledger.freshness import UnreadError
from bot.people.people import People, UnverifiedError
from bot.people.roles import Denied
from bot.slack.blocks import Message, paragraph
from bot.slack.errors import RateLimitedError, RefusedBySlackError, SlackError
from bot.slack.requests import Request
from bot.slack.templates import Templates
from bot.slack.workspace import Workspace
from bot.usage.answers import Answers

log = structlog.get_logger(__name__)

_AGAIN, _LONGEST = timedelta(seconds=30), timedelta(hours=1)  # until Slack is asked again that did not answer
_PATIENCE = 3  # drawings that fail within a tick; whatever is the matter, the others wait for the next one


@dataclass(slots=True)
class HomeTab:
    """App Home of everybody who looks at it; `clock` gives aware times."""

    database: Database
    people: People
    workspace: Workspace
    templates: Templates
    answers: Answers
    budgets: BudgetCommands
    failures: FailureCommands
    silences: SilenceCommands
    policy: HomePolicy
    clock: Callable[[], datetime]
    _rights: Viewers = field(init=False)
    _seen: Mark | None = None
    _wanted: set[str] = field(default_factory=set)
    _not_before: datetime | None = None

    def __post_init__(self) -> None:
        """Nobody's is drawn yet."""
        self._rights = Viewers(self.people)

    async def open(self, request: Request) -> None:
        """Somebody opens it, whoever they are: whoever may see nothing is told why, in its place."""
        now = self.clock()
        try:
            await self.database.write(lambda connection: store.opened(connection, request.user, now))
            await self._draw(request.user)
        except UnusableError:  # who looks can be kept later, what they came for is shown
            await self.workspace.views.publish_home(
                request.user, await self._message(await self._rights.now(request.user))
            )

    async def press(self, request: Request, caller: Caller) -> None:
        """Do what the button that was pressed says, and republish the presser's App Home if that changed it.

        Raises MalformedKeyError if App Home has no such button.
        """
        match home_action(request.action, request.text):
            case BudgetFormAction():
                channel = await self.workspace.channels.open_dm(request.user)
                await self.budgets.fill_in(replace(request, channel=channel), caller)
                return
            case ListenAction(on):
                await self._listen(caller, on=on)
            case LiftSilenceAction(silence):
                await self._lift(silence, caller)
        now = self.clock()
        await self.database.write(lambda connection: store.opened(connection, request.user, now))  # or was forgotten
        await self._draw(request.user, at_once=True)

    async def _listen(self, caller: Caller, *, on: bool) -> None:
        await self.failures.set_listening(caller, on=on)

    async def _lift(self, silence: int, caller: Caller) -> None:
        if caller.role is not Role.OPERATOR:
            raise RefusedError("Only operators lift silences.")
        await self.silences.lift(silence)

    # --- when something changes ----------------------------------------------------------------------

    async def tick(self) -> None:
        """Draw anew what has changed, for those who looked at it lately, once a minute each at most."""
        now = self.clock()
        self._wanted |= await self._changed(now)
        failures = 0
        for user in sorted(self._wanted):
            if failures == _PATIENCE or self._is_put_off(now):
                return
            failures += not await self._tried(user)

    def _is_put_off(self, now: datetime) -> bool:
        """Whether Slack has enough of drawings; a moment that a clock ahead has set is not believed."""
        return self._not_before is not None and now < self._not_before <= now + _LONGEST

    async def _tried(self, user: str) -> bool:
        """Draw somebody's; whether nothing went wrong. What goes wrong with one keeps nobody else waiting."""
        try:
            await self._draw(user)
        except (SlackError, RefusedError) as error:
            log.info("could not draw App Home", user=user, why=str(error))
            if isinstance(error, UnverifiedError):  # the others would be asked about in vain as well
                self._not_before = self.clock() + _AGAIN
        except DATABASE_ERRORS:
            raise  # it is not about them
        except Exception:
            log.exception("could not draw App Home", user=user)
        else:
            return True
        return False

    async def _changed(self, now: datetime) -> set[str]:
        """Whose App Home may look different than when it was drawn."""
        today = local_day(now, self.policy.usage.zone)
        seen = await self.database.read(lambda reader: store.mark(reader, today))
        looking = await self.database.read(lambda reader: store.viewers(reader, now))
        found = await self._rights.changed(looking, now)
        if seen != self._seen:
            found |= await self._touched(looking, seen, now)
            self._seen = seen
        return found

    async def _touched(self, looking: Sequence[str], seen: Mark, now: datetime) -> set[str]:
        """Of those looking: who has spent or whose tasks have changed, and operators; or everybody."""
        before = self._seen
        if before is None or before.others != seen.others:
            return set(looking)
        drawn = {user: self._rights.drawn(user) for user in looking}
        emails = {each.member for each in drawn.values() if isinstance(each, Caller) and each.member is not None}
        touched = await self.database.read(lambda reader: store.touched(reader, before, emails, now))
        return {user for user, standing in drawn.items() if _concerns(standing, touched)}

    # --- drawing -------------------------------------------------------------------------------------

    async def _draw(self, user: str, *, at_once: bool = False) -> None:
        """Draw somebody's, unless it looks like that already; if it is not their turn or fails, at a later tick.

        Raises:
            SlackError: it may not have been drawn. What Slack refuses is not tried again.
            UnverifiedError: Slack does not say who they are.
        """
        now = self.clock()
        self._wanted.add(user)
        if not await self.database.write(lambda connection: store.claim(connection, user, now, at_once=at_once)):
            return
        self._wanted.discard(user)  # what changes from here on is wanted anew
        try:
            await self._publish(user, at_once=at_once)
        except RefusedBySlackError:
            raise
        except RateLimitedError as limit:
            self._not_before = now + min(timedelta(seconds=limit.seconds), _LONGEST)
            self._wanted.add(user)
            raise
        except BaseException:
            self._wanted.add(user)
            raise

    async def _publish(self, user: str, *, at_once: bool) -> None:
        standing = await self._rights.now(user)
        shown = await self._message(standing)
        self._rights.draw(user, standing)
        looks = _looks(shown)
        if at_once or looks != await self.database.read(lambda reader: store.looks_of(reader, user)):
            # until Slack has taken it, it may look like the one or the other
            await self.database.write(lambda connection: store.drawn(connection, user, store.UNKNOWN))
            await self.workspace.views.publish_home(user, shown)
            await self.database.write(lambda connection: store.drawn(connection, user, looks))

    async def _message(self, standing: Standing) -> Message:
        if isinstance(standing, Denied):
            return paragraph(self.templates.render("people/denial", reason=standing.value))
        now = self.clock()
        try:
            found = await self.database.read(lambda reader: home_facts(reader, standing, self.policy, now))
        except UnreadError:
            return paragraph(self.templates.render("home/no_data", reading=self.answers.sync_progress(standing)))
        return message_of(found, self._view(found, standing, now))

    def _view(self, found: HomeFacts, caller: Caller, now: datetime) -> HomeView:
        stale = found.as_of is None or now - found.as_of > self.answers.stale_after
        return HomeView(
            templates=self.templates,
            zone=self.policy.usage.zone,
            now=now,
            whom_to_ask=self.people.whom_to_ask(),
            stale=stale,
            reading=self.answers.sync_progress(caller),
            failure=self.answers.sync_failure(caller),
        )


def _concerns(standing: Standing | None, touched: Touched) -> bool:
    """Whether somebody's may look different; of whom it was drawn for nobody it is unknown."""
    if not isinstance(standing, Caller):
        return standing is None
    return standing.member in touched.emails or (touched.anybody and standing.role is Role.OPERATOR)


def _looks(shown: Message) -> str:
    """A digest of what is drawn, but for the last block: how fresh it is."""
    return hashlib.blake2b(json.dumps(shown.blocks[:-1] or shown.blocks).encode(), digest_size=12).hexdigest()
