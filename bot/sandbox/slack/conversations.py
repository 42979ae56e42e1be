"""Methods of where people talk and what was said: conversations.*."""

from collections.abc import Callable

from bot.sandbox.slack.calls import Call, RefusedError
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.pages import cursor_of, paged, place_of
from bot.sandbox.slack.things import SLACKBOT, Channel, Json, Message
from bot.sandbox.slack.wire import channel_json, message_json

SCOPE_OF = {"public": "channels", "private": "groups", "im": "im"}
KIND_OF = {"public_channel": "public", "private_channel": "private", "im": "im", "mpim": "mpim"}
MOST = 999  # messages in one answer


def seen_channel(desk: Desk, channel_id: str) -> Channel:
    """The channel, if the bot can know of it. Raises RefusedError."""
    channel = desk.workspace.channels.get(channel_id)
    if channel is None or (channel.kind != "public" and desk.workspace.bot_user not in channel.members):
        raise RefusedError("channel_not_found")
    return channel


def conversations_list(desk: Desk, call: Call) -> Json:
    """The public ones, and of other kinds, if asked for, those the bot is in."""
    asked = [kind.strip() for kind in (call.text("types") or "public_channel").split(",")]
    if any(kind not in KIND_OF for kind in asked):
        raise RefusedError("invalid_types")
    kinds = {KIND_OF[kind] for kind in asked}
    for kind in sorted(kinds):
        desk.require(f"{SCOPE_OF.get(kind, kind)}:read")
    found = [channel for channel in _known(desk) if channel.kind in kinds]
    if call.flag("exclude_archived"):
        found = [channel for channel in found if not channel.is_archived]
    page, following = paged(call, "team", found)
    return {"ok": True, "channels": [channel_json(channel, desk.workspace) for channel in page], **following}


def _known(desk: Desk) -> list[Channel]:
    bot = desk.workspace.bot_user
    return [seen for seen in desk.workspace.channels.values() if seen.kind == "public" or bot in seen.members]


def conversations_info(desk: Desk, call: Call) -> Json:
    """One conversation."""
    channel = seen_channel(desk, call.need("channel"))
    desk.require(f"{SCOPE_OF[channel.kind]}:read")
    shown = channel_json(channel, desk.workspace)
    if not call.flag("include_num_members"):
        shown.pop("num_members", None)
    return {"ok": True, "channel": shown}


def conversations_open(desk: Desk, call: Call) -> Json:
    """The direct messages with one person."""
    if given := call.text("channel"):
        channel, new = seen_channel(desk, given), False
    else:
        before = len(desk.workspace.channels)
        channel = direct(desk, call.need("users"), "user_not_found")
        new = len(desk.workspace.channels) > before
    shown: Json = {"id": channel.id}
    if call.flag("return_im"):
        shown = channel_json(channel, desk.workspace)
    known = {} if new else {"no_op": True, "already_open": True}
    return {"ok": True, **known, "channel": shown}


def direct(desk: Desk, user_id: str, unknown: str) -> Channel:
    """The direct messages with the person, opened if need be. Raises RefusedError, `unknown` for nobody."""
    user = desk.workspace.users.get(user_id)
    if user is None:
        raise RefusedError(unknown)
    if user.is_bot or user.id == SLACKBOT:
        raise RefusedError("cannot_dm_bot")
    if user.deleted:
        raise RefusedError("user_disabled")
    return desk.workspace.im_of(user.id)


def conversations_members(desk: Desk, call: Call) -> Json:
    """Who is in it, by id."""
    channel = seen_channel(desk, call.need("channel"))
    desk.require(f"{SCOPE_OF[channel.kind]}:read")
    members, following = paged(call, "user", sorted(channel.members))
    return {"ok": True, "members": members, **following}


