"""The form in which an operator silences failures: what, through which day, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.access import RefusedError
from bot.domain.periods import LAST_YEAR, day_start, local_day
from bot.domain.text import one_line
from bot.failures.keys import SilenceForm, SilenceTarget
from bot.failures.silence_store import Silence
from bot.slack.blocks import plain_text
from bot.slack.forms import FormMetadata

REASON = 200  # characters, at most
_WHAT, _UNTIL, _REASON = "what", "until", "reason"
_LABEL = 75  # characters that Slack shows of a choice
_VALUE = 140  # and carries


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be silenced, and its name."""

    target: SilenceTarget
    name: str


def silence_view(choices: Sequence[Choice], channel: str, today: date) -> dict[str, Any]:
    """Return the form as Slack takes it; its answer goes to the channel."""
    options = [
        {"text": plain_text(one_line(each.name, _LABEL)), "value": value}
        for each in choices
        if len(value := each.target.encode()) <= _VALUE
    ]
    select = {"type": "static_select", "action_id": _WHAT, "options": options, "initial_option": options[0]}
    until = {"type": "datepicker", "action_id": _UNTIL, "initial_date": today.isoformat()}
    reason = {"type": "plain_text_input", "action_id": _REASON, "max_length": REASON}
    return {
        "type": "modal",
        "callback_id": SilenceForm().encode(),
        "private_metadata": FormMetadata(channel).encode(),
        "title": plain_text("Silence failures"),
        "submit": plain_text("Silence"),
        "close": plain_text("Cancel"),
        "blocks": [
            {"type": "input", "block_id": _WHAT, "label": plain_text("What"), "element": select},
            {"type": "input", "block_id": _UNTIL, "label": plain_text("Through that day"), "element": until},
            {"type": "input", "block_id": _REASON, "label": plain_text("Reason"), "element": reason, "optional": True},
        ],
    }


def problems(fields: Mapping[str, str], now: datetime, zone: ZoneInfo) -> dict[str, str]:
    """Return what is wrong with what was filled in, by field."""
    try:
        _until(fields, now, zone)
    except RefusedError as error:
        return {_UNTIL: str(error)}
    return {}


def submitted_silence(fields: Mapping[str, str], by: str, now: datetime, zone: ZoneInfo) -> Silence:
    """Return the silence that was filled in.

    Raises:
        RefusedError: its day is missing, over, or too far away.
        MalformedKeyError: what is to be silenced is not as the form offered it.
    """
    reason = fields.get(_REASON, "")[:REASON] or None
    return Silence(SilenceTarget.decode(fields[_WHAT]), _until(fields, now, zone), reason, by)


def _until(fields: Mapping[str, str], now: datetime, zone: ZoneInfo) -> datetime:
    try:
        day = date.fromisoformat(fields.get(_UNTIL, ""))
    except ValueError:
        raise RefusedError("Choose a day.") from None
    if day < local_day(now, zone):
        raise RefusedError("That day is over already.")
    if day.year > LAST_YEAR:
        raise RefusedError("That day is too far away.")
    return day_start(day + timedelta(days=1), zone)
