"""Messages: post, edit and delete what the bot writes; notifications carry their key in the message's metadata."""

import json
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.api_responses import ApiResponse, object_field, object_list, required_text, text_field
from bot.slack.blocks import Block, Message
from bot.slack.errors import RefusedBySlackError, translated_errors
from bot.slack.requests import PressedMessage

R = TypeVar("R")

EVENT_TYPE = "neo_usage_notification"
# `parse: none` keeps Slack from making links of domains and e-mails in the text that replaces the blocks
_NO_LINKS: dict[str, Any] = {"link_names": False, "parse": "none"}
_NO_UNFURL: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False, **_NO_LINKS}
_UNUSABLE_BLOCKS = {
    "invalid_arguments",
    "invalid_blocks",
    "invalid_blocks_format",
    "block_mismatch",
    "msg_blocks_too_long",
}


@dataclass(frozen=True, slots=True)
class Messages:
    """Writes messages and files; every method raises SlackError.

    If Slack refuses the blocks of an answer, a simpler form is sent here; of notifications the outbox decides.
    """

    posting: AsyncWebClient
    once: AsyncWebClient
    patient: AsyncWebClient

    async def block_problems(self, blocks: Sequence[Block]) -> dict[int, str] | None:
        """Return what Slack finds wrong with blocks, by their place; None if it does not offer that. Posts nothing."""
        try:
            with translated_errors():
                return await self._block_problems(blocks)
        except RefusedBySlackError as refusal:
            if refusal.code == "unknown_method":
                return None
            raise

    async def _block_problems(self, blocks: Sequence[Block]) -> dict[int, str]:
        try:
            # not `blocks_validate`, which puts the blocks into the address
            await self.patient.api_call("blocks.validate", data={"blocks": json.dumps(blocks)})
        except SlackApiError as refusal:
            if text_field(refusal.response, "error") != "invalid_blocks":
                raise
            errors = object_list(refusal.response, "errors")
            return {_place(each): text_field(each, "message") for each in errors}
        return {}

    async def post(self, channel: str, message: Message, thread: str | None = None) -> str:
        """Post an answer, in a thread if one is given, and return its `ts`."""
        answer = await _send_answer(
            self.posting.chat_postMessage, message, channel=channel, **_in_thread(thread), **_NO_UNFURL
        )
        with translated_errors():
            return required_text(answer, "ts")

    async def post_ephemeral(self, channel: str, user: str, message: Message, thread: str | None = None) -> None:
        """Post an answer that one person in a channel sees."""
        await _send_answer(
            self.posting.chat_postEphemeral, message, channel=channel, user=user, **_in_thread(thread), **_NO_LINKS
        )

    async def post_notification(
        self, channel: str, message: Message, key: str, thread: str | None = None
    ) -> tuple[str, bool]:
        """Post a message that carries its key, in one request; return its `ts`, and whether it is in the thread."""
        with translated_errors():
            answer = await self.once.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=sdk_blocks(message),
                metadata=_metadata(key),
                thread_ts=thread,
                **_NO_UNFURL,
            )
            return required_text(answer, "ts"), bool(object_field(answer, "message").get("thread_ts"))

    async def edit(self, channel: str, ts: str, message: Message, key: str) -> None:
        """Replace a notification of the bot's; the key stays in its metadata."""
        with translated_errors():
            await self.once.chat_update(
                channel=channel,
                ts=ts,
                text=message.text,
                blocks=sdk_blocks(message) or [],
                metadata=_metadata(key),
                **_NO_LINKS,
            )

    async def remove_button(self, pressed: PressedMessage, action: str) -> None:
        """Take a button out of a notification of the bot's, which otherwise stays; no other message changes."""
        key = notification_key(pressed.body)
        if key is not None:
            kept = Message(text_field(pressed.body, "text"), tuple(_without_button(pressed.body, action)))
            await self.edit(pressed.channel, pressed.ts, kept, key)

    async def delete(self, channel: str, ts: str) -> None:
        """Delete a message of the bot's."""
        with translated_errors():
            await self.once.chat_delete(channel=channel, ts=ts)

    async def upload_file(self, channel: str, name: str, content: str, comment: str) -> None:
        """Post a text file to a channel, with a comment of plain text."""
        with translated_errors():
            await self.patient.files_upload_v2(
                channel=channel, filename=name, title=name, content=content.encode(), initial_comment=comment
            )


async def _send_answer(
    method: Callable[..., Awaitable[ApiResponse]], message: Message, **arguments: object
) -> ApiResponse:
    async def send(message: Message) -> ApiResponse:
        with translated_errors():
            return await method(text=message.text, blocks=sdk_blocks(message), **arguments)

    return await send_simplified(message, send)


async def send_simplified(message: Message, send: Callable[[Message], Awaitable[R]]) -> R:
    """Send a message, and simpler forms of it as long as Slack refuses the blocks. Raises what `send` raises."""
    while True:
        try:
            return await send(message)
        except RefusedBySlackError as refusal:
            simpler = message.simpler
            if refusal.code not in _UNUSABLE_BLOCKS or simpler is None:
                raise
            message = simpler


def sdk_blocks(message: Message) -> Sequence[dict[str, Any]] | None:
    """Return the blocks as slack-sdk takes them."""
    return list(message.blocks) or None


def notification_key(message: ApiResponse) -> str | None:
    """Return the key that a message carries in its metadata; None if it carries none."""
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = metadata.get("event_payload")
    return payload.get("key") if isinstance(payload, dict) else None


def _without_button(message: ApiResponse, action: str) -> Iterator[Block]:
    """Yield the blocks of a message without a button, and without its row if there is no other in it."""
    for block in object_list(message, "blocks"):
        if block.get("type") != "actions":
            yield block
        elif others := [each for each in object_list(block, "elements") if each.get("action_id") != action]:
            yield {**block, "elements": others}


def _metadata(key: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


def _in_thread(thread: str | None) -> dict[str, str]:
    return {"thread_ts": thread} if thread else {}


def _place(error: ApiResponse) -> int:
    """Return which of the blocks a validation error is about, by its JSON pointer, such as `/3/text`."""
    place = re.search(r"/(\d+)", text_field(error, "pointer"))
    return int(place[1]) if place else 0
