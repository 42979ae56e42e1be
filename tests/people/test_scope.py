"""Scope: a member is answered from a team's ledger as from one that holds their own tasks alone, byte for byte."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import text

from bot.app import system_clock
from bot.sandbox.neo import NeoApi
from bot.sandbox.slack import payloads
from bot.sandbox.slack.delivery import Payload
from bot.sandbox.slack.models import Message
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import START, World
from tests.support.acts import submit_form
from tests.support.clock import AdjustableClock
from tests.support.effort import examples
from tests.support.engines import costly
from tests.support.harness import CHANNEL, ServiceHarness
from tests.support.ledgers import Ledgers
from tests.support.messages import actions, visible_text
from tests.support.worlds import HOUR, add

pytestmark = [costly, pytest.mark.slow]

ME, OTHER, THIRD = "priya.raman@acme.example", "marcus.delgado@acme.example", "dana@acme.example"
MOVED = "dddd-moved-away"
COME = "eeee-come-here"


@dataclass
class Pair:
    """The same workspace twice: with the whole team's ledger, and with one that holds mine alone."""

    team: ServiceHarness
    alone: ServiceHarness

    def _repr_pretty_(self, printer: Any, _cycle: object) -> None:
        printer.text("a pair of harnesses")  # for hypothesis, which would tell everything that is in it

    async def both(self, act: Callable[[ServiceHarness], Awaitable[object]]) -> None:
        """Do the same in both, and compare all that reaches Slack of it."""
        said = [await reached(harness, act) for harness in (self.team, self.alone)]
        assert said[0] == said[1]
        assert said[0]

    async def each(self, act: Callable[[ServiceHarness], Awaitable[object]]) -> None:
        """Do the same in both."""
        for harness in (self.team, self.alone):
            await act(harness)

    async def wait_idle(self) -> None:
        """See to everything that is owed, and to what was doubtful or put off for a moment besides."""
        for _ in range(20):
            await self.each(ServiceHarness.deliver)
            if not any(map(owes, (self.team, self.alone))):
                return
            self.team.clock.advance(timedelta(seconds=1))
        raise AssertionError("messages are still on their way")


def owes(harness: ServiceHarness) -> bool:
    """Whether anything is still to be sent or edited."""
    with harness.service.app.ledger.reader() as reader:
        open_ = "SELECT 1 FROM notification WHERE state IN ('pending', 'sending', 'unsure')"
        return (
            reader.execute(text(f"{open_} UNION SELECT 1 FROM living WHERE wanted > shown AND ts IS NOT NULL")).first()
            is not None
        )


SHOWN = {"hook", "chat.postEphemeral", "views.open", "views.publish"}


async def reached(harness: ServiceHarness, act: Callable[[ServiceHarness], Awaitable[object]]) -> list[Any]:
    """All that somebody sees of an act: answers, messages to me, forms, App Home, and files."""
    begun, filed = len(harness.slack.log), set(harness.workspace.files)
    await act(harness)
    await harness.idle()
    calls = [call for call in harness.slack.log[begun:] if call.method in SHOWN]
    files = [harness.workspace.files[each] for each in sorted(set(harness.workspace.files) - filed)]
    shown: list[Any] = [(call.method, plain(call.args)) for call in calls]
    return [*shown, *((each.title, each.content) for each in files)]


def plain(args: dict[str, Any]) -> str:
    """What a call carries, but for what differs between any two workspaces: tickets, and when messages were posted."""
    text = json.dumps({name: value for name, value in args.items() if name != "trigger_id"}, sort_keys=True)
    return re.sub(r"archives/\w+/p\d+", "archives", text)


# --- the ledgers ---------------------------------------------------------------------------------


