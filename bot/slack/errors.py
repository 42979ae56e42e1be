"""Errors of Slack: SlackError, which is either permanent (refused) or transient (unavailable).

SlackError
├── RefusedBySlackError      Slack understood the request and refused it; `code` is Slack's word for the reason
├── FormNotOpenedError       a form was not opened for the person who acted, for whatever reason
└── SlackUnavailableError    no answer, a rate limit that does not end soon, or a fault of Slack's
    ├── InvalidAnswerError   an answer that is not Slack's
    ├── UnreachableError     no connection was made, so nothing was done
    ├── NotConnectedError    the service has not heard from Slack since it started
    └── RateLimitedError     too many requests; `seconds` is how long Slack takes no more
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.domain.connections import obstacle
from bot.measurements import Measurements

TOO_MANY_REQUESTS = 429
_TRANSIENT_CODES = {
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
}
_RATE_LIMIT_CODES = {"ratelimited", "rate_limited"}
_AUTHORIZATION_CODES = {
    "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope",
    "org_login_required", "ekm_access_denied", "accesslimited", "not_allowed_token_type", "no_permission",
    "access_denied", "deprecated_endpoint", "two_factor_setup_required", "team_access_not_granted",
}  # fmt: skip
_DEFAULT_WAIT_SECONDS = 30.0  # where Slack does not say how long to wait
_LONGEST_WAIT_SECONDS = 86_400.0
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
_CODE = re.compile(r"[\w.,:/ -]{1,120}", re.ASCII)  # Slack's error codes, and lists of scopes


IF_BOT_IS_REFUSED = "Copy it again from your Slack app: OAuth & Permissions."


class SlackError(Exception):
    """Slack did not do what was requested."""


class RefusedBySlackError(SlackError):
    """Slack refused a request, and would refuse it again; `code` is its reason, such as `channel_not_found`.

    `needed` names the scope that is missing, where that is the reason.
    """

    def __init__(self, code: str, needed: str | None = None) -> None:
        super().__init__(f"Slack refused: {code}{f' (needs {needed})' if needed else ''}")
        self.code, self.needed = code, needed

    @property
    def refuses_the_bot(self) -> bool:
        """Whether the bot itself is refused, by its token or scopes, whatever it asks about."""
        return self.code in _AUTHORIZATION_CODES


class FormNotOpenedError(SlackError):
    """A form was not opened, refused or unanswered; the person who acted is waiting, so the router answers them."""


class SlackUnavailableError(SlackError):
    """Slack could not be reached or takes no more requests for now.

    `not_carried_out` is true if Slack certainly did nothing; otherwise the request may have been carried out.
    `remedy` is what an operator can do about it, "" if that is not known.
    """

    not_carried_out = False
    remedy = ""


class InvalidAnswerError(SlackUnavailableError):
    """Slack's address gave an answer that is not Slack's; `what` says what is wrong with it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Slack's answer makes no sense ({what})")


class UnreachableError(SlackUnavailableError):
    """No connection to Slack was made."""

    not_carried_out = True


class NotConnectedError(SlackUnavailableError):
    """Slack has not answered since the service started, so the bot's own account is not known yet."""

    not_carried_out = True

    def __init__(self) -> None:
        super().__init__("Slack has not answered yet")


class RateLimitedError(SlackUnavailableError):
    """Slack takes no more requests for `seconds`."""

    not_carried_out = True

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Slack takes nothing more for {seconds:g} s")
        self.seconds = seconds


