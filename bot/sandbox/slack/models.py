"""The objects of a workspace: users, channels, messages, files and views."""

from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
TEAM_ID = "T0ACME001"
SLACKBOT = "USLACKBOT"  # the author of Slack's own messages; not flagged as a bot, in Slack as here


@dataclass(slots=True)
class User:
    """An account of a person or a bot; the flags are those of Slack's user object."""

    id: str
    handle: str
    name: str
    email: str = ""
    title: str = ""
    colour: str = "#616061"
    is_bot: bool = False
    deleted: bool = False
    is_restricted: bool = False  # guest of several channels
    is_ultra_restricted: bool = False  # guest of one channel
    is_stranger: bool = False  # of another workspace, in a shared channel
    is_email_confirmed: bool = True
    is_admin: bool = False
    team_id: str = TEAM_ID
    enterprise_id: str | None = None
    tz: str = "Europe/Berlin"
    tz_label: str = "Central European Time"
    tz_offset: int = 3600


@dataclass(slots=True)
class Message:
    """One message of a channel, a reply if `thread_ts` is another message's `ts`.

    `ephemeral_to` is the only user who sees it. Deleted messages stay in the channel's list, flagged.
    """

    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    metadata: Json | None = None
    ephemeral_to: str | None = None
    edited: bool = False
    edited_ts: str | None = None
    deleted: bool = False
    files: list[str] = field(default_factory=list)
    subtype: str | None = None
    bot_id: str | None = None
    attachments: list[Json] = field(default_factory=list)
    arguments: Json = field(default_factory=dict)  # other arguments of the app: unfurl_links and so on
    chosen: Json = field(default_factory=dict)  # {block_id: {action_id: state}} of its inputs


@dataclass(slots=True)
class Channel:
    """A conversation; of `kind` "im" are a person's direct messages with the bot."""

    id: str
    name: str
    kind: Literal["public", "private", "im"] = "public"
    members: set[str] = field(default_factory=set)
    topic: str = ""
    is_ext_shared: bool = False
    is_archived: bool = False
    messages: list[Message] = field(default_factory=list)


@dataclass(slots=True)
class File:
    """An uploaded file; `shares` are the ids of the channels it was posted to."""

    id: str
    name: str
    title: str
    mimetype: str
    content: bytes
    user: str
    created: int = 0
    shares: list[str] = field(default_factory=list)


@dataclass(slots=True)
class View:
    """An open modal or a home tab; `body` is the app's view with all missing ids added."""

    id: str
    hash: str
    user: str
    kind: Literal["modal", "home"]
    body: Json
    root: str
    previous: str | None = None
    chosen: Json = field(default_factory=dict)  # {block_id: {action_id: state}} so far
