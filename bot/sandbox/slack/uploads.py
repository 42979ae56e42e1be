"""Methods of files: a place to put the bytes, then sharing them; files.*."""

from mimetypes import guess_type

from bot.sandbox.slack.calls import Call, RefusedError
from bot.sandbox.slack.chat import content, parent_ts, writable
from bot.sandbox.slack.conversations import direct, seen_channel
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.things import Channel, File, Json, Message
from bot.sandbox.slack.wire import file_json

LARGEST = 1_073_741_824
TYPES = {"csv": "text/csv", "md": "text/markdown", "json": "application/json"}


def upload_url(desk: Desk, call: Call) -> Json:
    """A place for the bytes of one file."""
    name, length = call.need("filename"), call.number_of("length", 0)
    if length < 1:
        raise RefusedError("invalid_arguments")
    if length > LARGEST:
        raise RefusedError("file_upload_size_restricted")
    token = desk.secret("upload")
    file_id = desk.workspace.new_id("F")
    desk.uploads[token] = File(file_id, name, name, _type(name), b"", desk.workspace.bot_user)
    return {"ok": True, "upload_url": f"{call.origin}/upload/v1/{token}", "file_id": file_id}


def put(desk: Desk, token: str, content: bytes) -> None:
    """Take the bytes. Raises RefusedError when there is no such place."""
    file = desk.uploads.get(token)
    if file is None:
        raise RefusedError("not_found")
    file.content, file.created = content, int(desk.clock().timestamp())
    desk.workspace.files[file.id] = file


def complete_upload(desk: Desk, call: Call) -> Json:
    """Share the files in one message a channel; without a channel only the bot has them."""
    given = call.json("files", "invalid_arguments")
    if not isinstance(given, list) or not given:
        raise RefusedError("invalid_arguments")
    files = [_uploaded(desk, item) for item in given]
    channels = [writable(desk, _channel(desk, given)) for given in _channels(call)]
    for channel in channels:
        _share(desk, channel, call, files)
    desk.workspace.touch()
    return {"ok": True, "files": [file_json(file, desk.workspace, call.origin) for file in files]}


def files_info(desk: Desk, call: Call) -> Json:
    """One file and where it was shared."""
    file = desk.workspace.files.get(call.need("file"))
    if file is None:
        raise RefusedError("file_not_found")
    return {"ok": True, "file": file_json(file, desk.workspace, call.origin), "comments": []}


def _type(name: str) -> str:
    ending = name.rpartition(".")[2]
    return TYPES.get(ending) or guess_type(name)[0] or "text/plain"


def _uploaded(desk: Desk, item: object) -> File:
    if not isinstance(item, dict):
        raise RefusedError("invalid_arguments")
    file = desk.workspace.files.get(str(item.get("id")))
    if file is None:
        raise RefusedError("file_not_found")
    file.title = str(item.get("title") or file.name)
    return file


def _channels(call: Call) -> list[str]:
    given = call.text("channel_id") or call.text("channels") or ""
    return [channel.strip() for channel in given.split(",") if channel.strip()]


def _channel(desk: Desk, given: str) -> Channel:
    if given in desk.workspace.users:
        return direct(desk, given, "channel_not_found")
    return seen_channel(desk, given)


def _share(desk: Desk, channel: Channel, call: Call, files: list[File]) -> None:
    given = content(desk, call) | {"text": call.text("initial_comment") or ""}
    message = Message(
        desk.workspace.stamp(desk.clock()),
        desk.workspace.bot_user,
        thread_ts=parent_ts(desk, channel, call.text("thread_ts")),
        bot_id=desk.workspace.bot_id,
        files=[file.id for file in files],
        **given,
    )
    for file in files:
        file.shares.append(channel.id)
    desk.workspace.post(channel.id, message)
