"""Destinations: where notifications go, and what a destination turns out to be in Slack."""

from dataclasses import dataclass
from typing import Protocol, Self, get_args

from bot.domain.keys import DestinationKey, Key, MalformedKeyError, SingletonKey, check_kind, kind_of, number, rest_of


@dataclass(frozen=True, slots=True)
class MemberDestination(DestinationKey):
    """A member's direct messages, by the member's key."""

    kind = "member"
    member: int

    def encode(self) -> str:
        """Return `member:<key>`."""
        return f"{self.kind}:{self.member}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the destination of `member:<key>`."""
        return cls(number(rest_of(text, cls.kind)))


@dataclass(frozen=True, slots=True)
class _UserKey(Key):
    """A key of the form `kind:<Slack id>`."""

    user: str

    def encode(self) -> str:
        """Return `kind:<Slack id>`."""
        return f"{self.kind}:{self.user}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of `kind:<Slack id>`. Raises MalformedKeyError if the text is anything else."""
        return cls(_named(text, cls.kind))


class UserDestination(_UserKey, DestinationKey):
    """A Slack user's direct messages, whoever they are."""

    __slots__ = ()
    kind = "user"


class OperatorDestination(_UserKey, DestinationKey):
    """One operator's direct messages, or every operator's if that user is no operator any more."""

    __slots__ = ()
    kind = "operator"


class OperatorsDestination(SingletonKey, DestinationKey):
    """Every operator, each in their direct messages."""

    __slots__ = ()
    kind = "operators"


@dataclass(frozen=True, slots=True)
class ChannelDestination(DestinationKey):
    """A channel, by its id or `#name`."""

    kind = "channel"
    name: str

    def encode(self) -> str:
        """Return `channel:<id or #name>`."""
        return f"{self.kind}:{self.name}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the destination of `channel:<id or #name>`."""
        return cls(_named(text, cls.kind))


@dataclass(frozen=True, slots=True)
class AlertDestination(DestinationKey):
    """ALERT_CHANNEL. What is about the `team` concerns no member, so that ALERT_PRIVACY does not apply to it."""

    kind = "alert"
    team: bool = False

    def encode(self) -> str:
        """Return `alert` or `alert:team`."""
        return f"{self.kind}:team" if self.team else self.kind

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the destination of `alert` or `alert:team`."""
        return cls(_has_suffix(text, cls.kind, "team"))


@dataclass(frozen=True, slots=True)
class OpsDestination(DestinationKey):
    """OPS_CHANNEL, or else ALERT_CHANNEL, or else the operators; never ALERT_CHANNEL if it is for `operators` alone."""

    kind = "ops"
    operators: bool = False

    def encode(self) -> str:
        """Return `ops` or `ops:operators`."""
        return f"{self.kind}:operators" if self.operators else self.kind

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the destination of `ops` or `ops:operators`."""
        return cls(_has_suffix(text, cls.kind, "operators"))


WEBHOOK_CHANNEL = "webhook"  # what the webhook's receiver has in place of a channel's id


class WebhookDestination(SingletonKey, DestinationKey):
    """The receiver of WEBHOOK_URL, which is sent events."""

    __slots__ = ()
    kind = "webhook"


Destination = (
    MemberDestination
    | UserDestination
    | OperatorsDestination
    | OperatorDestination
    | ChannelDestination
    | AlertDestination
    | OpsDestination
    | WebhookDestination
)


def decode_destination(text: str) -> Destination:
    """Return the destination of a string form. Raises MalformedKeyError if it is none."""
    kind = kind_of(text)
    if kind not in _DESTINATIONS:
        raise MalformedKeyError(f"{text!r} is no destination")
    return _DESTINATIONS[kind].decode(text)


_DESTINATIONS: dict[str, type[Destination]] = {each.kind: each for each in get_args(Destination)}


def _named(text: str, kind: str) -> str:
    """Return what follows a kind, which is not empty."""
    if not (name := rest_of(text, kind)):
        raise MalformedKeyError(f"{text!r} names nothing")
    return name


def _has_suffix(text: str, kind: str, suffix: str) -> bool:
    """Return whether a text has the suffix. Raises MalformedKeyError if it is neither `kind:suffix` nor `kind`."""
    if text == f"{kind}:{suffix}":
        return True
    check_kind(text, kind)
    return False


def fallback(destination: Destination) -> tuple[Destination, ...]:
    """Return where a message goes if its destination cannot receive it; empty if nowhere."""
    match destination:
        case MemberDestination():
            return (OpsDestination(operators=True),)
        case AlertDestination() | ChannelDestination():
            return (OpsDestination(),)
        case OpsDestination():
            return (OperatorsDestination(),)
        case OperatorsDestination() | OperatorDestination() | UserDestination() | WebhookDestination():
            return ()


# --- what they turn out to be --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ResolvedChannel:
    """A destination's channel, by its id."""

    channel: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """Other destinations that the notification goes to instead, and why."""

    destinations: tuple[Destination, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """A destination that can never be reached, and why."""

    why: str


Resolution = ResolvedChannel | Redirect | Undeliverable


class Destinations(Protocol):
    """Finds destinations in Slack."""

    async def find(self, destination: Destination) -> Resolution:
        """Return what a destination is now. Raises SlackError if Slack does not answer, or keeps the bot out."""
