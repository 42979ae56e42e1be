"""The texts of the settings that stand nowhere else: what the log leaves out, whoever quotes it."""

from collections.abc import Iterator
from dataclasses import fields
from urllib.parse import unquote, urlsplit

from bot.settings.credentials import Secret
from bot.settings.model import Settings
from bot.settings.postgres_address import PostgresAddress
from bot.settings.webhook import SECRET_PREFIX

_LEAST_OF_PATH = 16  # characters: a shorter path of an address is a name, such as /neo-usage, and holds no token


def secret_texts(settings: Settings) -> Iterator[str]:
    """Yield every secret that is set, and the parts of it that are secret by themselves."""
    for field in fields(settings):
        value = getattr(settings, field.name)
        if isinstance(value, Secret):
            yield value.reveal()
    if isinstance(settings.database, PostgresAddress) and settings.database.password is not None:
        yield settings.database.password.reveal()
    if settings.webhook_secret is not None:
        yield settings.webhook_secret.reveal().removeprefix(SECRET_PREFIX)
    if settings.webhook_url is not None:
        yield from _secrets_of_address(settings.webhook_url.reveal())


def _secrets_of_address(address: str) -> Iterator[str]:
    parts = urlsplit(address)
    if parts.password:
        yield unquote(parts.password)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if len(path) >= _LEAST_OF_PATH:
        yield path
