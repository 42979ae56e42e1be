"""A process that delivers until it is killed, or kills or stops itself at a named step.

`python -m tests.support.outbox_worker` reads a JSON object a line: forks a child that works on it, and prints the
child's id, or ends the child that is named. A dead child's id stays its own until then, so that no signal goes to a
stranger.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from aiohttp import ClientResponse, ClientSession
from aiohttp.connector import Connection
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.database.engine import Database
from bot.database.errors import UnusableError
from bot.database.postgres import PostgresDatabase
from bot.database.sqlite import SqliteDatabase
from bot.outbox import live_store, outcomes, store
from bot.outbox.destinations import (
    WEBHOOK_CHANNEL,
    ChannelDestination,
    Destination,
    ResolvedChannel,
    WebhookDestination,
)
from bot.outbox.events import EventRequest, WebhookEvent
from bot.outbox.outbox import Outbox
from bot.outbox.receiver import Answer, Webhook
from bot.outbox.renderers import Renderers, RenderRequest
from bot.outbox.rules import DeliveryTiming
from bot.settings.database_place import DatabasePlace, database_place
from bot.shipped import shipped
from bot.slack.blocks import Message, paragraph
from bot.slack.messages import Messages
from bot.slack.templates import Templates
from bot.slack.workspace import Workspace, connect_workspace
from bot.webhook.client import WebhookClient
from tests.support.clock import clock_of

STEPS = ("claimed", "worded", "checked", "requested", "answered", "settled", "edit claimed", "edit sent")
# a hundredth of the real ones, but for what a loaded machine needs; the last check is sooner, so that rounds are short
TIMES = DeliveryTiming(
    request=0.4, lease=1.0, unconfirmed=0.6, checks=(0.9, 2.0), pace=0.01, first_wait=0.03, longest_wait=0.2, margin=3.0
)


class Channels:
    """Every destination is a channel's id, which Slack is asked for."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def find(self, destination: Destination) -> ResolvedChannel:
        if isinstance(destination, WebhookDestination):
            return ResolvedChannel(WEBHOOK_CHANNEL)
        assert isinstance(destination, ChannelDestination)
        return ResolvedChannel(str((await self._workspace.channels.by_id(destination.name))["id"]))


class VersionRenderer:
    """Says what it is about, and which version."""

    def __init__(self, trap: "Trap", database: Database) -> None:
        self._trap, self._database = trap, database

    async def render_event(self, request: RenderRequest) -> Message | None:
        self._trap.at("worded")
        return paragraph(f"{request.dedup_key} is told")

    async def render_current(self, request: RenderRequest) -> Message | None:
        values = {"thing": request.topic, "destination": request.destination.encode()}
        ((version,),) = await self._database.read(lambda reader: reader.execute(text(_WANTED), values).all())
        self._trap.at("worded")
        return paragraph(f"{request.topic}, version {version}.")


_WANTED = "SELECT wanted FROM living WHERE thing = :thing AND destination = :destination"


