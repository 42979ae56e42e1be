"""Whoever waits for a comparison: syncs wait for none, and people learn that it takes too long."""

import asyncio
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from bot.domain.access import AT_THE_TERMINAL, RefusedError
from bot.reconcile.commands import ReconcileCommands
from bot.reconcile.days_comparison import Comparison
from bot.reconcile.job import ReconcileJob
from bot.reconcile.reconciler import Reconciler
from bot.sandbox.faults import Hang
from bot.sandbox.neo import SUMMARY_PATH
from bot.sandbox.tasks import SimTask, Stream
from bot.slack.blocks import Message
from bot.slack.requests import Request, RequestKind
from tests.support.harness import ServiceHarness
from tests.support.neo_totals import DAY, HOUR, asked
from tests.support.worlds import PRIYA


async def test_no_sync_waits_for_neos_total(closed: ServiceHarness) -> None:
    closed.retry_policy = replace(closed.retry_policy, summary=60)
    await closed.open()
    closed.neo.faults.when(lambda request: Hang() if request.path == SUMMARY_PATH else None)
    closed.clock.advance(DAY)
    await closed.sync()
    ended = closed.clock() - HOUR
    closed.neo.world.add(SimTask.of("new", Stream(ended - HOUR, ended, Decimal(77)), email=PRIYA))
    async with asyncio.timeout(20):  # seconds, far less than a summary may take
        await closed.sync()
    assert "$770.00" in await asked(closed, "team today")
    (compared,) = [each for each in closed.neo.log if "group_by" in each.query]
    assert compared.path == SUMMARY_PATH


@dataclass(frozen=True, slots=True)
class EndlessJob(ReconcileJob):
    """A comparison that does not end."""

    async def compare(self, line: str) -> Comparison:
        del line
        await asyncio.Event().wait()
        raise AssertionError


@dataclass
class Answers:
    """What was answered."""

    messages: list[Message] = field(default_factory=list)

    async def respond(self, message: Message, *, replace: bool = False) -> None:
        del replace
        self.messages.append(message)

    async def share(self, message: Message) -> None:
        self.messages.append(message)


async def test_a_comparison_that_takes_too_long_is_answered_while_slack_takes_an_answer(
    harness: ServiceHarness,
) -> None:
    context = harness.service.wiring.context
    job = EndlessJob(Reconciler(context.database, context.connect_neo, context.scheduler.backfill, context.clock))
    commands = ReconcileCommands(job, context.people, context.templates, context.clock, patience=0.01)
    request = Request(RequestKind.COMMAND, "U0HANNAH", "C1", "reconcile", Answers())
    with pytest.raises(RefusedError, match="Neo takes too long to answer\\. Try fewer days"):
        await commands.reconcile(request, AT_THE_TERMINAL)
