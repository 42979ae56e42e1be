"""Buttons, forms and other strings of budgets: their forms are those that earlier versions posted and stored."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.budgets.audiences import Audience, OperatorAudience, decode_audience, encode_audience
from bot.budgets.due_work import BegunPeriods, present_periods
from bot.budgets.keys import (
    AcknowledgeAction,
    ApproveAction,
    BudgetTopic,
    DeclineAction,
    DeclineForm,
    FormAction,
    LimitForm,
    RaiseAction,
    RequestForm,
    SnoozeAction,
)
from bot.budgets.periods import PeriodLabel, PeriodName
from bot.budgets.snoozes.length import SnoozeEnd, SnoozeLength
from bot.domain.keys import ActionKey, FormKey, MalformedKeyError
from bot.domain.narrowing import TaskNarrowing
from bot.domain.periods import Unit

TOPIC, TOPIC_TEXT = BudgetTopic(17, Unit.MONTH, "2026-03"), "budget:17:month:2026-03"
TODAY, HOURS = SnoozeLength(SnoozeEnd.DAY), SnoozeLength(SnoozeEnd.HOURS, 12)
ZONE = ZoneInfo("Europe/Berlin")

BUTTONS = [
    (AcknowledgeAction(TOPIC), "budget_ack", TOPIC_TEXT),
    (RaiseAction(TOPIC), "budget_raise", TOPIC_TEXT),
    (FormAction(), "budget_open", "budget_open"),
    (SnoozeAction(TOPIC, TODAY), "budget_snooze:today", TOPIC_TEXT),
    (SnoozeAction(TOPIC, HOURS), "budget_snooze:12h", TOPIC_TEXT),
    (SnoozeAction(TOPIC, SnoozeLength(SnoozeEnd.PERIOD)), "budget_snooze:period", TOPIC_TEXT),
    (ApproveAction(6, "1772452800000000"), "budget_approve", "6:1772452800000000"),
    (ApproveAction(6), "budget_approve", "6"),
    (DeclineAction(6, "1772452800000000"), "budget_decline", "6:1772452800000000"),
]


@pytest.mark.parametrize(("key", "action_id", "value"), BUTTONS)
def test_a_button_travels_as_it_always_has(key: ActionKey, action_id: str, value: str) -> None:
    assert (key.action_id, key.value) == (action_id, value)
    assert type(key).decode(action_id, value) == key


@pytest.mark.parametrize(
    ("kind", "action_id", "value"),
    [
        (AcknowledgeAction, "budget_raise", TOPIC_TEXT),
        (AcknowledgeAction, "budget_ack:today", TOPIC_TEXT),
        (AcknowledgeAction, "budget_ack", "budget:17:month"),
        (RaiseAction, "budget_raise", "request:6"),
        (FormAction, "budget_open", ""),
        (FormAction, "budget_open:2", "budget_open"),
        (SnoozeAction, "budget_snooze", TOPIC_TEXT),
        (SnoozeAction, "budget_snooze:", TOPIC_TEXT),
        (SnoozeAction, "budget_snooze:tomorrow", TOPIC_TEXT),
        (SnoozeAction, "budget_snooze:0h", TOPIC_TEXT),
        (SnoozeAction, "budget_snooze:745h", TOPIC_TEXT),
        (SnoozeAction, "budget_snooze:-1h", TOPIC_TEXT),
        (SnoozeAction, "budget_snooze:today", "budget:ana:month:2026-03"),
        (ApproveAction, "budget_decline", "6"),
        (ApproveAction, "budget_approve", ""),
        (DeclineAction, "budget_decline", "six"),
    ],
)
def test_another_button_is_malformed(kind: type[ActionKey], action_id: str, value: str) -> None:
    with pytest.raises(MalformedKeyError):
        kind.decode(action_id, value)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (LimitForm(), '{"scope": null, "unit": "month", "revision": null}'),
        (LimitForm("team", Unit.WEEK, 4), '{"scope": "team", "unit": "week", "revision": 4}'),
        (RequestForm(unit=Unit.DAY), '{"scope": null, "unit": "day", "revision": null}'),
        (DeclineForm(6, "1772452800000000"), "6:1772452800000000"),
        (DeclineForm(6, ""), "6:"),
    ],
)
def test_a_form_keeps_what_it_was_opened_with(form: FormKey, text: str) -> None:
    assert form.encode() == text
    assert type(form).decode(text) == form


def test_forms_are_called_as_they_always_were() -> None:
    kinds = [LimitForm.kind, RequestForm.kind, DeclineForm.kind]
    assert kinds == ["budget_form", "budget_wish", "budget_decline_form"]


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"scope": null, "unit": "decade", "revision": null}'])
def test_what_no_form_keeps_is_malformed(text: str) -> None:
    with pytest.raises(MalformedKeyError):
        LimitForm.decode(text)
    with pytest.raises(MalformedKeyError):
        DeclineForm.decode(text)


@pytest.mark.parametrize(
    ("audience", "text"),
    [(Audience.DM, "dm"), (Audience.CHANNEL, "channel"), (OperatorAudience("U0HANNAH"), "operator=U0HANNAH")],
)
def test_an_audience_is_stored_as_it_always_was(audience: Audience | OperatorAudience, text: str) -> None:
    assert encode_audience(audience) == text
    assert decode_audience(text) == audience


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (PeriodLabel("2026-W10"), "2026-W10"),
        (PeriodLabel("2026-03", "Asia/Tokyo"), "2026-03@Asia/Tokyo"),
        (PeriodLabel("2026-03", "", TaskNarrowing(("gpt 4", "opus"))), '2026-03 model:"gpt 4",opus'),
        (PeriodLabel("2026-03", "Asia/Tokyo", TaskNarrowing(byok=True)), "2026-03@Asia/Tokyo byok:yes"),
    ],
)
def test_a_label_may_name_the_zone_of_its_calendar_and_what_counts(label: PeriodLabel, text: str) -> None:
    assert label.encode() == text
    assert PeriodLabel.decode(text) == label


@pytest.mark.parametrize(
    "text", ["2026-03 ", "2026-03 opus", "2026-03 model:", "2026-03 byok:maybe", '2026-03 model:"a']
)
def test_what_names_no_tasks_is_no_label(text: str) -> None:
    with pytest.raises(MalformedKeyError):
        PeriodLabel.decode(text)


def test_the_form_of_a_narrowed_budget_keeps_what_counts() -> None:
    form = LimitForm("team", Unit.MONTH, 3, TaskNarrowing(("opus",)))
    assert form.encode() == '{"scope": "team", "unit": "month", "revision": 3, "counts": "model:opus"}'
    assert LimitForm.decode(form.encode()) == form


def test_the_periods_that_have_begun_are_kept_as_they_always_were() -> None:
    begun = present_periods(datetime(2026, 3, 2, 12, tzinfo=ZONE), ZONE)
    assert begun.encode() == "day:2026-03-02 week:2026-W10 month:2026-03 zone=Europe/Berlin"
    assert BegunPeriods.decode(begun.encode()) == begun
    before_zones = BegunPeriods((PeriodName(Unit.DAY, "2026-03-02"),))
    assert BegunPeriods.decode("day:2026-03-02") == before_zones
    assert BegunPeriods.decode("") == BegunPeriods()


def test_another_zone_is_known_from_the_periods_that_have_begun() -> None:
    begun = BegunPeriods.decode("day:2026-03-02 zone=Asia/Tokyo")
    assert begun.former_zone(ZONE) == ZoneInfo("Asia/Tokyo")
    assert begun.former_zone(ZoneInfo("Asia/Tokyo")) is None
    assert BegunPeriods.decode("day:2026-03-02 zone=Mars/Base").former_zone(ZONE) is None
    assert BegunPeriods.decode("day:2026-03-02").former_zone(ZONE) is None
