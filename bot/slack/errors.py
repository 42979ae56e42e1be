"""What goes wrong with Slack: SlackError, either refused (permanent) or unavailable (it may work in a while).

SlackError
├── RefusedBySlackError      Slack understood and said no; `code` is its word for it
├── FormNotOpenedError       a form did not come up for whoever acted, whatever the reason
└── SlackUnavailableError    no answer, a limit that does not end soon, or a fault of Slack's
    ├── NotReachedError      no connection came about, so nothing was done
    └── LimitedBySlackError  too much at once; `seconds` says for how long nothing more is taken
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

TOO_MANY_REQUESTS = 429
_PASSING = {
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
}
_LIMITS = {"ratelimited", "rate_limited"}
_NOT_LET_IN = {
    "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope",
    "org_login_required", "ekm_access_denied", "accesslimited", "not_allowed_token_type", "no_permission",
    "access_denied", "deprecated_endpoint", "two_factor_setup_required", "team_access_not_granted",
}  # fmt: skip
_A_WHILE = 30.0  # seconds, where Slack does not say for how long


def _seconds(answer: Any) -> float:  # noqa: ANN401 - the SDK's answer, or a dictionary of its
    headers = answer.get("headers") if isinstance(answer, dict) else answer.headers
    said = {name.lower(): value for name, value in (headers or {}).items()}.get("retry-after", "")
    said = said[0] if isinstance(said, list) and said else said
    return float(said) if str(said).isdigit() else _A_WHILE


class SlackError(Exception):
    """Slack did not do what was asked."""


class RefusedBySlackError(SlackError):
    """Slack said no, and would again; `code` is its word, such as `channel_not_found`."""

    def __init__(self, code: str, needed: str | None = None) -> None:
        super().__init__(f"Slack refused: {code}{f' (needs {needed})' if needed else ''}")
        self.code, self.needed = code, needed

    @property
    def not_let_in(self) -> bool:
        """Whether it is the bot itself that is refused: nothing is wrong with what it asked about."""
        return self.code in _NOT_LET_IN


class FormNotOpenedError(SlackError):
    """A form did not come up, refused or not answered; whoever acted waits for it, so the router tells them."""


class SlackUnavailableError(SlackError):
    """Slack could not be reached, or has enough of us for now; `harmless` if nothing can have been done."""

    harmless = False


class NotReachedError(SlackUnavailableError):
    """No connection came about."""

    harmless = True


class LimitedBySlackError(SlackUnavailableError):
    """Slack takes nothing more for so many seconds."""

    harmless = True

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Slack takes nothing more for {seconds:g} s")
        self.seconds = seconds


@contextmanager
def translated() -> Iterator[None]:
    """Turn what slack-sdk and aiohttp raise into a SlackError."""
    try:
        yield
    except SlackApiError as error:
        raise _of_answer(error) from None
    except aiohttp.ClientConnectorError as error:
        raise NotReachedError(f"cannot reach Slack ({type(error).__name__})") from None
    except (TimeoutError, aiohttp.ClientError, OSError, SlackClientError, ValueError) as error:
        raise SlackUnavailableError(f"no answer from Slack ({type(error).__name__})") from None


def _of_answer(error: SlackApiError) -> SlackError:
    answer = error.response
    status = answer.get("status") if isinstance(answer, dict) else answer.status_code
    body = answer if isinstance(answer, dict) else answer.data
    code = body.get("error") if isinstance(body, dict) else None
    if status == TOO_MANY_REQUESTS or code in _LIMITS:
        return LimitedBySlackError(_seconds(answer))
    if code is None or code in _PASSING or (isinstance(status, int) and status >= TOO_MANY_REQUESTS):
        return SlackUnavailableError(f"Slack cannot answer now ({code or status})")
    return RefusedBySlackError(str(code), body.get("needed") if isinstance(body, dict) else None)
