"""Which addresses are Slack's, this machine's, or anybody else's."""

import pytest

from bot.slack.origin import is_own_host, is_response_url, is_slack_address

SLACK, GOV, HERE = "https://slack.com/api/", "https://slack-gov.com/api/", "http://127.0.0.1:8811/api/"
GATEWAY = "https://slack.acme.example:8443/api/"


@pytest.mark.parametrize(
    ("url", "api", "is_its"),
    [
        ("https://hooks.slack.com/commands/T1/2/x", SLACK, True),
        ("https://hooks.slack.com:443/actions/T1/2/x", SLACK, True),
        ("https://slack.com/x", SLACK, True),
        ("https://hooks.slack-gov.com/commands/T1", GOV, True),
        ("https://hooks.slack.com/commands/T1", GATEWAY, True),
        ("https://slack.acme.example:8443/hooks/x", GATEWAY, True),
        ("http://127.0.0.1:8811/hooks/x", HERE, True),
        ("https://hooks.slack-gov.com/commands/T1", SLACK, False),
        ("https://files.slack.com/upload/v1/x", SLACK, False),
        ("https://slack.acme.example/hooks/x", GATEWAY, False),
        ("http://slack.com/x", SLACK, False),
        ("http://127.0.0.1:8812/hooks/x", HERE, False),
        ("https://127.0.0.1:8811/hooks/x", HERE, False),
        ("http://localhost:8811/hooks/x", HERE, False),
        ("http://127.0.0.1:8811@evil.example/x", HERE, False),
        ("https://hooks.slack.com/x@evil.example", SLACK, False),
        ("https://hooks.slack.com?@evil.example", SLACK, False),
        ("https://hooks.slack.com./x", SLACK, False),
        ("https://hooks.slack.com.evil.example", SLACK, False),
        ("https://evil.example/hooks.slack.com", SLACK, False),
        ("https://evil.example#hooks.slack.com", SLACK, False),
        ("https://[::1", SLACK, False),
        ("https://hooks.slack.com:99999/x", SLACK, False),
        ("https://hooks.slack\u3002com/x", SLACK, False),
        ("https:hooks.slack.com/x", SLACK, False),
        ("ftp://hooks.slack.com/x", SLACK, False),
        ("", SLACK, False),
    ],
)
def test_an_answer_goes_to_slacks_hooks_or_the_apis_own_host(url: str, api: str, is_its: bool) -> None:  # noqa: FBT001 - a column
    assert is_response_url(url, api) is is_its


@pytest.mark.parametrize(
    ("url", "api", "is_its"),
    [
        ("https://slack.com/api/auth.test", SLACK, True),
        ("https://slack.com/api/users.lookupByEmail?email=ana@acme.example", SLACK, True),
        ("https://slack.com@evil.example/api/x", SLACK, False),
        ("wss://wss-primary.slack.com/link/?ticket=x", SLACK, True),
        ("https://files.slack.com/upload/v1/x", SLACK, True),
        ("ws://127.0.0.1:8811/link/?ticket=x", HERE, True),
        ("http://127.0.0.1:8811/api/users.lookupByEmail?email=ana@acme.example", HERE, True),
        ("https://ana@slack.com/api/auth.test", SLACK, False),
        ("https://slack.com@evil.example/api/", SLACK, False),
        ("https://evil.example?email=ana@slack.com", SLACK, False),
        ("https://evil.example/@slack.com/api/", SLACK, False),
        ("ws://wss-primary.slack.com/link/", SLACK, False),
        ("wss://evilslack.com/link/", SLACK, False),
        ("wss://slack.com.evil.example/link/", SLACK, False),
        ("ws://127.0.0.1:9/link/", HERE, False),
        ("http://127.0.0.1:8811/api/x", SLACK, False),
    ],
)
def test_a_request_goes_to_slacks_own_hosts(url: str, api: str, is_its: bool) -> None:  # noqa: FBT001 - a column
    assert is_slack_address(url, api) is is_its


@pytest.mark.parametrize(
    ("hosts", "is_its"),
    [
        ([], True),
        (["127.0.0.1:8080"], True),
        (["localhost"], True),
        (["LOCALHOST:1"], True),
        (["[::1]:80"], True),
        (["10.0.0.7:8080"], True),
        (["bot.internal:8080"], True),
        ([""], False),
        (["evil.example"], False),
        (["127.0.0.1.evil.example"], False),
        (["127.0.0.1", "evil.example"], False),
        (["127.0.0.1/evil"], False),
        (["localhost:x"], False),
        (["\u0661\u0662\u0667.0.0.1"], False),
    ],
)
def test_a_host_is_this_machine_by_address_or_by_the_name_that_is_set(hosts: list[str], is_its: bool) -> None:  # noqa: FBT001 - a column
    assert is_own_host(hosts, "bot.internal") is is_its
