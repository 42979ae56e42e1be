"""Settings: the sole reader of the environment and `.env`; every problem is named at once, with its mend."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar
from unicodedata import category
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.money import AmountError, typed_nanos
from bot.domain.pricing import ByokUnit, SpendBasis
from bot.domain.tasks import member_key
from bot.domain.visibility import Privacy, Titles

NEO_API_URL = "https://neo.api.projectdiscovery.io"
DATABASE_URL = "sqlite+aiosqlite:///neo-usage.db"
SLACK_API_URL = "https://slack.com/api/"
DOTENV = ".env"
_SQLITE_SCHEMES = ("sqlite+aiosqlite", "sqlite+pysqlite", "sqlite")


E = TypeVar("E", bound=StrEnum)


class SettingsError(Exception):
    """The environment cannot be used as it is; `problems` has a line for each setting, with its mend."""

    HEADING = "the settings need mending:"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join([self.HEADING, *(f"  {each}" for each in problems)]))
        self.problems = problems


class LogFormat(StrEnum):
    """How the service writes its log."""

    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """From which severity the service logs."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Secret:
    """A credential that does not show itself in logs, messages or tracebacks."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def reveal(self) -> str:
        """The credential itself, for the request that needs it."""
        return self._value


def doubts(settings: "Settings") -> Iterator[tuple[str, str]]:
    """What can be used and yet is hardly meant, each with its mend."""
    zone = settings.timezone.key
    if zone in _MOVING:
        yield f"TIMEZONE is {zone}, an old name", f"Use a place, such as {_PLACES[zone]}."
    if settings.neo_bearer_token and settings.neo_bearer_token.reveal().startswith("neo_sk_"):
        yield "NEO_BEARER_TOKEN holds an API key", "Put it into NEO_API_KEY."
    secret = settings.slack_signing_secret
    if secret and not re.fullmatch(r"[0-9a-f]{32}", secret.reveal()):
        yield "SLACK_SIGNING_SECRET is not 32 hexadecimal digits", "Copy it again: Basic Information, App Credentials."


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decided. Durations are in the unit their name says.

    `digest_days` counts from 0, Monday; `spike_floor` is in nanos; `neo_task_url_template` has one `{task_id}`.
    """

    neo_api_key: Secret | None
    neo_bearer_token: Secret | None
    neo_api_url: str
    neo_task_url_template: str | None
    solo_member: str | None
    slack_bot_token: Secret | None
    slack_app_token: Secret | None
    slack_signing_secret: Secret | None
    slack_api_url: str
    admins: frozenset[str]
    digest_channel: tuple[str, ...]
    digest_at: time
    digest_days: frozenset[int]
    alert_channel: str | None
    ops_channel: str | None
    budget_steps: tuple[int, ...]
    alert_privacy: Privacy
    quiet_hours: tuple[time, time] | None
    show_titles: Titles
    failure_statuses: tuple[str, ...]
    spike_alerts: bool
    spike_floor: int
    templates_dir: Path | None
    http_host: str
    http_port: int
    log_level: LogLevel
    log_format: LogFormat
    database_url: Path
    timezone: ZoneInfo
    poll_seconds: int
    history_days: int
    spend_basis: SpendBasis
    byok_unit: ByokUnit | None

    @property
    def database_path(self) -> Path:
        """The ledger's file."""
        return self.database_url

    def neo_credential(self) -> Mapping[str, str]:
        """Return the one header that authorises upstream.

        Raises:
            SettingsError: there is none.
        """
        if self.neo_api_key is not None:
            return {"X-Api-Key": self.neo_api_key.reveal()}
        if self.neo_bearer_token is not None:
            return {"Authorization": f"Bearer {self.neo_bearer_token.reveal()}"}
        raise SettingsError(["NEO_API_KEY: it is not set. Make a key in Neo (Settings, API keys) as a team admin."])

    @property
    def has_neo_credential(self) -> bool:
        """Whether there is a key or token to ask the upstream with."""
        return self.neo_api_key is not None or self.neo_bearer_token is not None

    @property
    def pricing_unit(self) -> ByokUnit:
        """The unit BYOK amounts are read in: credits are assumed until an operator says otherwise."""
        return self.byok_unit or ByokUnit.CREDITS


class _InvalidError(ValueError):
    """Why a value cannot be used, and the mend."""


def load(environment: Mapping[str, str] | None = None, directory: Path | None = None) -> Settings:
    """Read the settings from the environment, over those of `.env` in the directory.

    Raises:
        SettingsError: with every problem found.
    """
    values = dict(_dotenv(directory or Path.cwd()))
    given = os.environ if environment is None else environment
    values.update((name, value) for name, value in given.items() if value.strip())
    read: dict[str, Any] = {}
    problems = [*_misnamed(given), *_read(values, read)]
    problems += _conflicts(read)
    if problems:
        raise SettingsError(problems)
    return Settings(**read)


