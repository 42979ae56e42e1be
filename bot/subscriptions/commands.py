"""What people type and press about subscriptions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.database.engine import Database
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.numbers import whole_number
from bot.domain.query.tokens import clean
from bot.outbox.destinations import ChannelDestination, UserDestination
from bot.slack import blocks
from bot.slack.errors import SlackError
from bot.slack.last_questions import LastQuestions
from bot.slack.line_errors import CommandAction, line_buttons
from bot.slack.requests import Request
from bot.slack.templates import Templates
from bot.subscriptions import store
from bot.subscriptions.keys import RemoveAction, StopAction
from bot.subscriptions.render import THIS_MONTH, SubscriptionFacts, SubscriptionList
from bot.subscriptions.requests import OPERATORS_ONLY, SubscriptionRequests
from bot.subscriptions.schedule_choices import once_or_regularly, schedule_of_pointing
from bot.subscriptions.store import EndReason, StoredSubscription

_LARGEST_NUMBER = 1_000_000
_ASK = "ask"  # the word that has it asked back whether an answer is wanted once or regularly
_IN_DM = "dm"  # the word that has an answer sent to one's direct messages


@dataclass(frozen=True, slots=True)
class SubscriptionCommands:
    """What people type and press about subscriptions; `clock` gives aware times. Each act is authorised anew."""

    database: Database
    templates: Templates
    requests: SubscriptionRequests
    listing: SubscriptionList
    facts: SubscriptionFacts
    last_questions: LastQuestions
    clock: Callable[[], datetime]

    async def subscribe(self, request: Request, caller: Caller) -> None:
        """`subscribe [dm] QUESTION every monday [09:00]`: have the answer posted where it was typed, or in a DM.

        `this every monday` asks back whether it means one's last question there; so does `ask weekly`, which everyday
        words such as `weekly summary` come to, whether it is meant once or regularly.
        """
        line = _rest(request)
        first, _, rest = line.partition(" ")
        if first.lower() == _ASK:
            await self._offer(request, once_or_regularly(rest, caller), once=True)
            return
        in_dm = request.in_dm or first.lower() == _IN_DM
        if not in_dm and caller.role is not Role.OPERATOR:
            raise RefusedError(OPERATORS_ONLY)
        if not line:
            await self.list(request, caller)
            return
        command, line = ("subscribe dm", rest) if first.lower() == _IN_DM else ("subscribe", line)
        if (meant := self._last_question(request, line)) is not None:
            await self._offer(request, [f"{command} {meant}"], once=False)
            return
        place = UserDestination(request.user) if in_dm else ChannelDestination(request.channel)
        try:
            subscription = await self.requests.add(request.user, place, line, caller, command)
        except SlackError as error:
            raise RefusedError("Slack doesn't answer me right now. Please try again in a minute.") from error
        next_time = self.listing.next_time(subscription, self.clock())
        await self._respond(request, "confirmation", next=next_time, in_dm=in_dm, **self.facts.of(subscription))

    def _last_question(self, request: Request, line: str) -> str | None:
        """Return the last question asked there with the schedule of a line that points to it; else None."""
        schedule = schedule_of_pointing(line)
        asked = self.last_questions.of(request.user, request.channel, self.clock())
        return None if schedule is None or asked is None else f"{asked or THIS_MONTH} {schedule.typed}"

    async def _offer(self, request: Request, lines: Sequence[str], *, once: bool) -> None:
        """Answer with lines to choose from, each with a button."""
        text = self.templates.render("subscriptions/choice", lines=lines, once=once)
        named = [(f"choice{number}", line) for number, line in enumerate(lines, 1)]
        await request.responder.respond(blocks.paragraph(text, list(line_buttons(named, CommandAction))))

    async def list(self, request: Request, _caller: Caller) -> None:
        """`subscriptions`: answer with one's own, each with a button that removes it."""
        own = await self.database.read(lambda connection: store.active_subscriptions(connection, request.user))
        await request.responder.respond(self.listing.message(own, self.clock()), replace=bool(request.action))

    async def unsubscribe(self, request: Request, caller: Caller) -> None:
        """`unsubscribe 2`: end one's own subscription of that number. Without a number, list one's own."""
        text = _rest(request)
        if not any(letter.isdecimal() for letter in text):
            await self.list(request, caller)
            return
        number = whole_number(text.removeprefix("#"), 1, _LARGEST_NUMBER)
        own = await self.database.read(lambda connection: store.active_subscriptions(connection, request.user))
        found = next((each for each in own if each.number == number), None)
        if found is None:
            raise RefusedError(f"You have no subscription `{text}`. `subscriptions` lists yours.")
        await self._end(request, found)

    async def remove(self, request: Request, caller: Caller) -> None:
        """End a subscription of one's own list, and show the others."""
        subscription = await self._subscription(RemoveAction.decode(request.action, request.text).id)
        if subscription is not None:
            _check_right(request, caller, subscription)
            await self.requests.end(subscription, EndReason.REMOVED, request.user)
        await self.list(request, caller)

    async def stop(self, request: Request, caller: Caller) -> None:
        """End the subscription whose answer was posted: its owner, its reader, or an operator."""
        subscription = await self._subscription(StopAction.decode(request.action, request.text).id)
        if subscription is None:
            raise RefusedError("That subscription has ended already.")
        _check_right(request, caller, subscription)
        await self._end(request, subscription)
        if request.pressed is not None:
            await self.requests.workspace.messages.remove_button(request.pressed, request.action)

    async def _subscription(self, id_: int) -> StoredSubscription | None:
        return await self.database.read(lambda connection: store.subscription_of_id(connection, id_))

    async def _end(self, request: Request, subscription: StoredSubscription) -> None:
        was_active = await self.requests.end(subscription, EndReason.REMOVED, request.user)
        is_own = request.user == subscription.owner
        await self._respond(request, "stopped", again=not was_active, is_own=is_own, **self.facts.of(subscription))

    async def _respond(self, request: Request, template: str, **values: object) -> None:
        await request.responder.respond(blocks.paragraph(self.templates.render(f"subscriptions/{template}", **values)))


def _check_right(request: Request, caller: Caller, subscription: StoredSubscription) -> None:
    """Raise RefusedError unless whoever pressed may end a subscription."""
    if caller.role is not Role.OPERATOR and request.user not in {subscription.owner, subscription.reader}:
        raise RefusedError("Only its owner and operators can stop that subscription.")


def _rest(request: Request) -> str:
    """Return what was typed after the command."""
    return clean(request.text).partition(" ")[2]
