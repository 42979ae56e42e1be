"""The record of scheduled backups: when the last one was made, how large it is, and why a later one failed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.database import metadata
from bot.domain.timestamps import optional_from_us, to_us

_KEY = "backup"  # in the metadata


@dataclass(frozen=True, slots=True)
class BackupRecord:
    """What became of scheduled backups. `failure` is why the last one failed, empty if it did not.

    An attempt that was interrupted, or is under way, is later than the last one made and has not failed.
    """

    tried_at: datetime | None = None
    made_at: datetime | None = None
    bytes: int = 0
    failure: str = ""


def backup_record(connection: Connection) -> BackupRecord:
    """Return what is recorded; nothing of all that if no backup was ever due."""
    stored = metadata.read(connection, _KEY)
    if stored is None:
        return BackupRecord()
    values = json.loads(stored)
    tried_at, made_at = optional_from_us(values["tried_at"]), optional_from_us(values["made_at"])
    return BackupRecord(tried_at, made_at, values["bytes"], values["failure"])


def found_backups(record: BackupRecord, there: Mapping[datetime, int] | None, now: datetime) -> BackupRecord:
    """Return a record whose last backup is the newest that is `there`, with its bytes; none if none is.

    The record stands where nobody knows what is there. What it says may be older, as in a copy that was put back, or be
    of a file that is gone. One that a clock which ran ahead has dated in the future does not count.
    """
    if there is None:
        return record
    made_at = max((each for each in there if each <= now), default=None)
    if made_at is None:
        return replace(record, made_at=None, bytes=0)
    if record.tried_at is not None and made_at < record.tried_at:
        return replace(record, made_at=made_at, bytes=there[made_at])
    return BackupRecord(record.tried_at or made_at, made_at, there[made_at])


def write_backup_record(connection: Connection, record: BackupRecord) -> None:
    """Keep a record in the place of the former one."""
    values = {
        "tried_at": None if record.tried_at is None else to_us(record.tried_at),
        "made_at": None if record.made_at is None else to_us(record.made_at),
        "bytes": record.bytes,
        "failure": record.failure,
    }
    metadata.write(connection, _KEY, json.dumps(values))
