"""The health of the bot on this machine: it is asked who it is, and what keeps it from being ready."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

_ALIVE_SECONDS, _READY_SECONDS = 5.0, 15.0  # to answer; a bot that is asked whether it is ready asks Slack
_LONGEST = 65_536  # bytes of an answer
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what listens everywhere is asked here


@dataclass(frozen=True, slots=True)
class RunningBot:
    """What a bot that runs says of itself: the id of its ledger, and the port of its metrics, None if it has none."""

    ledger: str
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
            return RunningBot(str(said["ledger"]), said["metrics_port"])
    except (ValueError, LookupError, TypeError):
        pass
    raise NoBotError(f"another program answers at {address}, not this version of the bot.")


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
