"""Buttons under an answer: their ids and values are those that earlier versions posted."""

import pytest

from bot.domain.keys import MalformedKeyError
from bot.usage.keys import AskAction, CsvAction, HelpAction, HelpTopic, ShareAction


@pytest.mark.parametrize(
    ("key", "action_id", "value"),
    [
        (AskAction("model", "7d by:model"), "ask:model", "7d by:model"),
        (AskAction("instead", "team by:day"), "ask:instead", "team by:day"),
        (AskAction("day", ""), "ask:day", " "),
        (ShareAction("7d"), "share", "7d"),
        (ShareAction(""), "share", " "),
        (CsvAction("7d rows csv"), "csv", "7d rows csv"),
        (HelpAction(HelpTopic.BUDGETS), "help:budgets", "budgets"),
    ],
)
def test_a_button_travels_as_it_always_has(
    key: AskAction | ShareAction | CsvAction | HelpAction, action_id: str, value: str
) -> None:
    assert (key.action_id, key.value) == (action_id, value)
    assert type(key).decode(action_id, value) == key


@pytest.mark.parametrize(
    ("kind", "action_id"),
    [
        (AskAction, "asks:model"),
        (AskAction, "share"),
        (ShareAction, "csv"),
        (CsvAction, "csv:1"),
        (HelpAction, "help:budgets"),
    ],
)
def test_another_button_is_malformed(
    kind: type[AskAction | ShareAction | CsvAction | HelpAction], action_id: str
) -> None:
    with pytest.raises(MalformedKeyError):
        kind.decode(action_id, "7d")
