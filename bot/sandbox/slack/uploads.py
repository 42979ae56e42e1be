"""The methods files.*: an upload URL for the bytes, then sharing the file."""

from mimetypes import guess_type

from bot.sandbox.slack.api_calls import Call, RefusedError
from bot.sandbox.slack.chat import content, parent_ts, writable_channel
from bot.sandbox.slack.context import SlackContext
from bot.sandbox.slack.conversations import open_direct_channel, visible_channel
from bot.sandbox.slack.models import Channel, File, Json, Message
from bot.sandbox.slack.wire import file_json

MAX_BYTES = 1_073_741_824
TYPES = {"csv": "text/csv", "md": "text/markdown", "json": "application/json"}


def upload_url(context: SlackContext, call: Call) -> Json:
    """Issue an upload URL for one file."""
    name, length = call.required("filename"), call.integer("length", 0)
    if length < 1:
        raise RefusedError("invalid_arguments")
    if length > MAX_BYTES:
        raise RefusedError("file_upload_size_restricted")
    token = context.tokens.new_token("upload")
    file_id = context.workspace.new_id("F")
    context.tokens.uploads[token] = File(file_id, name, name, _mimetype(name), b"", context.workspace.bot_user)
    return {"ok": True, "upload_url": f"{call.origin}/upload/v1/{token}", "file_id": file_id}


def store_upload(context: SlackContext, token: str, content: bytes) -> None:
    """Store the bytes of the upload URL. Raises RefusedError if there is no such URL."""
    file = context.tokens.uploads.get(token)
    if file is None:
        raise RefusedError("not_found")
    file.content, file.created = content, int(context.clock().timestamp())
    context.workspace.files[file.id] = file


def complete_upload(context: SlackContext, call: Call) -> Json:
    """Share the files, in one message for each channel; without a channel only the bot has them."""
    given = call.json("files", "invalid_arguments")
    if not isinstance(given, list) or not given:
        raise RefusedError("invalid_arguments")
    files = [_uploaded_file(context, item) for item in given]
    channels = [writable_channel(context, _channel(context, given)) for given in _channels(call)]
    for channel in channels:
        _share(context, channel, call, files)
    context.workspace.touch()
    return {"ok": True, "files": [file_json(file, context.workspace, call.origin) for file in files]}


def files_info(context: SlackContext, call: Call) -> Json:
    """Return one file and where it was shared."""
    file = context.workspace.files.get(call.required("file"))
    if file is None:
        raise RefusedError("file_not_found")
    return {"ok": True, "file": file_json(file, context.workspace, call.origin), "comments": []}


def _mimetype(name: str) -> str:
    extension = name.rpartition(".")[2]
    return TYPES.get(extension) or guess_type(name)[0] or "text/plain"


def _uploaded_file(context: SlackContext, item: object) -> File:
    if not isinstance(item, dict):
        raise RefusedError("invalid_arguments")
    file = context.workspace.files.get(str(item.get("id")))
    if file is None:
        raise RefusedError("file_not_found")
    file.title = str(item.get("title") or file.name)
    return file


def _channels(call: Call) -> list[str]:
    given = call.text("channel_id") or call.text("channels") or ""
    return [channel.strip() for channel in given.split(",") if channel.strip()]


def _channel(context: SlackContext, given: str) -> Channel:
    if given in context.workspace.users:
        return open_direct_channel(context, given, "channel_not_found")
    return visible_channel(context, given)


def _share(context: SlackContext, channel: Channel, call: Call, files: list[File]) -> None:
    fields = content(context, call) | {"text": call.text("initial_comment") or ""}
    message = Message(
        context.new_ts(),
        context.workspace.bot_user,
        thread_ts=parent_ts(context, channel, call.text("thread_ts")),
        bot_id=context.workspace.bot_id,
        files=[file.id for file in files],
        **fields,
    )
    for file in files:
        file.shares.append(channel.id)
    context.workspace.post(channel.id, message)
