"""The tokens Slack issues and redeems: trigger ids, response URLs, socket tickets and upload URLs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from secrets import token_hex

from bot.sandbox.slack.api_calls import RefusedError
from bot.sandbox.slack.models import File

TRIGGER_LIFETIME = timedelta(seconds=3)
RESPONSE_URL_LIFETIME = timedelta(minutes=30)
RESPONSE_URL_USES = 5


@dataclass(slots=True)
class Trigger:
    """Permission to open a modal for a person, once, in response to something they did."""

    user: str
    issued: datetime  # in real time
    view: str | None = None  # the modal in which the person acted
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """Where responses to one interaction are posted, and which message they may replace or delete."""

    channel: str
    user: str
    issued: datetime
    original: str | None = None
    uses: int = 0


@dataclass(slots=True)
class Tokens:
    """All tokens issued so far. `url` is the server's address.

    Response URLs expire by simulated time (`clock`), trigger ids by `real` time.
    """

    clock: Callable[[], datetime]
    real: Callable[[], datetime]
    url: str = ""
    triggers: dict[str, Trigger] = field(default_factory=dict)
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    tickets: set[str] = field(default_factory=set)
    uploads: dict[str, File] = field(default_factory=dict)
    _numbers: int = 0
    _run: str = field(default_factory=partial(token_hex, 8))  # Slack issues none twice, whenever it was started

    def new_token(self, kind: str) -> str:
        """Return a token that nobody has been given before."""
        self._numbers += 1
        return sha256(f"{self._run}:{kind}:{self._numbers}".encode()).hexdigest()[:32]

    def new_trigger(self, user: str, view: str | None = None) -> str:
        """Issue a trigger id."""
        trigger_id = f"{4_000_000_000 + self._numbers}.{2_000_000_000}.{self.new_token('trigger')}"
        self.triggers[trigger_id] = Trigger(user, self.real(), view)
        return trigger_id

    def redeem_trigger(self, trigger_id: str) -> Trigger:
        """Return the trigger and mark it used. Raises RefusedError if it is unknown, used or expired."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise RefusedError("invalid_trigger_id")
        if trigger.used:
            raise RefusedError("exchanged_trigger_id")
        if self.real() - trigger.issued > TRIGGER_LIFETIME:
            raise RefusedError("expired_trigger_id")
        trigger.used = True
        return trigger

    def new_response_url(self, channel: str, user: str, original: str | None = None) -> str:
        """Issue a response URL; `original` is the `ts` of the message in which the person acted."""
        token = self.new_token("hook")
        self.response_urls[token] = ResponseUrl(channel, user, self.clock(), original)
        return f"{self.url}/hooks/{token}"

    def use_response_url(self, token: str) -> ResponseUrl:
        """Return the response URL and count one use. Raises RefusedError if it is unknown, expired or used up."""
        response_url = self.response_urls.get(token)
        if response_url is None or self.clock() - response_url.issued > RESPONSE_URL_LIFETIME:
            raise RefusedError("expired_url")
        if response_url.uses >= RESPONSE_URL_USES:
            raise RefusedError("used_url")
        response_url.uses += 1
        return response_url
