"""Users, channels, messages, files and views as Slack's JSON."""

from bot.sandbox.slack.models import SLACKBOT, TEAM_ID, Channel, File, Json, Message, User, View
from bot.sandbox.slack.workspace import Workspace


def user_json(user: User, *, with_email: bool) -> Json:
    """Return a user object; the profile has the e-mail if the app may read it."""
    profile = {
        "real_name": user.name,
        "real_name_normalized": user.name,
        "display_name": "" if user.is_bot else user.handle,
        "display_name_normalized": "" if user.is_bot else user.handle,
        "title": user.title,
        "team": user.team_id,
    }
    if with_email and user.email:
        profile["email"] = user.email
    fields: Json = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.handle,
        "real_name": user.name,
        "deleted": user.deleted,
        "color": user.colour.removeprefix("#"),
        "profile": profile,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": 1_770_000_000,
    }
    return fields if user.deleted else fields | _active_user_fields(user)


def _active_user_fields(user: User) -> Json:
    """Return the fields that only users who are not deleted have."""
    fields: Json = {
        "tz": user.tz,
        "tz_label": user.tz_label,
        "tz_offset": user.tz_offset,
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "is_email_confirmed": user.is_email_confirmed,
    }
    if user.is_stranger or user.team_id != TEAM_ID:
        fields["is_stranger"] = user.is_stranger
    if user.enterprise_id:
        fields["enterprise_user"] = {"enterprise_id": user.enterprise_id, "id": user.id}
    return fields


def channel_json(channel: Channel, workspace: Workspace) -> Json:
    """Return a conversation object."""
    if channel.kind == "im":
        other = next(iter(channel.members - {workspace.bot_user}), "")
        return {
            "id": channel.id,
            "created": 1_770_000_000,
            "is_im": True,
            "is_org_shared": False,
            "is_archived": False,
            "is_user_deleted": other in workspace.users and workspace.users[other].deleted,
            "user": other,
        }
    private = channel.kind == "private"
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "created": 1_770_000_000,
        "is_channel": not private,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": private,
        "is_archived": channel.is_archived,
        "is_general": channel.name == "general",
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "is_member": workspace.bot_user in channel.members,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "num_members": len(channel.members),
    }


def message_json(message: Message, channel: Channel, workspace: Workspace, *, with_metadata: bool = False) -> Json:
    """Return a message object; a deleted message becomes a tombstone."""
    fields: Json = {"type": "message", "ts": message.ts}
    if message.deleted:
        fields |= {"subtype": "tombstone", "user": SLACKBOT, "text": "This message was deleted.", "hidden": True}
    else:
        fields |= _content(message, workspace)
        if with_metadata and message.metadata:
            fields["metadata"] = message.metadata
    return fields | _thread_fields(message, channel, workspace)


def _content(message: Message, workspace: Workspace) -> Json:
    fields: Json = {"user": message.user, "text": message.text, "team": workspace.team_id}
    if message.subtype:
        fields["subtype"] = message.subtype
    if message.bot_id:
        fields |= {"bot_id": message.bot_id, "app_id": workspace.app_id}
    if message.blocks:
        fields["blocks"] = message.blocks
    if message.attachments:
        fields["attachments"] = message.attachments
    if message.files:
        fields["files"] = [file_json(workspace.files[file_id], workspace, "") for file_id in message.files]
    if message.edited:
        fields["edited"] = {"user": message.user, "ts": message.edited_ts or message.ts}
    return fields


def _thread_fields(message: Message, channel: Channel, workspace: Workspace) -> Json:
    """Return the fields of a reply or of a parent with replies; empty for other messages."""
    if message.thread_ts and message.thread_ts != message.ts:
        parent = workspace.message(channel.id, message.thread_ts)
        return {"thread_ts": message.thread_ts, "parent_user_id": parent.user if parent else SLACKBOT}
    if not (replies := workspace.replies(channel.id, message.ts)):
        return {}
    writers = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users": writers,
        "reply_users_count": len(writers),
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": False,
    }


def file_json(file: File, workspace: Workspace, url: str) -> Json:
    """Return a file object; `url` is the server's address."""
    shares: dict[str, Json] = {"public": {}, "private": {}}
    for channel_id in file.shares:
        channel = workspace.channels[channel_id]
        shared = [{"ts": each.ts} for each in channel.messages if file.id in each.files and not each.deleted]
        shares["public" if channel.kind == "public" else "private"][channel_id] = shared
    kinds = [workspace.channels[channel_id].kind for channel_id in file.shares]
    return {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "filetype": file.name.rpartition(".")[2] or "text",
        "user": file.user,
        "mode": "hosted",
        "size": len(file.content),
        "is_external": False,
        "is_public": "public" in kinds,
        "url_private": f"{url}/files/{file.id}/{file.name}",
        "permalink": f"https://{workspace.domain}.slack.com/files/{file.user}/{file.id}/{file.name}",
        "channels": [channel for channel, kind in zip(file.shares, kinds, strict=True) if kind == "public"],
        "groups": [channel for channel, kind in zip(file.shares, kinds, strict=True) if kind == "private"],
        "ims": [channel for channel, kind in zip(file.shares, kinds, strict=True) if kind == "im"],
        "shares": {visibility: shared for visibility, shared in shares.items() if shared},
    }


def view_json(view: View, workspace: Workspace) -> Json:
    """Return a view object with the choices made in it so far."""
    defaults: Json = {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
        "title": None,
        "close": None,
        "submit": None,
    }
    return {
        **defaults,
        **view.body,
        "id": view.id,
        "team_id": workspace.team_id,
        "type": view.kind,
        "state": {"values": view.chosen},
        "hash": view.hash,
        "previous_view_id": view.previous,
        "root_view_id": view.root,
        "app_id": workspace.app_id,
        "app_installed_team_id": workspace.team_id,
        "bot_id": workspace.bot_id,
    }
