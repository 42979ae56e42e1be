"""The health check of a container: the bot that runs on this machine is asked whether it is alive."""

from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

_SECONDS = 5.0  # to answer
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what listens everywhere is asked here


def health_problem(host: str, port: int) -> str:
    """Return why the bot that listens there doesn't count as alive; empty if it does.

    No proxy is used, whatever the environment says: the bot is on this machine.
    """
    host = _LOOPBACK.get(host, host)
    name = f"[{host}]" if ":" in host else host
    connection = HTTPConnection(host, port, timeout=_SECONDS)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"no bot answers at http://{name}:{port}/healthz ({str(error) or type(error).__name__})."
    finally:
        connection.close()
    return "" if status == HTTPStatus.OK else f"http://{name}:{port}/healthz answers {status}, so it isn't the bot."
