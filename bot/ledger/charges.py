"""Charges: which members have any in a window, what they add up to, and which is the newest."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from bot.database.reader import plain_rows
from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import to_us

if TYPE_CHECKING:
    from bot.database.reader import Reads


def newest_charge(reads: "Reads") -> int:
    """Return the key of the newest charge; 0 if there is none."""
    return int(plain_rows(reads, "SELECT coalesce(max(id), 0) FROM charge")[0][0])


def members_charged_after(reads: "Reads", charge: int) -> set[int]:
    """Return the keys of the members of all charges that are newer than one, by its key."""
    # made a set here: asked for DISTINCT, SQLite reads the whole of an index by member
    return {member for (member,) in plain_rows(reads, "SELECT member FROM charge WHERE id > ?", (charge,))}


def members_charged_within(reads: "Reads", window: Window) -> list[int]:
    """Return the keys of the members with charges in a window."""
    sql = "SELECT DISTINCT member FROM charge WHERE booked_at >= ? AND booked_at < ?"
    return [member for (member,) in plain_rows(reads, sql, (to_us(window.start), to_us(window.end)))]


# as a scalar subquery each is one short range of an index; a join was 35 times slower
_BY_MEMBER = """
SELECT j.value, coalesce((SELECT sum(c.platform_nanos + c.provider_nanos) FROM charge c
  WHERE c.member = j.value AND c.booked_at >= ? AND c.booked_at < ?), 0) FROM json_each(?) j
"""
_PLATFORM_BY_MEMBER = """
SELECT j.value, coalesce((SELECT sum(c.platform_nanos) FROM charge c
  WHERE c.member = j.value AND c.booked_at >= ? AND c.booked_at < ?), 0) FROM json_each(?) j
"""


def spend_by_member(reads: "Reads", members: Iterable[int], window: Window, basis: SpendBasis) -> dict[int, int]:
    """Return what each of the members spent in a window, in nanos."""
    sql = _BY_MEMBER if basis is SpendBasis.TOTAL else _PLATFORM_BY_MEMBER
    return dict(plain_rows(reads, sql, (to_us(window.start), to_us(window.end), json.dumps(list(members)))))


def spend_of_all_members(reads: "Reads", window: Window, basis: SpendBasis) -> dict[int, int]:
    """Return what each member with charges in a window spent in it, in nanos."""
    sql = """
SELECT member, sum(platform_nanos), sum(provider_nanos) FROM charge WHERE booked_at >= ? AND booked_at < ?
GROUP BY member"""
    rows = plain_rows(reads, sql, (to_us(window.start), to_us(window.end)))
    return {member: basis.spend(platform, provider) for member, platform, provider in rows}
