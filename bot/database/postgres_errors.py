"""Errors of a PostgreSQL server: what it cannot do, in words for the operator and without the password."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from bot.database.errors import DamagedError, UnusableError
from bot.domain.text import one_line
from bot.settings.postgres_address import PostgresAddress


class LostConnectionError(UnusableError):
    """The connection has ended; what was not committed is undone."""


class ConflictError(UnusableError):
    """Another program's transaction was in the way; nothing was done, and the same may succeed now."""


@contextmanager
def translated_errors(address: PostgresAddress) -> Iterator[None]:
    """Raise UnusableError instead of what the driver raises inside, where the server or its data are what is wrong."""
    try:
        yield
    except DBAPIError as error:
        found = _translated(error, address)
        if found is None:
            raise
        raise found from error


def sqlstate(error: DBAPIError) -> str:
    """Return the server's code of an error; empty if it did not come from the server."""
    return str(getattr(error.orig, "sqlstate", None) or "")


def _translated(error: DBAPIError, address: PostgresAddress) -> UnusableError | None:
    code = sqlstate(error)
    if error.connection_invalidated or code in _ENDED:
        return LostConnectionError(_LOST, address, unreachable=True)
    if code in _CONFLICTS:
        return ConflictError("another program's transaction was in the way of the database's", address, locked=True)
    why = _why(code, error, address)
    if why == _DAMAGED:
        return DamagedError(why, address)
    return None if why is None else UnusableError(why, address, locked=code == _LOCKED, unreachable=not code)


def _why(code: str, error: DBAPIError, address: PostgresAddress) -> str | None:
    if code in _RIGHTS:
        lacking = _without_password(str(error.orig), address)
        return f"the database's user lacks a right ({lacking}): make it the owner of the database"
    if not code and type(error.orig).__name__ in _NOT_CONNECTED:
        return _why_not_connected(str(error.orig), address)
    return _BY_CODE.get(code)


_LOST = "the connection to the database server was lost"
_FULL = "the database server takes no more connections: raise its max_connections, or the limit of the user or database"
_PASSING = "the database server is starting or stopping"
REPLICA = "the database cannot be written: its server is a read-only replica. Name the primary in DATABASE_URL"
READ_ONLY = "the database cannot be written: default_transaction_read_only is on. Switch it off"
_EITHER = "the database cannot be written: its server is a read-only replica, or default_transaction_read_only is on"
_DAMAGED = "the database is damaged: restore a backup of it"
_NOT_CONNECTED = {"OperationalError", "ConnectionTimeout"}
_LOCKED = "55P03"
_CONFLICTS = {"40001", "40P01"}
_ENDED = {"08000", "08003", "08006", "57P01", "57P02", "57P05", "25P03"}
_RIGHTS = {"42501", "3F000"}
_BY_CODE = {
    _LOCKED: "the database stays locked by another process",
    "53100": "the disk of the database is full",
    "53200": "the database server is out of memory",
    "53300": _FULL,
    "57P03": _PASSING,
    "57014": "the database server canceled a statement: it took too long, or somebody canceled it",
    "25006": _EITHER,
    "58030": "the disk of the database failed: it couldn't be read or written (I/O error)",
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
}
# Of an attempt to connect the driver gives no code but a text: of libpq in English, of the server in its language.
# Anybody may read the reason in `/readyz`: it names no host, user or database, which the error adds for operators.
_BY_TEXT = {
    "the database server refuses the password: correct DATABASE_URL": (
        r"(password|ldap|pam|radius|bsd) authentication failed|no password supplied"
    ),
    "the database server doesn't let the user connect from here: correct its pg_hba.conf": (
        r"no pg_hba.conf entry|pg_hba.conf rejects|authentication failed"
    ),
    "the database server doesn't let the user log in: give it LOGIN, or correct DATABASE_URL": (
        r"is not permitted to log in"
    ),
    "the database takes no connections: let it (ALLOW_CONNECTIONS), or correct DATABASE_URL": (
        r"not currently accepting connections"
    ),
    "the database server doesn't know the user: create it, or correct DATABASE_URL": r"role .* does not exist",
    "the database server has no such database: create it, or correct DATABASE_URL": r"database .* does not exist",
    "the database server doesn't let the user into the database: grant it CONNECT": r"permission denied for database",
    _FULL: r"too many clients|connection slots|too many connections",
    _PASSING: r"starting up|shutting down|not yet accepting|in recovery mode",
    REPLICA: r"session is read-only|server is in hot standby",
    "the host of the database server is unknown: correct DATABASE_URL": (
        r"translate host|name or service not known|failed to resolve|name resolution"
    ),
    "no database server answers: start it, or correct DATABASE_URL": (
        r"connection refused|no such file or directory|no route to host|timeout|timed out"
    ),
    _LOST: r"server closed the connection|terminating connection",
}
_QUOTED = r"[\"«»„“].*?[\"«»“”]"  # a name, as the languages of servers quote it


def _why_not_connected(text: str, address: PostgresAddress) -> str:
    for why, pattern in _BY_TEXT.items():
        if re.search(pattern, text, re.IGNORECASE):
            return why
    cause = re.split(r" failed: |connection is bad: ", _without_password(text, address))[-1]
    without_paths = re.sub(r'"[^"]*/[^"]*"', "of the settings", cause)
    without_names = re.sub(_QUOTED, "...", without_paths)
    return f"the database server cannot be reached ({without_names}): correct it, or DATABASE_URL"


def _without_password(text: str, address: PostgresAddress) -> str:
    """Return the first line of what the driver says, without the password if that is in it."""
    if address.password is not None:
        text = text.replace(address.password.reveal(), "***")
    return one_line(text.strip().partition("\n")[0], 200)
