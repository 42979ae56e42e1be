"""The form in which a limit is set, or asked for, without typing a command."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.budgets import grammar
from bot.budgets.instructions import LimitInstruction, RequestInstruction
from bot.budgets.keys import LimitForm, RequestForm
from bot.budgets.periods import UNITS
from bot.domain.access import RefusedError
from bot.domain.periods import Unit
from bot.slack.blocks import plain_text
from bot.slack.forms import FormMetadata

_WHOSE, _AMOUNT, _UNIT, _UNTIL, _REASON = "whose", "amount", "unit", "until", "reason"


def view(form: LimitForm, channel: str) -> dict[str, Any]:
    """Return the form as Slack's JSON; it is answered in the channel."""
    is_request = isinstance(form, RequestForm)
    blocks = [
        *([] if is_request or form.scope else [_text(_WHOSE, "Whose", "an e-mail, default or team")]),
        _text(_AMOUNT, "Limit", "500, or 50cr for Neo credits"),
        _choice(form.unit),
        _date(),
        _text(_REASON, "Reason", "pentest for a new client", optional=True),
    ]
    if form.scope and not is_request:
        blocks.insert(0, {"type": "section", "text": plain_text(f"For {form.scope}")})
    return {
        "type": "modal",
        "callback_id": form.kind,
        "private_metadata": FormMetadata(channel, form.encode()).encode(),
        "title": plain_text("Ask for a budget" if is_request else "Set a budget"),
        "submit": plain_text("Ask" if is_request else "Set"),
        "close": plain_text("Cancel"),
        "blocks": blocks,
    }


def _text(name: str, label: str, hint: str, *, optional: bool = False) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": name, "placeholder": plain_text(hint), "max_length": 200}
    return {"type": "input", "block_id": name, "label": plain_text(label), "element": element, "optional": optional}


def _choice(chosen: Unit) -> dict[str, Any]:
    options = {unit: {"text": plain_text(f"a {unit}"), "value": unit.value} for unit in UNITS}
    element = {
        "type": "static_select",
        "action_id": _UNIT,
        "options": list(options.values()),
        "initial_option": options[chosen],
    }
    return {"type": "input", "block_id": _UNIT, "label": plain_text("Period"), "element": element}


def _date() -> dict[str, Any]:
    element = {"type": "datepicker", "action_id": _UNTIL}
    label = plain_text("Through that day (for good, if left out)")
    return {"type": "input", "block_id": _UNTIL, "label": label, "element": element, "optional": True}


# --- what was filled in --------------------------------------------------------------------------


def field_errors(fields: Mapping[str, str], now: datetime, zone: ZoneInfo) -> dict[str, str]:
    """Return what is wrong with what was filled in, by field."""
    errors: dict[str, str] = {}
    try:
        grammar.parse_amount(fields[_AMOUNT])
    except RefusedError as error:
        errors[_AMOUNT] = str(error).replace("`", "")
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
