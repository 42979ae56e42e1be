"""How events reach the receiver: signed, each under one id, in order about one subject, whatever it answers."""

import asyncio
import re
from collections import Counter
from datetime import timedelta
from subprocess import CompletedProcess

import pytest
from sqlalchemy import text

from bot.capability import Stage
from bot.database.engine import Database
from bot.sandbox.slack.faults import Refuse
from bot.sandbox.slack.faults import Status as SlackStatus
from bot.sandbox.webhook import WebhookApi, WebhookFault, WebhookServer
from bot.service.service import running_service
from tests.support.acts import fail_task
from tests.support.command import run_command
from tests.support.engines import always_on_both
from tests.support.harness import PATIENCE, ServiceHarness
from tests.support.messages import visible_text
from tests.support.restoring import copy_ledger, restore_copy
from tests.support.webhook import SECRET, events, receiver_of_the_manual, webhook_settings
from tests.support.worlds import PRIYA, spent

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


async def cause_an_event(harness: ServiceHarness, usd: int = 60) -> None:
    """Have Priya reach another step of her budget."""
    spent(harness.neo.world, harness.clock(), PRIYA, usd)
    await harness.sync()


async def open_with_budget(harness: ServiceHarness) -> None:
    await harness.open()
    await harness.ask("hannah", "budget default 100/day")


async def goes_on(harness: ServiceHarness, by: timedelta) -> None:
    harness.clock.advance(by)
    await harness.deliver()


def states(database: Database) -> Counter[str]:
    with database.transaction() as connection:
        rows = connection.execute(text("SELECT state FROM notification WHERE destination = 'webhook'"))
        return Counter(rows.scalars())


async def test_the_manuals_example_knows_a_genuine_event(hooked: ServiceHarness, api: WebhookApi) -> None:
    await open_with_budget(hooked)
    await cause_an_event(hooked)
    (delivery,) = api.deliveries
    is_genuine, now = receiver_of_the_manual()["is_genuine"], hooked.clock().timestamp()
    headers = dict(delivery.headers)
    assert is_genuine(SECRET, headers, delivery.body, now)
    assert not is_genuine(SECRET, headers, delivery.body + b" ", now)
    assert not is_genuine(SECRET, {**headers, "webhook-id": "evt_other"}, delivery.body, now)
    assert not is_genuine("whsec_" + "A" * 32, headers, delivery.body, now)
    assert not is_genuine(SECRET, headers, delivery.body, now + 400)
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "fault",
    [
        WebhookFault(500),
        WebhookFault(503, huge=True),
        WebhookFault(429),
        WebhookFault(400),
        WebhookFault(302, {"Location": "/elsewhere"}),
        WebhookFault(cut=True),
        WebhookFault(cut=True, taken=True),
    ],
    ids=lambda fault: f"{fault.status}{' cut' * fault.cut}{' taken' * fault.taken}{' huge' * fault.huge}",
)
async def test_what_is_not_confirmed_is_sent_again_under_its_id_and_signed_anew(
    hooked: ServiceHarness, api: WebhookApi, fault: WebhookFault
) -> None:
    api.faults.append(fault)
    await open_with_budget(hooked)
    await cause_an_event(hooked)
    await goes_on(hooked, 5 * SECOND)
    first, second = api.attempts
    assert first.id == second.id
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert first.body == second.body
    assert states(hooked.service.database) == {"sent": 1}
    assert len(events(api)) == 1 + fault.taken


async def test_an_endless_answer_counts_by_its_status(hooked: ServiceHarness, api: WebhookApi) -> None:
    api.lasting = WebhookFault(200, huge=True)
    await open_with_budget(hooked)
    await cause_an_event(hooked)
    assert states(hooked.service.database) == {"sent": 1}
    assert len(api.attempts) == 1


@pytest.mark.slow
async def test_retry_after_holds_for_all_events_and_after_a_restart(hooked: ServiceHarness, api: WebhookApi) -> None:
    api.faults.append(WebhookFault(429, {"Retry-After": "600"}))
    await open_with_budget(hooked)
    await cause_an_event(hooked)
    fail_task(hooked, PRIYA, "planner gave up")
    await goes_on(hooked, 5 * MINUTE)
    await hooked.sync()
    assert len(api.attempts) == 1
    await hooked.restart()
    await goes_on(hooked, 4 * MINUTE)
    assert len(api.attempts) == 1
    await goes_on(hooked, 2 * MINUTE)
    assert [each["type"] for each in events(api)] == ["budget.step_reached", "failure.opened"]


