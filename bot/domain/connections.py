"""Connections: why one cannot be made and what to do, from the exception that the standard library raised."""

import errno
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

_NO_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL"}
_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a connection cannot be made: what it is, what to do, and whether it stays until somebody does that."""

    what: str
    remedy: str
    lasting: bool = False

    def __str__(self) -> str:
        return f"{self.what}. {self.remedy}"


NOT_IN_TIME = Obstacle(
    "no connection came about in time", "Check this machine's network, firewall and proxy, and the address."
)
PROXY_WANTS_PASSWORD = Obstacle(
    "the proxy wants a user name and password (407)",
    "Set HTTPS_PROXY to http://USER:PASSWORD@HOST:PORT.",
    lasting=True,
)


def obstacle(error: BaseException, proxy_status: int | None = None) -> Obstacle | None:
    """Return the obstacle behind a client's exception; None if it is not known.

    Args:
        error: the client's exception; the standard library's is among its causes.
        proxy_status: the status with which a proxy refused to connect.
    """
    if proxy_status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return PROXY_WANTS_PASSWORD
    if proxy_status is not None:
        what = f"the proxy does not connect ({proxy_status})"
        return Obstacle(what, "Check HTTPS_PROXY, and whether the proxy lets this machine out.")
    return next((known_obstacle for each in _causes(error) if (known_obstacle := _obstacle_of(each))), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        # aiohttp keeps the cause of some errors in an attribute only
        error = error.__cause__ or error.__context__ or getattr(error, "os_error", None)


def _obstacle_of(error: BaseException) -> Obstacle | None:
    """Return the obstacle that one exception says by itself; None if it says none."""
    match error:
        case ssl.SSLCertVerificationError():
            return _certificate(error)
        case ssl.SSLError():
            return _no_tls(error)
        case OSError(errno=number) if number in _NO_ROUTE:
            return _UNREACHABLE
        case OSError(errno=errno.ETIMEDOUT):
            return NOT_IN_TIME
    return next((known_obstacle for kind, known_obstacle in _BY_KIND.items() if isinstance(error, kind)), None)


_UNREACHABLE = Obstacle("there is no way to it", "Check this machine's network and firewall.")
_BY_KIND: Mapping[type[OSError], Obstacle] = {
    socket.gaierror: Obstacle(
        "the name does not resolve",
        "Check the address for typing errors, this machine's DNS, and the proxy's name if there is one.",
    ),
    ConnectionRefusedError: Obstacle(
        "nothing answers there (connection refused)", "Check the address and its port, and the proxy if there is one."
    ),
}


def _certificate(error: ssl.SSLCertVerificationError) -> Obstacle | None:
    why = str(getattr(error, "verify_message", None) or "").rstrip(".")
    if not why:  # aiohttp's own error has none; its cause has one
        return None
    remedy = (
        "Check the address and this machine's clock. If a certificate authority of your own stands behind it,"
        " set SSL_CERT_FILE to its file."
    )
    return Obstacle(f"the certificate is not trusted ({why})", remedy, lasting=True)


def _no_tls(error: ssl.SSLError) -> Obstacle | None:
    reason = str(getattr(error, "reason", None) or "")
    if not reason:
        return None
    if reason.upper().replace(" ", "_") in _NO_TLS:
        return Obstacle("the port does not speak TLS", "Check the address: its port, and http or https.", lasting=True)
    return Obstacle(f"TLS fails ({reason})", "Check the address, and the proxy if there is one.")
