"""Buttons of App Home: their ids and values are those that earlier versions published."""

import pytest

from bot.budgets.keys import ApproveAction, DeclineAction
from bot.domain.keys import MalformedKeyError
from bot.home.keys import (
    BudgetFormAction,
    DecideFromHomeAction,
    HomeAction,
    LiftFromHomeAction,
    ListenAction,
    home_action,
)


@pytest.mark.parametrize(
    ("key", "action_id", "value"),
    [
        (ListenAction(on=True), "home:listen", "on"),
        (ListenAction(on=False), "home:listen", "off"),
        (BudgetFormAction("ask"), "home:ask", "ask"),
        (BudgetFormAction("set"), "home:set", "set"),
        (LiftFromHomeAction(7), "home:lift:7", "7"),
        (DecideFromHomeAction(ApproveAction(6, "17")), "home:approve:6", "6:17"),
        (DecideFromHomeAction(DeclineAction(6)), "home:decline:6", "6"),
    ],
)
def test_a_button_travels_as_it_always_has(key: HomeAction, action_id: str, value: str) -> None:
    assert (key.action_id, key.value) == (action_id, value)
    assert home_action(action_id, value) == key


@pytest.mark.parametrize(
    ("action_id", "value"),
    [
        ("home", ""),
        ("home:", ""),
        ("home:other", "on"),
        ("homes:listen", "on"),
        ("home:listen", "maybe"),
        ("home:listen:1", "on"),
        ("home:ask", "set"),
        ("home:ask:1", "ask"),
        ("home:lift", "1"),
        ("home:lift:1", "2"),
        ("home:lift:x", "x"),
        ("home:lift:-1", "-1"),
        ("home:approve", "6"),
        ("home:approve:6", "7"),
        ("home:decline:6", "six"),
    ],
)
def test_an_unknown_button_is_malformed(action_id: str, value: str) -> None:
    with pytest.raises(MalformedKeyError):
        home_action(action_id, value)
