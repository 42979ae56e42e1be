"""Origins: which addresses are Slack's, and which hosts the bot's HTTP server answers for."""

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from bot.domain.hosts import is_loopback

_HOOKS = "hooks.slack.com"
_GOV_API, _GOV_HOOKS = "slack-gov.com", "hooks.slack-gov.com"
_SLACK_DOMAINS = ("slack.com", "slack-gov.com")  # with their subdomains: sockets, uploads
_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}
_ENCRYPTED, _PLAIN = {"https", "wss"}, {"http", "ws"}


def is_response_url(url: str, api: str) -> bool:
    """Return whether a request's `response_url` may be used: it is one of Slack's hooks, or at the host of `api`."""
    address = _split_address(url)
    if address is None or "@" in url or address.scheme not in {"http", "https"}:
        return False
    hooks = {_HOOKS, *([_GOV_HOOKS] if urlsplit(api).hostname == _GOV_API else [])}
    return _is_at_api(address, api) or (_is_encrypted(address) and address.hostname in hooks)


def is_slack_address(url: str, api: str) -> bool:
    """Return whether the bot may send its requests for Slack to an address: the host of `api`, or one of Slack's."""
    address = _split_address(url)
    if address is None:
        return False
    host = address.hostname or ""
    is_slack = any(host == each or host.endswith(f".{each}") for each in _SLACK_DOMAINS)
    return _is_at_api(address, api) or (_is_encrypted(address) and is_slack)


def is_own_host(hosts: Sequence[str], own_name: str) -> bool:
    """Return whether the `Host` headers of a request name this machine, and not a site whose name was rebound to it.

    An IP address cannot be rebound; probes and old programs send no such header.
    """
    if not hosts:
        return True
    address = _split_address(f"http://{hosts[0]}")
    if len(hosts) > 1 or address is None or address.path:
        return False
    host = address.hostname or ""
    return host in {"localhost", own_name.lower()} or _is_ip(host)


def _split_address(url: str) -> SplitResult | None:
    """Return the parts of an address; None if a browser and a library might read it differently."""
    if not (url.isascii() and url.isprintable()) or set(url) & set(" \\"):
        return None
    try:
        address = urlsplit(url)
        _ = address.port
    except ValueError:
        return None
    # an `@` after the host is part of an e-mail address in the query
    return address if address.hostname and "@" not in address.netloc else None


def _is_encrypted(address: SplitResult) -> bool:
    return address.scheme in _ENCRYPTED and (address.port or _PORTS[address.scheme]) == _PORTS["https"]


def _is_at_api(address: SplitResult, api: str) -> bool:
    """Return whether an address has the host and port of the API's, and is encrypted if the API's is."""
    base = urlsplit(api)
    encrypted = base.scheme in _ENCRYPTED
    if address.scheme not in (_ENCRYPTED if encrypted else _PLAIN):
        return False
    if not encrypted and not is_loopback(address.hostname or ""):
        return False
    ports = (address.port or _PORTS[address.scheme], base.port or _PORTS[base.scheme])
    return address.hostname == base.hostname and ports[0] == ports[1]


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
