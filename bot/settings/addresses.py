"""Parsers of addresses: of services, of the page of a task, and the host to listen on."""

import re
from urllib.parse import SplitResult, urlsplit

from bot.domain.hosts import is_loopback
from bot.settings.errors import InvalidValueError

NEO_API_URL = "https://neo.api.projectdiscovery.io"
SLACK_API_URL = "https://slack.com/api/"
_TASK_URL = "https://neo.projectdiscovery.io/tasks/{task_id}"


def neo_api_url(text: str) -> str:
    """Return the base address of Neo's API, without a slash at its end."""
    return _checked_url(text, NEO_API_URL, "NEO_API_KEY")


def slack_api_url(text: str) -> str:
    """Return the base address of Slack's API, with the slash that slack-sdk needs at its end."""
    return f"{_checked_url(text, SLACK_API_URL, 'SLACK_BOT_TOKEN')}/"


def _checked_url(text: str, example: str, credential: str) -> str:
    """Return a base address; `credential` is the setting that a user name or password in it belongs to."""
    url = http_address(text)
    if url is None or set(text) & set(" ?#\\"):
        raise InvalidValueError(f"not an address such as {example}. Give scheme and host alone.")
    if url.username or url.password:
        raise InvalidValueError(f"it has a user name or password in it. Set {credential} instead.")
    host = url.hostname or ""
    if _is_of_other_service(host, credential):
        raise InvalidValueError(f"that is the address of another service. Give one such as {example}.")
    if "/api/v1" in url.path:
        raise InvalidValueError(f"it names a single request. Give scheme and host alone, such as {example}.")
    if url.scheme == "http" and not is_loopback(host):
        raise InvalidValueError("plain http would show the credential to the network. Use https.")
    return text.rstrip("/")


def http_address(text: str) -> SplitResult | None:
    """Return the parts of an HTTP address; None if it is none."""
    try:
        url = urlsplit(text)
        is_sound = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        return None
    return url if is_sound and text.isprintable() else None


def _is_of_other_service(host: str, credential: str) -> bool:
    other = "projectdiscovery.io" if credential.startswith("SLACK") else "slack.com"
    return f".{host.lower()}".endswith(f".{other}")


def task_url_template(text: str) -> str | None:
    """Return an address in which `{task_id}` stands for the id of a task; None for an empty text."""
    if not text:
        return None
    is_url = re.fullmatch(r"https?://[^\s<>|]+", text) and text.isprintable()
    if not is_url or text.count("{task_id}") != 1 or set(text.replace("{task_id}", "")) & set("{}"):
        raise InvalidValueError(f"`{text}` isn't an address with one {{task_id}} in it, such as {_TASK_URL}.")
    return text


def listening_host(text: str) -> str:
    """Return the host name or IP address to listen on."""
    if text.count(":") == 1:
        raise InvalidValueError(
            f"`{text}` has a port in it. Give only the host here: the port is a setting of its own."
        )
    if not re.fullmatch(r"[A-Za-z0-9.:_-]+", text):
        raise InvalidValueError(f"`{text}` isn't a host. Use 127.0.0.1, or 0.0.0.0 behind your own proxy.")
    return text
