"""The buttons and the form of failures carry the strings that earlier versions posted; anything else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.keys import ActionKey, MalformedKeyError
from bot.failures.keys import (
    AcknowledgeAction,
    LiftSilenceAction,
    ReportedGroups,
    ShowTasksAction,
    SilenceAction,
    SilenceForm,
    SilenceTarget,
    StopNotifyingAction,
    TargetType,
)

ONE, ALL = ReportedGroups(7, is_first=False), ReportedGroups(7, is_first=True)

POSTED: list[tuple[str, str, ActionKey]] = [
    ("failure_tasks", "first:7", ShowTasksAction(ALL)),
    ("failure_tasks", "group:7", ShowTasksAction(ONE)),
    ("failure_off", "first:7", StopNotifyingAction(ALL)),
    ("failure_silence", "first:7", SilenceAction(ALL)),
    ("failure_silence", "group:7", SilenceAction(ONE)),
    ("failure_ack", "first:7", AcknowledgeAction(ALL)),
    ("failure_ack", "group:7", AcknowledgeAction(ONE)),
    ("failure_lift:3", "3", LiftSilenceAction(3)),
    ("failure_lift:3", "3:", LiftSilenceAction(3, "")),
    ("failure_lift:3", "3:team -status:error", LiftSilenceAction(3, "team -status:error")),
]


@pytest.mark.parametrize(("action_id", "value", "key"), POSTED)
def test_a_button_is_what_was_posted(action_id: str, value: str, key: ActionKey) -> None:
    assert (key.action_id, key.value) == (action_id, value)
    assert type(key).decode(action_id, value) == key


@pytest.mark.parametrize("kind", [ShowTasksAction, StopNotifyingAction, SilenceAction, AcknowledgeAction])
@pytest.mark.parametrize("value", ["", "7", "first", "first:", "first:x", "first:-1", "first:1:2", "groups:7", ":7"])
def test_a_button_about_no_groups_is_refused(kind: type[ActionKey], value: str) -> None:
    with pytest.raises(MalformedKeyError):
        kind.decode(kind.kind, value)


@pytest.mark.parametrize(("action_id", "value", "key"), POSTED)
def test_another_button_is_refused(action_id: str, value: str, key: ActionKey) -> None:
    for other in {type(each) for _, _, each in POSTED} - {type(key)}:
        with pytest.raises(MalformedKeyError):
            other.decode(action_id, value)


@pytest.mark.parametrize(
    ("action_id", "value"),
    [
        ("failure_lift", "1"),
        ("failure_lift:", ""),
        ("failure_lift:1", "2"),
        ("failure_lift:1", "2:team"),
        ("failure_lift:x", "x"),
        ("failure_lift:1", "team"),
    ],
)
def test_a_button_that_lifts_no_silence_is_refused(action_id: str, value: str) -> None:
    with pytest.raises(MalformedKeyError):
        LiftSilenceAction.decode(action_id, value)


def test_the_form_is_known_by_its_callback_id() -> None:
    assert SilenceForm().encode() == "failure_form"
    assert SilenceForm.decode("failure_form") == SilenceForm()
    for other in ("", "failure_form:1", "budget_form"):
        with pytest.raises(MalformedKeyError):
            SilenceForm.decode(other)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("kind:4", SilenceTarget(TargetType.KIND, "4")),
        ("member:17", SilenceTarget(TargetType.MEMBER, "17")),
        ("model:claude-opus-4", SilenceTarget(TargetType.MODEL, "claude-opus-4")),
        ("model:vendor:opus", SilenceTarget(TargetType.MODEL, "vendor:opus")),
    ],
)
def test_a_choice_of_the_form_is_what_was_posted(text: str, target: SilenceTarget) -> None:
    assert target.encode() == text
    assert SilenceTarget.decode(text) == target


@given(st.text())
def test_any_model_can_be_chosen(model: str) -> None:
    target = SilenceTarget(TargetType.MODEL, model)
    assert SilenceTarget.decode(target.encode()) == target


@pytest.mark.parametrize("text", ["", "kind", "kind:", "kind:x", "member:ana", "member:-1", "task:1", ":1"])
def test_what_the_form_never_offered_is_refused(text: str) -> None:
    with pytest.raises(MalformedKeyError):
        SilenceTarget.decode(text)