def add_mine(world: World) -> None:
    """Of every kind: failed in two ways, without cost, of a status and models of my own, continued."""
    work = {"email": ME, "tools": {"nuclei": (3, 900)}, "agents": {"recon": 2}}
    for number in range(4):
        begun = START - (number * 30 + 3) * HOUR
        add(world, f"aaaa-{number}", f"{number + 1}.5", title="port scan", model="opus-4", begun=begun, **work)
    add(world, "aaaa-own-status", "2", title="mine", model="haiku", status="paused", begun=START - 9 * HOUR, **work)
    add(world, "aabb-no-cost", None, title="mine", model="haiku", begun=START - 9 * HOUR, **work)
    for number, error in enumerate(("disk is full", "gateway did not answer", "gateway did not answer")):
        begun = START - (number + 5) * HOUR
        add(world, f"bbbb-{number}", "1", model="opus-4", status="failed", error_message=error, begun=begun, **work)


def add_others(world: World) -> None:
    """More than a page of them, older and younger than mine, alike and unlike, with ids that begin as mine do."""
    for number in range(230):
        begun = START - (number + 2) * HOUR
        add(world, f"aaaa-{number:03}-his", "3.3", email=OTHER, title="secret", model="opus", begun=begun)
    secret = {"title": "secret", "status": "failed", "begun": START - 400 * HOUR}
    add(world, "0000-first", "7", email=THIRD, model="opus-4", error_message="gateway did not answer", **secret)
    add(world, "bbbb-0-his", "7", email=THIRD, model="opus-4", error_message="disk is full", **secret)
    add(world, "ffff-odd", "7", email=THIRD, model="haiku-secret", title="secret", status="stalled")
    add(world, "ffff-none", None, email=None, model="secret", title="secret", status="stalled")
    old = {"email": "pryia.raman@acme.example", "title": "secret"}
    add(world, "9999-oldest", "1", model="haiku", begun=START - 18 * 24 * HOUR, **old)


def add_before(world: World, whose: str, credits_used: str) -> None:
    """A task of mine that is to be somebody else's, and one of somebody else's that is to be mine."""
    add(world, MOVED, "4", email=ME, title="mine", model="sonnet", begun=START - 8 * HOUR)
    add(world, COME, credits_used, email=whose, title="secret", model="secret", begun=START - 8 * HOUR)


def move(world: World, whose: str, grown: str, **others: Any) -> None:
    """Both change hands, and cost more than before; what has become mine costs two credits more."""
    add(world, MOVED, "9", email=whose, begun=START - 8 * HOUR, **others)
    add(world, COME, grown, email=ME, title="now mine", model="haiku", status="failed", begun=START - 8 * HOUR)


@pytest.fixture(params=[False, True], ids=["as it is", "with tasks that change hands"])
async def pair(
    request: pytest.FixtureRequest, tmp_path: Path, ledgers: Ledgers, clock: AdjustableClock
) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        harnesses = []
        for name in ("team", "alone"):
            (tmp_path / name).mkdir()
            world, slack = World.empty(), SlackApi(Workspace.default(), clock, system_clock)
            add_mine(world)
            harnesses.append(
                ServiceHarness(
                    tmp_path / name, ledgers.new(), NeoApi(world, clock), slack, clock, {"HISTORY_DAYS": "20"}
                )
            )
            stack.push_async_callback(harnesses[-1].close)
        yield await opened(Pair(*harnesses), moved=request.param)


async def opened(pair: Pair, *, moved: bool) -> Pair:
    """Both harnesses at work, with budgets that I have passed steps of."""
    add_others(pair.team.neo.world)
    if moved:
        add_before(pair.team.neo.world, OTHER, "3")
        add_before(pair.alone.neo.world, THIRD, "5")
    await pair.each(ServiceHarness.open)
    if moved:
        pair.team.clock.advance(HOUR)
        error = {"error_message": "secret", "status": "failed", "model": "secret"}
        move(pair.team.neo.world, OTHER, "5", title="secret", **error)
        move(pair.alone.neo.world, THIRD, "7", title="other", model="other")
        await pair.each(ServiceHarness.sync)
    await pair.each(
        lambda harness: harness.service.app.sync(full=True, progress=lambda _: None, on_wait=lambda _: None)
    )
    await pair.each(lambda harness: harness.ask("hannah", "budget @priya 100/month"))
    await pair.each(lambda harness: harness.ask("hannah", "budget default 20/day"))
    await pair.wait_idle()
    assert "$100 a month" in visible_text(await pair.alone.ask("priya", "budgets"))
    assert "passed" in visible_text(await pair.alone.ask("priya", "explain"))
    return pair


