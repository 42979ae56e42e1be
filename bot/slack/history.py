"""History: messages that the bot posted before, found again by the key in their metadata."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.account import Account
from bot.slack.api_responses import ApiResponse, text_field
from bot.slack.errors import translated_errors
from bot.slack.messages import notification_key
from bot.slack.paging import paged_objects

_PAGE = 200


@dataclass(frozen=True, slots=True)
class History:
    """Reads the messages of channels; every method raises SlackError. `account` returns the bot's own account."""

    reading: AsyncWebClient
    account: Callable[[], Awaitable[Account]]

    async def check_readable(self, channel: str) -> None:
        """Read one message of a channel, to see whether the bot may."""
        with translated_errors():
            await self.reading.conversations_history(channel=channel, limit=1, include_all_metadata=True)

    async def messages_with_key(self, channel: str, key: str, oldest: float, thread: str | None = None) -> list[str]:
        """Return the `ts` of the bot's own messages that carry a key, oldest first.

        Any app can write such metadata, so what other apps posted does not count.

        Args:
            channel: where to look.
            key: what their metadata carries.
            oldest: where to begin, in seconds since 1970.
            thread: the parent's `ts`, to look among its replies instead of the channel's messages.
        """
        account = await self.account()
        messages = [each async for each in self._messages(channel, oldest, thread)]
        own = (each for each in messages if _is_by(each, account))
        return sorted({text_field(each, "ts") for each in own if notification_key(each) == key} - {""})

    async def threads(self, channel: str, oldest: float) -> list[str]:
        """Return the `ts` of the messages with replies since `oldest` that the bot posted, or that are deleted."""
        account = await self.account()
        messages = [each async for each in self._messages(channel, oldest) if each.get("reply_count")]
        own = [each for each in messages if _is_by(each, account) or each.get("subtype") == "tombstone"]
        return [ts for each in own if (ts := text_field(each, "ts"))]

    def _messages(self, channel: str, oldest: float, thread: str | None = None) -> AsyncIterator[dict[str, Any]]:
        arguments: dict[str, Any] = {"channel": channel, "oldest": f"{max(oldest, 0):.6f}", "limit": _PAGE}
        arguments["include_all_metadata"] = True

        def page(cursor: str) -> Awaitable[Any]:
            if thread:
                return self.reading.conversations_replies(ts=thread, cursor=cursor, **arguments)
            return self.reading.conversations_history(cursor=cursor, **arguments)

        return paged_objects(page, "messages")


def _is_by(message: ApiResponse, account: Account) -> bool:
    return bool(message.get("bot_id") == account.bot or message.get("user") == account.user)
