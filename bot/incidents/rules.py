"""The rules of incidents: what can be wrong, and from when on it is an incident."""

from datetime import timedelta
from enum import StrEnum

FAILED_PASSES = 3  # so many passes in a row that failed or were incomplete are an incident
LONGEST_WITHOUT_END = timedelta(hours=6)  # without a complete pass is an incident, however many were begun
LEAST_FREE_BYTES = 200 * 2**20  # less than this on the disk of the database is an incident
WEBHOOK_WAITS = timedelta(hours=1)  # an event that waits longer for its receiver is an incident
LONGEST_WITHOUT_BACKUP = timedelta(days=2)
BACKUP_TAKES = timedelta(hours=1)  # an attempt that was begun later may still succeed
RECENT = timedelta(days=1)  # for so long an undelivered message is an incident


class IncidentName(StrEnum):
    """What can be wrong. The names stand in the keys of posted notifications, and so stay as they are."""

    UPSTREAM = "upstream"  # Neo did not answer, or refused
    READING = "reading"  # a pass was broken off by a fault of this program or machine
    INCOMPLETE = "incomplete"  # passes end, but none of them holds every task
    SCOPE = "scope"  # the key does not see the whole team any more
    QUARANTINE = "quarantine"  # rows of Neo cannot be booked
    DEAD = "dead"  # messages could not be delivered
    WEBHOOK = "webhook"  # events could not be delivered
    WORDING = "wording"  # messages cannot be rendered
    TEMPLATE = "template"  # one of the operator's own templates is broken
    DIFFERENCE = "difference"  # the ledger differs from Neo's own total
    DISK = "disk"  # little space is left
    BACKUP = "backup"  # the last scheduled backup failed, or is old
    CONNECTION = "connection"  # Slack refuses the app token


REPORTED_ONCE = frozenset({IncidentName.DIFFERENCE})
"""What is reported when it begins and when more is found, not again each day."""
