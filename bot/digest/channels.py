"""Switching digests on and off: a channel that is (again) among the settings begins anew, and missed nothing before."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.database import metadata
from bot.digest import store
from bot.domain.timestamps import from_us, to_us

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.database.reader import Reads

CHANNEL = "digest_channel:"  # what the note of a channel's id begins with, by its name in the settings
_ON = "digest_on:"  # and the note of since when it is among them: a moment, 0 for as long as there are digests
_OFF = ""


def switches(reads: "Reads", named: Sequence[str], now: datetime) -> dict[str, str]:
    """What is to be noted of the channels of the settings, and of those that are not among them any more, by name."""
    ids, known = metadata.read_prefix(reads, CHANNEL), metadata.read_prefix(reads, _ON)
    told = set(store.channels(reads))
    found = {}
    for name in named:
        if name not in known and ids.get(name, name) in told:
            found[name] = "0"
        elif not known.get(name):
            found[name] = str(to_us(now))
    here = {*named, *(ids.get(name, name) for name in named)}
    gone = {*known, *told, *(name for name, key in ids.items() if key in told)} - here
    return found | {name: _OFF for name in gone if known.get(name) != _OFF and ids.get(name) not in here}


def switch(connection: "Connection", found: Mapping[str, str]) -> None:
    """Note it; the digests of a channel that begins anew are past."""
    ids = metadata.read_prefix(connection, CHANNEL)
    for name, value in found.items():
        metadata.write(connection, f"{_ON}{name}", value)
        if value not in {_OFF, "0"}:
            store.retire(connection, ids.get(name, name))


def on_since(reads: "Reads", channel: str, now: datetime) -> datetime | None:
    """Since when a channel, by its id, is among the settings; None for as long as there are digests."""
    ids, known = metadata.read_prefix(reads, CHANNEL), metadata.read_prefix(reads, _ON)
    moments = [int(value) for name, value in known.items() if value and ids.get(name, name) == channel]
    latest = max((each for each in moments if each <= to_us(now)), default=0)
    return from_us(latest) if latest else None
