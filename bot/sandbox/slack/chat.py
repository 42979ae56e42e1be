"""Methods of saying something: chat.*."""

from bot.sandbox.slack.calls import Call, RefusedError, messages
from bot.sandbox.slack.conversations import direct, seen_channel
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.rules import wrong_blocks
from bot.sandbox.slack.things import Channel, Json, Message
from bot.sandbox.slack.wire import message_json

LONGEST = 40_000
KEPT = ("unfurl_links", "unfurl_media", "link_names", "mrkdwn", "parse", "username", "icon_emoji", "icon_url")


def content(desk: Desk, call: Call) -> Json:
    """The text, blocks, attachments and metadata of a message to be. Raises RefusedError."""
    text = call.text("text") or ""
    if len(text) > LONGEST:
        raise RefusedError("msg_too_long")
    return {
        "text": text,
        "blocks": _blocks(desk, call),
        "attachments": _attachments(call),
        "metadata": _metadata(call),
    }


def _blocks(desk: Desk, call: Call) -> list[Json]:
    blocks = call.json("blocks", "invalid_blocks_format")
    if blocks is None:
        return []
    if not isinstance(blocks, list):
        raise RefusedError("invalid_blocks_format")
    if wrong := wrong_blocks(blocks):
        raise RefusedError("invalid_blocks", errors=wrong, **messages(f"[ERROR] {told}" for told in wrong))
    return desk.identified(blocks)


def _attachments(call: Call) -> list[Json]:
    attachments = call.json("attachments", "invalid_attachments")
    if not isinstance(attachments or [], list):
        raise RefusedError("invalid_attachments")
    return attachments or []


def _metadata(call: Call) -> Json | None:
    metadata = call.json("metadata", "invalid_metadata_format")
    if metadata in ({}, None):
        return None
    if not isinstance(metadata, dict):
        raise RefusedError("invalid_metadata_format")
    kind, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(kind, str) or not kind or not isinstance(payload, dict):
        raise RefusedError("invalid_metadata_schema")
    return metadata


def post_message(desk: Desk, call: Call) -> Json:
    """Say something where the bot is, or to one person."""
    channel = _destination(desk, call)
    given = content(desk, call)
    if not (given["text"].strip() or given["blocks"] or given["attachments"]):
        raise RefusedError("no_text")
    message = desk.workspace.post(channel.id, _message(desk, channel, call, given))
    shown = message_json(message, channel, desk.workspace, with_metadata=True)
    return {"ok": True, "channel": channel.id, "ts": message.ts, "message": shown}


def _message(desk: Desk, channel: Channel, call: Call, given: Json) -> Message:
    thread_ts = parent_ts(desk, channel, call.text("thread_ts"))
    return Message(
        desk.workspace.stamp(desk.clock()),
        desk.workspace.bot_user,
        thread_ts=thread_ts,
        bot_id=desk.workspace.bot_id,
        subtype="thread_broadcast" if thread_ts and call.flag("reply_broadcast") else None,
        arguments={name: call.args[name] for name in KEPT if name in call.args},
        **given,
    )


def parent_ts(desk: Desk, channel: Channel, thread_ts: str | None) -> str | None:
    """The thread a reply goes to; none where the parent is gone: then Slack posts it to the channel."""
    parent = desk.workspace.message(channel.id, thread_ts) if thread_ts else None
    if parent is None or parent.ephemeral_to:
        return None
    return parent.thread_ts or parent.ts


def _destination(desk: Desk, call: Call) -> Channel:
    """The channel by id or name, or a person's direct messages, if the bot may write there."""
    given = call.need("channel")
    if given in desk.workspace.users:
        channel = direct(desk, given, "channel_not_found")
    else:
        channel = seen_channel(desk, _named(desk, given))
    return writable(desk, channel)


def writable(desk: Desk, channel: Channel) -> Channel:
    """The same channel, if the bot may write there. Raises RefusedError."""
    if channel.is_archived:
        raise RefusedError("is_archived")
    if desk.workspace.bot_user in channel.members:
        return channel
    if channel.kind == "public" and "chat:write.public" in desk.workspace.scopes:
        return channel
    raise RefusedError("not_in_channel")


def _named(desk: Desk, given: str) -> str:
    name = given.removeprefix("#")
    named = (seen.id for seen in desk.workspace.channels.values() if seen.name == name and seen.kind != "im")
    return next(named, given)


def update(desk: Desk, call: Call) -> Json:
    """Say it differently; blocks stay as they are unless given, an empty list removes them."""
    channel, message = _own(desk, call, "cant_update_message")
    given = content(desk, call)
    if not (given["text"] or given["blocks"] or given["attachments"]):
        raise RefusedError("no_text")
    for name in ("text", "blocks", "attachments", "metadata"):
        if call.args.get(name) is not None:
            setattr(message, name, given[name])
    message.edited, message.edited_ts = True, desk.workspace.stamp(desk.clock())
    desk.workspace.touch()
    shown = message_json(message, channel, desk.workspace, with_metadata=True)
    return {"ok": True, "channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}


def delete(desk: Desk, call: Call) -> Json:
    """Take it back."""
    channel, message = _own(desk, call, "cant_delete_message")
    message.deleted = True
    desk.workspace.touch()
    return {"ok": True, "channel": channel.id, "ts": message.ts}


def _own(desk: Desk, call: Call, foreign: str) -> tuple[Channel, Message]:
    channel = seen_channel(desk, call.need("channel"))
    message = desk.workspace.message(channel.id, call.need("ts"))
    if message is None or message.ephemeral_to:
        raise RefusedError("message_not_found")
    if message.user != desk.workspace.bot_user:
        raise RefusedError(foreign)
    return channel, message


def post_ephemeral(desk: Desk, call: Call) -> Json:
    """Say something to one person of a channel, who alone sees it."""
    channel, user = _destination(desk, call), call.need("user")
    given = content(desk, call)
    if user not in channel.members:
        raise RefusedError("user_not_in_channel")
    if not (given["text"].strip() or given["blocks"] or given["attachments"]):
        raise RefusedError("no_text")
    message = _message(desk, channel, call, given)
    message.ephemeral_to = user
    desk.workspace.post(channel.id, message)
    return {"ok": True, "message_ts": message.ts}


def permalink(desk: Desk, call: Call) -> Json:
    """The address of a message."""
    channel = seen_channel(desk, call.need("channel"))
    message = desk.workspace.message(channel.id, call.need("message_ts"))
    if message is None or message.ephemeral_to:
        raise RefusedError("message_not_found")
    address = f"https://{desk.workspace.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        address += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"ok": True, "channel": channel.id, "permalink": address}
