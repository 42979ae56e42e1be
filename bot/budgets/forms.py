"""The form in which a limit is set, or asked for, without typing a command."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.budgets import grammar
from bot.budgets.grammar import BudgetInstruction
from bot.budgets.rules import UNITS
from bot.domain.access import RefusedError
from bot.domain.periods import Unit
from bot.slack.blocks import plain_text
from bot.slack.forms import FormMetadata

SET, REQUEST = "budget_form", "budget_wish"
_WHOSE, _AMOUNT, _UNIT, _UNTIL, _REASON = "whose", "amount", "unit", "until", "reason"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a form was opened with: whose budget (None: to be filled in) of which period, and its revision then.

    The revision tells whether somebody else has changed the budget while the form was open.
    """

    scope: str | None = None
    unit: Unit = Unit.MONTH
    revision: int | None = None


def view(opened_: Opened, channel: str, *, request_: bool) -> dict[str, Any]:
    """The form as Slack takes it; its answer goes to the channel."""
    title = "Ask for a budget" if request_ else "Set a budget"
    kept = json.dumps({"scope": opened_.scope, "unit": opened_.unit, "revision": opened_.revision})
    blocks = [
        *([] if request_ or opened_.scope else [_text(_WHOSE, "Whose", "an e-mail, default or team")]),
        _text(_AMOUNT, "Limit", "500, or 50cr for Neo credits"),
        _choice(opened_.unit),
        _date(),
        _text(_REASON, "Reason", "pentest for a new client", optional=True),
    ]
    if opened_.scope and not request_:
        blocks.insert(0, {"type": "section", "text": plain_text(f"For {opened_.scope}")})
    return {
        "type": "modal",
        "callback_id": REQUEST if request_ else SET,
        "private_metadata": FormMetadata(channel, kept).encode(),
        "title": plain_text(title),
        "submit": plain_text("Ask" if request_ else "Set"),
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


def wrong(fields: Mapping[str, str], now: datetime, zone: ZoneInfo) -> dict[str, str]:
    """What is wrong with what was filled in, by field."""
    found: dict[str, str] = {}
    try:
        grammar.amount_of(fields[_AMOUNT])
    except RefusedError as error:
        found[_AMOUNT] = str(error).replace("`", "")
    try:
        _until(fields, now, zone)
    except RefusedError as error:
        found[_UNTIL] = str(error).replace("`", "")
    return found


def _until(fields: Mapping[str, str], now: datetime, zone: ZoneInfo) -> datetime | None:
    day = fields.get(_UNTIL)
    return grammar.until(day, now, zone) if day else None


def opened(kept: str) -> Opened:
    """What a form was opened with."""
    found = json.loads(kept)
    return Opened(found["scope"], Unit(found["unit"]), found["revision"])


def asked(fields: Mapping[str, str], opened_: Opened, now: datetime, zone: ZoneInfo) -> BudgetInstruction:
    """What was filled in; raises RefusedError."""
    nanos, unit = grammar.amount_of(fields[_AMOUNT]), Unit(fields[_UNIT])
    scope = opened_.scope or fields.get(_WHOSE) or None
    reason = fields.get(_REASON, "")[: grammar.REASON] or None
    return BudgetInstruction(scope, nanos, unit, _until(fields, now, zone), reason, request=scope is None)
