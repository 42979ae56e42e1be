"""Origins: which addresses are Slack's own, and who may talk to the bot's HTTP server."""

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from bot.settings import is_loopback

_HOOKS = "hooks.slack.com"
_GOV_API, _GOV_HOOKS = "slack-gov.com", "hooks.slack-gov.com"
_SLACKS = ("slack.com", "slack-gov.com")  # and what is below them: sockets, uploads
_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}
_ENCRYPTED, _PLAIN = {"https", "wss"}, {"http", "ws"}


def is_answer_address(url: str, api: str) -> bool:
    """Whether an answer may be sent to an address that came with a request: Slack's hooks, or the host of `api`."""
    address = _read(url)
    if address is None or "@" in url or address.scheme not in {"http", "https"}:
        return False
    hooks = {_HOOKS, *([_GOV_HOOKS] if urlsplit(api).hostname == _GOV_API else [])}
    return _is_of(address, api) or (_is_encrypted(address) and address.hostname in hooks)


def is_slacks(url: str, api: str) -> bool:
    """Whether a request of the bot to Slack may go to an address: the host of `api`, or one of Slack's own."""
    address = _read(url)
    if address is None:
        return False
    host = address.hostname or ""
    own = any(host == each or host.endswith(f".{each}") for each in _SLACKS)
    return _is_of(address, api) or (_is_encrypted(address) and own)


def is_own_name(hosts: Sequence[str], listening: str) -> bool:
    """Whether the `Host` headers of a request name this machine and no foreign site, which may have been rebound.

    An IP address cannot be rebound; probes and programs of old send none at all.
    """
    if not hosts:
        return True
    address = _read(f"http://{hosts[0]}")
    if len(hosts) > 1 or address is None or address.path:
        return False
    host = address.hostname or ""
    return host in {"localhost", listening.lower()} or _is_ip(host)


def _read(url: str) -> SplitResult | None:
    """An address in its parts, of which a browser and a library would think the same; None for any other."""
    if not (url.isascii() and url.isprintable()) or set(url) & set(" \\"):
        return None
    try:
        address = urlsplit(url)
        _ = address.port
    except ValueError:
        return None
    # an `@` further on is part of an e-mail that Slack is asked for
    return address if address.hostname and "@" not in address.netloc else None


def _is_encrypted(address: SplitResult) -> bool:
    return address.scheme in _ENCRYPTED and (address.port or _PORTS[address.scheme]) == _PORTS["https"]


def _is_of(address: SplitResult, api: str) -> bool:
    """Whether an address is of the same host and port as the API's, and as well encrypted."""
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
