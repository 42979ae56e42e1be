"""Renders subscriptions: the answer that is posted or missed, the word that one has ended, and one's own list."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.database.engine import Database
from bot.domain.access import Caller
from bot.domain.formatting import dated_time, days_text
from bot.domain.post_times import CATCH_UP
from bot.domain.visibility import Titles
from bot.ledger.freshness import UnreadError
from bot.outbox.destinations import ChannelDestination
from bot.outbox.queries import delivery_records
from bot.outbox.renderers import RenderRequest
from bot.outbox.rules import NotificationState, QuietHours
from bot.people.people import People
from bot.slack import blocks
from bot.slack.blocks import Button, Draft, Message
from bot.slack.mrkdwn import Trusted, channel_link, mention, readable_text
from bot.slack.templates import Templates
from bot.subscriptions import store
from bot.subscriptions.answering import LostRightError, SubscriptionAnswers
from bot.subscriptions.keys import RemoveAction, StopAction, SubscriptionEndedKey, SubscriptionKey
from bot.subscriptions.requests import SubscriptionRequests
from bot.subscriptions.store import EndReason, NewSubscription, StoredSubscription
from bot.usage.report import Report
from bot.usage.report_buttons import csv_button
from bot.usage.report_render import report_message
from bot.usage.report_view import ReportView

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
THIS_MONTH = "this month"  # the question that is the empty line
_MOST_DAYS = 366  # the most days to look back for what was missed
_POSTED = {NotificationState.SENT, NotificationState.SENDING, NotificationState.UNCONFIRMED}  # or it may have been


@dataclass(frozen=True, slots=True)
class SubscriptionFacts:
    """What templates show of subscriptions; `people` knows the names of Slack users."""

    people: People

    def of(self, subscription: StoredSubscription) -> dict[str, object]:
        """Return the values that templates have in common."""
        return {
            "number": subscription.number,
            "question": self._question(subscription.question),
            "schedule": str(subscription.schedule),
            "where": where(subscription),
        }

    def _question(self, line: str) -> str:
        """Return a question with the names of those whom it mentions."""
        return _MENTION.sub(self._name_of, line) or THIS_MONTH

    def _name_of(self, found: re.Match[str]) -> str:
        name = self.people.directory.name_of(found[1])
        return found[0] if name is None else f"@{name}"

    def owner(self, subscription: StoredSubscription) -> str:
        """Return what the owner is called in Slack, or a word for them if that is not known."""
        return self.people.directory.name_of(subscription.owner) or "an operator"


def where(subscription: NewSubscription) -> str:
    """Return where answers go: a channel, one's own direct messages, or somebody else's."""
    place = subscription.place
    if isinstance(place, ChannelDestination):
        return channel_link(place.name)
    return "your DM with me" if place.user == subscription.owner else Trusted(f"the DM of {mention(place.user)}")


# --- what is posted ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SubscriptionRenderer:
    """Renders what subscriptions post; `titles` says whether channels may see titles; `clock` gives aware times.

    `quiet_hours` is None if none are set.
    """

    database: Database
    people: People
    templates: Templates
    answering: SubscriptionAnswers
    requests: SubscriptionRequests
    facts: SubscriptionFacts
    titles: Titles
    quiet_hours: QuietHours | None
    zone: ZoneInfo
    clock: Callable[[], datetime]

    async def render_answer(self, request: RenderRequest) -> Message | None:
        """Return the answer as of now or, if it is too late for it, the word that it was missed.

        Returns:
            None if the subscription has ended, also just now, or another message says what was missed.
        """
        key = SubscriptionKey.decode(request.dedup_key)
        subscription = await self.database.read(lambda connection: store.subscription_of_id(connection, key.id))
        if subscription is None or not subscription.is_active:
            return None
        if request.destination != subscription.place:  # it cannot be posted there, and is for nobody else
            await self.requests.end(subscription, EndReason.CHANNEL)
            return None
        await self.answering.answers.refresh()
        try:
            report, reader = await self.answering.report(subscription)
        except UnreadError:
            return await self._missed(subscription, key.day, without_data=True)
        except LostRightError as error:
            await self.requests.end(subscription, error.reason)
            return None
        if self.clock() >= self._deadline(subscription, key.day):
            return await self._missed(subscription, key.day)
        return self._answer(subscription, report, reader)

    def _deadline(self, subscription: StoredSubscription, day: date) -> datetime:
        """Return until when the answer of a date may be posted: in direct messages also right after quiet hours."""
        deadline = subscription.schedule.due_at(day, self.zone) + CATCH_UP
        is_in_dm = not isinstance(subscription.place, ChannelDestination)
        return self.quiet_hours.extended(deadline) if is_in_dm and self.quiet_hours is not None else deadline

    def _answer(self, subscription: StoredSubscription, report: Report, reader: Caller) -> Message:
        is_in_channel = isinstance(subscription.place, ChannelDestination)
        answers = self.answering.answers
        view = ReportView(
            self.templates,
            reader,
            answers.clock(),
            answers.stale_after,
            titles=not is_in_channel or self.titles is Titles.CHANNEL,
            in_dm=not is_in_channel,
            is_posted=is_in_channel,
            whom_to_ask=self.people.whom_to_ask(),
        )
        opening = self.templates.render(
            "subscriptions/opening",
            schedule=str(subscription.schedule),
            owner=""
            if subscription.owner == subscription.reader and not is_in_channel
            else self.facts.owner(subscription),
            number=subscription.number,
            in_channel=is_in_channel,
        )
        return report_message(report, view, opening=opening, buttons=list(self._buttons(subscription, report)))

    def _buttons(self, subscription: StoredSubscription, report: Report) -> Iterator[Button]:
        if report.total.tasks:
            yield from csv_button(report.question)
        yield blocks.button("Stop", StopAction(subscription.id), confirm=("It won't be posted anymore.", "Stop it"))

    # --- missed --------------------------------------------------------------------------------------

    async def _missed(
        self, subscription: StoredSubscription, day: date, *, without_data: bool = False
    ) -> Message | None:
        """Return the word that the answer of a date was missed, and of those before; None if a later one says it."""
        last = subscription.schedule.missed_day(subscription.created_at, self.clock(), self.zone)
        if last is not None and day < last:
            return None
        days = await self.database.read(lambda connection: missed_days(connection, subscription, day, self.zone))
        text = self.templates.render(
            "subscriptions/missed",
            days=days_text(days),
            without_data=without_data,
            in_channel=isinstance(subscription.place, ChannelDestination),
            **self.facts.of(subscription),
        )
        return blocks.paragraph(text)

    # --- the end -------------------------------------------------------------------------------------

    async def render_end(self, request: RenderRequest) -> Message | None:
        """Return the word to the owner that a subscription has ended, and why; None if it has not."""
        id_ = SubscriptionEndedKey.decode(request.dedup_key).id
        subscription = await self.database.read(lambda connection: store.subscription_of_id(connection, id_))
        if subscription is None or subscription.is_active:
            return None
        text = self.templates.render(
            "subscriptions/ended",
            reason=str(subscription.end_reason),
            by=subscription.ended_by or "",
            whom=readable_text(self.people.whom_to_ask()),
            **self.facts.of(subscription),
        )
        return blocks.paragraph(text)


def missed_days(connection: Connection, subscription: StoredSubscription, day: date, zone: tzinfo) -> list[date]:
    """Return a date, and those before it since the last one that something was posted for."""
    days = [day]
    for each in subscription.schedule.days_before(day, _MOST_DAYS):
        key = SubscriptionKey(subscription.id, each)
        is_before = subscription.schedule.due_at(each, zone) <= subscription.created_at
        if is_before or any(record.state in _POSTED for record in delivery_records(connection, key)):
            break
        days.append(each)
    return days


# --- lists ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SubscriptionList:
    """Renders the list of one's own subscriptions."""

    templates: Templates
    facts: SubscriptionFacts
    zone: ZoneInfo

    def message(self, subscriptions: Sequence[StoredSubscription], now: datetime, *, ending: bool = False) -> Message:
        """Return the list, with a button to remove each; `ending` says that it is read to stop something."""
        count = len(subscriptions)
        title = self.templates.render("subscriptions/listing", count=count, zone=self.zone.key, ending=ending)
        draft = Draft(title)
        draft.add(blocks.section(title))
        for each in subscriptions:
            text = self.templates.render("subscriptions/item", next=self.next_time(each, now), **self.facts.of(each))
            draft.add(blocks.section(text))
            draft.add(blocks.actions([blocks.button(f"Remove {each.number}", RemoveAction(each.id))]))
        return draft.message()

    def next_time(self, subscription: NewSubscription, now: datetime) -> str:
        """Return when the next answer is posted."""
        return dated_time(subscription.schedule.next_at(now, self.zone), self.zone, now)
