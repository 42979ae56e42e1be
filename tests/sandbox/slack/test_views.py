"""Modals are opened, pushed and updated, and home tabs published, through views.*."""

from datetime import timedelta

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import SimClock
from bot.sandbox.slack.server import SlackApi
from tests.support.sandbox import SPEND, Json, OpenModal, Refused, modal, plain_text

pytestmark = pytest.mark.usefixtures("connected")


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


async def test_a_click_in_a_modal_may_push_two_more(
    app: AsyncApp, slack: SlackApi, open_modal: OpenModal, refused: Refused, client: AsyncWebClient
) -> None:
    triggers: list[str] = []

    @app.action("go")
    async def clicked(ack: AsyncAck, body: Json) -> None:
        triggers.append(body["trigger_id"])
        await ack()

    go = {"type": "actions", "elements": [{"type": "button", "action_id": "go", "text": plain_text("Go")}]}
    view = await open_modal(go)
    for _ in range(2):
        await slack.click_in_view("priya", view.id, "go")
        answer = await client.views_push(trigger_id=triggers[-1], view=modal(go))
        view = slack.workspace.views[answer["view"]["id"]]
    await slack.click_in_view("priya", view.id, "go")
    assert await refused(client.views_push(trigger_id=triggers[-1], view=modal())) == "push_limit_reached"


async def test_a_trigger_from_outside_a_modal_pushes_nothing(
    client: AsyncWebClient, trigger: str, refused: Refused
) -> None:
    assert await refused(client.views_push(trigger_id=trigger, view=modal())) == "not_found"


async def test_an_open_view_is_updated_unless_it_changed_meanwhile(
    client: AsyncWebClient, open_modal: OpenModal, refused: Refused
) -> None:
    view = await open_modal(external_id="mine")
    old = view.hash
    await client.views_update(external_id="mine", view=modal(external_id="mine"), hash=old)
    assert await refused(client.views_update(view_id=view.id, view=modal(), hash=old)) == "hash_conflict"
    assert await refused(client.views_update(view_id="V0", view=modal())) == "not_found"


async def test_home_is_not_published_for_nobody_nor_over_a_newer_one(client: AsyncWebClient, refused: Refused) -> None:
    home = {"type": "home", "blocks": []}
    assert await refused(client.views_publish(user_id="U0NOBODY", view=home)) == "invalid_arguments"
    await client.views_publish(user_id="U0PRIYA", view=home)
    assert await refused(client.views_publish(user_id="U0PRIYA", view=home, hash="old")) == "hash_conflict"
