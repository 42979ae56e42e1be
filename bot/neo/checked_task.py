"""Makes a task of a row: checks what its types cannot say, and corrects what its money does not depend on."""

from datetime import datetime
from decimal import Decimal

import msgspec

from bot.domain.tasks import Task, normalized_email
from bot.neo.created_at import creation_time
from bot.neo.lenient import MAX_ERROR, MAX_TITLE, OWN_KEY_COSTS, printable_name
from bot.neo.row_schema import UsageRow

_LEAST = -400  # the exponent of an amount that is nothing; PostgreSQL has no numbers that are much smaller
_AMOUNTS = ("neo_credits", "llm_cost", "neo_cost")
# sets in place: nobody else holds the row yet, and a copy would cost as much as decoding it
_set = msgspec.structs.force_setattr


def checked_task(row: UsageRow, latest: datetime | None) -> Task:
    """Return the row as a task; `latest` is the moment after which none can have been created, if that is known.

    Raises:
        ValueError: with the reason it cannot be booked.
    """
    _check_amounts(row)
    if not row.task_id.isprintable():
        raise ValueError("`task_id` holds control characters")
    moment = creation_time(row.created_at)
    if latest is not None and moment > latest:
        raise ValueError("`created_at` is in the future")
    _set(row, "created_at", moment)
    if not (row.model.isprintable() and row.status.isprintable()):
        _set(row, "model", printable_name(row.model))
        _set(row, "status", printable_name(row.status))
    if row.email is not None and row.email != (normalized_email(row.email) or None):
        _set(row, "email", normalized_email(row.email) or None)
    if len(row.title or "") > MAX_TITLE or len(row.error_message or "") > MAX_ERROR:
        _cut_texts(row)
    return row


def _check_amounts(row: UsageRow) -> None:
    for amount in (row.neo_credits, row.llm_cost, row.neo_cost):
        if amount is None or (amount.is_finite() and amount >= 0 and amount.adjusted() > _LEAST):
            continue
        field = next(field for field in _AMOUNTS if getattr(row, field) is amount)
        if amount.is_finite() and amount >= 0:
            _set(row, field, Decimal(0))
        elif row.is_byok is not False or field not in OWN_KEY_COSTS:
            raise ValueError(f"`{field}` is {'negative' if amount.is_finite() else 'not a number'}")
        else:
            _set(row, field, None)


def _cut_texts(row: UsageRow) -> None:
    _set(row, "title", row.title and row.title[:MAX_TITLE])
    _set(row, "error_message", row.error_message and row.error_message[:MAX_ERROR])
