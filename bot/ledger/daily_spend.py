"""Daily spend: what members, and the team, spent in each of several windows, such as the days of a month."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Select, func, select

from bot.domain.narrowing import ALL_TASKS, TaskNarrowing
from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import from_us, to_us
from bot.ledger import quarter_hour_totals
from bot.ledger.expressions import CrossJoin, nanos_of, one_of, spans_table, sum_of
from bot.ledger.narrowed_tasks import NarrowingForm, values_of
from bot.ledger.tables import charge, member


@cache
def _daily(basis: SpendBasis, form: NarrowingForm) -> Select[int, int, int]:
    """Return the statement on each member and span, as scalar subqueries: each is a short range of an index."""
    span = spans_table()
    spent = select(func.coalesce(sum_of(nanos_of(charge, basis)), 0)).where(
        charge.c.member == member.c.id,
        charge.c.booked_at >= span.c.low,
        charge.c.booked_at < span.c.high,
        *form.charge_conditions(),
    )
    each = CrossJoin(member, span)  # all spans of a member after each other: they are neighbours in the index
    return (
        select(member.c.id, span.c.i, spent.scalar_subquery()).select_from(each).where(one_of(member.c.id, "members"))
    )


_FIRST = select(
    member.c.id,
    # a look at the index for each; grouped, all charges of each would be read
    select(func.min(charge.c.booked_at)).where(charge.c.member == member.c.id).scalar_subquery(),
).where(one_of(member.c.id, "members"))


def daily_spend(
    connection: Connection,
    members: Sequence[int],
    windows: Sequence[Window],
    basis: SpendBasis,
    narrowing: TaskNarrowing = ALL_TASKS,
) -> dict[int, list[int]]:
    """Return what each member spent within each of the windows on these tasks, as they are now, in nanos."""
    spend = {member: [0] * len(windows) for member in members}
    if windows:
        spans = [(i, to_us(each.start), to_us(each.end)) for i, each in enumerate(windows)]
        values = {"spans": spans, "members": list(spend), **values_of(narrowing)}
        rows = connection.execute(_daily(basis, NarrowingForm.of(narrowing)), values).all()
        for member, index, nanos in rows:
            spend[member][index] = nanos
    return spend


def team_daily_spend(connection: Connection, windows: Sequence[Window], basis: SpendBasis) -> list[int]:
    """Return what the team spent within each window, in nanos; windows must begin and end on a quarter of an hour."""
    ends = [(to_us(each.start), to_us(each.end)) for each in windows]
    return [basis.spend(*quarter_hour_totals.nanos_between(connection, start, end)) for start, end in ends]


def first_charges(connection: Connection, members: Sequence[int]) -> dict[int, datetime]:
    """Return when the first charge of each member was booked, of those who have any."""
    rows = connection.execute(_FIRST, {"members": list(members)}).all()
    return {member: from_us(at) for member, at in rows if at is not None}
