"""The methods conversations.*."""

from collections.abc import Callable

from bot.sandbox.slack.api_calls import Call, RefusedError
from bot.sandbox.slack.context import SlackContext
from bot.sandbox.slack.models import SLACKBOT, Channel, Json, Message
from bot.sandbox.slack.pagination import decode_cursor, encode_cursor, page_of
from bot.sandbox.slack.wire import channel_json, message_json

SCOPE_OF = {"public": "channels", "private": "groups", "im": "im"}
KIND_OF = {"public_channel": "public", "private_channel": "private", "im": "im", "mpim": "mpim"}
MAX_MESSAGES = 999  # in one answer


def visible_channel(context: SlackContext, channel_id: str) -> Channel:
    """Return the channel. Raises RefusedError if the bot cannot see it."""
    channel = context.workspace.channels.get(channel_id)
    if channel is None or (channel.kind != "public" and context.workspace.bot_user not in channel.members):
        raise RefusedError("channel_not_found")
    return channel


def conversations_list(context: SlackContext, call: Call) -> Json:
    """Return a page of the public channels and, on request, of other conversations that the bot is a member of."""
    types = [name.strip() for name in (call.text("types") or "public_channel").split(",")]
    if any(name not in KIND_OF for name in types):
        raise RefusedError("invalid_types")
    kinds = {KIND_OF[name] for name in types}
    for kind in sorted(kinds):
        context.require(f"{SCOPE_OF.get(kind, kind)}:read")
    channels = [channel for channel in _visible_channels(context) if channel.kind in kinds]
    if call.flag("exclude_archived"):
        channels = [channel for channel in channels if not channel.is_archived]
    page, metadata = page_of(call, "team", channels)
    return {"ok": True, "channels": [channel_json(channel, context.workspace) for channel in page], **metadata}


def _visible_channels(context: SlackContext) -> list[Channel]:
    bot, channels = context.workspace.bot_user, context.workspace.channels.values()
    return [channel for channel in channels if channel.kind == "public" or bot in channel.members]


def conversations_info(context: SlackContext, call: Call) -> Json:
    """Return one conversation."""
    channel = visible_channel(context, call.required("channel"))
    context.require(f"{SCOPE_OF[channel.kind]}:read")
    fields = channel_json(channel, context.workspace)
    if not call.flag("include_num_members"):
        fields.pop("num_members", None)
    return {"ok": True, "channel": fields}


def conversations_open(context: SlackContext, call: Call) -> Json:
    """Open and return the direct messages with one person."""
    if given := call.text("channel"):
        channel, new = visible_channel(context, given), False
    else:
        before = len(context.workspace.channels)
        channel = open_direct_channel(context, call.required("users"), "user_not_found")
        new = len(context.workspace.channels) > before
    fields: Json = {"id": channel.id}
    if call.flag("return_im"):
        fields = channel_json(channel, context.workspace)
    already_open = {} if new else {"no_op": True, "already_open": True}
    return {"ok": True, **already_open, "channel": fields}


def open_direct_channel(context: SlackContext, user_id: str, unknown: str) -> Channel:
    """Return the direct messages with a person, opened if necessary. Raises RefusedError, `unknown` for a wrong id."""
    user = context.workspace.users.get(user_id)
    if user is None:
        raise RefusedError(unknown)
    if user.is_bot or user.id == SLACKBOT:
        raise RefusedError("cannot_dm_bot")
    if user.deleted:
        raise RefusedError("user_disabled")
    return context.workspace.im_of(user.id)


def conversations_members(context: SlackContext, call: Call) -> Json:
    """Return a page of the ids of the members."""
    channel = visible_channel(context, call.required("channel"))
    context.require(f"{SCOPE_OF[channel.kind]}:read")
    members, metadata = page_of(call, "user", sorted(channel.members))
    return {"ok": True, "members": members, **metadata}


