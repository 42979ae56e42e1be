"""The address of a database on a PostgreSQL server, whose password no text of it shows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from bot.settings.credentials import Secret
from bot.settings.errors import InvalidValueError

EXAMPLE = "postgresql+psycopg://USER:PASSWORD@HOST:5432/DATABASE"
SCHEMES = ("postgresql+psycopg", "postgresql", "postgres")
PORT = 5432
# parameters of libpq that may follow a `?`; the others are parts of the address, or are the program's to set
OPTIONS = frozenset(
    {
        "channel_binding",
        "connect_timeout",
        "gssencmode",
        "host",
        "options",
        "passfile",
        "sslcert",
        "sslcrl",
        "sslkey",
        "sslmode",
        "sslrootcert",
        "target_session_attrs",
    }
)


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """Where a database is, who connects to it, and how. As a text it names all but the password."""

    host: str
    database: str
    user: str
    password: Secret | None = None
    port: int = PORT
    options: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the address in its usual form, without password and options; a socket's host is its directory."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"postgresql://{self.user}@{host}:{self.port}/{self.database}"


def address_url(address: PostgresAddress) -> str:
    """Return the address as one text, from which `postgres_address` returns it again; it shows the password."""
    password = "" if address.password is None else f":{quote(address.password.reveal(), safe='')}"
    query = urlencode({"host": address.host, **address.options}, quote_via=quote)
    user, database = quote(address.user, safe=""), quote(address.database, safe="")
    return f"postgresql+psycopg://{user}{password}@:{address.port}/{database}?{query}"


def postgres_address(text: str) -> PostgresAddress:
    """Return the database that an address names. No error quotes the text, which may hold a password.

    Raises:
        InvalidValueError: it is no address of a PostgreSQL database, or leaves open which user or database is meant.
    """
    parts, port = _split(text)
    options = _options(parts.query)
    host = options.pop("host", "") or parts.hostname or ""
    user, database = unquote(parts.username or ""), unquote(parts.path.removeprefix("/"))
    for name, value in (("host", host), ("user", user), ("database", database)):
        if not value:
            raise InvalidValueError(f"it has no {name}. Use {EXAMPLE}.")
    if "/" in database:
        raise InvalidValueError(f"a database name can't have a slash. Use {EXAMPLE}.")
    password = unquote(parts.password or "")
    return PostgresAddress(host, database, user, Secret(password) if password else None, port, options)


def _split(text: str) -> tuple[SplitResult, int]:
    if text.partition("://")[0] not in SCHEMES:
        raise InvalidValueError(f"not the address of a PostgreSQL database. Use {EXAMPLE}.")
    if not unquote(text).isprintable() or " " in text:
        raise InvalidValueError(f"it has spaces or unprintable characters. Use {EXAMPLE}.")
    try:
        parts = urlsplit(text)
        port = PORT if parts.port is None else parts.port
    except ValueError:
        port = 0
    if not port and _has_clear_host(text):
        raise InvalidValueError(
            f"its port is not a number from 1 to 65535. Use {EXAMPLE}, or HOST,HOST:5432 for several hosts."
        )
    if not port or parts.fragment or "@" in unquote(parts.hostname or ""):
        raise InvalidValueError(
            f"it is ambiguous. In a password write %40 for @, %2F for /, %3A for :, %23 for #, %3F for ?"
            f" and %25 for %. Use {EXAMPLE}."
        )
    return parts, port


def _has_clear_host(text: str) -> bool:
    """Return whether the host can begin at one place only: no other sign may belong to a password."""
    return text.count("@") == 1 and not re.search(r"[/?#]", text.partition("://")[2].partition("@")[0])


def _options(query: str) -> dict[str, str]:
    try:
        options = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True)) if query else {}
    except ValueError:
        options = {"": ""}
    if options.keys() - OPTIONS:
        raise InvalidValueError(f"after the ? only {', '.join(sorted(OPTIONS))} are allowed, each as NAME=VALUE.")
    if not re.fullmatch(r"[0-9]{1,4}", options.get("connect_timeout", "5")):
        raise InvalidValueError("connect_timeout is not a whole number of seconds.")
    return options
