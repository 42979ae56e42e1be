"""Modals are filled in, submitted and closed as in Slack."""

from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.sandbox.slack.server import SlackApi
from tests.support.sandbox import Json, OpenModal, answer_submissions, input_block, modal, plain_text

pytestmark = pytest.mark.usefixtures("connected")


async def test_what_was_filled_in_reaches_the_app_and_closes_the_modal(
    app: AsyncApp, slack: SlackApi, open_modal: OpenModal
) -> None:
    payloads = answer_submissions(app)
    view = await open_modal(private_metadata="m")
    ack = await slack.submit("priya", view.id, {"limit": {"a": "$20"}})
    assert (ack.ok, slack.workspace.view_on_top("U0PRIYA")) == (True, None)
    assert payloads[0]["view"]["state"]["values"] == {"limit": {"a": {"type": "plain_text_input", "value": "$20"}}}
    assert (payloads[0]["view"]["private_metadata"], payloads[0]["view"]["callback_id"]) == ("m", "cb")


WHOLE = {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "9"}
OFFERED = [{"text": plain_text(word), "value": word} for word in ("day", "week")]


@pytest.mark.parametrize(
    ("element", "value", "message"),
    [
        ({"type": "plain_text_input"}, None, "required"),
        ({"type": "plain_text_input"}, "", "required"),
        ({"type": "plain_text_input", "min_length": 3}, "ab", "at least 3"),
        ({"type": "plain_text_input", "max_length": 1}, "ab", "at most 1"),
        (WHOLE, "ten", "a number"),
        (WHOLE, "1.5", "whole"),
        (WHOLE, "0", "at least 1"),
        (WHOLE, "10", "at most 9"),
        ({"type": "checkboxes", "options": OFFERED}, [], "required"),
        ({"type": "users_select"}, None, "required"),
    ],
)
async def test_slack_itself_objects_before_it_sends(
    app: AsyncApp, slack: SlackApi, open_modal: OpenModal, element: Json, value: Any, message: str
) -> None:
    payloads = answer_submissions(app)
    view = await open_modal(input_block("limit", element))
    ack = await slack.submit("priya", view.id, {"limit": {"a": value}})
    assert (ack.ok, ack.error, payloads) == (False, "incomplete", [])
    assert message in ack.errors["limit"]


@pytest.mark.parametrize(
    ("element", "value", "state"),
    [
        ({"type": "plain_text_input", "initial_value": "x"}, None, {"value": "x"}),
        ({"type": "static_select", "options": OFFERED}, "week", {"selected_option": OFFERED[1]}),
        ({"type": "radio_buttons", "options": OFFERED}, "day", {"selected_option": OFFERED[0]}),
        ({"type": "checkboxes", "options": OFFERED}, ["day"], {"selected_options": OFFERED[:1]}),
        ({"type": "users_select"}, "U0MARCUS", {"selected_user": "U0MARCUS"}),
        ({"type": "multi_users_select"}, ["U0MARCUS"], {"selected_users": ["U0MARCUS"]}),
        ({"type": "conversations_select"}, "C0GENERAL", {"selected_conversation": "C0GENERAL"}),
        ({"type": "channels_select"}, "C0GENERAL", {"selected_channel": "C0GENERAL"}),
        ({"type": "datepicker"}, "2026-03-31", {"selected_date": "2026-03-31"}),
        (WHOLE, 7, {"value": "7"}),
    ],
)
async def test_every_input_has_its_own_state(
    app: AsyncApp, slack: SlackApi, open_modal: OpenModal, element: Json, value: Any, state: Json
) -> None:
    payloads = answer_submissions(app)
    view = await open_modal(input_block("b", element))
    assert (await slack.submit("priya", view.id, {} if value is None else {"b": {"a": value}})).ok
    assert payloads[0]["view"]["state"]["values"]["b"]["a"] == {"type": element["type"], **state}


