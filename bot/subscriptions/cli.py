"""Subscriptions in the terminal: listed, made for an operator, and removed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.domain.access import AT_THE_TERMINAL, RefusedError
from bot.domain.formatting import dated_time, utc
from bot.domain.slack_ids import is_user_id, without_mentions
from bot.domain.tasks import normalized_email
from bot.domain.text import one_line
from bot.outbox.destinations import ChannelDestination, UserDestination
from bot.subscriptions import store
from bot.subscriptions.capability import subscription_requests
from bot.subscriptions.render import THIS_MONTH
from bot.subscriptions.requests import end_subscription
from bot.subscriptions.store import BY_TERMINAL, EndReason, Place, StoredSubscription

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bot.capability import Context


@dataclass(frozen=True, slots=True)
class SubscriptionAddition:
    """What is to be added: a typed question with its schedule, where to, and whose (None: the first operator's).

    Answers go to a `channel`, by its id or `#name`, or to the direct messages of the person with an e-mail (`to`).
    """

    line: str
    channel: str | None
    to: str | None
    owner: str | None

    async def add(self, context: "Context") -> StoredSubscription:
        """Add it, and return it.

        Raises:
            RefusedError: it cannot be, which the message explains.
            SlackError: Slack does not say who or which channel is meant.
        """
        owner, place = await self._owner(context), await self._place(context)
        requests = subscription_requests(context)
        return await requests.add(owner, place, self.line, AT_THE_TERMINAL, "neo-usage subscription add")

    async def _owner(self, context: "Context") -> str:
        """Return the Slack id of the operator whose it is to be."""
        people = context.people
        if self.owner is None:
            operators = await people.present_operators()
            if not operators:
                raise RefusedError("There is no operator in Slack to own it. Set ADMINS.")
            return operators[0]
        user = self.owner if is_user_id(self.owner) else await _user_with(context, self.owner)
        if not await people.is_operator(user):
            raise RefusedError(f"{self.owner} is no operator, so they can't own it. ADMINS names the operators.")
        return user

    async def _place(self, context: "Context") -> Place:
        if self.to is not None:
            return UserDestination(await _user_with(context, self.to))
        record = await context.workspace.channels.find(self.channel or "")
        if record is None:
            raise RefusedError(f"I can't see a channel {self.channel}. Invite me there first.")
        return ChannelDestination(str(record["id"]))


async def _user_with(context: "Context", email: str) -> str:
    user = await context.destinations.slack_user(normalized_email(email))
    if user is None:
        raise RefusedError(f"I know nobody in Slack with the e-mail {email}.")
    return user


# --- listed ----------------------------------------------------------------------------------------


def document(subscriptions: Sequence[StoredSubscription], zone: "ZoneInfo", now: datetime) -> list[dict[str, object]]:
    """Return subscriptions as JSON has them."""
    return [
        {
            "owner": each.owner,
            "number": each.number,
            "question": each.question,
            "schedule": each.schedule.typed,
            "destination": each.place.encode(),
            "next_at": utc(each.schedule.next_at(now, zone)),
        }
        for each in subscriptions
    ]


def lines(subscriptions: Sequence[StoredSubscription], zone: "ZoneInfo", now: datetime) -> Iterator[str]:
    """Yield a line about each subscription, or that there is none."""
    if not subscriptions:
        yield "No subscriptions."
    for each in subscriptions:
        due = dated_time(each.schedule.next_at(now, zone), zone, now)
        yield f"{each.owner} {each.number}: {description(each)}. Next: {due}"


def description(subscription: StoredSubscription) -> str:
    """Return what is posted, when and where."""
    place = subscription.place
    where = f"channel {place.name}" if isinstance(place, ChannelDestination) else f"DM of {place.user}"
    question = without_mentions(one_line(subscription.question)) or THIS_MONTH
    return f"{question}, {subscription.schedule}, to the {where}"


# --- removed ---------------------------------------------------------------------------------------


def remove(connection: Connection, number: int, owner: str | None, now: datetime) -> StoredSubscription:
    """End the subscription of that number, whose owner is told, and return it.

    Raises:
        RefusedError: there is none, or several people have one of that number.
    """
    found = [
        each for each in store.active_subscriptions(connection) if each.number == number and owner in {None, each.owner}
    ]
    if not found:
        raise RefusedError(f"There is no subscription {number}. `neo-usage subscription list` shows all.")
    if len(found) > 1:
        owners = ", ".join(each.owner for each in found)
        raise RefusedError(f"Several people have a subscription {number}: {owners}. Add `--owner {found[0].owner}`.")
    end_subscription(connection, found[0], EndReason.REMOVED, BY_TERMINAL, now)
    return found[0]
