"""Credentials: a secret that does not show itself, and the check that each stands in the setting it belongs to."""

from collections.abc import Callable

from bot.settings.errors import InvalidValueError

_KINDS = {  # how a credential begins: what it is, and the settings it may stand in
    "xoxb-": ("the bot's token of a Slack app", ("SLACK_BOT_TOKEN",)),
    "xapp-": ("an app-level token of Slack's", ("SLACK_APP_TOKEN",)),
    "xoxp-": ("a token of somebody in Slack, not of the bot", ()),
    "xoxe": ("a token of Slack's that expires", ()),
    "whsec_": ("the secret of a webhook", ("WEBHOOK_SECRET",)),
    "neo_sk_": ("an API key of Neo's", ("NEO_API_KEY", "NEO_BEARER_TOKEN")),
}


class Secret:
    """A credential that does not show itself in logs, messages or tracebacks."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def reveal(self) -> str:
        """Return the credential itself, for the request that needs it."""
        return self._value


def credential_parser(name: str, prefix: str, source: str) -> Callable[[str], Secret | None]:
    """Return a parser of the credential of one setting; it returns None for an empty text.

    The parser raises InvalidValueError for a credential that does not begin with `prefix`, or belongs to another
    setting; `source` is the place to copy the right one from.
    """

    def parse(text: str) -> Secret | None:
        _check_kind(text, name, prefix, source)
        if text and not text.startswith(prefix):
            raise InvalidValueError(f"it does not begin with {prefix}. Copy it from {source}.")
        return _parse_secret(text)

    return parse


def _check_kind(text: str, name: str, prefix: str, source: str) -> None:
    for start, (what, places) in _KINDS.items():
        if text.startswith(start) and name not in places:
            belongs = f" It belongs in {places[0]}." if places else ""
            missing = f" It does not begin with {prefix}." if prefix else ""
            raise InvalidValueError(f"that is {what}.{belongs}{missing} Copy the right one from {source}.")


def _parse_secret(text: str) -> Secret | None:
    if not text:
        return None
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise InvalidValueError(
            "it has spaces or unprintable characters. Paste the whole value again, and nothing else."
        )
    if text.endswith("..."):
        raise InvalidValueError("it is still the example, or was cut off. Paste the whole value again.")
    return Secret(text)
