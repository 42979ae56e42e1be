"""What can go wrong upstream; each message is one sentence for the operator and never holds the key.

NeoError
├── PermanentError        asking again changes nothing; an operator must act
│   ├── UnauthorizedError     401: the key is wrong, expired or revoked
│   ├── ForbiddenError        403: the key's owner may not see usage (or lost admin)
│   ├── RedirectedError       3xx: not followed, the key would travel along
│   ├── ObstructedError       no connection: a bad certificate, no TLS, a proxy that wants a password
│   └── RejectedError         other 4xx: the upstream does not accept the question
│       └── TooLongError          not so deep into a list, or not over so long a window: cut the window
└── TransientError        asking again may help
    ├── RateLimitedError      429
    ├── TooLargeError         408, 504 or no answer in time: ask for less
    │   └── OversizedError        413, or more than is read of an answer
    ├── UnavailableError      5xx, no connection, a dropped one
    └── GarbledError          200, and no page in it: HTML, broken or foreign JSON
"""

from http import HTTPStatus
from typing import ClassVar

from bot.domain.connections import PROXY_WANTS_PASSWORD


class NeoError(Exception):
    """The upstream did not give what was asked for; `kind` is the word by which such errors are counted."""

    kind: ClassVar[str] = "other"


class PermanentError(NeoError):
    """Asking again changes nothing."""


class UnauthorizedError(PermanentError):
    """401."""

    kind = "unauthorized"


class ForbiddenError(PermanentError):
    """403."""

    kind = "forbidden"


class RedirectedError(PermanentError):
    """3xx."""

    kind = "redirected"


class ObstructedError(PermanentError):
    """No connection can be made until an operator acts."""

    kind = "obstructed"


class RejectedError(PermanentError):
    """Any other 4xx; `status` says which."""

    kind = "rejected"
    status: int | None = None


class TooLongError(RejectedError):
    """The list of the window cannot be read, or not to its end; that of a shorter window may be."""


class TransientError(NeoError):
    """Asking again may help; `retry_after` is the wait in seconds the upstream asked for, if it did."""

    retry_after: float | None = None


class RateLimitedError(TransientError):
    """429."""

    kind = "rate_limited"

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooLargeError(TransientError):
    """The answer did not come in time, or is too large to be given."""

    kind = "too_large"


class OversizedError(TooLargeError):
    """The answer is too large, not too late."""


class UnavailableError(TransientError):
    """5xx, or no whole answer."""

    kind = "unavailable"


class GarbledError(TransientError):
    """200 without a page."""

    kind = "garbled"


KINDS = (
    "unauthorized", "forbidden", "redirected", "obstructed", "rejected", "rate_limited", "too_large", "unavailable",
    "garbled",
)  # fmt: skip
"""The kinds of errors by which failed requests are counted."""

_BY_STATUS: dict[int, tuple[type[PermanentError], str]] = {
    HTTPStatus.UNAUTHORIZED: (
        UnauthorizedError,
        "Neo does not accept the key (401). Check NEO_API_KEY: it may be mistyped, expired or revoked.",
    ),
    HTTPStatus.FORBIDDEN: (
        ForbiddenError,
        "Neo does not let this key see usage (403). Its owner must be an admin of the team.",
    ),
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: (
        ObstructedError,
        f"Neo cannot be reached: {PROXY_WANTS_PASSWORD}",
    ),
}
_BY_CODE = {"unauthorized": HTTPStatus.UNAUTHORIZED, "forbidden": HTTPStatus.FORBIDDEN}
_TOO_LARGE = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.GATEWAY_TIMEOUT}


def error_of_answer(status: int, code: str | None, retry_after: float | None) -> NeoError:
    """Return the error for an answer that is not 200; `code` is the upstream's own, preferred over the status."""
    permanent = _BY_STATUS.get(status)
    if code in _BY_CODE and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        permanent = _BY_STATUS[_BY_CODE[code]]
    if permanent:
        kind, message = permanent
        return kind(message)
    status_text = f"{status}, {code}" if code else str(status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimitedError(_wait(retry_after), retry_after)
    if status in _TOO_LARGE:
        kind_of_large = OversizedError if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else TooLargeError
        too_large = kind_of_large(f"Neo could not give so large an answer ({status_text}).")
        too_large.retry_after = retry_after
        return too_large
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        error = UnavailableError(
            f"Neo is failing ({status_text}). The data read before stays; the next sync brings it up to date."
        )
        error.retry_after = retry_after
        return error
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return RedirectedError(
            f"Neo answered with a redirect ({status}), which is not followed: the key would travel. Check NEO_API_URL."
        )
    rejected = RejectedError(
        f"Neo does not accept the question ({status_text}). Check NEO_API_URL, or update neo-usage."
    )
    rejected.status = status
    return rejected


def _wait(retry_after: float | None) -> str:
    wait = "" if retry_after is None else f" and asks to wait {retry_after:.0f} s"
    return f"Neo is limiting requests (429){wait}."
