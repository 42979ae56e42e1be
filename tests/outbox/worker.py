"""A process that delivers until it is killed, or kills or stops itself at a named step.

`python -m tests.outbox.worker` reads a JSON object a line: forks a child that works on it, and prints the child's id.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.ledger.database import Database
from bot.ledger.readers import Readers
from bot.outbox import store
from bot.outbox.delivery import Delivery
from bot.outbox.office import PostOffice
from bot.outbox.rules import Times
from bot.outbox.voices import Found, Told, Voices
from bot.shipped import shipped
from bot.slack.message import Message, paragraph
from bot.slack.rendering import Words
from bot.slack.workspace import Workspace, connected

STEPS = ("claimed", "worded", "checked", "requested", "answered", "settled", "edit claimed", "edit sent")
# a sixtieth of the real ones, but for what a loaded machine needs
TIMES = Times(
    request=0.4, lease=1.0, unsure=0.6, checks=(0.9, 1.6), pace=0.01, first_wait=0.03, longest_wait=0.2, margin=20.0
)


class Addresses:
    """Every destination is a channel's id."""

    async def find(self, destination: str) -> Found:
        return Found(destination.partition(":")[2])


class Voice:
    """Says what it is about."""

    def __init__(self, trap: "Trap") -> None:
        self._trap = trap

    async def say(self, told: Told) -> Message | None:
        self._trap.at("worded")
        return paragraph(f"{told.stem} is told")

    async def show(self, told: Told) -> Message | None:
        self._trap.at("worded")
        return paragraph(f"{told.thing} as it is")


class Trap:
    """Sends this process a signal when it has come to a step for the n-th time."""

    def __init__(self, step: str | None, number: int, which: int) -> None:
        self.step, self.number, self.which, self.come_to = step, number, which, ""

    def at(self, step: str) -> None:
        if step == self.step:
            self.number -= 1
            if self.number == 0:
                os.kill(os.getpid(), self.which)

    def noted(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, inside whose transaction it is noted that it came to the step."""

        def noting(*arguments: Any) -> Any:
            result = function(*arguments)
            if result:
                self.come_to = step
            return result

        return noting

    def sprung(self) -> None:
        """After the transaction: whoever froze inside of one would hold up everybody, whatever the outbox does."""
        step, self.come_to = self.come_to, ""
        self.at(step)


class TrappedDelivery(Delivery):
    """A delivery with a trap behind each transaction."""

    trap: Trap

    async def write(self, work: Callable[..., Any]) -> Any:
        result = await super().write(work)
        self.trap.sprung()
        return result


class Trapped:
    """A workspace with a trap before and after each request."""

    def __init__(self, workspace: Workspace, trap: Trap) -> None:
        self._workspace, self._trap = workspace, trap

    def __getattr__(self, name: str) -> Any:
        return getattr(self._workspace, name)

    async def deliver(self, *arguments: Any) -> Any:
        self._trap.at("checked")
        asyncio.get_running_loop().call_later(0.002, self._trap.at, "requested")
        answer = await self._workspace.deliver(*arguments)
        self._trap.at("answered")
        return answer

    async def edit(self, *arguments: Any) -> None:
        await self._workspace.edit(*arguments)
        self._trap.at("edit sent")


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - a process of its own has the machine's clock


async def work(path: str, url: str, token: str, trap: Trap) -> None:
    """Deliver, until this process ends."""
    store.claim = trap.noted("claimed", store.claim)
    store.settle = trap.noted("settled", store.settle)
    store.claim_edit = trap.noted("edit claimed", store.claim_edit)
    database, readers = Database(Path(path)), Readers(Path(path), threads=1)
    voices = Voices(dict.fromkeys(("said", "thing"), Voice(trap)), Words(shipped("templates")))
    async with connected(token, url) as workspace:
        delivery = TrappedDelivery(database, readers, Trapped(workspace, trap), voices, _now, TIMES)  # type: ignore[arg-type]
        delivery.trap = trap
        office = PostOffice(delivery, Addresses(), ZoneInfo("UTC"), None)
        parent = os.getppid()
        while os.getppid() == parent:
            with suppress(SQLAlchemyError):  # a frozen one may hold the database up for longer than is waited
                await office.tick()
            await asyncio.sleep(0.02)


def main() -> None:
    """Fork a worker for each line, until the input ends."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            os.close(0)
            trap = Trap(asked["step"], asked["number"], asked["signal"])
            asyncio.run(work(asked["path"], asked["url"], asked["token"], trap))
            os._exit(0)
        print(child, flush=True)  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