@pytest.mark.slow
@always_on_both
async def test_events_about_one_subject_keep_their_order_and_others_overtake_them(
    hooked: ServiceHarness, api: WebhookApi
) -> None:
    api.faults.append(WebhookFault(400))
    await open_with_budget(hooked)
    await cause_an_event(hooked)
    await cause_an_event(hooked)
    fail_task(hooked, PRIYA, "planner gave up")
    await hooked.sync()
    await goes_on(hooked, 5 * SECOND)
    budgets = [each["data"]["sequence"] for each in events(api, "budget")]
    assert budgets == [1, 2]
    assert len(events(api, "failure")) == 1


@pytest.mark.slow
async def test_a_refused_event_is_given_up_after_a_day_with_an_incident(
    hooked: ServiceHarness, api: WebhookApi
) -> None:
    api.lasting = WebhookFault(400)
    await open_with_budget(hooked)
    await cause_an_event(hooked)
    for _ in range(23):
        await goes_on(hooked, HOUR)
    assert states(hooked.service.database)["pending"] == 1
    for _ in range(2):
        await goes_on(hooked, HOUR)
    assert states(hooked.service.database)["dead"] == 1
    await hooked.sync()
    alarm = visible_text(hooked.dm("hannah")[-1])
    assert "The webhook doesn't work:* I gave up on 1 event (HTTP 400), since" in alarm
    assert "Some messages weren't delivered" not in " ".join(map(visible_text, hooked.dm("hannah")))


async def test_a_clock_that_leaps_ahead_gives_no_event_up(hooked: ServiceHarness, api: WebhookApi) -> None:
    api.lasting = WebhookFault(400)
    await open_with_budget(hooked)
    await cause_an_event(hooked)
    await goes_on(hooked, 25 * HOUR)
    assert states(hooked.service.database)["pending"] == 1
    api.lasting = None
    await goes_on(hooked, HOUR)
    assert states(hooked.service.database)["sent"] == 1


@pytest.mark.slow
async def test_a_receiver_that_is_down_for_an_hour_is_an_incident_until_it_is_back(
    hooked: ServiceHarness, receiver: WebhookServer, api: WebhookApi
) -> None:
    await open_with_budget(hooked)
    await receiver.stop()
    await cause_an_event(hooked)
    await goes_on(hooked, HOUR)
    await hooked.sync()
    alarm = visible_text(hooked.dm("hannah")[-1])
    assert "the oldest event has waited for 1 hour (nothing answers there (connection refused)), since" in alarm
    await receiver.start()
    await goes_on(hooked, MINUTE)
    await hooked.sync()
    assert "Resolved:* the webhook's receiver takes events again" in visible_text(hooked.dm("hannah")[-1])
    assert [each["type"] for each in events(api)] == ["budget.step_reached", "incident.opened", "incident.resolved"]


@pytest.mark.slow
@always_on_both
async def test_410_stops_it_until_a_test_succeeds(hooked: ServiceHarness, api: WebhookApi) -> None:
    api.lasting = WebhookFault(410)
    await open_with_budget(hooked)
    await cause_an_event(hooked)
    fail_task(hooked, PRIYA, "planner gave up")
    await hooked.sync()
    assert len(api.attempts) == 1
    await hooked.sync()
    assert states(hooked.service.database) == {"moved": 1}
    (alarm,) = (said for said in map(visible_text, hooked.dm("hannah")) if "The webhook doesn't work" in said)
    assert "its receiver answered 410 and wants no more events, so I send none, since" in alarm
    refused = await command(hooked, "webhook", "test")
    assert (refused.returncode, refused.stderr.strip()) == (
        1, f"neo-usage: http://{host_of(hooked)} didn't take the test event: HTTP 410.",
    )  # fmt: skip
    examined = await command(hooked, "doctor", "--offline")
    assert f"http://{host_of(hooked)} answered 410 and gets no more events" in " ".join(examined.stdout.split())
    api.lasting = None
    taken = await command(hooked, "webhook", "test")
    assert taken.stdout.splitlines() == [
        f"http://{host_of(hooked)} took the test event.",
        "The bot sends events again. What happened in the meantime isn't sent.",
    ]
    examined = await command(hooked, "doctor", "--offline")
    assert f"signed events go to http://{host_of(hooked)}, with no e-mails" in " ".join(examined.stdout.split())
    await cause_an_event(hooked)
    assert [each["type"] for each in events(api)] == ["test", "budget.step_reached"]


async def command(harness: ServiceHarness, *words: str) -> CompletedProcess[str]:
    return await asyncio.to_thread(run_command, words, harness.environment(), harness.directory)


def host_of(harness: ServiceHarness) -> str:
    return harness.settings["WEBHOOK_URL"].split("/")[2]