def proxy_for(address: str, environment: Mapping[str, str] | None = None) -> str | None:
    """The proxy that the environment names for an address; None for plain HTTP, which it could read, and loopback.

    `HTTPS_PROXY` and `NO_PROXY` mean what they mean to curl, in either case of their letters.
    """
    given = os.environ if environment is None else environment
    host = urlsplit(address).hostname or ""
    if not address.startswith(("https:", "wss:")) or is_loopback(host):
        return None
    if any(_is_below(host, each) for each in _listed(given.get("no_proxy") or given.get("NO_PROXY") or "")):
        return None
    return (given.get("https_proxy") or given.get("HTTPS_PROXY") or "").strip() or None


def _is_below(host: str, excepted: str) -> bool:
    """Whether `NO_PROXY` means a host by one of its entries: a domain with all below it, or everything."""
    domain = excepted.lower().removesuffix(":443").removeprefix("*").removeprefix(".")
    return excepted == "*" or (bool(domain) and f".{host}".endswith(f".{domain}"))


def _dotenv(directory: Path) -> Iterator[tuple[str, str]]:
    path = directory / DOTENV
    if path.is_file():
        from dotenv import dotenv_values

        try:
            found = dotenv_values(path, interpolate=False, encoding="utf-8-sig")  # a `$` is one
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError([f".env: it cannot be read ({error}). Save it as UTF-8 text."]) from None
        yield from ((name, value) for name, value in found.items() if value is not None)


def _misnamed(given: Mapping[str, str]) -> Iterator[str]:
    """Names that an env file made of ours, so that nobody would read their values."""
    for name in given:
        meant = name.strip().removeprefix("export ").strip()
        if meant in NAMES and name != meant:
            yield f"{meant}: it came as `{name}`, which nobody reads. Write {meant}=VALUE, without `export` or spaces."


def _read(values: Mapping[str, str], into: dict[str, Any]) -> Iterator[str]:
    """Read every setting into the dictionary and yield the problems; an empty value counts as unset."""
    for attribute, (default, reader) in _READERS.items():
        name = attribute.upper()
        text = values.get(name, "").strip() or default
        try:
            _check_marks(attribute, text)
            into[attribute] = reader(text)
        except _InvalidError as problem:
            yield f"{name}: {problem}"


def _conflicts(read: Mapping[str, Any]) -> list[str]:
    if read.get("neo_api_key") and read.get("neo_bearer_token"):
        return ["NEO_API_KEY and NEO_BEARER_TOKEN: both are set. Keep one of them."]
    return []


# --- what an env file leaves in a value ----------------------------------------------------------

_DOUBLE = '"\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02\u2033`'  # quotation marks that no value holds
_SINGLE = "'\u2018\u2019\u201a\u201b\u2039\u203a\uff07\u00b4\u2032"  # and those that a name or a path may hold, inside
_PATHS = {"templates_dir", "database_url"}
_SECRETS = {"neo_api_key", "neo_bearer_token", "slack_bot_token", "slack_app_token", "slack_signing_secret"}


def _check_marks(attribute: str, text: str) -> None:
    """Raise _InvalidError for what was meant for a shell or an editor and not for us; no value is quoted."""
    edges = {letter for each in text.split(",") for letter in (each.strip()[:1], each.strip()[-1:])}
    inside = set() if attribute in _PATHS else set(_DOUBLE)
    if edges & {*_DOUBLE, *_SINGLE} or set(text) & inside:
        raise _InvalidError("it holds quotation marks, which some env files keep. Write it without them.")
    if re.search(r"\s#\s", text):
        raise _InvalidError("a comment stands behind it, which some env files keep. Put that on a line of its own.")
    if attribute not in _SECRETS and any(category(letter) in {"Cc", "Cf"} for letter in text):
        raise _InvalidError("it holds characters that are not seen. Type it anew.")


# --- one reader a kind of value ------------------------------------------------------------------


def _secret(text: str) -> Secret | None:
    if not text:
        return None
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise _InvalidError("it holds spaces or unprintable characters. Paste it again, whole and alone.")
    if text.endswith("..."):
        raise _InvalidError("it is still that of the example, or was cut. Paste it again, whole and alone.")
    return Secret(text)


