"""The table of Web API methods: the function of each, and the token and scope it needs."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from bot.sandbox.slack import accounts, chat, conversations, uploads, views
from bot.sandbox.slack.api_calls import Call
from bot.sandbox.slack.context import SlackContext
from bot.sandbox.slack.models import Json


class Method(NamedTuple):
    """One method. An empty `scope` means none, or one that depends on the arguments."""

    run: Callable[[SlackContext, Call], Json]
    scope: str = ""
    token: Literal["bot", "app"] = "bot"


METHODS = {
    "apps.connections.open": Method(accounts.connections_open, "", "app"),
    "auth.test": Method(accounts.auth_test),
    "blocks.validate": Method(chat.validate_blocks),
    "chat.delete": Method(chat.delete, "chat:write"),
    "chat.getPermalink": Method(chat.get_permalink),
    "chat.postEphemeral": Method(chat.post_ephemeral, "chat:write"),
    "chat.postMessage": Method(chat.post_message, "chat:write"),
    "chat.update": Method(chat.update, "chat:write"),
    "conversations.history": Method(conversations.conversations_history),
    "conversations.info": Method(conversations.conversations_info),
    "conversations.join": Method(conversations.conversations_join, "channels:join"),
    "conversations.list": Method(conversations.conversations_list),
    "conversations.members": Method(conversations.conversations_members),
    "conversations.open": Method(conversations.conversations_open, "im:write"),
    "conversations.replies": Method(conversations.conversations_replies),
    "files.completeUploadExternal": Method(uploads.complete_upload, "files:write"),
    "files.getUploadURLExternal": Method(uploads.upload_url, "files:write"),
    "files.info": Method(uploads.files_info, "files:read"),
    "users.info": Method(accounts.users_info, "users:read"),
    "users.list": Method(accounts.users_list, "users:read"),
    "users.lookupByEmail": Method(accounts.users_lookup_by_email, "users:read.email"),
    "views.open": Method(views.views_open),
    "views.publish": Method(views.views_publish),
    "views.push": Method(views.views_push),
    "views.update": Method(views.views_update),
}
