"""Making and ending subscriptions, for whoever asks for it: in Slack, or at the terminal."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn

from sqlalchemy import Connection

from bot.database.engine import Database
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.query.errors import AmbiguousError, QueryError
from bot.domain.query.question import describe
from bot.domain.query.when import THIS_MONTH
from bot.ledger.freshness import UnreadError
from bot.ledger.members import is_removed, stored_email
from bot.outbox.destinations import ChannelDestination, UserDestination
from bot.outbox.store import NewNotification, enqueue
from bot.slack.workspace import Workspace
from bot.subscriptions import store
from bot.subscriptions.answering import LostRightError, SubscriptionAnswers
from bot.subscriptions.channels import obstacle
from bot.subscriptions.keys import SubscriptionEndedKey
from bot.subscriptions.schedule import Schedule
from bot.subscriptions.schedule_choices import UnclearError, is_pointing, with_time
from bot.subscriptions.schedule_parser import ScheduleError, split_schedule
from bot.subscriptions.store import EndReason, NewSubscription, Place, StoredSubscription

OPERATORS_ONLY = (
    "Only operators can have answers posted in a channel. For your own spend, in your DM with me,"
    " type `subscribe dm last week every monday 09:00`."
)
_EXAMPLE = "last week"  # what anybody may subscribe to
_EMAIL = re.compile(r'[^\s:,"]+@[^\s:,"]+')
_CHANNEL = re.compile(r"(?<!\S)(?:(?:in|into|to|on) )?(?:the channel )?(?:<#[^>]*>|#[\w-]+)(?!\S)", re.IGNORECASE)
_COMMANDS = frozenset(
    {
        "backtest", "balance", "budget", "budgets", "digest", "errors", "explain", "failures", "help", "link", "notify",
        "reconcile", "reschedule", "snooze", "status", "threshold", "subscribe", "subscriptions", "unsubscribe",
    }
)  # fmt: skip
_REFUSALS = {
    EndReason.NOT_OPERATOR: OPERATORS_ONLY,
    EndReason.DENIED: "Whoever has the subscription can't use me.",
    EndReason.READER_DENIED: "The person it is for can't use me.",
    EndReason.PRIVACY: "Members aren't shown in channels here. Try `team by:model`, or subscribe in a DM with me.",
}


@dataclass(frozen=True, slots=True)
class SubscriptionRequests:
    """Makes and ends subscriptions; `clock` gives aware times."""

    database: Database
    answering: SubscriptionAnswers
    workspace: Workspace
    clock: Callable[[], datetime]

    async def add(
        self, owner: str, place: Place, line: str, typist: Caller, command: str = "subscribe"
    ) -> StoredSubscription:
        """Make the subscription of a typed line, a question with a schedule at its end, and return it.

        Args:
            owner: whose it is, a Slack id.
            place: where answers go.
            line: as typed, without the command.
            typist: as whom the question is understood.
            command: what stands before the line, for lines to type instead.

        Raises:
            RefusedError: it cannot be, which the message explains.
            SlackError: Slack does not say who is meant.
        """
        try:
            text, schedule = split_schedule(line)
        except ScheduleError as error:
            example = await self._example(error.question, typist)
            raise RefusedError(f"{error.reason} Try `{command} {example} {error.typed}`.") from error
        if _CHANNEL.search(text):
            if typist.role is not Role.OPERATOR:
                raise RefusedError(OPERATORS_ONLY)
            example = await self._example(_CHANNEL.sub("", text), typist)
            raise RefusedError(f"I post where you type the line. There, type `subscribe {example} {schedule.typed}`.")
        question = await self._question(text, schedule, typist, command)
        new = NewSubscription(owner, place, question, schedule)
        await self._check(new)
        return await self.database.write(lambda connection: _store(connection, new, self.clock()))

    async def _example(self, text: str, typist: Caller) -> str:
        """Return a question that the typist may subscribe to: the one of a text, if it is one."""
        try:
            question = replace(await self.answering.answers.parse(text, typist), csv=False)
        except (QueryError, RefusedError):
            return _EXAMPLE
        is_refused = typist.role is not Role.OPERATOR and question.asks_for_others
        return _EXAMPLE if is_refused else describe(question) or _EXAMPLE

    async def _question(self, text: str, schedule: Schedule, typist: Caller, command: str) -> str:
        """Return the line of the query language that asks a typed question."""
        first = text.lower().removeprefix("the ").partition(" ")[0]
        if first in _COMMANDS:
            raise RefusedError(f"I can post answers about spend on a schedule, but not `{first}`.")
        if is_pointing(text):
            raise RefusedError(f"I don't know which question you mean. Try `{command} {_EXAMPLE} {schedule.typed}`.")
        try:
            question = await self.answering.answers.parse(text, typist)
        except AmbiguousError as error:
            lines = [f"{command} {each or THIS_MONTH} {schedule.typed}" for each in error.lines]
            raise UnclearError(error.why or "That could mean several things.", lines) from error
        except QueryError as error:
            said = error.instead or error.understood
            instead = f"{command} {said} {schedule.typed}" if said else None
            raise QueryError(error.reason, error.word, instead=instead) from error
        if question.csv:
            raise RefusedError("I can't post files on a schedule. Leave `csv` out: the answer has a button for it.")
        return describe(with_time(question, text, schedule, command))

    async def _check(self, new: NewSubscription) -> None:
        """Raise RefusedError unless the answer could be posted now."""
        if isinstance(new.place, ChannelDestination) and (why := await obstacle(self.workspace, new.place.name)):
            raise RefusedError(why)
        try:
            await self.answering.report(new)
        except UnreadError:
            pass  # the first answer is later
        except LostRightError as error:
            _refuse(error)

    async def reschedule(self, subscription: StoredSubscription, schedule: Schedule) -> StoredSubscription:
        """Put another subscription, with another schedule, in the place of an active one, and return it.

        Raises:
            RefusedError: it cannot be, which the message explains.
            SlackError: Slack does not say who is meant.
        """
        new = NewSubscription(subscription.owner, subscription.place, subscription.question, schedule)
        await self._check(new)
        now = self.clock()

        def write(connection: Connection) -> StoredSubscription:
            store.end(connection, subscription.id, EndReason.REMOVED, subscription.owner, now)
            return _store(connection, new, now)

        return await self.database.write(write)

    async def end(self, subscription: StoredSubscription, reason: EndReason, by: str | None = None) -> bool:
        """End a subscription, and tell its owner if that was not they; return whether it was active."""
        now = self.clock()
        return await self.database.write(lambda connection: end_subscription(connection, subscription, reason, by, now))


def end_subscription(
    connection: Connection, subscription: StoredSubscription, reason: EndReason, by: str | None, now: datetime
) -> bool:
    """End a subscription, and enqueue a word to its owner unless they did it or cannot be reached.

    Returns:
        Whether it was active.
    """
    if not store.end(connection, subscription.id, reason, by, now):
        return False
    if by != subscription.owner and reason is not EndReason.DENIED:
        word = NewNotification(SubscriptionEndedKey(subscription.id), UserDestination(subscription.owner), urgent=False)
        enqueue(connection, [word], now)
    return True


def _store(connection: Connection, new: NewSubscription, now: datetime) -> StoredSubscription:
    """Store a subscription and return it. Raises RefusedError if its question names somebody who was erased."""
    for word in _EMAIL.findall(new.question):
        if is_removed(connection, stored_email(word)):
            raise RefusedError(f"{word} was erased here. Nothing can be stored about them anymore.")
    return store.add(connection, new, now)


def _refuse(error: LostRightError) -> NoReturn:
    raise RefusedError(_REFUSALS.get(error.reason, error.refusal)) from error
