"""Misspelt settings: variables whose name is near one of ours, so that their value is not used."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from bot.settings.variables import FILE_NAMES, NAMES

_LIKENESS = 0.83  # TIMEZOME is TIMEZONE to 0.88; SLACK_WEBHOOK_URL, which others use, is WEBHOOK_URL to 0.80
_OURS = {name.replace("_", ""): name for name in (*NAMES, *FILE_NAMES)}

# what other programs call it, where likeness finds another one or none
_OTHERWISE = {
    "ADMINISTRATORS": "ADMINS",
    "BACKUP_DIRECTORY": "BACKUP_DIR",
    "BACKUP_PATH": "BACKUP_DIR",
    "DB_URL": "DATABASE_URL",
    "DIGEST_TIME": "DIGEST_AT",
    "NEO_KEY": "NEO_API_KEY",
    "NEO_TOKEN": "NEO_API_KEY",
    "NEO_USAGE_TIMEZONE": "TIMEZONE",
    "OPERATORS": "ADMINS",
    "POLL_INTERVAL": "POLL_SECONDS",
    "RETENTION_DAYS": "RETAIN_DAYS",
    "TEMPLATES_DIRECTORY": "TEMPLATES_DIR",
    "TZONE": "TIMEZONE",
}


def misspelt_names(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each name that is none of ours but near one, with the one that was probably meant."""
    for name in sorted({*names} - {*_OURS.values()}):
        if name in _OTHERWISE:
            yield name, _OTHERWISE[name]
            continue
        letters = name.strip().upper().replace("_", "").replace("-", "")
        for near in get_close_matches(letters, _OURS, n=1, cutoff=_LIKENESS):
            yield name, _OURS[near]