async def test_what_is_optional_may_stay_empty(app: AsyncApp, slack: SlackApi, open_modal: OpenModal) -> None:
    payloads = answer_submissions(app)
    view = await open_modal(input_block("b", {"type": "plain_text_input"}, optional=True))
    assert (await slack.submit("priya", view.id)).ok
    assert payloads[0]["view"]["state"]["values"]["b"]["a"]["value"] is None


async def test_the_app_may_object(app: AsyncApp, slack: SlackApi, open_modal: OpenModal) -> None:
    answer_submissions(app, response_action="errors", errors={"limit": "too much"})
    view = await open_modal()
    ack = await slack.submit("priya", view.id, {"limit": {"a": "x"}})
    assert (ack.ok, ack.errors) == (True, {"limit": "too much"})
    assert slack.workspace.view_on_top("U0PRIYA") is view


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ({"response_action": "errors", "errors": {"nowhere": "x"}}, "invalid_errors"),
        ({"response_action": "update", "view": {"type": "modal"}}, "invalid_arguments"),
        ({"response_action": "shout"}, "invalid_response_action"),
    ],
)
async def test_an_answer_slack_does_not_take_leaves_the_modal(
    app: AsyncApp, slack: SlackApi, open_modal: OpenModal, action: Json, error: str
) -> None:
    answer_submissions(app, **action)
    view = await open_modal()
    ack = await slack.submit("priya", view.id, {"limit": {"a": "x"}})
    assert (ack.ok, ack.error) == (False, error)
    assert slack.workspace.view_on_top("U0PRIYA") is view


async def test_the_app_may_update_push_and_clear(app: AsyncApp, slack: SlackApi, open_modal: OpenModal) -> None:
    actions = iter(["update", "push", "clear"])

    @app.view("cb")
    async def acknowledge(ack: AsyncAck) -> None:
        action = next(actions)
        await ack(
            {"response_action": action, **({} if action == "clear" else {"view": modal(title=plain_text(action))})}
        )

    view = await open_modal()
    before = view.hash
    await slack.submit("priya", view.id, {"limit": {"a": "x"}})
    assert (view.body["title"]["text"], view.hash == before) == ("update", False)
    await slack.submit("priya", view.id)
    top = slack.workspace.view_on_top("U0PRIYA")
    assert top
    assert (top.body["title"]["text"], top.previous, top.root) == ("push", view.id, view.id)
    with pytest.raises(ValueError, match="does not look at"):
        await slack.submit("priya", view.id)
    await slack.submit("priya", top.id, {"limit": {"a": "x"}})
    assert slack.workspace.view_on_top("U0PRIYA") is None


async def test_closing_goes_back_to_the_view_below_and_tells_who_asked(
    app: AsyncApp, slack: SlackApi, open_modal: OpenModal
) -> None:
    closed: list[Json] = []

    @app.view_closed("cb")
    async def acknowledge(ack: AsyncAck, body: Json) -> None:
        closed.append(body)
        await ack()

    answer_submissions(app, response_action="push", view=modal(notify_on_close=True))
    view = await open_modal()
    await slack.submit("priya", view.id, {"limit": {"a": "x"}})
    top = slack.workspace.view_on_top("U0PRIYA")
    assert top
    assert (await slack.close_view("priya", top.id)).ok
    assert slack.workspace.view_on_top("U0PRIYA") is view
    assert (await slack.close_view("priya", view.id)).payload is None
    assert [(body["type"], body["view"]["id"], body["is_cleared"]) for body in closed] == [
        ("view_closed", top.id, False)
    ]


async def test_a_submission_nobody_acknowledges_leaves_the_modal(slack: SlackApi, open_modal: OpenModal) -> None:
    view = await open_modal(callback_id="unknown")
    slack.delivery.ack_timeout_s = 0.05
    ack = await slack.submit("priya", view.id, {"limit": {"a": "x"}})
    assert (ack.ok, ack.error) == (False, "operation_timeout")
    assert slack.workspace.view_on_top("U0PRIYA") is view


async def test_only_who_looks_at_a_view_acts_in_it(slack: SlackApi, open_modal: OpenModal) -> None:
    view = await open_modal()
    with pytest.raises(ValueError, match="does not look at"):
        await slack.submit("marcus", view.id)
