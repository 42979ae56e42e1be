"""The methods chat.*."""

from bot.sandbox.slack.api_calls import Call, RefusedError, error_messages
from bot.sandbox.slack.context import SlackContext
from bot.sandbox.slack.conversations import open_direct_channel, visible_channel
from bot.sandbox.slack.elements import with_ids
from bot.sandbox.slack.models import Channel, Json, Message
from bot.sandbox.slack.validation import block_problems
from bot.sandbox.slack.wire import message_json

MAX_TEXT = 40_000
KEPT_ARGUMENTS = ("unfurl_links", "unfurl_media", "link_names", "mrkdwn", "parse", "username", "icon_emoji", "icon_url")


def content(context: SlackContext, call: Call) -> Json:
    """Return the text, blocks, attachments and metadata of the message in the call. Raises RefusedError."""
    text = call.text("text") or ""
    if len(text) > MAX_TEXT:
        raise RefusedError("msg_too_long")
    return {
        "text": text,
        "blocks": _blocks(context, call),
        "attachments": _attachments(call),
        "metadata": _metadata(call),
    }


def _blocks(context: SlackContext, call: Call) -> list[Json]:
    blocks = call.json("blocks", "invalid_blocks_format")
    if blocks is None:
        return []
    if not isinstance(blocks, list):
        raise RefusedError("invalid_blocks_format")
    if problems := block_problems(blocks):
        raise RefusedError("invalid_blocks", errors=problems, **error_messages(f"[ERROR] {each}" for each in problems))
    return with_ids(blocks, context.workspace.new_id)


def validate_blocks(_context: SlackContext, call: Call) -> Json:
    """Say whether blocks are valid, and post nothing."""
    blocks = call.json("blocks", "invalid_arguments")
    if not isinstance(blocks, list):
        raise RefusedError("invalid_arguments")
    if problems := block_problems(blocks, at=""):
        raise RefusedError("invalid_blocks", errors=[_validation_error(each) for each in problems])
    return {"ok": True}


def _validation_error(problem: str) -> Json:
    message, _, pointer = problem.removesuffix("]").partition(" [json-pointer:")
    return {"pointer": pointer, "code": "failed_constraint", "message": message}


def _attachments(call: Call) -> list[Json]:
    attachments = call.json("attachments", "invalid_attachments") or []
    if not isinstance(attachments, list):
        raise RefusedError("invalid_attachments")
    return attachments


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


def post_message(context: SlackContext, call: Call) -> Json:
    """Post a message to a channel or to one person."""
    channel = _destination(context, call)
    fields = content(context, call)
    require_content(fields)
    message = context.workspace.post(channel.id, _message(context, channel, call, fields))
    posted = message_json(message, channel, context.workspace, with_metadata=True)
    return {"ok": True, "channel": channel.id, "ts": message.ts, "message": posted}


def require_content(fields: Json) -> None:
    """Raise RefusedError if a message with these fields would be empty."""
    if not (fields["text"].strip() or fields["blocks"] or fields["attachments"]):
        raise RefusedError("no_text")


def _message(context: SlackContext, channel: Channel, call: Call, fields: Json) -> Message:
    thread_ts = parent_ts(context, channel, call.text("thread_ts"))
    return Message(
        context.new_ts(),
        context.workspace.bot_user,
        thread_ts=thread_ts,
        bot_id=context.workspace.bot_id,
        subtype="thread_broadcast" if thread_ts and call.flag("reply_broadcast") else None,
        arguments={name: call.args[name] for name in KEPT_ARGUMENTS if name in call.args},
        **fields,
    )


def parent_ts(context: SlackContext, channel: Channel, thread_ts: str | None) -> str | None:
    """Return the thread that a reply goes to; None if the parent is gone, when Slack posts the reply to the channel."""
    parent = context.workspace.message(channel.id, thread_ts) if thread_ts else None
    if parent is None or parent.ephemeral_to:
        return None
    return parent.thread_ts or parent.ts


def _destination(context: SlackContext, call: Call) -> Channel:
    """Return the channel, given by id, name or user id. Raises RefusedError if the bot may not post there."""
    given = call.required("channel")
    if given in context.workspace.users:
        channel = open_direct_channel(context, given, "channel_not_found")
    else:
        channel = visible_channel(context, _channel_id(context, given))
    return writable_channel(context, channel)


def writable_channel(context: SlackContext, channel: Channel) -> Channel:
    """Return the same channel. Raises RefusedError if the bot may not post there."""
    if channel.is_archived:
        raise RefusedError("is_archived")
    if context.workspace.bot_user in channel.members:
        return channel
    if channel.kind == "public" and "chat:write.public" in context.workspace.scopes:
        return channel
    raise RefusedError("not_in_channel")


def _channel_id(context: SlackContext, given: str) -> str:
    name = given.removeprefix("#")
    channels = context.workspace.channels.values()
    return next((channel.id for channel in channels if channel.name == name and channel.kind != "im"), given)


def update(context: SlackContext, call: Call) -> Json:
    """Edit a message. Blocks stay as they are unless given; an empty list removes them."""
    channel, message = _own_message(context, call, "cant_update_message")
    fields = content(context, call)
    if not (fields["text"] or fields["blocks"] or fields["attachments"]):
        raise RefusedError("no_text")
    for name in ("text", "blocks", "attachments", "metadata"):
        if call.args.get(name) is not None:
            setattr(message, name, fields[name])
    message.edited, message.edited_ts = True, context.new_ts()
    context.workspace.touch()
    edited = message_json(message, channel, context.workspace, with_metadata=True)
    return {"ok": True, "channel": channel.id, "ts": message.ts, "text": message.text, "message": edited}


def delete(context: SlackContext, call: Call) -> Json:
    """Delete a message."""
    channel, message = _own_message(context, call, "cant_delete_message")
    message.deleted = True
    context.workspace.touch()
    return {"ok": True, "channel": channel.id, "ts": message.ts}


def _own_message(context: SlackContext, call: Call, foreign: str) -> tuple[Channel, Message]:
    """Return the bot's message named in the call. Raises RefusedError, `foreign` for a message of somebody else."""
    channel = visible_channel(context, call.required("channel"))
    message = context.workspace.message(channel.id, call.required("ts"))
    if message is None or message.ephemeral_to:
        raise RefusedError("message_not_found")
    if message.user != context.workspace.bot_user:
        raise RefusedError(foreign)
    return channel, message


def post_ephemeral(context: SlackContext, call: Call) -> Json:
    """Post a message that only one member of the channel sees."""
    channel, user = _destination(context, call), call.required("user")
    fields = content(context, call)
    if user not in channel.members:
        raise RefusedError("user_not_in_channel")
    require_content(fields)
    message = _message(context, channel, call, fields)
    message.ephemeral_to = user
    context.workspace.post(channel.id, message)
    return {"ok": True, "message_ts": message.ts}


def get_permalink(context: SlackContext, call: Call) -> Json:
    """Return the address of a message."""
    channel = visible_channel(context, call.required("channel"))
    message = context.workspace.message(channel.id, call.required("message_ts"))
    if message is None or message.ephemeral_to:
        raise RefusedError("message_not_found")
    address = f"https://{context.workspace.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        address += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"ok": True, "channel": channel.id, "permalink": address}