@pytest.mark.slow
async def test_switched_on_it_sends_nothing_of_the_past(
    closed: ServiceHarness, receiver: WebhookServer, api: WebhookApi
) -> None:
    await open_with_budget(closed)
    await cause_an_event(closed)
    fail_task(closed, PRIYA, "planner gave up")
    await closed.sync()
    closed.settings |= webhook_settings(receiver)
    await closed.restart()
    await closed.sync()
    assert api.attempts == []
    await cause_an_event(closed)
    assert [each["data"]["step_percent"] for each in events(api)] == [100]


@pytest.mark.slow
@always_on_both
async def test_switched_off_it_drops_what_waits(
    hooked: ServiceHarness, api: WebhookApi, capsys: pytest.CaptureFixture[str]
) -> None:
    api.lasting = WebhookFault(500)
    await open_with_budget(hooked)
    await cause_an_event(hooked)
    hooked_settings = {name: hooked.settings.pop(name) for name in ("WEBHOOK_URL", "WEBHOOK_SECRET")}
    await hooked.restart()
    await hooked.deliver()
    assert states(hooked.service.database) == {"moved": 1}
    assert re.search(r"the webhook is off.*dropped=1", re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out))
    api.lasting = None
    hooked.settings |= hooked_settings
    await hooked.restart()
    await hooked.sync()
    assert events(api) == []


async def test_events_are_sent_while_slack_does_not_answer(hooked: ServiceHarness, api: WebhookApi) -> None:
    await open_with_budget(hooked)
    hooked.slack.faults.when(lambda _call: Refuse("internal_error"))
    await cause_an_event(hooked)
    assert len(events(api)) == 1


async def test_events_are_sent_before_slack_answers_at_a_start(hooked: ServiceHarness, api: WebhookApi) -> None:
    await open_with_budget(hooked)
    await hooked.service.end()
    hooked.slack.faults.when(lambda _call: SlackStatus(503))
    spent(hooked.neo.world, hooked.clock(), PRIYA, 60)
    async with running_service(hooked.app()) as service:
        await service.first_sync.wait(PATIENCE)
        await service.jobs.run_every(1)
        await service.wiring.outbox.wait_idle()
        assert service.slack.stage < Stage.READY
        assert len(events(api)) == 1


async def test_what_was_being_sent_when_it_was_switched_off_is_dropped_too(
    hooked: ServiceHarness, api: WebhookApi
) -> None:
    api.lasting = WebhookFault(500)
    await open_with_budget(hooked)
    await cause_an_event(hooked)
    for name in ("WEBHOOK_URL", "WEBHOOK_SECRET"):
        del hooked.settings[name]
    await hooked.restart()
    with hooked.service.database.transaction() as connection:
        connection.execute(
            text("UPDATE notification SET state = 'sending', expires_at = 1, claimed_at = 0 WHERE state = 'moved'")
        )
    await hooked.deliver()
    await hooked.deliver()
    assert states(hooked.service.database) == {"moved": 1}


async def test_the_log_holds_neither_address_nor_answer(
    hooked: ServiceHarness, api: WebhookApi, capsys: pytest.CaptureFixture[str]
) -> None:
    hooked.settings["WEBHOOK_URL"] = hooked.settings["WEBHOOK_URL"].replace("//", "//user:pass-word@") + "?token=abcdef"
    api.faults.append(WebhookFault(400))
    await open_with_budget(hooked)
    await cause_an_event(hooked)
    await goes_on(hooked, 5 * SECOND)
    assert len(api.deliveries) == 1
    assert api.deliveries[0].headers["authorization"] == "Basic dXNlcjpwYXNzLXdvcmQ="
    printed = capsys.readouterr()
    for secret in ("pass-word", "abcdef", "kept from the log", SECRET):
        assert secret not in printed.out + printed.err
    assert "pass-word" not in repr(hooked.service.app.settings)


@pytest.mark.slow
@always_on_both
@pytest.mark.parametrize("former", [True, False])
async def test_after_a_restore_nothing_is_lost_and_what_was_sent_keeps_its_id(
    hooked: ServiceHarness, api: WebhookApi, *, former: bool
) -> None:
    api.lasting = WebhookFault(500)
    await open_with_budget(hooked)
    await cause_an_event(hooked)
    copy = copy_ledger(hooked)
    api.lasting = None
    await goes_on(hooked, MINUTE)
    await restore_copy(hooked, copy, former=former)
    for _ in range(6):
        await goes_on(hooked, MINUTE)
    await hooked.sync()
    assert {each["type"] for each in events(api)} == {"budget.step_reached"}
    assert len(api.deliveries) == (1 if former else 2)
    assert len({each.id for each in api.deliveries}) == 1
    assert not states(hooked.service.database)["pending"]
