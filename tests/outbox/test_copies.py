"""Second copies and doubts one at a time, by a clock that the test moves: each found, wherever and whenever it came."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.database.engine import open_database
from bot.domain.timestamps import to_us
from bot.outbox import store
from bot.outbox.delivery import Delivery
from bot.outbox.dispatcher import Dispatcher
from bot.outbox.renderers import Renderers, RenderRequest, ResolvedChannel
from bot.outbox.rules import DeliveryTiming
from bot.outbox.store import Arrival, ClaimedEdit, ClaimedNotification, NewNotification, Posted
from bot.sandbox.slack.api_calls import Call
from bot.sandbox.slack.faults import Hang, Mangle, RateLimited, Refuse, Reset
from bot.sandbox.slack.models import Json, Message
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from bot.shipped import shipped
from bot.slack import blocks as said
from bot.slack.errors import SlackError
from bot.slack.templates import Templates
from bot.slack.workspace import connect_workspace

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
WHERE = Workspace.default().channel("neo-spend").id


class Voice:
    text = "as it is"

    async def say(self, request: RenderRequest) -> said.Message | None:
        return said.paragraph(request.dedup_key)

    async def show(self, request: RenderRequest) -> said.Message | None:
        return said.paragraph(self.text if request.topic else "")


class Addresses:
    async def find(self, destination: str) -> ResolvedChannel:
        return ResolvedChannel(destination.partition(":")[2])


class Desk:
    """One delivery over the real times, whose clock the test moves."""

    def __init__(self, delivery: Delivery, slack: SlackApi, now: list[datetime], voice: Voice) -> None:
        self.delivery, self.slack, self._now, self.voice = delivery, slack, now, voice
        self.lease = timedelta(seconds=delivery.times.lease)

    def later(self, seconds: float) -> None:
        self._now[0] += timedelta(seconds=seconds)

    async def write(self, work: Callable[..., Any]) -> Any:
        return await self.delivery.write(work)

    async def owe(self, *stems: str, thing: str | None = None) -> None:
        owed = [NewNotification(stem, f"channel:{WHERE}", thing) for stem in stems]
        await self.write(lambda c: store.enqueue(c, owed, self._now[0]))
        await self.write(lambda c: store.place(c, f"channel:{WHERE}", WHERE))

    async def claim(self, token: str) -> ClaimedNotification:
        job = await self.write(lambda c: store.claim(c, WHERE, token, self._now[0], self.lease))
        assert job is not None
        return job  # type: ignore[no-any-return]

    async def claim_edit(self, token: str) -> ClaimedEdit:
        edit = await self.write(lambda c: store.claim_edit(c, WHERE, token, self._now[0], self.lease))
        assert edit is not None
        return edit  # type: ignore[no-any-return]

    async def look(self) -> None:
        """What a tick does about doubts and second copies now."""
        wait = timedelta(seconds=self.delivery.times.unsure)
        await self.write(lambda c: store.expire(c, self._now[0]))
        for sought in await self.delivery.database.read(lambda r: store.unconfirmed(r, self._now[0], wait)):
            await self.delivery.settle_doubt(sought)
        for sought in await self.delivery.database.read(lambda r: store.unchecked(r, self._now[0])):
            await self.delivery.check(sought)

    async def look_for(self, seconds: int) -> None:
        for _ in range(seconds // 10):
            self.later(10)
            await self.look()

    def key(self, stem: str) -> str:
        with self.delivery.database.transaction() as connection:
            sql = "SELECT value FROM note WHERE key = 'ledger_id'"
            return store.key_of(stem, f"channel:{WHERE}", connection.exec_driver_sql(sql).scalar_one())

    def copies(self, stem: str) -> list[Message]:
        key = self.key(stem)
        found = self.slack.workspace.channel(WHERE).messages
        return [m for m in found if not m.deleted and m.metadata and m.metadata["event_payload"]["key"] == key]

    def store_late(self, stem: str, thread: str | None = None) -> None:
        """Slack stores now what it took before the connection dropped."""
        key = {"event_type": "neo_usage_notification", "event_payload": {"key": self.key(stem)}}
        workspace = self.slack.workspace
        late = Message(workspace.stamp(self._now[0]), workspace.bot_user, text=stem, metadata=key)
        late.thread_ts, late.bot_id = thread, workspace.bot_id
        workspace.post(WHERE, late)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    now = [START]
    slack = SlackApi(Workspace.default(), lambda: now[0])
    voice = Voice()
    database = open_database(tmp_path / "ledger.db")
    renderers = Renderers({"said": voice.say}, {"thing": voice.show}, Templates(shipped("templates")))
    async with SlackServer(slack) as server, connect_workspace(slack.workspace.bot_token, server.api_url) as workspace:
        yield Desk(
            Delivery(database, workspace, renderers, lambda: now[0], DeliveryTiming(request=0.3)),
            slack,
            now,
            voice,
        )
    database.close()


async def test_control_a_late_copy_is_taken_back(desk: Desk) -> None:
    await desk.owe("said:a")
    desk.slack.faults.on("chat.postMessage", Reset())
    await desk.delivery.deliver(await desk.claim("one"))
    await desk.look_for(60)
    desk.later(1)
    await desk.delivery.deliver(await desk.claim("two"))
    desk.later(28)
    desk.store_late("said:a")
    await desk.look_for(600)
    assert len(desk.copies("said:a")) == 1


async def test_a_late_copy_is_found_although_the_next_attempt_came_long_after(desk: Desk) -> None:
    await desk.owe("said:a")
    desk.slack.faults.on("chat.postMessage", Reset())
    await desk.delivery.deliver(await desk.claim("one"))
    await desk.look_for(60)
    desk.later(30)
    desk.store_late("said:a")
    desk.later(450)  # Slack is out of reach, or takes nothing more: the claim is given back meanwhile
    await desk.delivery.deliver(await desk.claim("two"))
    await desk.look_for(600)
    assert len(desk.copies("said:a")) == 1


async def test_a_late_copy_in_the_thread_is_found_although_slack_did_not_name_the_thread(desk: Desk) -> None:
    def forget(answer: Json) -> None:
        answer["message"].pop("thread_ts", None)

    await desk.owe("said:parent", "said:a", thing="thing:x")
    await desk.delivery.deliver(await desk.claim("zero"))
    (parent,) = desk.copies("said:parent")
    desk.slack.faults.on("chat.postMessage", Reset(), Mangle(forget))
    await desk.delivery.deliver(await desk.claim("one"))
    await desk.look_for(60)
    desk.later(1)
    await desk.delivery.deliver(await desk.claim("two"))
    desk.later(29)
    desk.store_late("said:a", parent.ts)
    await desk.look_for(600)
    assert len(desk.copies("said:a")) == 1


async def test_who_was_frozen_before_the_request_until_all_checks_were_over_leaves_one_copy(desk: Desk) -> None:
    await desk.owe("said:a")
    frozen = await desk.claim("frozen")
    await desk.look_for(100)
    await desk.delivery.deliver(await desk.claim("other"))
    await desk.look_for(600)
    assert len(desk.copies("said:a")) == 1
    # it goes on just behind its look at the claim, and Slack's answer comes too late for it
    desk.slack.faults.on("chat.postMessage", Hang(done=True))
    desk.delivery.database.read = _mine_once(desk.delivery.database.read)  # type: ignore[method-assign]
    await desk.delivery.deliver(frozen)
    await desk.look_for(600)
    assert len(desk.copies("said:a")) == 1


async def test_a_second_copy_that_could_not_be_deleted_at_once_is_deleted_later(desk: Desk) -> None:
    await desk.owe("said:a")
    frozen = await desk.claim("frozen")
    await desk.look_for(100)
    await desk.delivery.deliver(await desk.claim("other"))
    await desk.look_for(600)
    desk.slack.faults.on("chat.delete", RateLimited(1))
    desk.delivery.database.read = _mine_once(desk.delivery.database.read)  # type: ignore[method-assign]
    with suppress(SlackError):
        await desk.delivery.deliver(frozen)
    await desk.look_for(900)
    assert len(desk.copies("said:a")) == 1


async def test_an_edit_that_outlived_its_claim_and_got_no_answer_does_not_leave_older_text(desk: Desk) -> None:
    await desk.owe("said:parent", thing="thing:x")
    await desk.delivery.deliver(await desk.claim("zero"))
    await desk.write(lambda c: store.request_edits(c, ["thing:x"]))
    frozen = await desk.claim_edit("frozen")
    desk.later(100)
    await desk.write(lambda c: store.request_edits(c, ["thing:x"]))
    desk.voice.text = "newer"
    await desk.delivery.edit(await desk.claim_edit("other"))
    desk.voice.text = "older"  # as the frozen one had worded it
    desk.slack.faults.on("chat.update", Hang(done=True))
    await desk.delivery.edit(frozen)
    desk.voice.text = "newer"
    desk.later(100)
    if edit := await desk.write(lambda c: store.claim_edit(c, WHERE, "next", desk.delivery.clock(), desk.lease)):
        await desk.delivery.edit(edit)
    assert [each.text for each in desk.copies("said:parent")] == ["newer"]


async def test_a_channel_whose_history_is_refused_does_not_hold_up_the_others(desk: Desk) -> None:
    other = desk.slack.workspace.im_of("U0PRIYA").id
    desk.slack.faults.when(lambda c: Refuse("access_denied") if _history_of(c, WHERE) else None)
    desk.slack.faults.on("chat.postMessage", Reset(), Reset())
    await desk.owe("said:a")
    await desk.delivery.deliver(await desk.claim("one"))
    await desk.write(lambda c: store.enqueue(c, [NewNotification("said:b", f"channel:{other}")], START))
    await desk.write(lambda c: store.place(c, f"channel:{other}", other))
    job = await desk.write(lambda c: store.claim(c, other, "two", START, desk.lease))
    await desk.delivery.deliver(job)
    dispatcher = Dispatcher(desk.delivery, Addresses(), ZoneInfo("UTC"), None)
    for _ in range(10):
        desk.later(61)
        await dispatcher.tick()
        await dispatcher.wait_idle()
    assert [each.text for each in desk.slack.workspace.channels[other].messages] == ["said:b"]


async def test_who_looks_while_somebody_else_sends_it_again_deletes_nothing(desk: Desk) -> None:
    await desk.owe("said:a")
    desk.slack.faults.on("chat.postMessage", Reset())
    await desk.delivery.deliver(await desk.claim("one"))
    desk.later(61)
    wait = timedelta(seconds=desk.delivery.times.unsure)
    (sought,) = await desk.delivery.database.read(lambda r: store.unconfirmed(r, desk.delivery.clock(), wait))
    await desk.delivery.settle_doubt(sought)  # one process has not found it, and sends it again
    job = await desk.claim("two")
    words = await desk.voice.say(RenderRequest(job.dedup_key, job.destination, job.channel))
    assert words is not None
    ts, _ = await desk.delivery.workspace.messages.post_notification(job.channel, words, job.key)
    await desk.delivery.settle_doubt(sought)  # another one finds that copy before it is settled
    arrival = Arrival(Posted(ts, None), 0, timedelta(seconds=150), desk.delivery.clock())
    await desk.write(lambda c: store.mark_sent(c, job, arrival))
    await desk.look_for(900)
    assert [each.ts for each in desk.copies("said:a")] == [ts]


def _mine_once(ask: Callable[..., Any]) -> Callable[..., Any]:
    """The second question of a delivery, whether the claim holds, was answered before it froze."""
    asked = iter([False, True])

    async def asking(work: Callable[..., Any]) -> Any:
        await asyncio.sleep(0)
        return True if next(asked, False) else await ask(work)

    return asking


def _history_of(call: Call, channel: str) -> bool:
    return call.method == "conversations.history" and call.args.get("channel") == channel


# --- what goes first, and clocks -------------------------------------------------------------------


async def test_alerts_go_before_what_nobody_waits_for(desk: Desk) -> None:
    await desk.owe("request:1", "welcome", "decided:1", "said:a", "said:b")
    assert [(await desk.claim(f"{number}")).dedup_key for number in range(5)] == [
        "said:a", "said:b", "request:1", "welcome", "decided:1",
    ]  # fmt: skip


AHEAD = 30 * 3600


async def ticks(desk: Desk, minutes: int) -> None:
    dispatcher = Dispatcher(desk.delivery, Addresses(), ZoneInfo("UTC"), None)
    for _ in range(minutes):
        desk.later(60)
        await dispatcher.tick()
        await dispatcher.wait_idle()


async def test_what_was_put_off_by_a_clock_that_ran_ahead_is_sent_at_once(desk: Desk) -> None:
    await desk.owe("said:a")
    desk.later(AHEAD)
    job = await desk.claim("one")
    await desk.write(lambda c: store.release_for_retry(c, job, desk.delivery.clock() + timedelta(hours=1), "limited"))
    desk.later(-AHEAD)
    await ticks(desk, 1)
    assert len(desk.copies("said:a")) == 1


async def test_a_doubt_of_a_clock_that_ran_ahead_is_settled_and_its_copies_are_found(desk: Desk) -> None:
    desk.later(AHEAD)
    await desk.owe("said:a")
    desk.later(-AHEAD)  # Slack's own clock
    desk.slack.faults.on("chat.postMessage", Reset(done=True))
    desk.later(AHEAD)
    job = await desk.claim("one")
    desk.later(-AHEAD)
    with suppress(SlackError):
        await desk.delivery.deliver(job)
    desk.later(600)
    desk.later(AHEAD)
    await desk.write(lambda c: store.expire(c, desk.delivery.clock()))
    desk.later(-AHEAD)
    await ticks(desk, 12)
    assert len(desk.copies("said:a")) == 1
    assert [each for each in desk.slack.workspace.channel(WHERE).messages if each.deleted] == []


async def test_checks_put_off_by_a_clock_that_ran_ahead_are_made(desk: Desk) -> None:
    desk.later(AHEAD)
    await desk.owe("said:a")
    desk.slack.faults.on("chat.postMessage", Reset())
    await desk.delivery.deliver(await desk.claim("one"))
    await ticks(desk, 2)
    assert len(desk.copies("said:a")) == 1
    desk.later(-AHEAD)
    desk.store_late("said:a")
    await ticks(desk, 3)
    assert len(desk.copies("said:a")) == 1


async def test_a_late_copy_of_a_doubt_by_a_clock_that_was_behind_is_taken_back(desk: Desk) -> None:
    desk.later(-AHEAD)
    await desk.owe("said:a")
    desk.slack.faults.on("chat.postMessage", Reset())
    await desk.delivery.deliver(await desk.claim("one"))
    desk.later(AHEAD)  # it is put right: the doubt seems to be of long ago
    await ticks(desk, 2)
    assert len(desk.copies("said:a")) == 1
    desk.store_late("said:a")
    await ticks(desk, 9)
    assert len(desk.copies("said:a")) == 1


async def test_an_edit_put_off_by_a_clock_that_ran_ahead_is_made(desk: Desk) -> None:
    await desk.owe("said:parent", thing="thing:x")
    await desk.delivery.deliver(await desk.claim("one"))
    await desk.write(lambda c: store.request_edits(c, ["thing:x"]))
    desk.later(AHEAD)
    edit = await desk.claim_edit("two")
    await desk.write(lambda c: store.edit_later(c, edit, desk.delivery.clock() + timedelta(hours=1)))
    desk.later(-AHEAD)
    desk.voice.text = "newer"
    await ticks(desk, 1)
    assert [each.text for each in desk.copies("said:parent")] == ["newer"]


async def test_a_limit_longer_than_an_hour_is_asked_about_again(desk: Desk) -> None:
    desk.slack.faults.when(lambda c: RateLimited(10**6) if c.method == "conversations.history" else None)
    desk.slack.faults.on("chat.postMessage", Reset(done=True))
    await desk.owe("said:a")
    await desk.delivery.deliver(await desk.claim("one"))
    await ticks(desk, 50)
    assert len(desk.slack.calls("conversations.history")) == 1
    desk.slack.faults.clear()
    await ticks(desk, 20)
    assert len(desk.copies("said:a")) == 1
    assert len(desk.slack.calls("conversations.history")) > 1


async def test_a_reply_of_a_lost_ledger_is_found_in_the_thread_whose_parent_was_deleted(desk: Desk) -> None:
    await desk.owe("said:parent", "said:step", thing="thing:x")
    for token in ("one", "two"):
        await desk.delivery.deliver(await desk.claim(token))
    (parent,) = desk.copies("said:parent")
    parent.deleted = True
    await desk.write(lambda c: c.exec_driver_sql("UPDATE living SET ts = NULL, channel = NULL"))
    await desk.write(
        lambda c: c.exec_driver_sql(
            "UPDATE notification SET state = 'unsure', ts = NULL, thread = NULL, claimed_at = NULL, unsure_at = ?",
            (to_us(desk.delivery.clock()),),
        )
    )
    await ticks(desk, 12)
    assert len(desk.copies("said:step")) == 1
    assert len(desk.copies("said:parent")) == 1
