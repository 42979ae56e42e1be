"""The channels of digests: their Slack ids, and since when each has been in DIGEST_CHANNEL.

A channel that is added (again) is owed no digest of the time before.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.database import metadata
from bot.digest import store
from bot.domain.timestamps import from_us, to_us

_ID = "digest_channel:"  # what the metadata of a channel's id begins with, by its name in the settings
_ENABLED = "digest_on:"  # what the metadata begins with that says since when it is in DIGEST_CHANNEL, a moment
_ALWAYS, _DISABLED = "0", ""  # in place of the moment: since before this was recorded, and no longer


def known_id(connection: Connection, name: str) -> str | None:
    """Return the id of a channel of the settings as it was last found; None if it never was."""
    return metadata.read(connection, f"{_ID}{name}")


def remember_ids(connection: Connection, ids: Mapping[str, str]) -> None:
    """Record the ids of channels by their names in the settings."""
    for name, channel in ids.items():
        metadata.write(connection, f"{_ID}{name}", channel)


def setting_changes(connection: Connection, names: Sequence[str], now: datetime) -> dict[str, str]:
    """Return, by name, what `apply_setting_changes` has to record of channels that were added or removed."""
    ids, recorded = metadata.read_prefix(connection, _ID), metadata.read_prefix(connection, _ENABLED)
    decided = set(store.decided_channels(connection))
    changes = {}
    for name in names:
        if name not in recorded and ids.get(name, name) in decided:
            changes[name] = _ALWAYS
        elif not recorded.get(name):
            changes[name] = str(to_us(now))
    enabled = {*names, *(ids.get(name, name) for name in names)}
    absent = {*recorded, *decided, *(name for name, channel in ids.items() if channel in decided)} - enabled
    disabled = [name for name in absent if recorded.get(name) != _DISABLED and ids.get(name) not in enabled]
    return changes | dict.fromkeys(disabled, _DISABLED)


def apply_setting_changes(connection: Connection, changes: Mapping[str, str]) -> None:
    """Record the changes, and retire the digests of channels that were added."""
    ids = metadata.read_prefix(connection, _ID)
    for name, value in changes.items():
        metadata.write(connection, f"{_ENABLED}{name}", value)
        if value not in {_DISABLED, _ALWAYS}:
            store.retire(connection, ids.get(name, name))


def enabled_since(connection: Connection, channel: str, now: datetime) -> datetime | None:
    """Return since when a channel, by its id, has been in DIGEST_CHANNEL; None if since before that was recorded."""
    ids, recorded = metadata.read_prefix(connection, _ID), metadata.read_prefix(connection, _ENABLED)
    moments = [int(value) for name, value in recorded.items() if value and ids.get(name, name) == channel]
    latest = max((each for each in moments if each <= to_us(now)), default=0)
    return from_us(latest) if latest else None
