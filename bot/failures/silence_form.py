"""The form in which an operator silences failures: what, for how long, and why."""

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
_WHAT, _FOR, _UNTIL, _REASON = "what", "for", "until", "reason"
_MIDNIGHT = "today"
_HOURS = {"1h": 1, "4h": 4, "24h": 24, "7d": 7 * 24}
_LENGTHS = {"1h": "1 hour", "4h": "4 hours", _MIDNIGHT: "Until midnight", "24h": "24 hours", "7d": "7 days"}
_LABEL = 75  # the most characters of an option's label
_VALUE = 140  # the most characters of an option's value


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be silenced, and its name."""

    target: SilenceTarget
    name: str


def silence_view(choices: Sequence[Choice], channel: str) -> View:
    """Return the form as Slack takes it; its answer goes to the channel."""
    options = {value: one_line(each.name, _LABEL) for each in choices if len(value := each.target.encode()) <= _VALUE}
    blocks = [
        select_input(_WHAT, "What", options, next(iter(options))),
        select_input(_FOR, "How long", _LENGTHS, _MIDNIGHT),
        date_input(_UNTIL, "Or until the end of a day", optional=True),
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
        wrong[_UNTIL if fields.get(_UNTIL) else _FOR] = str(error)
    return wrong


def submitted_silence(fields: Mapping[str, str], by: str, now: datetime, zone: ZoneInfo) -> Silence:
    """Return the silence that was filled in.

    Raises:
        RefusedError: it says not how long, or its day is over or too far away.
        MalformedKeyError: the form did not offer what was chosen.
    """
    reason = fields.get(_REASON, "")[:REASON] or None
    return Silence(SilenceTarget.decode(fields[_WHAT]), _until(fields, now, zone), reason, by)


def _until(fields: Mapping[str, str], now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the silence ends: with the chosen day if there is one, else after the chosen length."""
    if chosen := fields.get(_UNTIL, ""):
        return _end_of_day(_chosen_day(chosen, local_day(now, zone)), zone)
    length = fields.get(_FOR, "")
    if length == _MIDNIGHT:
        return _end_of_day(local_day(now, zone), zone)
    if length not in _HOURS:
        raise RefusedError("Choose how long.")
    return now + timedelta(hours=_HOURS[length])


def _chosen_day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise RefusedError("Choose a day.") from None
    if day < today:
        raise RefusedError("That day is over. Choose today or a later day.")
    if day.year > LAST_YEAR:
        raise RefusedError("That day is too far away. Choose an earlier one.")
    return day


def _end_of_day(day: date, zone: ZoneInfo) -> datetime:
    return day_start(day + timedelta(days=1), zone)
