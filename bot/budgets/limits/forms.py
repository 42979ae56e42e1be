"""The form in which a limit is set, or asked for, without typing a command."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.budgets.keys import LimitForm, RequestForm
from bot.budgets.limits import grammar
from bot.budgets.limits.instructions import LimitInstruction, RequestInstruction
from bot.budgets.periods import UNITS
from bot.domain.access import RefusedError
from bot.domain.periods import Unit
from bot.slack.blocks import plain_text
from bot.slack.forms import FormMetadata, View, date_input, modal, select_input, text_input

_WHOSE, _AMOUNT, _UNIT, _UNTIL, _REASON = "whose", "amount", "unit", "until", "reason"
_LONGEST = 200  # characters of a text


def view(form: LimitForm, channel: str) -> View:
    """Return the form as Slack's JSON; it is answered in the channel."""
    is_request = isinstance(form, RequestForm)
    blocks = [
        text_input(_AMOUNT, "Limit", _LONGEST, hint="500, or 50cr for Neo credits"),
        select_input(_UNIT, "Period", {unit.value: f"a {unit}" for unit in UNITS}, form.unit.value),
        date_input(_UNTIL, "Through that day (for good, if left out)", optional=True),
        text_input(_REASON, "Reason", _LONGEST, hint="pentest for a new client", optional=True),
    ]
    if not is_request and form.scope:
        blocks.insert(0, {"type": "section", "text": plain_text(f"For {form.scope}")})
    elif not is_request:
        blocks.insert(0, text_input(_WHOSE, "Whose", _LONGEST, hint="an e-mail, default or team"))
    title, submit = ("Ask for a budget", "Ask") if is_request else ("Set a budget", "Set")
    return modal(form.kind, FormMetadata(channel, form.encode()), title, submit, blocks)


# --- what was filled in --------------------------------------------------------------------------


def field_errors(fields: Mapping[str, str], now: datetime, zone: ZoneInfo) -> dict[str, str]:
    """Return what is wrong with what was filled in, by field."""
    errors: dict[str, str] = {}
    try:
        grammar.parse_amount(fields.get(_AMOUNT, ""))
    except RefusedError as error:
        errors[_AMOUNT] = str(error).replace("`", "")
    if fields.get(_UNIT) not in set(UNITS):
        errors[_UNIT] = "Choose a period."
    try:
        _ends_at(fields, now, zone)
    except RefusedError as error:
        errors[_UNTIL] = str(error).replace("`", "")
    return errors


def instruction(
    fields: Mapping[str, str], form: LimitForm, now: datetime, zone: ZoneInfo
) -> LimitInstruction | RequestInstruction:
    """Return the instruction that was filled into a form: a request if it names nobody. Raises RefusedError."""
    nanos, unit = grammar.parse_amount(fields[_AMOUNT]), Unit(fields[_UNIT])
    scope, ends_at = form.scope or fields.get(_WHOSE), _ends_at(fields, now, zone)
    reason = fields.get(_REASON, "")[: grammar.REASON] or None
    if not scope:
        return RequestInstruction(nanos, unit, ends_at, reason)
    return LimitInstruction(scope, nanos, unit, ends_at, reason)


def _ends_at(fields: Mapping[str, str], now: datetime, zone: ZoneInfo) -> datetime | None:
    day = fields.get(_UNTIL)
    return grammar.parse_until(day, now, zone) if day else None
