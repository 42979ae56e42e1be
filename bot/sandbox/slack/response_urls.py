"""What an app responds to an interaction, in the ack or through the response URL."""

from bot.sandbox.slack.api_calls import Call
from bot.sandbox.slack.chat import content, parent_ts, require_content
from bot.sandbox.slack.context import SlackContext
from bot.sandbox.slack.models import Json, Message
from bot.sandbox.slack.tokens import ResponseUrl


def apply_response(context: SlackContext, response_url: ResponseUrl, call: Call) -> None:
    """Post, replace or delete a message as the response says. Raises RefusedError."""
    workspace = context.workspace
    original = workspace.message(response_url.channel, response_url.original) if response_url.original else None
    if call.flag("delete_original"):
        if original:
            original.deleted = True
            workspace.touch()
        return
    fields = content(context, call)
    require_content(fields)
    if original and call.flag("replace_original"):
        for name, value in fields.items():
            setattr(original, name, value)
        workspace.touch()
    else:
        message = workspace.post(response_url.channel, _new_message(context, response_url, call, fields))
        response_url.original = response_url.original or message.ts


def _new_message(context: SlackContext, response_url: ResponseUrl, call: Call, fields: Json) -> Message:
    channel = context.workspace.channels[response_url.channel]
    public = call.text("response_type") == "in_channel"
    return Message(
        context.new_ts(),
        context.workspace.bot_user,
        thread_ts=parent_ts(context, channel, call.text("thread_ts")),
        ephemeral_to=None if public else response_url.user,
        bot_id=context.workspace.bot_id,
        **fields,
    )
