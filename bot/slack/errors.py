"""What goes wrong with Slack: SlackError, either refused (permanent) or unavailable (it may work in a while).

SlackError
├── RefusedBySlackError      Slack understood and said no; `code` is its word for it
└── SlackUnavailableError    no answer, a limit that does not end soon, or a fault of Slack's
"""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

TOO_MANY_REQUESTS = 429
_PASSING = {
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
    "ratelimited",
}


class SlackError(Exception):
    """Slack did not do what was asked."""


class RefusedBySlackError(SlackError):
    """Slack said no, and would again; `code` is its word, such as `channel_not_found`."""

    def __init__(self, code: str, needed: str | None = None) -> None:
        super().__init__(f"Slack refused: {code}{f' (needs {needed})' if needed else ''}")
        self.code, self.needed = code, needed


class SlackUnavailableError(SlackError):
    """Slack could not be reached, or has enough of us for now."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn what slack-sdk and aiohttp raise into a SlackError."""
    try:
        yield
    except SlackApiError as error:
        raise _of_answer(error) from None
    except (TimeoutError, aiohttp.ClientError, OSError, SlackClientError, ValueError) as error:
        raise SlackUnavailableError(f"no answer from Slack ({type(error).__name__})") from None


def _of_answer(error: SlackApiError) -> SlackError:
    answer = error.response
    status = answer.get("status") if isinstance(answer, dict) else answer.status_code
    body = answer if isinstance(answer, dict) else answer.data
    code = body.get("error") if isinstance(body, dict) else None
    if code is None or code in _PASSING or (isinstance(status, int) and status >= TOO_MANY_REQUESTS):
        return SlackUnavailableError(f"Slack cannot answer now ({code or status})")
    return RefusedBySlackError(str(code), body.get("needed") if isinstance(body, dict) else None)
