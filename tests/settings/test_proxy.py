"""Which requests go through the proxy of the environment."""

import pytest

from bot.settings.proxy import proxy_for

SLACK, HERE = "https://slack.com/api/", "http://127.0.0.1:8811/api/"


@pytest.mark.parametrize(
    ("address", "environment", "proxy"),
    [
        (SLACK, {"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        (SLACK, {"https_proxy": "http://low:1", "HTTPS_PROXY": "http://up:2"}, "http://low:1"),
        (SLACK, {"HTTP_PROXY": "http://proxy:3128", "http_proxy": "http://proxy:3128"}, None),
        (SLACK, {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "example.com, slack.com"}, None),
        (SLACK, {"HTTPS_PROXY": "http://proxy:3128", "no_proxy": "*"}, None),
        ("https://hooks.slack.com/x", {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".slack.com"}, None),
        ("https://hooks.slack.com/x", {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "*.SLACK.com"}, None),
        ("https://evilslack.com/x", {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "slack.com"}, "http://proxy:3128"),
        (SLACK, {"HTTPS_PROXY": " "}, None),
        (SLACK, {}, None),
        (HERE, {"HTTPS_PROXY": "http://proxy:3128", "HTTP_PROXY": "http://proxy:3128"}, None),
        ("https://localhost:8443/api/", {"HTTPS_PROXY": "http://proxy:3128"}, None),
        ("https://127.8.8.8/api/", {"HTTPS_PROXY": "http://proxy:3128"}, None),
        ("https://[::1]/api/", {"HTTPS_PROXY": "http://proxy:3128"}, None),
    ],
)
def test_a_proxy_carries_what_is_encrypted_and_leaves_this_machine(
    address: str, environment: dict[str, str], proxy: str | None
) -> None:
    assert proxy_for(address, environment) == proxy