# --- whatever is typed ---------------------------------------------------------------------------

NAMES = (
    "", "team", "me", "@priya", "@marcus", "@dana", "@nobody", "<@U0PRIYA>", "<@U0MARCUS>", "<@U0NOBODY>", OTHER, ME,
    f"email:{OTHER}", f"email:{ME}", f"-email:{THIRD}", f"-email:{ME}", "email:nobody@acme.example",
)  # fmt: skip
TIMES = ("", "today", "7d", "30d", "last month", "ytd", "24h", "2026-02", "from:2020-01-01", "2020-01-01..2026-12-31")
IDS = ("aaaa-0", "aaaa-000-his", "bbbb-0", "bbbb-0-his", "0000-first", "ffff-odd", "9999-oldest", MOVED, COME, "zzzz")
VALUES = (
    *(f"model:{name}" for name in ("opus", "opus-4", "haiku", "haiku-secret", "secret", "sonnet", "moved", "us-4")),
    *(f"status:{name}" for name in ("failed", "paused", "pausd", "stalled", "stalle", "moved", "nonsense", "FAILED")),
    *(f"search:{name}" for name in ("acme", "priya", "marcus", "his", "aaaa", "first", "pryia", "e")),
    "byok:yes", "byok:no", "-status:completed", "-status:stalled", "-model:opus", "stalled", "paused", "modle:opus",
)  # fmt: skip
GROUPS = (
    "", *(f"by:{name}" for name in ("member", "model", "status", "day", "week", "month", "tool", "agent")),
    "by:model,day", "by:status,model", "by:tool,model", "rows", "rows sort:name", "rows csv", "by:model csv", "csv",
)  # fmt: skip
ENDS = ("", "top:1", "top:3", "sort:name", "sort:tasks")
COMMANDS = (
    "explain", "errors", "budgets", "budget", "snooze", "status", "help", "notify errors", "digest", "link", "errrors",
    "budget request 80/month", "snooze 1h", "snooze today", "notify errors on", "notify errors off", "explain team",
    "explain default", "digest 2026-03-01", "digest nonsense", "budgets team", "status team",
)  # fmt: skip

ids = st.sampled_from(IDS).flatmap(lambda name: st.integers(1, len(name)).map(lambda length: f"task:{name[:length]}"))
lists = st.lists(ids, min_size=1, max_size=7).map(lambda found: "task:" + ",".join(each[5:] for each in found))
filters = st.one_of(st.just(""), ids, lists, st.sampled_from(VALUES))
questions = st.tuples(*map(st.sampled_from, (NAMES, TIMES, GROUPS, ENDS)), filters, filters)
words = st.one_of(st.sampled_from(NAMES), filters, st.sampled_from(TIMES), st.sampled_from(("500/month", "remove")))
commands = st.tuples(st.sampled_from(COMMANDS), words, words)
lines = st.one_of(questions, commands).map(lambda found: " ".join(filter(None, found)))


@pytest.mark.long
@examples(150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=lines)
async def test_a_member_is_answered_as_if_there_were_nobody_else(pair: Pair, line: str) -> None:
    await pair.both(lambda harness: harness.slack.command("priya", CHANNEL, line))


