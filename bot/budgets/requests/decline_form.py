"""The form in which a request is declined, with the reason that whoever asked is told."""

from collections.abc import Mapping

from bot.budgets.keys import DeclineForm
from bot.slack.blocks import section
from bot.slack.forms import FormMetadata, FormOpening, View, modal, text_input

_REASON = "reason"
_LONGEST = 200  # characters


def view(form: DeclineForm, channel: str, request: str, opening: FormOpening) -> View:
    """Return the form as Slack's JSON; it is answered in the channel, and `request` is rendered mrkdwn."""
    entered, hint = opening.entered.get(_REASON, ""), "Whoever asked can read it."
    blocks = [
        *(section(text) for text in (opening.problem, request) if text),
        text_input(_REASON, "Reason", _LONGEST, initial=entered, hint=hint, optional=True),
    ]
    return modal(
        opening.callback or form.kind, FormMetadata(channel, form.encode()), "Decline the request", "Decline", blocks
    )


def reason(fields: Mapping[str, str]) -> str | None:
    """Return the reason that was filled in, None if there is none."""
    return fields.get(_REASON, "")[:_LONGEST] or None


def field_errors(_fields: Mapping[str, str]) -> dict[str, str]:
    """Return nothing: whatever is filled in is a reason."""
    return {}
