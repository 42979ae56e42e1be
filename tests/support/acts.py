"""What happens to a service under test: members spend, tasks fail, forms are submitted."""

import itertools
from datetime import timedelta
from typing import Any

from bot.sandbox.slack.models import Message
from tests.support.harness import ServiceHarness
from tests.support.worlds import add, spent

COUNTER = itertools.count()
SECOND = timedelta(seconds=1)


async def spend(harness: ServiceHarness, email: str, usd: int, **others: Any) -> None:
    """Let a member's task end with this cost, and read it."""
    spent(harness.neo.world, harness.clock(), email, usd, **others)
    await harness.sync()


def fail_task(harness: ServiceHarness, email: str, error: str | None, usd: int = 1, **others: Any) -> str:
    """Let a member's task fail, without reading it; return its id."""
    name = f"failed-{next(COUNTER)}"
    begun = harness.clock() - timedelta(hours=1) - SECOND
    values = {"model": "opus", "status": "error", "title": "port scan", **others}
    add(harness.neo.world, name, str(usd / 10), email=email, begun=begun, error_message=error, **values)
    return name


async def decline(harness: ServiceHarness, user: str, request: Message, reason: str = "") -> Message:
    """Decline a budget request in an operator's direct messages; return the answer."""
    id_ = harness.workspace.user(user).id
    im, before = harness.workspace.im_of(id_).id, len(harness.dm(user))
    ack = await harness.slack.click(user, im, request.ts, "budget_decline")
    assert ack.ok, ack
    await harness.workspace.until(lambda: harness.workspace.view_on_top(id_) is not None)
    await submit_form(harness, user, **({"reason": reason} if reason else {}))
    return await harness.answer(user, im, before)


async def submit_form(harness: ServiceHarness, user: str, **fields: str) -> dict[str, Any]:
    """Fill in the form that a user looks at and submit it; return the body of the answer."""
    view = harness.workspace.view_on_top(harness.workspace.user(user).id)
    assert view is not None
    ack = await harness.slack.submit(user, view.id, {name: {name: value} for name, value in fields.items()})
    assert ack.ok, ack
    return ack.body or {}
