"""Modals are opened, filled, sent off and closed as in Slack."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import SimClock
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.things import View

pytestmark = pytest.mark.usefixtures("connected")
Refused = Callable[[Awaitable[Any]], Awaitable[str]]
Json = dict[str, Any]
SPEND = "#neo-spend"


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def asking(block_id: str, element: Json, **more: Any) -> Json:
    acting = {"action_id": "a", **element}
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": acting, **more}


def modal(*blocks: Json, **more: Any) -> Json:
    shown = list(blocks) or [asking("limit", {"type": "plain_text_input"})]
    return {"type": "modal", "callback_id": "cb", "title": plain("T"), "submit": plain("Save"), "blocks": shown, **more}


@pytest.fixture
async def trigger(app: AsyncApp, slack: SlackApi) -> str:
    """Priya's, of just now."""
    triggers: list[str] = []

    @app.command("/neo-usage")
    async def told(ack: AsyncAck, body: Json) -> None:
        triggers.append(body["trigger_id"])
        await ack()

    await slack.command("priya", SPEND)
    return triggers[0]


@pytest.fixture
async def opened(client: AsyncWebClient, slack: SlackApi, trigger: str) -> Callable[..., Awaitable[View]]:
    async def open_(*blocks: Json, **more: Any) -> View:
        answer = await client.views_open(trigger_id=trigger, view=modal(*blocks, **more))
        return slack.workspace.views[answer["view"]["id"]]

    return open_


Opened = Callable[..., Awaitable[View]]


def answering(app: AsyncApp, **action: Any) -> list[Json]:
    """Let the app answer every submission so, and keep them."""
    kept: list[Json] = []

    @app.view("cb")
    async def sent(ack: AsyncAck, body: Json) -> None:
        kept.append(body)
        await ack(**action)

    return kept


async def test_a_trigger_opens_one_modal_for_three_seconds(
    client: AsyncWebClient, slack: SlackApi, trigger: str, refused: Refused, real: SimClock
) -> None:
    await client.views_open(trigger_id=trigger, view=modal())
    assert slack.workspace.view_on_top("U0PRIYA")
    assert await refused(client.views_open(trigger_id=trigger, view=modal())) == "exchanged_trigger_id"
    assert await refused(client.views_open(trigger_id="1.2.3", view=modal())) == "invalid_trigger_id"
    late = (await slack.command("priya", SPEND)).payload
    assert late
    real.advance(timedelta(seconds=3.1))
    again = client.views_open(trigger_id=late.body["trigger_id"], view=modal())
    assert await refused(again) == "expired_trigger_id"


async def test_a_view_slack_does_not_take_leaves_the_trigger(
    client: AsyncWebClient, trigger: str, refused: Refused
) -> None:
    assert await refused(client.views_open(trigger_id=trigger, view={"type": "modal"})) == "invalid_arguments"
    assert (await client.views_open(trigger_id=trigger, view=modal()))["ok"]


async def test_what_was_filled_in_reaches_the_app_and_closes_the_modal(
    app: AsyncApp, slack: SlackApi, opened: Opened
) -> None:
    kept = answering(app)
    view = await opened(private_metadata="m")
    ack = await slack.submit("priya", view.id, {"limit": {"a": "$20"}})
    assert (ack.ok, slack.workspace.view_on_top("U0PRIYA")) == (True, None)
    assert kept[0]["view"]["state"]["values"] == {"limit": {"a": {"type": "plain_text_input", "value": "$20"}}}
    assert (kept[0]["view"]["private_metadata"], kept[0]["view"]["callback_id"]) == ("m", "cb")


WHOLE = {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "9"}
OFFERED = [{"text": plain(word), "value": word} for word in ("day", "week")]


@pytest.mark.parametrize(
    ("element", "value", "objection"),
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
    app: AsyncApp, slack: SlackApi, opened: Opened, element: Json, value: Any, objection: str
) -> None:
    kept = answering(app)
    view = await opened(asking("limit", element))
    ack = await slack.submit("priya", view.id, {"limit": {"a": value}})
    assert (ack.ok, ack.error, kept) == (False, "incomplete", [])
    assert objection in ack.errors["limit"]


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
    app: AsyncApp, slack: SlackApi, opened: Opened, element: Json, value: Any, state: Json
) -> None:
    kept = answering(app)
    view = await opened(asking("b", element))
    assert (await slack.submit("priya", view.id, {} if value is None else {"b": {"a": value}})).ok
    assert kept[0]["view"]["state"]["values"]["b"]["a"] == {"type": element["type"], **state}


async def test_what_is_optional_may_stay_empty(app: AsyncApp, slack: SlackApi, opened: Opened) -> None:
    kept = answering(app)
    view = await opened(asking("b", {"type": "plain_text_input"}, optional=True))
    assert (await slack.submit("priya", view.id)).ok
    assert kept[0]["view"]["state"]["values"]["b"]["a"]["value"] is None


