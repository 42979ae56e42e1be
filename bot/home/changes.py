"""What has changed since App Home was published. It runs every few seconds, so it reads little, and by index only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from bot.balance.store import stored_balance
from bot.budgets.limits.revision_store import budget_signature
from bot.budgets.requests.store import request_signature
from bot.database.backup_record import backup_record
from bot.domain.timestamps import optional_to_us
from bot.failures.group_store import failure_signature
from bot.home.facts import TASKS_SINCE
from bot.incidents.store import open_incident_count
from bot.ledger.charge_queries import members_charged_after, newest_charge
from bot.ledger.members import ids_by_email, merged_count
from bot.ledger.neo_agreement import neo_agreement
from bot.ledger.passes.history import first_start_after, newest_ended_pass
from bot.ledger.task_queries import members_with_changes
from bot.people.links import newest_change


@dataclass(frozen=True, slots=True)
class ChangeMark:
    """The state of everything that App Home shows, to be compared with a later one.

    `charge` and `ended_pass` are the ids of the newest ones. `others` changes with everything else that a page shows,
    including the date; such a change is not traced to members.
    """

    charge: int
    ended_pass: int
    others: tuple[int, ...]


def change_mark(connection: Connection, today: date) -> ChangeMark:
    """Return the present mark, read in one snapshot."""
    others = (
        *budget_signature(connection),
        *request_signature(connection),
        *failure_signature(connection),
        open_incident_count(connection),
        newest_change(connection),
        merged_count(connection),
        today.toordinal(),
        optional_to_us(backup_record(connection).made_at) or 0,
        optional_to_us(neo_agreement(connection).attempted_at) or 0,
        optional_to_us(stored_balance(connection).attempted_at) or 0,
    )
    return ChangeMark(newest_charge(connection), newest_ended_pass(connection), others)


@dataclass(frozen=True, slots=True)
class ChangedMembers:
    """Which of some e-mails belong to members with something new, and whether `anybody` has something new."""

    emails: frozenset[str]
    anybody: bool


def changed_members(
    connection: Connection, since: ChangeMark, emails: Collection[str], now: datetime
) -> ChangedMembers:
    """Return who has new charges since a mark, or tasks whose status or text changed without a charge."""
    members = members_charged_after(connection, since.charge)
    began = first_start_after(connection, since.ended_pass)
    if began is not None:
        members |= members_with_changes(connection, began, now - TASKS_SINCE)
    # a merged e-mail stands for the member it was merged into
    ids = ids_by_email(connection, sorted(emails))
    return ChangedMembers(frozenset(email for email, member in ids.items() if member in members), bool(members))
