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
from bot.domain.slack_ids import format_mention
from bot.slack.blocks import Block, section
from bot.slack.forms import FormMetadata, View, date_input, modal, person_input, select_input, text_input

_WHOSE, _PERSON, _AMOUNT, _UNIT, _UNTIL, _REASON = "whose", "person", "amount", "unit", "until", "reason"
_LONGEST = 200  # characters of a text
_ONE = "person"  # the choice besides the scopes
_CHOICES = {_ONE: "One person", "default": "Everyone without a personal budget", "team": "The team together"}


def view(form: LimitForm, channel: str, summary: str = "", suggested: str = "") -> View:
    """Return the form as Slack's JSON; it is answered in the channel.

    Args:
        form: which form it is, and what about.
        channel: where it is answered.
        summary: what is said of the present budget, in rendered mrkdwn.
        suggested: the amount to begin with.
    """
    is_request = isinstance(form, RequestForm)
    blocks = [
        *([section(summary)] if summary else []),
        *(() if is_request or form.scope else _whose_inputs()),
        text_input(_AMOUNT, "Limit in dollars", _LONGEST, hint="500, or 50cr for Neo credits", initial=suggested),
        select_input(_UNIT, "Period", {unit.value: f"per {unit}" for unit in UNITS}, form.unit.value),
        date_input(_UNTIL, "Last day (leave empty for no end)", optional=True),
        text_input(_REASON, "Reason", _LONGEST, hint="pentest for a new client", optional=True),
    ]
    title, submit = ("Ask for a budget", "Ask") if is_request else ("Set a budget", "Set")
    return modal(form.kind, FormMetadata(channel, form.encode()), title, submit, blocks)


def _whose_inputs() -> tuple[Block, Block]:
    return select_input(_WHOSE, "For", _CHOICES, _ONE), person_input(
        _PERSON, "Person (if it is for one)", optional=True
    )


# --- what was filled in --------------------------------------------------------------------------


def field_errors(fields: Mapping[str, str], now: datetime, zone: ZoneInfo) -> dict[str, str]:
    """Return what is wrong with what was filled in, by field."""
    errors = _whose_errors(fields)
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


def _whose_errors(fields: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with whose budget it is; nothing in a form that does not ask that."""
    whose, person = fields.get(_WHOSE, ""), fields.get(_PERSON, "")
    if whose == _ONE and not person:
        return {_PERSON: "Choose a person."}
    if whose not in {"", _ONE} and person:
        return {_PERSON: f"Leave this empty, or choose “{_CHOICES[_ONE]}” above."}
    return {} if whose in {"", *_CHOICES} else {_WHOSE: "Choose whose budget it is."}


def instruction(
    fields: Mapping[str, str], form: LimitForm, now: datetime, zone: ZoneInfo
) -> LimitInstruction | RequestInstruction:
    """Return the instruction that was filled into a form: a request if it names nobody. Raises RefusedError."""
    nanos, unit = grammar.parse_amount(fields[_AMOUNT]), Unit(fields[_UNIT])
    scope, ends_at = form.scope or _scope(fields), _ends_at(fields, now, zone)
    reason = fields.get(_REASON, "")[: grammar.REASON] or None
    if not scope:
        return RequestInstruction(nanos, unit, ends_at, reason)
    return LimitInstruction(scope, nanos, unit, ends_at, reason)


def _scope(fields: Mapping[str, str]) -> str | None:
    whose = fields.get(_WHOSE)
    return format_mention(fields[_PERSON]) if whose == _ONE else whose


def _ends_at(fields: Mapping[str, str], now: datetime, zone: ZoneInfo) -> datetime | None:
    day = fields.get(_UNTIL)
    return grammar.parse_until(day, now, zone) if day else None
