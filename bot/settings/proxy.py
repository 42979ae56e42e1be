"""The proxy that the environment names for an address."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from bot.domain.hosts import is_loopback
from bot.settings.values import comma_separated


def proxy_for(address: str, environment: Mapping[str, str] | None = None) -> str | None:
    """Return the proxy for an address; None for plain HTTP, which the proxy could read, and for loopback.

    `HTTPS_PROXY` and `NO_PROXY` mean what they mean to curl, in upper or lower case.
    """
    variables = os.environ if environment is None else environment
    host = urlsplit(address).hostname or ""
    if not address.startswith(("https:", "wss:")) or is_loopback(host):
        return None
    exceptions = comma_separated(variables.get("no_proxy") or variables.get("NO_PROXY") or "")
    if any(_is_within(host, each) for each in exceptions):
        return None
    return (variables.get("https_proxy") or variables.get("HTTPS_PROXY") or "").strip() or None


def _is_within(host: str, exception: str) -> bool:
    """Whether an entry of `NO_PROXY` covers a host: a domain covers all below it, `*` everything."""
    domain = exception.lower().removesuffix(":443").removeprefix("*").removeprefix(".")
    return exception == "*" or (bool(domain) and f".{host}".endswith(f".{domain}"))