class Trap:
    """Sends this process a signal when it has come to a step for the n-th time, after writing that down."""

    def __init__(self, step: str | None, number: int, which: int, report: str) -> None:
        self.step, self.number, self.which, self.report, self.come_to = step, number, which, report, set[str]()

    def at(self, step: str) -> None:
        if step == self.step:
            self.number -= 1
            if self.number == 0:
                with Path(self.report).open("a", encoding="utf-8") as report:
                    report.write(f"{step}\n")
                os.kill(os.getpid(), self.which)

    def noted(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, inside whose transaction it is noted that it came to the step."""

        def noting(*arguments: Any, **named: Any) -> Any:
            result = function(*arguments, **named)
            if result:
                self.come_to.add(step)
            return result

        return noting

    def sprung(self) -> None:
        """After the transaction: whoever froze inside of one would hold up everybody, whatever the outbox does."""
        while self.come_to:
            self.at(self.come_to.pop())


class TrappedDatabase(Database):
    """A database with a trap behind each transaction."""

    trap: Trap

    async def write(self, work: Callable[..., Any]) -> Any:
        result = await super().write(work)
        self.trap.sprung()
        return result


class TrappedFile(TrappedDatabase, SqliteDatabase):
    """One in a file."""


class TrappedServer(TrappedDatabase, PostgresDatabase):
    """One on a server."""


def trapped(place: DatabasePlace, trap: Trap) -> TrappedDatabase:
    """Return a ledger's database with a trap."""
    database: TrappedDatabase
    if isinstance(place, Path):
        database = TrappedFile(place, reader_threads=1)
    else:
        database = TrappedServer(place, reader_threads=1)
    database.trap = trap
    return database


class TrappedMessages:
    """The messages of a workspace, with a trap before and after each request."""

    def __init__(self, messages: Messages, trap: Trap) -> None:
        self._messages, self._trap = messages, trap

    def __getattr__(self, name: str) -> Any:
        return getattr(self._messages, name)

    async def post_notification(self, *arguments: Any) -> Any:
        self._trap.at("checked")
        delivering = _DELIVERING.set(True)
        try:
            answer = await self._messages.post_notification(*arguments)
        finally:
            _DELIVERING.reset(delivering)
        self._trap.at("answered")
        return answer

    async def edit(self, *arguments: Any) -> None:
        await self._messages.edit(*arguments)
        self._trap.at("edit sent")


class TrappedReceiver:
    """A receiver of events, with a trap before and after each request."""

    address = "a receiver"

    def __init__(self, client: WebhookClient, trap: "Trap") -> None:
        self._client, self._trap = client, trap

    async def post(self, event_id: str, body: bytes, now: datetime, seconds: float) -> Answer:
        self._trap.at("checked")
        answer = await self._client.post(event_id, body, now, seconds)
        self._trap.at("answered")
        return answer


_DELIVERING: ContextVar[bool] = ContextVar("delivering", default=False)


class TrappedResponse(ClientResponse):
    """An answer that is waited for: its request is out, to the last byte, once the writer has ended."""

    trap: Trap

    async def start(self, connection: Connection) -> ClientResponse:
        if _DELIVERING.get():
            asyncio.get_running_loop().call_soon(self._sent)
        return await super().start(connection)

    def _sent(self) -> None:
        if self._writer is None:  # as aiohttp has it once everything is written
            self.trap.at("requested")
        elif not self.closed:
            asyncio.get_running_loop().call_soon(self._sent)


def webhook_of(hook: str, trap: Trap) -> Webhook:
    """The webhook whose receiver is at an address."""

    def build(_: object, request: EventRequest) -> WebhookEvent:
        trap.at("worded")
        return WebhookEvent("test", f"{request.dedup_key} is told", {})

    return Webhook(TrappedReceiver(WebhookClient(hook, b"a secret of no use at all"), trap), {"note": build})


async def work(place: DatabasePlace, beside: Path, url: str, token: str, hook: str, trap: Trap) -> None:
    """Deliver, until this process ends."""
    store.claim = trap.noted("claimed", store.claim)
    outcomes.mark_sent = trap.noted("settled", outcomes.mark_sent)
    outcomes.mark_delivered = trap.noted("settled", outcomes.mark_delivered)
    live_store.claim_edit = trap.noted("edit claimed", live_store.claim_edit)
    database = trapped(place, trap)
    renderer = VersionRenderer(trap, database)
    renderers = Renderers(
        {"note": renderer.render_event}, {"topic": renderer.render_current}, Templates(shipped("templates"))
    )
    TrappedResponse.trap = trap
    async with connect_workspace(token, url) as workspace, ClientSession(response_class=TrappedResponse) as session:
        workspace.clients.once.session = workspace.clients.posting.session = session
        workspace.messages = TrappedMessages(workspace.messages, trap)  # type: ignore[assignment]
        outbox = Outbox(
            database, workspace, renderers, Channels(workspace), clock_of(beside), TIMES,
            webhook=webhook_of(hook, trap),
        )  # fmt: skip
        parent = os.getppid()
        while os.getppid() == parent:
            with suppress(
                SQLAlchemyError, UnusableError
            ):  # a frozen one may hold the database up for longer than is waited
                await outbox.tick()
            await asyncio.sleep(0.05)


def main() -> None:
    """Fork a worker for each line or end one, until the input ends; then end all."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    children: set[int] = set()
    for line in sys.stdin:
        asked = json.loads(line)
        if (ended := asked.get("end")) is not None:
            children.discard(ended)
            _end(ended)
            continue
        child = os.fork()
        if child == 0:
            os.close(0)
            trap = Trap(asked["step"], asked["number"], asked["signal"], asked["report"])
            place, beside = database_place(asked["ledger"]), Path(asked["beside"])
            asyncio.run(work(place, beside, asked["url"], asked["token"], asked["hook"], trap))
            os._exit(0)
        children.add(child)
        print(child, flush=True)  # noqa: T201 - its answer
    for child in children:
        _end(child)


def _end(child: int) -> None:
    os.kill(child, signal.SIGKILL)  # which wakes whoever is frozen
    os.waitpid(child, 0)


if __name__ == "__main__":
    main()