_KINDS = {  # what a credential begins with: what it is, and the settings it may stand in
    "xoxb-": ("the bot's token of a Slack app", ("SLACK_BOT_TOKEN",)),
    "xapp-": ("an app-level token of Slack's", ("SLACK_APP_TOKEN",)),
    "xoxp-": ("a token of somebody in Slack, not of the bot", ()),
    "xoxe": ("a token of Slack's that expires", ()),
    "neo_sk_": ("an API key of Neo's", ("NEO_API_KEY", "NEO_BEARER_TOKEN")),
}


def _credential(name: str, prefix: str, where: str) -> Callable[[str], Secret | None]:
    """Reads a credential that begins with `prefix` (if it does), and is not the one of another setting."""

    def read(text: str) -> Secret | None:
        for start, (what, places) in _KINDS.items():
            if text.startswith(start) and name not in places:
                belongs = f" It belongs into {places[0]}." if places else ""
                raise _InvalidError(f"that is {what}.{belongs}{_lacking(prefix, where)}")
        if text and not text.startswith(prefix):
            raise _InvalidError(f"it does not begin with {prefix}. Copy it from {where}.")
        return _secret(text)

    return read


def _lacking(prefix: str, where: str) -> str:
    begins = f" It does not begin with {prefix}." if prefix else ""
    return f"{begins} Copy the right one from {where}."


_E_MAIL = re.compile(r"[^\s@<>()\[\]{}:;,=\\]+@[^\s@<>()\[\]{}:;,=\\]+")


def _email(text: str) -> str | None:
    if not text:
        return None
    if not _E_MAIL.fullmatch(text):
        raise _InvalidError(f"`{text}` is no e-mail address. Give the address of the key's owner.")
    return member_key(text)


def _address(example: str, holder: str) -> Callable[[str], str]:
    """Reads a base address, whose credential belongs into `holder`."""

    def read(text: str) -> str:
        return _checked_address(text, example, holder)

    return read


def _slack_address(text: str) -> str:
    return f"{_checked_address(text, SLACK_API_URL, 'SLACK_BOT_TOKEN')}/"  # slack-sdk joins methods to it as it is


def _checked_address(text: str, example: str, holder: str) -> str:
    try:
        url = urlsplit(text)
        sound = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        sound = False
    if not sound or not text.isprintable() or set(text) & set(" ?#\\"):
        raise _InvalidError(f"not an address such as {example}. Give scheme and host alone.")
    if url.username or url.password:
        raise _InvalidError(f"it carries a user name or password. Put that into {holder} instead.")
    if _belongs_elsewhere(url.hostname or "", holder):
        raise _InvalidError(f"that is the address of another service. Give one such as {example}.")
    if "/api/v1" in url.path:
        raise _InvalidError(f"it names a single request. Give scheme and host alone, such as {example}.")
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        raise _InvalidError("plain http would show the credential to the network. Use https.")
    return text.rstrip("/")


def _belongs_elsewhere(host: str, holder: str) -> bool:
    others = "projectdiscovery.io" if holder.startswith("SLACK") else "slack.com"
    return f".{host.lower()}".endswith(f".{others}")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _people(text: str) -> frozenset[str]:
    """Slack ids as they are, e-mails lower-cased."""
    return frozenset(map(_person, _listed(text)))


def _person(text: str) -> str:
    if re.fullmatch(r"[UW][A-Z0-9]{2,}", text):
        return text
    if _E_MAIL.fullmatch(text):
        return member_key(text)
    raise _InvalidError(f"`{text}` is neither a Slack id (U0123ABCD) nor an e-mail. Separate several with commas.")


def _channels(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_one_channel, _listed(text))))


def _channel(text: str) -> str | None:
    return _one_channel(text) if text else None


def _one_channel(text: str) -> str:
    if re.fullmatch(r"[CGD][A-Z0-9]{2,}", text):
        return text
    if re.fullmatch(r"#[^\s#,<>]{1,80}", text):
        return text.lower()
    raise _InvalidError(f"`{text}` is no channel. Give its id (C0123ABCD) or #name.")


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


_MOST_PERCENT, _MOST_STEPS = 1_000, 20


def _steps(text: str) -> tuple[int, ...]:
    """Percentages, ascending, each once."""
    found = _listed(text)
    for each in found:
        if not (each.isascii() and each.isdigit() and len(each) <= 4 and 1 <= int(each) <= _MOST_PERCENT):  # noqa: PLR2004 - digits of the most
            raise _InvalidError(f"`{each}` is no percentage from 1 to {_MOST_PERCENT:,}. Give some such as 50,80,100.")
    if len(found) > _MOST_STEPS:
        raise _InvalidError(f"that is {len(found)} steps. Give {_MOST_STEPS} at most, such as 50,80,100.")
    return tuple(sorted({int(each) for each in found}))