async def test_the_app_may_object(app: AsyncApp, slack: SlackApi, opened: Opened) -> None:
    answering(app, response_action="errors", errors={"limit": "too much"})
    view = await opened()
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
    app: AsyncApp, slack: SlackApi, opened: Opened, action: Json, error: str
) -> None:
    answering(app, **action)
    view = await opened()
    ack = await slack.submit("priya", view.id, {"limit": {"a": "x"}})
    assert (ack.ok, ack.error) == (False, error)
    assert slack.workspace.view_on_top("U0PRIYA") is view


async def test_the_app_may_update_push_and_clear(app: AsyncApp, slack: SlackApi, opened: Opened) -> None:
    actions = iter(["update", "push", "clear"])

    @app.view("cb")
    async def sent(ack: AsyncAck) -> None:
        action = next(actions)
        await ack({"response_action": action, **({} if action == "clear" else {"view": modal(title=plain(action))})})

    view = await opened()
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


async def test_a_click_in_a_modal_may_push_two_more(
    app: AsyncApp, slack: SlackApi, opened: Opened, refused: Refused, client: AsyncWebClient
) -> None:
    triggers: list[str] = []

    @app.action("go")
    async def clicked(ack: AsyncAck, body: Json) -> None:
        triggers.append(body["trigger_id"])
        await ack()

    acting = {"type": "actions", "elements": [{"type": "button", "action_id": "go", "text": plain("Go")}]}
    view = await opened(acting)
    for _ in range(2):
        await slack.click_in_view("priya", view.id, "go")
        answer = await client.views_push(trigger_id=triggers[-1], view=modal(acting))
        view = slack.workspace.views[answer["view"]["id"]]
    await slack.click_in_view("priya", view.id, "go")
    assert await refused(client.views_push(trigger_id=triggers[-1], view=modal())) == "push_limit_reached"


async def test_a_trigger_from_outside_a_modal_pushes_nothing(
    client: AsyncWebClient, trigger: str, refused: Refused
) -> None:
    assert await refused(client.views_push(trigger_id=trigger, view=modal())) == "not_found"


async def test_an_open_view_is_updated_unless_it_changed_meanwhile(
    client: AsyncWebClient, opened: Opened, refused: Refused
) -> None:
    view = await opened(external_id="mine")
    old = view.hash
    await client.views_update(external_id="mine", view=modal(external_id="mine"), hash=old)
    assert await refused(client.views_update(view_id=view.id, view=modal(), hash=old)) == "hash_conflict"
    assert await refused(client.views_update(view_id="V0", view=modal())) == "not_found"


async def test_closing_goes_back_to_the_view_below_and_tells_who_asked(
    app: AsyncApp, slack: SlackApi, opened: Opened
) -> None:
    closed: list[Json] = []

    @app.view_closed("cb")
    async def told(ack: AsyncAck, body: Json) -> None:
        closed.append(body)
        await ack()

    answering(app, response_action="push", view=modal(notify_on_close=True))
    view = await opened()
    await slack.submit("priya", view.id, {"limit": {"a": "x"}})
    top = slack.workspace.view_on_top("U0PRIYA")
    assert top
    assert (await slack.close_view("priya", top.id)).ok
    assert slack.workspace.view_on_top("U0PRIYA") is view
    assert (await slack.close_view("priya", view.id)).payload is None
    assert [(body["type"], body["view"]["id"], body["is_cleared"]) for body in closed] == [
        ("view_closed", top.id, False)
    ]


async def test_a_submission_nobody_acknowledges_leaves_the_modal(slack: SlackApi, opened: Opened) -> None:
    view = await opened(callback_id="unknown")
    slack.delivery.patience_s = 0.05
    ack = await slack.submit("priya", view.id, {"limit": {"a": "x"}})
    assert (ack.ok, ack.error) == (False, "operation_timeout")
    assert slack.workspace.view_on_top("U0PRIYA") is view


async def test_only_who_looks_at_a_view_acts_in_it(slack: SlackApi, opened: Opened) -> None:
    view = await opened()
    with pytest.raises(ValueError, match="does not look at"):
        await slack.submit("marcus", view.id)


async def test_home_is_not_published_for_nobody_nor_over_a_newer_one(client: AsyncWebClient, refused: Refused) -> None:
    home = {"type": "home", "blocks": []}
    assert await refused(client.views_publish(user_id="U0NOBODY", view=home)) == "invalid_arguments"
    await client.views_publish(user_id="U0PRIYA", view=home)
    assert await refused(client.views_publish(user_id="U0PRIYA", view=home, hash="old")) == "hash_conflict"
