"""What people type and press about subscriptions."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from bot.database.engine import Database
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.everyday.exact_commands import check_alone
from bot.domain.numbers import whole_number
from bot.domain.query.tokens import clean
from bot.outbox.destinations import ChannelDestination, UserDestination
from bot.slack import blocks
from bot.slack.errors import SlackError
from bot.slack.last_lines import LastLines
from bot.slack.line_errors import CommandAction, line_buttons
from bot.slack.requests import Request
from bot.slack.templates import Templates
from bot.subscriptions import store
from bot.subscriptions.keys import RemoveAction, StopAction
from bot.subscriptions.render import THIS_MONTH, SubscriptionFacts, SubscriptionList
from bot.subscriptions.requests import OPERATORS_ONLY, SubscriptionRequests
from bot.subscriptions.schedule_choices import UnclearError, once_or_regularly, schedule_of_pointing, what_to_send
from bot.subscriptions.schedule_parser import changed_schedule
from bot.subscriptions.store import EndReason, StoredSubscription

_LARGEST_NUMBER = 1_000_000
_NO_SLACK = "Slack doesn't answer me right now. Please try again in a minute."
_ASK = "ask"  # the word that has it asked back whether an answer is wanted once or regularly
_WHAT = "what"  # behind it, that it is asked back which answer is wanted
_NUMBERED = re.compile(r"#?(\d{1,7}) (?![ap]\.?m\b|o'clock)(.+)", re.ASCII | re.IGNORECASE)
_BESIDE_NUMBER = {"from", "number", "no", "the", "my", "subscription", "me", "of"}
_IN_DM = "dm"  # the word that has an answer sent to one's direct messages


@dataclass(frozen=True, slots=True)
class SubscriptionCommands:
    """What people type and press about subscriptions; `clock` gives aware times. Each act is authorised anew."""

    database: Database
    templates: Templates
    requests: SubscriptionRequests
    listing: SubscriptionList
    facts: SubscriptionFacts
    last_questions: LastLines
    clock: Callable[[], datetime]

    async def subscribe(self, request: Request, caller: Caller) -> None:
        """`subscribe [dm] QUESTION every monday [09:00]`: have the answer posted where it was typed, or in a DM.

        `this every monday` asks back whether it means one's last question there. What everyday words come to asks
        back, too: `ask weekly`, as of `weekly summary`, whether it is meant once or regularly, and `ask what dm every
        monday`, as of `send me every monday`, which question.
        """
        line = _rest(request)
        first, _, rest = line.partition(" ")
        if first.lower() == _ASK:
            await self._ask(request, caller, rest)
            return
        in_dm = request.in_dm or first.lower() == _IN_DM
        if not in_dm and caller.role is not Role.OPERATOR:
            raise RefusedError(OPERATORS_ONLY)
        if not line:
            await self._list(request)
            return
        command, line = ("subscribe dm", rest) if first.lower() == _IN_DM else ("subscribe", line)
        if (meant := self._last_question(request, line)) is not None:
            await self._offer(request, [f"{command} {meant}"], "Is this the question you mean?")
            return
        place = UserDestination(request.user) if in_dm else ChannelDestination(request.channel)
        try:
            subscription = await self.requests.add(request.user, place, line, caller, command)
        except UnclearError as error:
            await self._offer(request, error.lines, error.why)
            return
        except SlackError as error:
            raise RefusedError(_NO_SLACK) from error
        await self._confirm(request, caller, subscription, command)

    async def _confirm(self, request: Request, caller: Caller, subscription: StoredSubscription, command: str) -> None:
        question = await self.requests.answering.answers.parse(subscription.question, caller)
        is_own, is_operator = not question.asks_for_others, caller.role is Role.OPERATOR
        typed = f"{command} team {subscription.question} {subscription.schedule.typed}"
        await self._respond(
            request,
            "confirmation",
            next=self.listing.next_time(subscription, self.clock()),
            zone=self.listing.zone.key,
            in_dm=isinstance(subscription.place, UserDestination),
            own=is_own,
            instead=typed if is_own and is_operator else "",
            **self.facts.of(subscription),
        )

    async def _ask(self, request: Request, caller: Caller, line: str) -> None:
        """Ask back what is wanted by everyday words that leave it open."""
        first, _, rest = line.partition(" ")
        if first.lower() != _WHAT:
            lines = once_or_regularly(line, caller)
            await self._offer(request, lines, "Do you want it once, or regularly?")
            return
        if not request.in_dm and caller.role is not Role.OPERATOR and not rest.startswith(_IN_DM):
            raise RefusedError(OPERATORS_ONLY)
        asked = self.last_questions.of(request.user, request.channel, self.clock())
        lines, schedule = what_to_send(rest, asked, caller)
        await self._offer(request, lines, f"What should I send {schedule}?")

    def _last_question(self, request: Request, line: str) -> str | None:
        """Return the last question asked there with the schedule of a line that points to it; else None."""
        schedule = schedule_of_pointing(line)
        asked = self.last_questions.of(request.user, request.channel, self.clock())
        return None if schedule is None or asked is None else f"{asked or THIS_MONTH} {schedule.typed}"

    async def _offer(self, request: Request, lines: Sequence[str], why: str, meanings: Sequence[object] = ()) -> None:
        """Answer with lines to choose from, each with a button, and with what they mean where that is not plain."""
        choices = list(zip_longest(lines, meanings))
        text = self.templates.render("subscriptions/choice", choices=choices, lines=lines, why=why)
        named = [(f"choice{number}", line) for number, line in enumerate(lines, 1)]
        await request.responder.respond(blocks.paragraph(text, list(line_buttons(named, CommandAction))))

    async def list(self, request: Request, _caller: Caller) -> None:
        """`subscriptions`: answer with one's own, each with a button that removes it."""
        check_alone(request.text)
        await self._list(request)

    async def _list(self, request: Request, *, ending: bool = False) -> None:
        own = await self.database.read(lambda connection: store.active_subscriptions(connection, request.user))
        await request.responder.respond(
            self.listing.message(own, self.clock(), ending=ending), replace=bool(request.action)
        )

    async def reschedule(self, request: Request, _caller: Caller) -> None:
        """`reschedule 2 every friday`: have the answer of that number posted at other times.

        Without a number it is one's only subscription; of several, it is asked back which.
        """
        line = _rest(request)
        numbered = _NUMBERED.fullmatch(line)
        own = await self.database.read(lambda connection: store.active_subscriptions(connection, request.user))
        if not own or not line:
            await self._list(request)
            return
        line = numbered[2] if numbered else line
        found = _numbered(own, numbered[1]) if numbered else own[0]
        schedule = changed_schedule(line, found.schedule)
        if numbered is None and len(own) > 1:
            lines = [f"reschedule {each.number} {changed_schedule(line, each.schedule).typed}" for each in own]
            questions = [self.facts.of(each)["question"] for each in own]
            await self._offer(request, lines, "Which of your subscriptions?", questions)
            return
        if schedule == found.schedule:
            raise RefusedError(f"It's posted {schedule} already.")
        try:
            subscription = await self.requests.reschedule(found, schedule)
        except SlackError as error:
            raise RefusedError(_NO_SLACK) from error
        next_time, zone = self.listing.next_time(subscription, self.clock()), self.listing.zone.key
        facts = self.facts.of(subscription)
        await self._respond(request, "rescheduled", next=next_time, zone=zone, before=str(found.schedule), **facts)

    async def unsubscribe(self, request: Request, _caller: Caller) -> None:
        """`unsubscribe 2`: end one's own subscription of that number. Without a number, list one's own."""
        words = [word for word in _rest(request).split() if word.lower() not in _BESIDE_NUMBER]
        if not any(letter.isdecimal() for word in words for letter in word):
            await self._list(request, ending=True)
            return
        own = await self.database.read(lambda connection: store.active_subscriptions(connection, request.user))
        await self._end(request, _numbered(own, " ".join(words)))

    async def remove(self, request: Request, caller: Caller) -> None:
        """End a subscription of one's own list, and show the others."""
        subscription = await self._subscription(RemoveAction.decode(request.action, request.text).id)
        if subscription is not None:
            _check_right(request, caller, subscription)
            await self.requests.end(subscription, EndReason.REMOVED, request.user)
        await self._list(request)

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


def _numbered(own: Sequence[StoredSubscription], text: str) -> StoredSubscription:
    """Return the subscription of a typed number. Raises RefusedError if there is none."""
    number = whole_number(text.removeprefix("#"), 1, _LARGEST_NUMBER)
    found = next((each for each in own if each.number == number), None)
    if found is None:
        raise RefusedError(f"You have no subscription `{text}`. `subscriptions` lists yours.")
    return found


def _rest(request: Request) -> str:
    """Return what was typed after the command."""
    return clean(request.text).partition(" ")[2]