def _hours(text: str) -> tuple[time, time] | None:
    """Two local times: from when until when."""
    if not text:
        return None
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)", text, re.ASCII)
    if not found:
        raise _InvalidError(f"`{text}` is no pair of times. Give them as 20:00-08:00, or leave it out.")
    start, end = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if start == end:
        raise _InvalidError(f"`{text}` is all day or nothing. Give two different times, or leave it out.")
    return start, end


def _clock_time(text: str) -> time:
    """A local time."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text, re.ASCII)
    if not found:
        raise _InvalidError(f"`{text}` is no time. Give it as 09:00.")
    return time(int(found[1]), int(found[2]))


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _week_days(text: str) -> frozenset[int]:
    """Days of the week and spans of them; a span may go over Sunday."""
    return frozenset(day for each in _listed(text.lower()) for day in _day_span(each))


def _day_span(text: str) -> Iterator[int]:
    first, dash, last = (part.strip() for part in text.partition("-"))
    if first not in _DAYS or (dash and last not in _DAYS):
        raise _InvalidError(f"`{text}` is no day of the week. Give them as mon-fri, or mon,wed,fri.")
    start, count = _DAYS.index(first), (_DAYS.index(last or first) - _DAYS.index(first)) % 7
    yield from ((start + day) % 7 for day in range(count + 1))


def _task_address(text: str) -> str | None:
    """An address in which `{task_id}` stands for a task's id."""
    if not text:
        return None
    example = "https://neo.projectdiscovery.io/tasks/{task_id}"
    sound = re.fullmatch(r"https?://[^\s<>|]+", text) and text.isprintable()
    if not sound or text.count("{task_id}") != 1 or set(text.replace("{task_id}", "")) & set("{}"):
        raise _InvalidError(f"`{text}` is no address with one {{task_id}} in it, such as {example}.")
    return text


_STATUS = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)


def _statuses(text: str) -> tuple[str, ...]:
    found = _listed(text.lower())
    for each in found:
        if not _STATUS.fullmatch(each):
            raise _InvalidError(f"`{each}` is no status. Give some such as error,failed,blocked.")
    return tuple(dict.fromkeys(found))


def _switch(text: str) -> bool:
    if text.lower() not in {"on", "off"}:
        raise _InvalidError(f"`{text}` is neither on nor off.")
    return text.lower() == "on"


def _amount(text: str) -> int:
    try:
        return typed_nanos(text)
    except AmountError as error:
        raise _InvalidError(str(error)) from None


def _directory(text: str) -> Path | None:
    if not text:
        return None
    path = Path(text).expanduser()
    if not path.is_dir():
        raise _InvalidError(f"`{text}` is no directory. Make it, or leave the setting out.")
    return path


def _host(text: str) -> str:
    if text.count(":") == 1:
        raise _InvalidError(f"`{text}` holds a port. Give the host alone, and the port as HTTP_PORT.")
    if not re.fullmatch(r"[A-Za-z0-9.:_-]+", text):
        raise _InvalidError(f"`{text}` is no host. Use 127.0.0.1, or 0.0.0.0 behind a proxy of your own.")
    return text


def _sqlite_path(text: str) -> Path:
    scheme, _, rest = text.partition("://")
    path = unquote(rest.removeprefix("/").partition("?")[0])
    if scheme.startswith("postgresql"):
        raise _InvalidError("this version keeps its ledger in SQLite. Use sqlite+aiosqlite:///PATH.")
    if scheme not in _SQLITE_SCHEMES or not rest.startswith("/"):
        raise _InvalidError("not a database address. Use sqlite+aiosqlite:///PATH.")
    if not path.isprintable():
        raise _InvalidError("the path holds unprintable characters. Name a file: sqlite+aiosqlite:///PATH.")
    if not path or path == ":memory:":
        raise _InvalidError("a ledger must outlive its process. Name a file: sqlite+aiosqlite:///PATH.")
    return Path(path)