def conversations_join(context: SlackContext, call: Call) -> Json:
    """Add the bot to a public channel."""
    channel = visible_channel(context, call.required("channel"))
    if channel.kind != "public":
        raise RefusedError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise RefusedError("is_archived")
    already = context.workspace.bot_user in channel.members
    channel.members.add(context.workspace.bot_user)
    context.workspace.touch()
    warning = {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    return {"ok": True, "channel": channel_json(channel, context.workspace), **(warning if already else {})}


def conversations_history(context: SlackContext, call: Call) -> Json:
    """Return a page of the messages, newest first, without thread replies and ephemeral messages."""
    channel = _readable_channel(context, call)
    within = _time_filter(call)
    messages = [each for each in reversed(channel.messages) if within(each) and _in_history(context, channel, each)]
    if last_ts := decode_cursor(call, "next_ts"):
        messages = [message for message in messages if message.ts < last_ts]
    limit = _limit(call, 100)
    return {
        "ok": True,
        "messages": [_message_json(context, channel, message, call) for message in messages[:limit]],
        "has_more": len(messages) > limit,
        "pin_count": 0,
        **_next_cursor(messages, limit),
    }


def conversations_replies(context: SlackContext, call: Call) -> Json:
    """Return a page of a thread: the parent first, then the replies, oldest first."""
    channel, ts = _readable_channel(context, call), call.required("ts")
    parent = next((message for message in channel.messages if message.ts == ts and not message.ephemeral_to), None)
    replies = context.workspace.replies(channel.id, ts)
    if parent is None or (parent.deleted and not replies):
        raise RefusedError("thread_not_found")
    messages = list(filter(_time_filter(call), replies))
    if last_ts := decode_cursor(call, "next_ts"):
        messages = [message for message in messages if message.ts > last_ts]
    limit = _limit(call, MAX_MESSAGES)
    return {
        "ok": True,
        "messages": [_message_json(context, channel, message, call) for message in [parent, *messages[:limit]]],
        "has_more": len(messages) > limit,
        **_next_cursor(messages, limit),
    }


def _readable_channel(context: SlackContext, call: Call) -> Channel:
    channel = visible_channel(context, call.required("channel"))
    context.require(f"{SCOPE_OF[channel.kind]}:history")
    if context.workspace.bot_user not in channel.members:
        raise RefusedError("not_in_channel")
    return channel


def _in_history(context: SlackContext, channel: Channel, message: Message) -> bool:
    if message.ephemeral_to or (message.deleted and not context.workspace.replies(channel.id, message.ts)):
        return False
    return message.thread_ts in {None, message.ts} or message.subtype == "thread_broadcast"


def _time_filter(call: Call) -> Callable[[Message], bool]:
    """Return whether a message is between `oldest` and `latest`, exclusive unless the call says `inclusive`."""
    oldest, latest, inclusive = _bound(call, "oldest"), _bound(call, "latest"), call.flag("inclusive")

    def within(message: Message) -> bool:
        at = _microseconds(message.ts)
        after = oldest is None or at > oldest or (inclusive and at == oldest)
        return after and (latest is None or at < latest or (inclusive and at == latest))

    return within


def _bound(call: Call, name: str) -> int | None:
    given = call.text(name)
    if not given or given == "now":
        return None
    try:
        return _microseconds(given)
    except ValueError:
        raise RefusedError(f"invalid_ts_{name}") from None


def _microseconds(ts: str) -> int:
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int(fraction[:6].ljust(6, "0"))


def _limit(call: Call, default: int) -> int:
    limit = call.integer("limit", default)
    if limit < 1:
        raise RefusedError("invalid_limit")
    return min(limit, MAX_MESSAGES)


def _next_cursor(messages: list[Message], limit: int) -> Json:
    cursor = encode_cursor("next_ts", messages[limit - 1].ts) if len(messages) > limit else ""
    return {"response_metadata": {"next_cursor": cursor}}


def _message_json(context: SlackContext, channel: Channel, message: Message, call: Call) -> Json:
    with_metadata = call.flag("include_all_metadata")
    return message_json(message, channel, context.workspace, with_metadata=with_metadata)
