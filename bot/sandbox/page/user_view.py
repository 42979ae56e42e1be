"""What one user sees of the workspace, as the page's JSON."""

from typing import Any
from urllib.parse import quote

from bot.sandbox.slack.models import SLACKBOT, Channel, File, Message, User, View
from bot.sandbox.slack.workspace import Workspace

Json = dict[str, Any]


class UserView:
    """The workspace as each user sees it; remembers which messages they have read."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._read: dict[tuple[str, str], str] = {}  # by user and channel: the last `ts` read

    def people(self) -> list[Json]:
        """Return all users, including bots."""
        return [_person(user) for user in self._workspace.users.values() if not user.deleted]

    def conversations(self, person: str) -> list[Json]:
        """Return the conversations that the user is a member of, in the workspace's order."""
        return [self._conversation(channel, person) for channel in self._channels_of(person)]

    def inbox(self, person: str) -> int:
        """Return the number of the user's unread direct messages."""
        return sum(self._unread(channel, person) for channel in self._channels_of(person) if channel.kind == "im")

    def messages(self, person: str, channel_id: str) -> list[Json]:
        """Return the messages that the user sees in a conversation, and mark them as read.

        Raises KeyError if the user is no member.
        """
        if person not in self._workspace.channels[channel_id].members:
            raise KeyError(channel_id)
        visible = self._workspace.visible_messages(channel_id, person)
        self._read[person, channel_id] = max((message.ts for message in visible), default="")
        return [self._message(message, visible) for message in visible]

    def home(self, person: str) -> Json | None:
        """Return the app's home tab, if one was published for the user."""
        home = self._workspace.home_of(person)
        return view_json(home) if home else None

    def file(self, person: str, file_id: str) -> File | None:
        """Return the file, if it is attached to a message that the user sees."""
        for channel in self._channels_of(person):
            for message in self._workspace.visible_messages(channel.id, person):
                if file_id in message.files:
                    return self._workspace.files.get(file_id)
        return None

    def _channels_of(self, person: str) -> list[Channel]:
        return [channel for channel in self._workspace.channels.values() if person in channel.members]

    def _conversation(self, channel: Channel, person: str) -> Json:
        others = sorted(channel.members - {person}) if channel.kind == "im" else []
        return {
            "id": channel.id,
            "name": channel.name,
            "kind": channel.kind,
            "topic": channel.topic,
            "members": sorted(channel.members),
            "shared": channel.is_ext_shared,
            "archived": channel.is_archived,
            "with": next(iter(others), None),
            "unread": self._unread(channel, person),
        }

    def _unread(self, channel: Channel, person: str) -> int:
        read = self._read.get((person, channel.id), "")
        visible = self._workspace.visible_messages(channel.id, person)
        return sum(message.ts > read and message.user != person for message in visible)

    def _message(self, message: Message, visible: list[Message]) -> Json:
        replies = [reply for reply in visible if reply.thread_ts == message.ts != reply.ts]
        return {
            "ts": message.ts,
            "user": message.user,
            "text": message.text,
            "blocks": message.blocks,
            "chosen": message.chosen,
            "thread_ts": message.thread_ts,
            "replies": len(replies),
            "repliers": list(dict.fromkeys(reply.user for reply in replies)),
            "last_reply": replies[-1].ts if replies else None,
            "edited": message.edited,
            "ephemeral": message.ephemeral_to is not None,
            "files": [_file(self._workspace.files[name]) for name in message.files if name in self._workspace.files],
        }


def view_json(view: View) -> Json:
    """Return a view without the app's private fields."""
    public = ("title", "submit", "close", "blocks", "callback_id")
    return {
        "id": view.id,
        "hash": view.hash,
        "kind": view.kind,
        "root": view.root,
        "previous": view.previous,
        "chosen": view.chosen,
        **{name: view.body[name] for name in public if name in view.body},
    }


def _person(user: User) -> Json:
    return {
        "id": user.id,
        "handle": user.handle,
        "name": user.name,
        "title": user.title,
        "email": user.email,
        "colour": user.colour,
        "role": _role(user),
    }


def _role(user: User) -> str:
    if user.is_bot or user.id == SLACKBOT:
        return "app"
    if user.is_restricted or user.is_ultra_restricted:
        return "guest"
    if user.is_stranger:
        return "external"
    return "operator" if user.is_admin else "member"


def _file(file: File) -> Json:
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "size": len(file.content),
        "mimetype": file.mimetype,
        "url": f"/files/{file.id}/{quote(file.name, safe='')}",
    }
