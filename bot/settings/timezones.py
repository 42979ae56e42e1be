"""The parser of a time zone: a place, whose summer time is known, and nothing that only looks like one."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.settings.errors import InvalidValueError

PLACES = {  # what people call a zone: a place in it
    "EST": "America/New_York", "EDT": "America/New_York", "ET": "America/New_York", "EST5EDT": "America/New_York",
    "CST": "America/Chicago", "CDT": "America/Chicago", "CT": "America/Chicago", "CST6CDT": "America/Chicago",
    "MST": "America/Denver", "MDT": "America/Denver", "MT": "America/Denver", "MST7MDT": "America/Denver",
    "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "PT": "America/Los_Angeles",
    "PST8PDT": "America/Los_Angeles", "HST": "Pacific/Honolulu", "AKST": "America/Anchorage",
    "BST": "Europe/London", "WET": "Europe/Lisbon", "CET": "Europe/Berlin", "CEST": "Europe/Berlin",
    "MEZ": "Europe/Berlin", "MET": "Europe/Berlin", "EET": "Europe/Helsinki", "EEST": "Europe/Helsinki",
    "MSK": "Europe/Moscow", "IST": "Asia/Kolkata", "JST": "Asia/Tokyo", "KST": "Asia/Seoul", "SGT": "Asia/Singapore",
    "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney", "NZST": "Pacific/Auckland",
}  # fmt: skip
OLD_NAMES = {"EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT", "WET", "CET", "MET", "EET"}
"""Zones with such a name that have summer time, so that they are right all year."""

_OFFSET = re.compile(r"(?i)(?:etc/)?(?:gmt|utc)?([+-])(\d{1,2})(?::?00)?")
_BY_MACHINE = {"Factory", "localtime", "posixrules"}  # not the same on every machine


def timezone(text: str) -> ZoneInfo:
    """Return the time zone of a name such as Europe/Berlin."""
    place = PLACES.get(text.upper())
    if place and text not in OLD_NAMES:
        raise InvalidValueError(
            f"`{text}` isn't a place, so it has no daylight saving time. Use a name such as {place} or UTC."
        )
    _check_offset(text)
    if text in _BY_MACHINE:
        raise InvalidValueError(f"`{text}` is not the same on every machine. Use a name such as Europe/Berlin or UTC.")
    if text.startswith("right/"):
        raise InvalidValueError(f"`{text}` counts leap seconds, which nothing else does. Use {text[6:]}.")
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidValueError(f"`{text}` isn't a time zone. Use a name such as Europe/Berlin or UTC.") from error


def _check_offset(text: str) -> None:
    offset = _OFFSET.fullmatch(text)
    if offset and int(offset[2]):
        behind = "; `Etc/GMT+5` is even five hours behind UTC" if text.lower().startswith("etc/") else ""
        raise InvalidValueError(
            f"`{text}` is an offset, not a place: it has no daylight saving time{behind}."
            " Use a name such as Europe/Berlin or UTC."
        )
