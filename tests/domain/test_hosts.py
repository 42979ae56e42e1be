"""Which hosts are this machine itself."""

import pytest

from bot.domain.hosts import is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.10", "::1"])
def test_a_host_that_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "10.0.0.1", "::", "localhost.example.com", "127.0.0.1.example.com"])  # noqa: S104 - no listening
def test_a_host_that_is_another(host: str) -> None:
    assert not is_loopback(host)
