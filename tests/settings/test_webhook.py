"""The webhook's settings: an address and a secret that belong together, neither of which is shown."""

from base64 import b64encode
from pathlib import Path

import pytest

from bot.settings.environment import load
from bot.settings.model import likely_mistakes
from tests.support.settings import problems
from tests.support.webhook import SECRET

URL = "https://ana:pass-word@hooks.example.com:8443/in?token=abc"
MAKE = 'Make one with: echo "whsec_$(openssl rand -base64 32)"'


def test_address_and_secret_show_themselves_nowhere(empty: Path) -> None:
    settings = load({"WEBHOOK_URL": URL, "WEBHOOK_SECRET": SECRET}, empty)
    assert settings.webhook_url is not None
    assert settings.webhook_url.reveal() == URL
    assert "pass-word" not in repr(settings)
    assert SECRET not in repr(settings)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/hook", "http://localhost/hook", "https://hooks.example.com"])
def test_plain_http_is_for_this_machine_alone(empty: Path, url: str) -> None:
    assert load({"WEBHOOK_URL": url, "WEBHOOK_SECRET": SECRET}, empty).webhook_url is not None


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://hooks.example.com/in", "plain http would show your spend to the network. Use https."),
        ("hooks.example.com", "it isn't an address. Give one such as https://hooks.example.com/neo-usage."),
        ("https://hooks.example.com/#in", "it isn't an address. Give one such as https://hooks.example.com/neo-usage."),
    ],
)
def test_an_address_that_cannot_be_used_is_named_without_itself(empty: Path, url: str, problem: str) -> None:
    assert problems({"WEBHOOK_URL": url, "WEBHOOK_SECRET": SECRET}, empty) == [f"WEBHOOK_URL: {problem}"]


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        ("whsec_not base64", "it has spaces or unprintable characters. Paste the whole value again, and nothing else."),
        ("whsec_!!!!", f"what follows whsec_ isn't base64. {MAKE}"),
        ("whsec_" + b64encode(b"x" * 23).decode(), f"it holds 23 bytes, and must hold 24 to 64. {MAKE}"),
        ("whsec_" + b64encode(b"x" * 65).decode(), f"it holds 65 bytes, and must hold 24 to 64. {MAKE}"),
        ("secret", "it does not begin with whsec_. Copy it from your receiver, or make a new one."),
    ],
)
def test_what_is_no_secret_is_a_clear_error(empty: Path, secret: str, problem: str) -> None:
    assert problems({"WEBHOOK_URL": URL, "WEBHOOK_SECRET": secret}, empty) == [f"WEBHOOK_SECRET: {problem}"]


def test_an_address_needs_a_secret(empty: Path) -> None:
    assert problems({"WEBHOOK_URL": URL}, empty) == [f"WEBHOOK_URL: it needs WEBHOOK_SECRET, which isn't set. {MAKE}"]


def test_a_secret_without_an_address_is_probably_a_mistake(empty: Path) -> None:
    mistakes = dict(likely_mistakes(load({"WEBHOOK_SECRET": SECRET}, empty)))
    assert mistakes == {
        "WEBHOOK_SECRET is set, and WEBHOOK_URL isn't, so no events are sent": "Set WEBHOOK_URL, or remove both."
    }