def conversations_join(desk: Desk, call: Call) -> Json:
    """Let the bot in, where anybody may go."""
    channel = seen_channel(desk, call.need("channel"))
    if channel.kind != "public":
        raise RefusedError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise RefusedError("is_archived")
    already = desk.workspace.bot_user in channel.members
    channel.members.add(desk.workspace.bot_user)
    desk.workspace.touch()
    told = {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    return {"ok": True, "channel": channel_json(channel, desk.workspace), **(told if already else {})}


def conversations_history(desk: Desk, call: Call) -> Json:
    """What was said, newest first, without replies in threads and what only one person sees."""
    channel = _readable(desk, call)
    within = _within(call)
    found = [seen for seen in reversed(channel.messages) if within(seen) and _in_history(desk, channel, seen)]
    if place := place_of(call, "next_ts"):
        found = [seen for seen in found if seen.ts < place]
    limit = _limit(call, 100)
    return {
        "ok": True,
        "messages": [_shown(desk, channel, seen, call) for seen in found[:limit]],
        "has_more": len(found) > limit,
        "pin_count": 0,
        **_following(found, limit, found[limit - 1].ts if len(found) > limit else ""),
    }


def conversations_replies(desk: Desk, call: Call) -> Json:
    """A thread, its parent first, then what was replied, oldest first."""
    channel, ts = _readable(desk, call), call.need("ts")
    parent = next((seen for seen in channel.messages if seen.ts == ts and not seen.ephemeral_to), None)
    replies = desk.workspace.replies(channel.id, ts)
    if parent is None or (parent.deleted and not replies):
        raise RefusedError("thread_not_found")
    found = list(filter(_within(call), replies))
    if place := place_of(call, "next_ts"):
        found = [seen for seen in found if seen.ts > place]
    limit = _limit(call, MOST)
    return {
        "ok": True,
        "messages": [_shown(desk, channel, seen, call) for seen in [parent, *found[:limit]]],
        "has_more": len(found) > limit,
        **_following(found, limit, found[limit - 1].ts if len(found) > limit else ""),
    }


def _readable(desk: Desk, call: Call) -> Channel:
    channel = seen_channel(desk, call.need("channel"))
    desk.require(f"{SCOPE_OF[channel.kind]}:history")
    if desk.workspace.bot_user not in channel.members:
        raise RefusedError("not_in_channel")
    return channel


def _in_history(desk: Desk, channel: Channel, message: Message) -> bool:
    if message.ephemeral_to or (message.deleted and not desk.workspace.replies(channel.id, message.ts)):
        return False
    return message.thread_ts in {None, message.ts} or message.subtype == "thread_broadcast"


def _within(call: Call) -> Callable[[Message], bool]:
    """Whether a message is between `oldest` and `latest`, exclusively unless it is to be inclusive."""
    oldest, latest, inclusive = _micros(call, "oldest"), _micros(call, "latest"), call.flag("inclusive")

    def within(message: Message) -> bool:
        at = _number(message.ts)
        after = oldest is None or at > oldest or (inclusive and at == oldest)
        return after and (latest is None or at < latest or (inclusive and at == latest))

    return within


def _micros(call: Call, name: str) -> int | None:
    given = call.text(name)
    if not given or given == "now":
        return None
    try:
        return _number(given)
    except ValueError:
        raise RefusedError(f"invalid_ts_{name}") from None


def _number(ts: str) -> int:
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int(fraction[:6].ljust(6, "0"))


def _limit(call: Call, default: int) -> int:
    limit = call.number_of("limit", default)
    if limit < 1:
        raise RefusedError("invalid_limit")
    return min(limit, MOST)


def _following(found: list[Message], limit: int, last: str) -> Json:
    following = cursor_of("next_ts", last) if len(found) > limit else ""
    return {"response_metadata": {"next_cursor": following}}


def _shown(desk: Desk, channel: Channel, message: Message, call: Call) -> Json:
    with_metadata = call.flag("include_all_metadata")
    return message_json(message, channel, desk.workspace, with_metadata=with_metadata)
