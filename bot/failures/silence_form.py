"""The form in which an operator silences failures: what, through which day, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.access import RefusedError
from bot.domain.keys import MalformedKeyError
from bot.domain.periods import LAST_YEAR, day_start, local_day
from bot.domain.text import one_line
from bot.failures.keys import SilenceForm, SilenceTarget
from bot.failures.silence_store import Silence
from bot.slack.forms import FormMetadata, View, date_input, modal, select_input, text_input

REASON = 200  # characters
_WHAT, _UNTIL, _REASON = "what", "until", "reason"
_LABEL = 75  # the most characters of an option's label
_VALUE = 140  # the most characters of an option's value


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be silenced, and its name."""

    target: SilenceTarget
    name: str


def silence_view(choices: Sequence[Choice], channel: str, today: date) -> View:
    """Return the form as Slack takes it; its answer goes to the channel."""
    options = {value: one_line(each.name, _LABEL) for each in choices if len(value := each.target.encode()) <= _VALUE}
    blocks = [
        select_input(_WHAT, "What", options, next(iter(options))),
        date_input(_UNTIL, "Through that day", initial=today),
        text_input(_REASON, "Reason", REASON, optional=True),
    ]
    return modal(SilenceForm().encode(), FormMetadata(channel), "Silence failures", "Silence", blocks)


def problems(fields: Mapping[str, str], now: datetime, zone: ZoneInfo) -> dict[str, str]:
    """Return what is wrong with the fields, by field."""
    wrong = {}
    try:
        SilenceTarget.decode(fields.get(_WHAT, ""))
    except MalformedKeyError:
        wrong[_WHAT] = "Choose what to silence."
    try:
        _until(fields, now, zone)
    except RefusedError as error:
        wrong[_UNTIL] = str(error)
    return wrong


def submitted_silence(fields: Mapping[str, str], by: str, now: datetime, zone: ZoneInfo) -> Silence:
    """Return the silence that was filled in.

    Raises:
        RefusedError: its day is missing, over, or too far away.
        MalformedKeyError: the form did not offer what was chosen.
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
