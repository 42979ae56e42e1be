"""A task as the upstream reports it, after it was checked."""

from datetime import datetime
from decimal import Decimal

import msgspec

from bot.domain.text import ascii_lower

UPSTREAM_STATUSES = ("completed", "error", "failed", "aborted", "blocked")
FAILED_STATUSES = ("error", "failed")


_SPACE = " \t\n\r\v\f"


class ToolUse(msgspec.Struct, frozen=True, gc=False):
    """How often a task called a tool, and how long that took in total."""

    calls: int = 0
    total_duration_ms: int = 0


class Task(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One Neo task with its totals so far.

    Amounts are the upstream's own numbers in their own unit (see `pricing`), exact; None is unknown.
    `created_at` is aware UTC, durations are milliseconds, `email` is normalized, `agents` holds triggers by
    agent name.
    """

    task_id: str
    model: str
    status: str
    created_at: datetime
    email: str | None = None
    is_byok: bool | None = None
    neo_credits: Decimal | None = None
    llm_cost: Decimal | None = None
    neo_cost: Decimal | None = None
    stream_id: str | None = None
    stream_count: int | None = None
    step_count: int = 0
    tool_calls: int = 0
    agent_triggers: int = 0
    llm_time_ms: int | None = None
    tool_time_ms: int | None = None
    total_execution_ms: int | None = None
    avg_step_latency_ms: int | None = None
    title: str | None = None
    error_message: str | None = None
    tools: dict[str, ToolUse] | None = None
    agents: dict[str, int] | None = None


class Refused(msgspec.Struct, frozen=True):
    """A row of the upstream that cannot be booked: the id of its task (or a hash of the row), and why.

    `created_at` is when its task was created (aware), where that could be read.
    """

    key: str
    reason: str
    created_at: datetime | None = None


def normalized_email(email: str) -> str:
    """Return the e-mail as members are told apart by it: without surrounding ASCII space, ASCII letters lower-cased.

    Two e-mails that differ in any other way are two members.
    """
    return ascii_lower(email.strip(_SPACE))