ASKED = ("", "7d by:model", "rows", f"task:{COME}", "status:stalle", "ytd by:day")
FORGED = (
    *((act, value) for act in ("ask:model", "csv", "ask:instead") for value in ("team", "status:stalled", "help", "")),
    *((act, f"task:{MOVED}") for act in ("ask:model", "csv", "share")),
    *((f"budget_{act}", "budget:99:month:2026-03") for act in ("ack", "snooze:today", "raise")),
    *((f"failure_{act}", "group:99") for act in ("tasks", "silence", "ack")),
    ("budget_approve", "1"), ("failure_lift", "1"), ("home:lift:1", "1"),
)  # fmt: skip


async def test_what_a_member_presses_fills_in_and_opens_tells_of_nobody_else(pair: Pair) -> None:
    for line in ASKED:
        for number in range(len(await pressable(pair, line))):
            await pair.both(lambda harness, at=number: press(harness, at))  # type: ignore[misc]
    for action, value in FORGED:
        await pair.both(lambda harness, act=action, value=value: forge(harness, act, value))  # type: ignore[misc]
    await pair.both(lambda harness: harness.slack.command("priya", CHANNEL, "budget"))
    await pair.both(lambda harness: submit_form(harness, "priya", amount="60", reason="pentest"))
    await pair.both(lambda harness: harness.slack.open_home("priya"))
    await pair.both(press_home)


async def press_home(harness: ServiceHarness) -> None:
    view = harness.workspace.home_of("U0PRIYA")
    assert view is not None
    await harness.slack.click_in_view("priya", view.id, "home:listen")


async def test_messages_to_a_member_tell_of_nobody_else(pair: Pair) -> None:
    await pair.each(lambda harness: harness.ask("priya", "notify errors on"))
    for hours in (1, 20, 3, 50):
        for harness in (pair.team, pair.alone):
            fail(harness, ME, "mine")
        for number in range(4):
            fail(pair.team, OTHER, f"his-{number}")
        for pause in (HOUR, (hours - 1) * HOUR):
            pair.team.clock.advance(pause)
            await pair.each(ServiceHarness.sync)
            await pair.wait_idle()
            assert messages(pair.team) == messages(pair.alone)
    assert any("failed the same way" in each for each in messages(pair.team))
    assert any("over your" in each for each in messages(pair.team))


def fail(harness: ServiceHarness, email: str, name: str) -> None:
    """A task that has just failed as all of these do."""
    begun = harness.clock() - HOUR
    values = {"model": "opus-4", "status": "failed", "error_message": "gateway did not answer", "title": name}
    add(harness.neo.world, f"{name}-{begun:%d%H}", "1", email=email, begun=begun, **values)


def messages(harness: ServiceHarness) -> list[str]:
    """What a member reads in the direct messages with the bot, but for when each was last brought up to date."""
    return [re.sub(r"Data as of [^.\n]*", "", visible_text(each)) for each in harness.dm("priya")]


async def pressable(pair: Pair, line: str) -> list[str]:
    """The buttons of the answer to a line, but for those that show it to everybody."""
    await pair.both(lambda harness: harness.slack.command("priya", CHANNEL, line))
    return [each for each in actions(pair.team.visible("priya")[-1]) if each != "share"]


async def press(harness: ServiceHarness, number: int) -> None:
    """Press the button of that number under the first answer that has one."""
    answer = next(each for each in reversed(harness.visible("priya")) if any(actions(each)))
    pressed = [each for each in actions(answer) if each != "share"]
    await harness.slack.click("priya", CHANNEL, answer.ts, pressed[number % len(pressed)])


async def forge(harness: ServiceHarness, action: str, value: str) -> None:
    """Press a button that is nowhere."""
    desk, workspace = harness.slack.context, harness.workspace
    act = {"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": "1.0"}
    place, message = workspace.channel(CHANNEL), Message("1.000001", workspace.bot_user, blocks=[])
    body = payloads.message_action(desk, workspace.user("priya"), place, message, act)
    assert (await harness.slack.delivery.deliver(Payload("interactive", body))).ok
