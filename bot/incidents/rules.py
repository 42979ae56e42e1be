"""The rules of incidents: what can be wrong, and from when on it is an incident."""

from datetime import timedelta
from enum import StrEnum

FAILED_PASSES = 3  # in a row, that failed or did not add up
LONGEST_WITHOUT_END = timedelta(hours=6)  # of passes none of which came to an end, however many
LEAST_FREE_BYTES = 200 * 2**20  # on the disk of the database
RECENT = timedelta(days=1)  # for which a message that could not be delivered is an incident


class IncidentName(StrEnum):
    """What can be wrong."""

    UPSTREAM = "upstream"
    READING = "reading"
    INCOMPLETE = "incomplete"
    SCOPE = "scope"
    QUARANTINE = "quarantine"
    DEAD = "dead"
    WORDING = "wording"
    TEMPLATE = "template"
    DISK = "disk"
    CONNECTION = "connection"
