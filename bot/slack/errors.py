"""What goes wrong with Slack: SlackError, either refused (permanent) or unavailable (it may work in a while).

SlackError
├── RefusedBySlackError      Slack understood and said no; `code` is its word for it
├── FormNotOpenedError       a form did not come up for whoever acted, whatever the reason
└── SlackUnavailableError    no answer, a limit that does not end soon, or a fault of Slack's
    ├── GarbledBySlackError  an answer that makes no sense
    ├── NotReachedError      no connection came about, so nothing was done
    └── LimitedBySlackError  too much at once; `seconds` says for how long nothing more is taken
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.domain.connections import obstacle

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
_LONGEST = 86_400.0  # seconds that a wait can mean
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
_CODE = re.compile(r"[\w.,:/ -]{1,120}", re.ASCII)  # Slack's words, and lists of scopes


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
    """Slack could not be reached, or has enough of us for now; `harmless` if nothing can have been done.

    `mend` is what an operator can do about it, where that is known.
    """

    harmless = False
    mend = ""


class GarbledBySlackError(SlackUnavailableError):
    """Slack's address gave an answer that is not Slack's; it says what is wrong with it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Slack's answer makes no sense ({what})")


class NotReachedError(SlackUnavailableError):
    """No connection came about."""

    harmless = True


class LimitedBySlackError(SlackUnavailableError):
    """Slack takes nothing more for so many seconds."""

    harmless = True

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Slack takes nothing more for {seconds:g} s")
        self.seconds = seconds


class StrayError(aiohttp.ClientError):
    """A request was to go elsewhere than to Slack, and was not sent; the message is a whole sentence."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn what slack-sdk and aiohttp raise into a SlackError, also where they trip over what Slack has answered."""
    try:
        yield
    except SlackApiError as error:
        raise _of_answer(error.response) from None
    except aiohttp.ClientConnectorError as error:
        raise _obstructed(NotReachedError("cannot reach Slack"), error) from None
    except aiohttp.ClientHttpProxyError as error:
        raise _obstructed(NotReachedError("cannot reach Slack"), error, error.status) from None
    except StrayError as error:
        raise SlackUnavailableError(str(error)) from None
    except (TimeoutError, aiohttp.ClientError, OSError, SlackClientError) as error:
        raise _obstructed(SlackUnavailableError("no answer from Slack"), error) from None
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise GarbledBySlackError(type(error).__name__) from None


def _obstructed(
    failure: SlackUnavailableError, error: Exception, proxy_status: int | None = None
) -> SlackUnavailableError:
    """The failure with what stands in the way, where that can be told, else the kind of exception."""
    found = obstacle(error, proxy_status)
    named = type(failure)(f"{failure}: {found.what}" if found else f"{failure} ({type(error).__name__})")
    named.mend = found.mend if found else ""
    return named


def _of_answer(answer: object) -> SlackError:
    """What Slack has said, by its status and its word for it, whatever kind of thing the answer is."""
    status, body = _read(answer)
    said = body.get("error")
    code = said if isinstance(said, str) and _CODE.fullmatch(said) else None
    if status == TOO_MANY_REQUESTS or code in _LIMITS:
        return LimitedBySlackError(_seconds(answer))
    if code is None or code in _PASSING or status >= TOO_MANY_REQUESTS:
        return SlackUnavailableError(f"Slack cannot answer now ({code or status or 'no answer of Slack'})")
    needed = body.get("needed")
    return RefusedBySlackError(code, needed if isinstance(needed, str) and _CODE.fullmatch(needed) else None)


def _read(answer: object) -> tuple[int, Mapping[str, object]]:
    """The status (0 if there is none) and the JSON object (empty if it is none) of the SDK's or aiohttp's answer."""
    if isinstance(answer, dict):
        return 0, answer
    status: object = getattr(answer, "status_code", getattr(answer, "status", 0))
    body: object = getattr(answer, "data", None)
    return (status if isinstance(status, int) else 0), (body if isinstance(body, dict) else {})


def _seconds(answer: object) -> float:
    """How long Slack asks to wait."""
    headers = answer.get("headers") if isinstance(answer, dict) else getattr(answer, "headers", None)
    named = {str(name).lower(): value for name, value in (headers or {}).items()}
    said = named.get("retry-after", "")
    said = said[0] if isinstance(said, list) and said else said
    return min(float(said), _LONGEST) if _SECONDS.fullmatch(str(said)) else _A_WHILE
