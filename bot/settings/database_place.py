"""Where the ledger is: a file of SQLite, or a database on a PostgreSQL server."""

from hashlib import sha256
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote, unquote

from bot.settings.errors import InvalidValueError
from bot.settings.postgres_address import EXAMPLE, PostgresAddress, address_url, postgres_address

DatabasePlace: TypeAlias = Path | PostgresAddress
"""A place of a ledger; as a text it names the place without any password."""

DATABASE_URL = "sqlite+aiosqlite:///neo-usage.db"
_SQLITE_SCHEMES = ("sqlite+aiosqlite", "sqlite+pysqlite", "sqlite")
_CODE_LENGTH = 16
_USE = f"Use sqlite+aiosqlite:///PATH or {EXAMPLE}."


def database_place(text: str) -> DatabasePlace:
    """Return the place that a database address names. No error quotes the text, which may hold a password.

    Raises:
        InvalidValueError: it names none.
    """
    scheme, _, rest = text.partition("://")
    if scheme.startswith("postgres"):
        return postgres_address(text)
    if scheme not in _SQLITE_SCHEMES or not rest.startswith("/"):
        raise InvalidValueError(f"not a database address. {_USE}")
    return _sqlite_path(unquote(rest.removeprefix("/").partition("?")[0]))


def place_url(place: DatabasePlace) -> str:
    """Return the address that names a place, as `database_place` reads it; it shows the password."""
    return f"sqlite+aiosqlite:///{quote(str(place))}" if isinstance(place, Path) else address_url(place)


def place_code(place: DatabasePlace) -> str:
    """Return a code of a place that is the same wherever it is named in the same way, and does not show it."""
    name = str(place.resolve()) if isinstance(place, Path) else f"{place}?{place.options.get('options', '')}"
    return sha256(name.encode()).hexdigest()[:_CODE_LENGTH]


def _sqlite_path(path: str) -> Path:
    if not path.isprintable():
        raise InvalidValueError("the path has unprintable characters. Name a file: sqlite+aiosqlite:///PATH.")
    if not path or path == ":memory:":
        raise InvalidValueError("a database in memory is lost at every restart. Name a file: sqlite+aiosqlite:///PATH.")
    return Path(path)