class ForeignAddressError(aiohttp.ClientError):
    """A request would have gone to an address that is not Slack's, and was not sent; the message is a sentence."""


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn what slack-sdk and aiohttp raise into a SlackError, also where they cannot read what Slack answered."""
    try:
        yield
    except SlackError:
        raise
    except Exception as error:
        translated = _translated(error)
        if translated is None:
            raise
        raise translated from None


def _translated(error: Exception) -> SlackError | None:
    """Return the SlackError that an error stands for; None if it is none of slack-sdk's or aiohttp's."""
    match error:
        case SlackApiError():
            return _error_of_answer(error.response)
        case aiohttp.ClientConnectorError() | aiohttp.ClientHttpProxyError():
            proxy_status = error.status if isinstance(error, aiohttp.ClientHttpProxyError) else None
            return _with_explanation(UnreachableError("cannot reach Slack"), error, proxy_status)
        case ForeignAddressError():
            return SlackUnavailableError(str(error))
        case TimeoutError() | aiohttp.ClientError() | OSError() | SlackClientError():
            return _with_explanation(SlackUnavailableError("no answer from Slack"), error)
        case AttributeError() | LookupError() | TypeError() | ValueError() | RecursionError():
            return InvalidAnswerError(type(error).__name__)
        case _:
            return None


KINDS = ("unauthorized", "refused", "rate_limited", "unreachable", "invalid_answer", "unavailable", "broken_off")
"""The kinds of failures by which requests are counted; what the bot itself broke off need not be Slack's fault."""


def kind_of(error: SlackError) -> str:
    """Return the kind by which an error is counted."""
    match error:
        case RefusedBySlackError():
            return "unauthorized" if error.refuses_the_bot else "refused"
        case RateLimitedError():
            return "rate_limited"
        case UnreachableError():
            return "unreachable"
        case InvalidAnswerError():
            return "invalid_answer"
        case _:
            return "unavailable"


@contextmanager
def measured_request(measurements: Measurements) -> Iterator[None]:
    """Count a request to Slack. What it raises is raised as it is."""
    failure: str | None = "broken_off"
    try:
        yield
        failure = None
    except SlackError as error:
        failure = kind_of(error)
        raise
    except Exception as error:
        translated = _translated(error)
        failure = "unavailable" if translated is None else kind_of(translated)
        raise
    finally:
        measurements.record_slack_request(failure)


def _with_explanation(
    failure: SlackUnavailableError, cause: Exception, proxy_status: int | None = None
) -> SlackUnavailableError:
    """Return the failure with the obstacle behind its cause and the remedy, or else with the kind of its cause."""
    barrier = obstacle(cause, proxy_status)
    explained = type(failure)(f"{failure}: {barrier.what}" if barrier else f"{failure} ({type(cause).__name__})")
    explained.remedy = barrier.remedy if barrier else ""
    return explained


def _error_of_answer(answer: object) -> SlackError:
    """Return the error that an answer stands for, by its status and error code; the answer may be of any type."""
    status, body = _status_and_body(answer)
    given = body.get("error")
    code = given if isinstance(given, str) and _CODE.fullmatch(given) else None
    if status == TOO_MANY_REQUESTS or code in _RATE_LIMIT_CODES:
        return RateLimitedError(_retry_after(answer))
    if code is None or code in _TRANSIENT_CODES or status >= TOO_MANY_REQUESTS:
        return SlackUnavailableError(f"Slack cannot answer now ({code or status or 'no answer of Slack'})")
    needed = body.get("needed")
    return RefusedBySlackError(code, needed if isinstance(needed, str) and _CODE.fullmatch(needed) else None)


def _status_and_body(answer: object) -> tuple[int, Mapping[str, object]]:
    """Return the status (0 if there is none) and the JSON object (empty if there is none) of an answer."""
    if isinstance(answer, dict):
        return 0, answer
    status: object = getattr(answer, "status_code", getattr(answer, "status", 0))
    body: object = getattr(answer, "data", None)
    return (status if isinstance(status, int) else 0), (body if isinstance(body, dict) else {})


def _retry_after(answer: object) -> float:
    """Return for how many seconds Slack asks to wait."""
    headers = answer.get("headers") if isinstance(answer, dict) else getattr(answer, "headers", None)
    by_name = {str(name).lower(): value for name, value in (headers or {}).items()}
    given = by_name.get("retry-after", "")
    given = given[0] if isinstance(given, list) and given else given
    return min(float(given), _LONGEST_WAIT_SECONDS) if _SECONDS.fullmatch(str(given)) else _DEFAULT_WAIT_SECONDS
