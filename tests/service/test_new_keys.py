"""New keys: each is changed step by step as docs/operating.md says, and nothing that the bot owes is lost."""

import asyncio
import base64
import hmac
import json
from hashlib import sha256

import pytest

from bot.sandbox.webhook import Delivery, WebhookApi, WebhookFault, WebhookServer
from bot.sandbox.world import World
from tests.support.acts import spend
from tests.support.command import run_command
from tests.support.harness import ServiceHarness
from tests.support.messages import notifications, visible_text
from tests.support.restoring import run_for
from tests.support.webhook import SECRET, events, webhook_settings
from tests.support.worlds import MARCUS, PRIYA

pytestmark = pytest.mark.slow

NEW_SECRET = "whsec_" + base64.b64encode(b"another secret, as long as it has to be").decode()


@pytest.fixture
def world() -> World:
    return World.empty()


async def check(harness: ServiceHarness, *, over_http: bool = False) -> dict[str, str]:
    """Run `doctor` with the settings as they are now; return the state of each line."""
    environment = harness.environment(over_http=over_http)
    ended = await asyncio.to_thread(run_command, ("doctor", "--json"), environment, harness.directory)
    return {each["what"]: each["state"] for each in json.loads(ended.stdout)["checks"]}


async def pass_budget(harness: ServiceHarness) -> None:
    """Cause an alert to Priya, and an event."""
    await spend(harness, PRIYA, 60)


async def opened(harness: ServiceHarness, *, over_http: bool = False) -> None:
    await harness.open(over_http=over_http)
    await harness.ask("hannah", "budget @priya 100/month")


async def test_neos_key(closed: ServiceHarness) -> None:
    closed.settings["HISTORY_DAYS"] = "3650"  # `doctor` has the machine's clock
    await opened(closed)
    await spend(closed, MARCUS, 10)
    closed.neo.key = closed.settings["NEO_API_KEY"] = "neo_sk_" + "1" * 32
    states = await check(closed)
    assert (states["neo"], states["scope"]) == ("ok", "ok")
    await closed.restart()
    await pass_budget(closed)
    assert len(notifications(closed.dm("priya"))) == 1


async def test_slacks_app_token(closed: ServiceHarness) -> None:
    await opened(closed)
    closed.workspace.app_token = "xapp-1-NEW"
    assert "$0.00" in visible_text(await closed.ask("hannah", "team"))  # until the restart
    assert (await check(closed))["slack app token"] == "ok"
    await closed.restart()
    assert "$0.00" in visible_text(await closed.ask("hannah", "team"))


async def test_slacks_bot_token(closed: ServiceHarness) -> None:
    await opened(closed)
    closed.workspace.bot_token = "xoxb-new"
    await pass_budget(closed)
    assert notifications(closed.dm("priya")) == []
    assert (await check(closed))["slack bot token"] == "ok"
    await closed.restart()
    await run_for(closed, 10)
    assert len(notifications(closed.dm("priya"))) == 1


async def test_slacks_signing_secret(closed: ServiceHarness) -> None:
    await opened(closed, over_http=True)
    closed.workspace.signing_secret = "new" * 10
    refused = await closed.slack.command("hannah", "neo-spend", "team")
    assert not refused.ok
    await closed.restart(over_http=True)
    assert "$0.00" in visible_text(await closed.ask("hannah", "team"))


async def test_the_webhooks_secret(closed: ServiceHarness) -> None:
    api = WebhookApi()
    async with WebhookServer(api) as receiver:
        closed.settings |= webhook_settings(receiver)
        await opened(closed)
        await pass_budget(closed)
        api.lasting = WebhookFault(401)  # it accepts the new one alone
        await pass_budget(closed)
        closed.settings["WEBHOOK_SECRET"] = NEW_SECRET
        api.lasting = None
        await closed.restart()
        tested = await asyncio.to_thread(run_command, ("webhook", "test"), closed.environment(), closed.directory)
        assert tested.returncode == 0, tested.stderr
        await run_for(closed, 10)
    steps = [each["data"]["step_percent"] for each in events(api, "budget.")]
    assert steps == [50, 100]
    assert [is_signed(each, SECRET) for each in api.deliveries] == [True, False, False]
    assert [is_signed(each, NEW_SECRET) for each in api.deliveries] == [False, True, True]


def is_signed(delivery: Delivery, secret: str) -> bool:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((delivery.id.encode(), delivery.headers["webhook-timestamp"].encode(), delivery.body))
    given = base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
    return delivery.headers["webhook-signature"] == f"v1,{given}"
