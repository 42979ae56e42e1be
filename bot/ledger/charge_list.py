"""The charge list: every charge of a window with its task and member, for files that list them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, or_, select

from bot.domain.periods import Window
from bot.domain.timestamps import from_us, to_us
from bot.ledger.members import shown_email
from bot.ledger.rules import EntryKind
from bot.ledger.tables import charge, member, task

_CHARGES = (
    select(
        charge.c.booked_at, charge.c.platform_nanos, charge.c.provider_nanos, charge.c.kind,
        task.c.task_id, task.c.model, task.c.created_at, member.c.email,
    )
    .select_from(charge.join(task, task.c.id == charge.c.task).join(member, member.c.id == charge.c.member))
    .where(
        charge.c.booked_at >= bindparam("low"),
        charge.c.booked_at < bindparam("high"),
        or_(charge.c.platform_nanos != 0, charge.c.provider_nanos != 0),
    )
    .order_by(charge.c.booked_at, charge.c.id)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListedCharge:
    """A charge: its amounts in nanos, when it was booked, and of which task, which was created when, and whose."""

    booked_at: datetime
    platform_nanos: int
    provider_nanos: int
    kind: EntryKind
    task_id: str
    model: str
    created_at: datetime
    member: str


def charges_within(connection: Connection, window: Window) -> Iterator[ListedCharge]:
    """Yield the charges booked in a window that are not zero, in the order in which they were booked."""
    values = {"low": to_us(window.start), "high": to_us(window.end)}
    for booked_at, platform, provider, kind, task_id, model, created_at, email in connection.execute(_CHARGES, values):
        yield ListedCharge(
            from_us(booked_at), platform, provider, EntryKind(kind), task_id, model, from_us(created_at),
            shown_email(email),
        )  # fmt: skip
