"""The record of scheduled backups: when the last one was made, how large it is, and why a later one failed."""

import json
from dataclasses import dataclass
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


def write_backup_record(connection: Connection, record: BackupRecord) -> None:
    """Keep a record in the place of the former one."""
    values = {
        "tried_at": None if record.tried_at is None else to_us(record.tried_at),
        "made_at": None if record.made_at is None else to_us(record.made_at),
        "bytes": record.bytes,
        "failure": record.failure,
    }
    metadata.write(connection, _KEY, json.dumps(values))
