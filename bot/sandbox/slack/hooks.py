"""What an app answers to a person's act: in the ack, or by the response address."""

from bot.sandbox.slack.calls import Call, RefusedError
from bot.sandbox.slack.chat import content, parent_ts
from bot.sandbox.slack.desk import Desk, Hook
from bot.sandbox.slack.things import Json, Message


def answered(desk: Desk, hook: Hook, call: Call) -> None:
    """Post, replace or delete, as the answer says. Raises RefusedError."""
    workspace = desk.workspace
    original = workspace.message(hook.channel, hook.original) if hook.original else None
    if call.flag("delete_original"):
        if original:
            original.deleted = True
            workspace.touch()
        return
    given = content(desk, call)
    if not (given["text"].strip() or given["blocks"] or given["attachments"]):
        raise RefusedError("no_text")
    if original and call.flag("replace_original"):
        for name, value in given.items():
            setattr(original, name, value)
        workspace.touch()
    else:
        message = workspace.post(hook.channel, _new(desk, hook, call, given))
        hook.original = hook.original or message.ts


def _new(desk: Desk, hook: Hook, call: Call, given: Json) -> Message:
    channel = desk.workspace.channels[hook.channel]
    public = call.text("response_type") == "in_channel"
    return Message(
        desk.workspace.stamp(desk.clock()),
        desk.workspace.bot_user,
        thread_ts=parent_ts(desk, channel, call.text("thread_ts")),
        ephemeral_to=None if public else hook.user,
        bot_id=desk.workspace.bot_id,
        **given,
    )
