"""Why Neo gives no summary, in a few words for people."""

from http import HTTPStatus

from bot.neo.errors import (
    ForbiddenError,
    GarbledError,
    NeoError,
    OversizedError,
    RateLimitedError,
    RejectedError,
    TooLargeError,
    UnauthorizedError,
    UnavailableError,
)

_REASONS: dict[type[NeoError], str] = {
    UnauthorizedError: "Neo doesn't accept the key (401)",
    ForbiddenError: "the key's owner isn't an admin of the team (403)",
    RateLimitedError: "Neo is limiting requests (429)",
    TooLargeError: "Neo gave no answer in time",
    OversizedError: "Neo's answer is too large",
    GarbledError: "I can't read Neo's answer",
    UnavailableError: "Neo doesn't answer",
}


def reason(error: NeoError) -> str:
    """Return why there is no summary, without a full stop."""
    if isinstance(error, RejectedError):
        if error.status == HTTPStatus.NOT_FOUND:
            return "this Neo doesn't offer it (404)"
        return f"Neo doesn't accept the question ({error.status})"
    return _REASONS.get(type(error), "Neo can't be reached")
