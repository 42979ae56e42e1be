"""Hosts: whether one is this machine itself."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether a host name or IP address is this machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
