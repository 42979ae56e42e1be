"""What becomes of differences by person when members are merged or erased, and after a restore."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection

from bot.database.personal_rows import Document
from bot.domain.formatting import utc
from bot.domain.person import Person
from bot.domain.usage_total import agrees
from bot.ledger.former_ledger import FormerLedger
from bot.ledger.neo_agreement import MemberDifference, neo_agreement, write_neo_agreement
from bot.outbox.key_mapping import KeyMapping


def adopt(connection: Connection, former: FormerLedger, _now: datetime) -> KeyMapping:
    """Take over what the former ledger has found, so that operators are not notified of it again."""
    found = neo_agreement(former.connection)
    if found.attempted_at is not None:  # else the copy may know more
        known = [each for each in found.members if each.member in former.members]
        members = tuple(replace(each, member=former.members[each.member]) for each in known)
        write_neo_agreement(connection, replace(found, members=members))
    return KeyMapping({}, {})


def merge_members(connection: Connection, old: int, new: int, _now: datetime) -> None:
    """Join what two members differ by, who are one now; where that is nothing, they do not differ any more."""
    agreement = neo_agreement(connection)
    renamed = [replace(each, member=new) if each.member == old else each for each in agreement.members]
    if renamed != list(agreement.members):
        write_neo_agreement(connection, replace(agreement, members=tuple(_joined(renamed))))


def _joined(differences: Iterable[MemberDifference]) -> list[MemberDifference]:
    joined: dict[tuple[date, int], MemberDifference] = {}
    for each in differences:
        key = each.day, each.member
        other = joined.get(key)
        joined[key] = each if other is None else _sum(other, each)
    return [each for each in joined.values() if not agrees(each.ours, each.neos)]


def _sum(one: MemberDifference, other: MemberDifference) -> MemberDifference:
    since = min(one.since, other.since)
    return replace(one, ours=one.ours + other.ours, neos=one.neos + other.neos, since=since)


def erase_person(connection: Connection, person: Person, _now: datetime) -> None:
    """Delete what differs of a person."""
    agreement = neo_agreement(connection)
    left = tuple(each for each in agreement.members if each.member not in person.members)
    if left != agreement.members:
        write_neo_agreement(connection, replace(agreement, members=left))


def exported_differences(connection: Connection, person: Person) -> dict[str, list[Document]]:
    """Return what differs of a person from Neo's sums by person, a row for each day."""
    return {
        "neo_total_differences": [
            {
                "day": each.day.isoformat(),
                "credits": f"{each.ours.credits:f}",
                "tasks": each.ours.tasks,
                "neos_credits": f"{each.neos.credits:f}",
                "neos_tasks": each.neos.tasks,
                "since": utc(each.since),
            }
            for each in neo_agreement(connection).members
            if each.member in person.members
        ]
    }
