"""Forms as Slack takes them, and what one keeps while it is open."""

from datetime import date

import pytest

from bot.sandbox.slack.validation.views import view_problems
from bot.slack.blocks import Block
from bot.slack.forms import FormMetadata, date_input, modal, select_input, text_input


@pytest.mark.parametrize(
    ("metadata", "encoded"),
    [
        (FormMetadata("C1"), "C1"),
        (
            FormMetadata("D2", '{"scope": "a b@example.com", "unit": "month"}'),
            'D2 {"scope": "a b@example.com", "unit": "month"}',
        ),
        (FormMetadata("", "text"), " text"),
        (FormMetadata(""), ""),
    ],
)
def test_what_a_form_keeps_reads_as_it_was_written(metadata: FormMetadata, encoded: str) -> None:
    assert metadata.encode() == encoded
    assert FormMetadata.decode(encoded) == metadata


DAY = date(2026, 3, 2)
CHOICES = {"a": "first", "b": "second"}


@pytest.mark.parametrize(
    ("block", "element"),
    [
        (text_input("x", "Label", 200), {"type": "plain_text_input", "max_length": 200}),
        (date_input("x", "Label", optional=True), {"type": "datepicker", "optional": True}),
        (date_input("x", "Label", initial=DAY), {"type": "datepicker", "initial_date": "2026-03-02"}),
    ],
)
def test_an_input_is_named_once_for_its_block_and_its_element(block: Block, element: dict[str, object]) -> None:
    optional = element.pop("optional", False)
    assert block == {
        "type": "input",
        "block_id": "x",
        "label": {"type": "plain_text", "text": "Label", "emoji": False},
        "element": {**element, "action_id": "x"},
        "optional": optional,
    }


def test_a_select_begins_with_one_of_its_choices() -> None:
    element = select_input("x", "Label", CHOICES, "b")["element"]
    assert [each["value"] for each in element["options"]] == ["a", "b"]
    assert element["initial_option"] == element["options"][1]


def test_slack_accepts_a_form_of_every_input() -> None:
    blocks = [
        text_input("text", "Text", 200, example="such as this", hint="As you like.", optional=True),
        select_input("select", "Select", CHOICES, "a"),
        date_input("date", "Date", initial=DAY),
    ]
    view = modal("kind", FormMetadata("C1", "text"), "Title", "Submit", blocks)
    assert view_problems(view, "modal") == []
    assert (view["callback_id"], view["private_metadata"]) == ("kind", "C1 text")
