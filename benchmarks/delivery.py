"""Delivery: a thousand notifications over twenty channels, at the pace that Slack takes."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from time import perf_counter

from benchmarks.bars import Bar
from benchmarks.workplace import scratch
from bot.database.engine import Database, open_database
from bot.outbox.destinations import ChannelDestination, Destination, ResolvedChannel
from bot.outbox.keys import StoredKey
from bot.outbox.outbox import Outbox
from bot.outbox.renderers import Renderers, RenderRequest
from bot.outbox.store import NewNotification, enqueue
from bot.sandbox.slack.faults import PostRateLimit, RateLimited
from bot.sandbox.slack.models import Channel
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from bot.service.log import configure
from bot.settings.model import LogFormat, LogLevel
from bot.shipped import shipped
from bot.slack.blocks import Message, paragraph
from bot.slack.templates import Templates
from bot.slack.workspace import connect_workspace

_CHANNELS, _MORE = 20, 1.1
_HELD = 20.0  # seconds for which Slack takes nothing more in one of the channels


def measure(*, quick: bool) -> Iterator[Bar]:
    """The wall time of one message a second in each channel, plus 10 %; one channel's limit holds up no other."""
    each = 8 if quick else 50
    configure(LogLevel.ERROR, LogFormat.CONSOLE)
    whole, others = asyncio.run(_delivered(each))
    note = f"{_CHANNELS} channels of {each}; none shown twice or lost"
    yield Bar("1,000 notifications at Slack's pace", whole / each, _MORE, note=note)
    yield Bar(
        "the others while one channel is held", others / each, _MORE, note=f"held for {_HELD:g} s at its beginning"
    )


class _Destinations:
    async def find(self, destination: Destination) -> ResolvedChannel:
        assert isinstance(destination, ChannelDestination)
        return ResolvedChannel(destination.name)


async def _said(request: RenderRequest) -> Message:
    return paragraph(f"This is {request.dedup_key}.")


async def _delivered(each: int) -> tuple[float, float]:
    with scratch() as directory:
        path = directory / "outbox.db"
        database = open_database(path)
        try:
            whole = await _timed(database, each, held=False)
            return whole, await _timed(database, each, held=True)
        finally:
            database.close()


async def _timed(database: Database, each: int, *, held: bool) -> float:
    """Seconds from the first tick until every message (but those of the channel that is held) is there."""
    slack = SlackApi(Workspace.default(), _now, _now)
    names = [f"C0LANE{number:02}" for number in range(_CHANNELS)]
    for name in names:
        slack.workspace.channels[name] = Channel(name, name.lower(), members={slack.workspace.bot_user})
    slack.faults.when(PostRateLimit(seconds=0.95))  # Slack's own, which lets an early one pass
    counted = names[1:] if held else names
    if held:
        first = iter([RateLimited(int(_HELD))])
        slack.faults.when(lambda call: next(first, None) if call.args.get("channel") == names[0] else None)
    async with (
        SlackServer(slack) as server,
        connect_workspace(slack.workspace.bot_token, f"{server.url}/api/") as workspace,
    ):
        slack.url = server.url
        renderers = Renderers(dict.fromkeys(("bench", "held"), _said), {}, Templates(shipped("templates")))
        outbox = Outbox(database, workspace, renderers, _Destinations(), _now)
        kind = "held" if held else "bench"
        with database.transaction() as connection:
            enqueue(
                connection,
                [
                    NewNotification(StoredKey(f"{kind}:{n}"), ChannelDestination(name))
                    for name in names
                    for n in range(each)
                ],
                _now(),
            )
        began = perf_counter()
        while sum(len(slack.workspace.channels[name].messages) for name in counted) < each * len(counted):
            await outbox.tick()
            await asyncio.sleep(0.05)
        taken = perf_counter() - began
        await outbox.wait_idle()
        shown = [
            m.metadata["event_payload"]["key"]
            for name in names
            for m in slack.workspace.channels[name].messages
            if m.metadata
        ]
        assert len(shown) == len(set(shown)), "one is there twice"
    return taken


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - a benchmark has the machine's clock