_PLACES = {  # of what people call a time by, and where it is
    "EST": "America/New_York", "EDT": "America/New_York", "ET": "America/New_York", "EST5EDT": "America/New_York",
    "CST": "America/Chicago", "CDT": "America/Chicago", "CT": "America/Chicago", "CST6CDT": "America/Chicago",
    "MST": "America/Denver", "MDT": "America/Denver", "MT": "America/Denver", "MST7MDT": "America/Denver",
    "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "PT": "America/Los_Angeles",
    "PST8PDT": "America/Los_Angeles", "HST": "Pacific/Honolulu", "AKST": "America/Anchorage",
    "BST": "Europe/London", "WET": "Europe/Lisbon", "CET": "Europe/Berlin", "CEST": "Europe/Berlin",
    "MEZ": "Europe/Berlin", "MET": "Europe/Berlin", "EET": "Europe/Helsinki", "EEST": "Europe/Helsinki",
    "MSK": "Europe/Moscow", "IST": "Asia/Kolkata", "JST": "Asia/Tokyo", "KST": "Asia/Seoul", "SGT": "Asia/Singapore",
    "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney", "NZST": "Pacific/Auckland",
}  # fmt: skip
_MOVING = {"EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT", "WET", "CET", "MET", "EET"}  # old, but right all year
_OFFSET = re.compile(r"(?i)(?:etc/)?(?:gmt|utc)?([+-])(\d{1,2})(?::?00)?")


def _zone(text: str) -> ZoneInfo:
    place = _PLACES.get(text.upper())
    if place and text not in _MOVING:
        raise _InvalidError(f"`{text}` is no place, and knows no summer time. Use a name such as {place} or UTC.")
    offset = _OFFSET.fullmatch(text)
    if offset and int(offset[2]):
        behind = "; `Etc/GMT+5` is even five hours behind UTC" if text.lower().startswith("etc/") else ""
        raise _InvalidError(
            f"`{text}` is a distance and no place: it knows no summer time{behind}."
            " Use a name such as Europe/Berlin or UTC."
        )
    if text in {"Factory", "localtime", "posixrules"}:
        raise _InvalidError(f"`{text}` is not the same on every machine. Use a name such as Europe/Berlin or UTC.")
    if text.startswith("right/"):
        raise _InvalidError(f"`{text}` counts leap seconds, which nothing else does. Use {text[6:]}.")
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _InvalidError(f"`{text}` is no time zone. Use a name such as Europe/Berlin or UTC.") from error


def _whole(least: int, most: int, noun: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
            raise _InvalidError(f"`{text}` is not a whole number of {noun} from {least:,} to {most:,}.")
        return int(text)

    return read


def _choice(choices: type[E]) -> Callable[[str], E | None]:
    def read(text: str) -> E | None:
        try:
            return choices(text.lower()) if text else None
        except ValueError as error:
            raise _InvalidError(f"`{text}` is none of {', '.join(choices)}.") from error

    return read


# attribute of Settings (upper-cased: the variable) -> default as text, reader
_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "neo_api_key": ("", _credential("NEO_API_KEY", "", "Neo: Settings, API keys")),
    "neo_bearer_token": ("", _credential("NEO_BEARER_TOKEN", "", "Neo")),
    "neo_api_url": (NEO_API_URL, _address(NEO_API_URL, "NEO_API_KEY")),
    "neo_task_url_template": ("", _task_address),
    "solo_member": ("", _email),
    "slack_bot_token": ("", _credential("SLACK_BOT_TOKEN", "xoxb-", "your Slack app: OAuth & Permissions")),
    "slack_app_token": (
        "",
        _credential("SLACK_APP_TOKEN", "xapp-", "your Slack app: Basic Information, App-Level Tokens"),
    ),
    "slack_signing_secret": (
        "",
        _credential("SLACK_SIGNING_SECRET", "", "your Slack app: Basic Information, App Credentials"),
    ),
    "slack_api_url": (SLACK_API_URL, _slack_address),
    "admins": ("", _people),
    "digest_channel": ("", _channels),
    "digest_at": ("09:00", _clock_time),
    "digest_days": ("mon-sun", _week_days),
    "alert_channel": ("", _channel),
    "ops_channel": ("", _channel),
    "budget_steps": ("50,80,100,150,200", _steps),
    "alert_privacy": ("named", _choice(Privacy)),
    "quiet_hours": ("", _hours),
    "show_titles": ("operators", _choice(Titles)),
    "failure_statuses": ("error,failed", _statuses),
    "spike_alerts": ("off", _switch),
    "spike_floor": ("$10", _amount),
    "templates_dir": ("", _directory),
    "http_host": ("127.0.0.1", _host),
    "http_port": ("8080", _whole(0, 65_535, "ports")),
    "log_level": ("info", _choice(LogLevel)),
    "log_format": ("console", _choice(LogFormat)),
    "database_url": (DATABASE_URL, _sqlite_path),
    "timezone": ("UTC", _zone),
    "poll_seconds": ("300", _whole(10, 86_400, "seconds")),
    "history_days": ("90", _whole(1, 3_650, "days")),
    "spend_basis": ("total", _choice(SpendBasis)),
    "byok_unit": ("", _choice(ByokUnit)),
}
NAMES = tuple(attribute.upper() for attribute in _READERS)
