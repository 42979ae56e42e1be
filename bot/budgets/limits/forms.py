"""The form in which a limit is set, or asked for, without typing a command."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.budgets.keys import LimitForm, RequestForm
from bot.budgets.limits import grammar
from bot.budgets.limits.instructions import LimitInstruction, RequestInstruction
from bot.budgets.periods import UNITS
from bot.domain.access import RefusedError
from bot.domain.periods import Unit
from bot.domain.slack_ids import format_mention
from bot.slack.blocks import Block, section
from bot.slack.forms import FormMetadata, FormOpening, View, date_input, modal, person_input, select_input, text_input

_WHOSE, _PERSON, _AMOUNT, _UNIT, _UNTIL, _REASON = "whose", "person", "amount", "unit", "until", "reason"
_LONGEST = 200  # characters of a text
_ONE = "person"  # the choice besides the scopes
_CHOICES = {_ONE: "One person", "default": "Everyone without a personal budget", "team": "The whole team together"}
_EXAMPLE = "$500 or 50cr"
_CREDITS = "You can type Neo credits too, such as 50cr."


@dataclass(frozen=True, slots=True)
class FormContent:
    """What a form says: its title, the present budget in rendered mrkdwn, the limit to begin with, and why that one."""

    title: str
    summary: str = ""
    suggested: str = ""
    hint: str = ""


def view(form: LimitForm, channel: str, content: FormContent, opening: FormOpening) -> View:
    """Return the form as Slack's JSON; it is answered in the channel."""
    is_request, entered = isinstance(form, RequestForm), opening.entered
    blocks = [
        *(section(text) for text in (opening.problem, content.summary) if text),
        *(() if is_request or form.scope else _whose_inputs(entered)),
        text_input(
            _AMOUNT,
            "Limit",
            _LONGEST,
            example=_EXAMPLE,
            initial=entered.get(_AMOUNT, content.suggested),
            hint=f"{content.hint} {_CREDITS}".strip(),
        ),
        *_other_inputs(entered, form.unit),
    ]
    metadata, submit = FormMetadata(channel, form.encode()), content.title.partition(" ")[0]
    return modal(opening.callback or form.kind, metadata, content.title, submit, blocks)


def _whose_inputs(entered: Mapping[str, str]) -> tuple[Block, Block]:
    hint = "Choose who, if it is one person's budget."
    return (
        select_input(_WHOSE, "Whose budget", _CHOICES, entered.get(_WHOSE) or _ONE),
        person_input(_PERSON, "Person", initial=entered.get(_PERSON, ""), hint=hint, optional=True),
    )


def _other_inputs(entered: Mapping[str, str], unit: Unit) -> tuple[Block, ...]:
    units, reason = {unit.value: f"per {unit}" for unit in UNITS}, entered.get(_REASON, "")
    return (
        select_input(_UNIT, "Period", units, entered.get(_UNIT) or unit.value),
        date_input(
            _UNTIL, "Last day", initial=_day(entered), hint="Leave this empty if the limit has no end.", optional=True
        ),
        text_input(_REASON, "Reason", _LONGEST, example="pentest for a new client", initial=reason, optional=True),
    )


def _day(entered: Mapping[str, str]) -> date | None:
    try:
        return date.fromisoformat(entered.get(_UNTIL, ""))
    except ValueError:
        return None


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
    return LimitInstruction(scope, nanos, unit, ends_at, reason, narrowing=form.narrowing)


def _scope(fields: Mapping[str, str]) -> str | None:
    whose = fields.get(_WHOSE)
    return format_mention(fields[_PERSON]) if whose == _ONE else whose


def _ends_at(fields: Mapping[str, str], now: datetime, zone: ZoneInfo) -> datetime | None:
    day = fields.get(_UNTIL)
    return grammar.parse_until(day, now, zone) if day else None
