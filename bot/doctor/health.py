"""The health of the bot on this machine: it is asked who it is, and what keeps it from being ready."""

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.settings.database_place import DatabasePlace

OTHER_BOT = "If it's the bot of another team, choose another HTTP_PORT. If it's this one, restart it."
_ALIVE_SECONDS, _READY_SECONDS = 5.0, 15.0  # to answer; a bot that is asked whether it is ready asks Slack
_LONGEST = 65_536  # bytes of an answer
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what listens everywhere is asked here


@dataclass(frozen=True, slots=True)
class RunningBot:
    """What a bot that runs says of itself: the id of its ledger, and the port of its metrics, None if it has none.

    `database` is the code of the place at which the ledger is.
    """

    ledger: str
    database: str
    metrics_port: int | None


class NoBotError(Exception):
    """No bot listens at an address; the message is a sentence that says what does, if anything."""


def running_bot(host: str, port: int) -> RunningBot:
    """Return the bot that listens there. Raises NoBotError if none does."""
    address = f"http://{_bracketed(host)}:{port}/healthz"
    try:
        status, body = _get(host, port, "/healthz", _ALIVE_SECONDS)
    except (OSError, HTTPException) as error:
        raise NoBotError(f"no bot answers at {address} ({str(error) or type(error).__name__}).") from None
    if status != HTTPStatus.OK:
        raise NoBotError(f"{address} answers {status}, so it isn't the bot.")
    try:
        said = json.loads(body)
        if said["service"] == "neo-usage":
            return RunningBot(str(said["ledger"]), str(said["database"]), said["metrics_port"])
    except (ValueError, LookupError, TypeError):
        pass
    raise NoBotError(f"another program answers at {address}, not this version of the bot.")


def has_ledger_at(bot: RunningBot, place: "DatabasePlace") -> bool:
    """Return whether a bot has the ledger at a place; also if that ledger can't be read now.

    A container's health check comes every minute, so the ledger is opened only if the bot names its place otherwise.
    """
    from bot.settings.database_place import place_code

    return bot.database == place_code(place) or is_ledger_of(bot, place)


def is_ledger_of(bot: RunningBot, place: "DatabasePlace") -> bool:
    """Return whether the ledger at a place is a bot's, whatever its place is called; also if it can't be read now."""
    return _ledger_id(place) in {bot.ledger, None}


def other_bot_text(host: str, port: int) -> str:
    """Return that a bot at an address has another database, without a full stop."""
    return f"a bot with another database is running at {host}:{port}"


def _ledger_id(place: "DatabasePlace") -> str | None:
    """Return the id of the ledger at a place, empty if there is none yet; None if it can't be read as it is."""
    from bot.database import metadata
    from bot.database.errors import LedgerError
    from bot.database.place import absence
    from bot.database.reading import open_reader, translated_errors

    try:
        if absence(place):
            return ""
        with closing(open_reader(place)) as connection, translated_errors(place):
            return metadata.read(connection, metadata.LEDGER_ID) or ""
    except LedgerError:
        return None


def readiness_problems(host: str, port: int) -> list[str]:
    """Return what keeps the bot that listens there from being ready; nothing if it is ready, or doesn't say."""
    try:
        _, body = _get(host, port, "/readyz", _READY_SECONDS)
        problems = json.loads(body)["problems"]
    except (OSError, HTTPException) as error:
        return [f"no answer to /readyz ({str(error) or type(error).__name__})."]
    except (ValueError, LookupError, TypeError):
        return []
    return [f"{what}: {why}" for what, why in problems.items()] if isinstance(problems, Mapping) else []


def _get(host: str, port: int, path: str, seconds: float) -> tuple[int, bytes]:
    """Return the status and body of an answer. Raises OSError or HTTPException if there is none.

    No proxy is used, whatever the environment says: the bot is on this machine.
    """
    connection = HTTPConnection(_bracketed(host), port, timeout=seconds)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(_LONGEST)
    finally:
        connection.close()


def _bracketed(host: str) -> str:
    host = _LOOPBACK.get(host, host)
    return f"[{host}]" if ":" in host else host
