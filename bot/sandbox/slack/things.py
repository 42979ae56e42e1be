"""What a workspace is made of: people, conversations, messages, files and views."""

from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
TEAM_ID = "T0ACME001"
SLACKBOT = "USLACKBOT"  # speaks for Slack itself; not flagged as a bot, in Slack as here


@dataclass(slots=True)
class User:
    """Somebody with an account, a person or a bot; the flags are those of Slack's user object."""

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
    is_stranger: bool = False  # of another workspace, met in a shared channel
    is_email_confirmed: bool = True
    is_admin: bool = False
    team_id: str = TEAM_ID
    enterprise_id: str | None = None
    tz: str = "Europe/Berlin"
    tz_label: str = "Central European Time"
    tz_offset: int = 3600


@dataclass(slots=True)
class Message:
    """One message of a channel, threaded when `thread_ts` is another message's `ts`.

    `ephemeral_to` is the only user who sees it. `deleted` ones stay in the list, for those who count.
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
    arguments: Json = field(default_factory=dict)  # as given by the app: unfurl_links and so on
    chosen: Json = field(default_factory=dict)  # {block_id: {action_id: value}} of its own inputs


@dataclass(slots=True)
class Channel:
    """A conversation; `kind` "im" is a person's direct messages with the bot."""

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
    """An open modal or a home tab; `body` is the view as the app gave it, with every id filled in."""

    id: str
    hash: str
    user: str
    kind: Literal["modal", "home"]
    body: Json
    root: str
    previous: str | None = None
    chosen: Json = field(default_factory=dict)  # {block_id: {action_id: value}} so far
