"""Channels: the channels and direct messages that the bot can see, as Slack's channel objects."""

from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.api_responses import channel_record, object_field, required_text
from bot.slack.errors import InvalidAnswerError, RefusedBySlackError, translated_errors
from bot.slack.paging import paged_objects, paged_texts

_PAGE = 200
_TYPES = "public_channel,private_channel"


@dataclass(frozen=True, slots=True)
class Channels:
    """Reads channels; every method raises SlackError."""

    reading: AsyncWebClient
    patient: AsyncWebClient

    async def by_id(self, channel: str) -> dict[str, Any]:
        """Return a channel."""
        with translated_errors():
            return channel_record(object_field(await self.reading.conversations_info(channel=channel), "channel"))

    async def find(self, channel: str) -> dict[str, Any] | None:
        """Return the channel with an id or `#name`; None if the bot can see no such channel."""
        if channel.startswith("#"):
            return await self._by_name(channel.removeprefix("#"))
        try:
            return await self.by_id(channel)
        except RefusedBySlackError as refusal:
            if refusal.code == "channel_not_found":
                return None
            raise

    async def _by_name(self, name: str) -> dict[str, Any] | None:
        """Return the channel of a name. A malformed record hides no other, but may be the one that is not found."""
        malformed: InvalidAnswerError | None = None
        async for each in self.visible():
            try:
                channel = channel_record(each)
            except InvalidAnswerError as error:
                malformed = error
                continue
            if channel["name"] == name:
                return channel
        if malformed is not None:
            raise malformed
        return None

    def visible(self) -> AsyncIterator[dict[str, Any]]:
        """Yield every channel that the bot can see and that is not archived, unchecked."""

        def page(cursor: str) -> Awaitable[Any]:
            return self.patient.conversations_list(types=_TYPES, exclude_archived=True, limit=_PAGE, cursor=cursor)

        return paged_objects(page, "channels")

    def member_ids(self, channel: str) -> AsyncIterator[str]:
        """Yield the ids of everybody in a channel."""

        def page(cursor: str) -> Awaitable[Any]:
            return self.patient.conversations_members(channel=channel, limit=_PAGE, cursor=cursor)

        return paged_texts(page, "members")

    async def open_dm(self, user: str) -> str:
        """Open the bot's direct messages with a user if necessary, and return their channel id."""
        with translated_errors():
            return required_text(object_field(await self.reading.conversations_open(users=user), "channel"), "id")


def is_shared_outside(channel: Mapping[str, Any]) -> bool:
    """Return whether people of another company are in a channel, or are invited to it."""
    return bool(channel.get("is_ext_shared") or channel.get("is_pending_ext_shared"))
