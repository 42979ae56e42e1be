"""Cancelling tasks: one function cancels them and waits, and waits no longer than an ending service may."""

import asyncio
from collections.abc import Iterable
from typing import Any

CANCEL_SECONDS = 2.0  # a task can also have lost its cancellation (asyncio.wait_for of Python 3.11), and goes on


async def cancel_and_wait(tasks: Iterable["asyncio.Task[Any]"], seconds: float = CANCEL_SECONDS) -> None:
    """Cancel the tasks, and wait `seconds` at most until they have ended. What they raise is dropped."""
    if cancelled := set(tasks):
        for task in cancelled:
            task.add_done_callback(_drop_error)
            task.cancel()
        await asyncio.wait(cancelled, timeout=seconds)


def _drop_error(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled():
        task.exception()  # asyncio logs an error that nobody has looked at
