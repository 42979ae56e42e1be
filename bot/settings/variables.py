"""The environment variables: the name, the default and the parser of each."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from unicodedata import category

from bot.domain.pricing import ByokUnit, SpendBasis
from bot.domain.visibility import Privacy, Titles
from bot.settings import addresses, recipients, schedule, timezones, values, webhook
from bot.settings.credentials import credential_parser
from bot.settings.database_place import DATABASE_URL, database_place
from bot.settings.errors import InvalidValueError
from bot.settings.model import LogFormat, LogLevel
from bot.settings.secret_files import secret_text

_DOUBLE_QUOTES = '"\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02\u2033`'  # in no value but a path
_SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b\u2039\u203a\uff07\u00b4\u2032"  # which a name may hold, but not begin with


class ValueKind(Enum):
    """What a value is, which decides the characters it may hold."""

    PLAIN = auto()
    PATH = auto()
    SECRET = auto()


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable. An empty value counts as unset.

    `attribute` is the field of Settings that it sets; if empty, that is its name in lower case. What is `private` may
    also come from a file, whose path is in NAME_FILE.
    """

    name: str
    default: str
    parser: Callable[[str], object]
    kind: ValueKind = ValueKind.PLAIN
    attribute: str = ""
    private: bool = False

    @property
    def field(self) -> str:
        """The field of Settings that it sets."""
        return self.attribute or self.name.lower()

    @property
    def file(self) -> "Variable":
        """The variable that names the file with its value, and is parsed to what the file holds."""
        return Variable(f"{self.name}_FILE", "", secret_text, ValueKind.PATH)

    def source(self, texts: Mapping[str, str]) -> str:
        """Return the name that sets it among texts of variables: its own, or that of its file."""
        return self.file.name if self.private and texts.get(self.file.name, "").strip() else self.name

    def read(self, texts: Mapping[str, str]) -> object:
        """Return its value among texts of variables. Raises InvalidValueError if it cannot be used."""
        text = texts.get(self.name, "")
        if self.source(texts) == self.name:
            return self.parse(text)
        if text.strip():
            raise InvalidValueError(f"{self.name} is set, too. Keep one of them.")
        return self.parse(str(self.file.parse(texts[self.file.name])))

    def parse(self, text: str) -> object:
        """Return the value of a text. Raises InvalidValueError if it cannot be used."""
        text = text.strip() or self.default
        self._check_leftovers(text)
        return self.parser(text)

    def _check_leftovers(self, text: str) -> None:
        """Raise InvalidValueError for what was written for a shell or an editor, and some env files keep."""
        edges = {letter for each in text.split(",") for letter in (each.strip()[:1], each.strip()[-1:])}
        forbidden = set() if self.kind is ValueKind.PATH else set(_DOUBLE_QUOTES)
        if edges & {*_DOUBLE_QUOTES, *_SINGLE_QUOTES} or set(text) & forbidden:
            raise InvalidValueError("it has quotation marks, which some env files keep. Remove them.")
        if re.search(r"\s#\s", text):
            raise InvalidValueError("a comment follows it, which some env files keep. Put the comment on its own line.")
        if self.kind is not ValueKind.SECRET and any(category(letter) in {"Cc", "Cf"} for letter in text):
            raise InvalidValueError("it has invisible characters. Type it again.")


def _secret(name: str, prefix: str, source: str) -> Variable:
    return Variable(name, "", credential_parser(name, prefix, source), ValueKind.SECRET, private=True)


VARIABLES = (
    _secret("NEO_API_KEY", "", "Neo: Settings, API keys"),
    _secret("NEO_BEARER_TOKEN", "", "Neo"),
    Variable("NEO_API_URL", addresses.NEO_API_URL, addresses.neo_api_url),
    Variable("NEO_TASK_URL_TEMPLATE", "", values.unless_off(addresses.task_url_template)),
    Variable("SOLO_MEMBER", "", recipients.email),
    _secret("SLACK_BOT_TOKEN", "xoxb-", "your Slack app: OAuth & Permissions"),
    _secret("SLACK_APP_TOKEN", "xapp-", "your Slack app: Basic Information, App-Level Tokens"),
    _secret("SLACK_SIGNING_SECRET", "", "your Slack app: Basic Information, App Credentials"),
    Variable("SLACK_API_URL", addresses.SLACK_API_URL, addresses.slack_api_url),
    Variable("ADMINS", "", recipients.people),
    Variable("DIGEST_CHANNEL", "", recipients.channels),
    Variable("DIGEST_AT", "09:00", schedule.time_of_day),
    Variable("DIGEST_DAYS", "mon-sun", schedule.weekdays),
    Variable("ALERT_CHANNEL", "", recipients.optional_channel),
    Variable("OPS_CHANNEL", "", recipients.optional_channel),
    Variable("BUDGET_STEPS", "50,80,100,150,200", values.budget_steps),
    Variable("FORECAST_ALERTS", "on", values.switch),
    Variable("ALERT_PRIVACY", "named", values.choice_parser(Privacy)),
    Variable("QUIET_HOURS", "", values.unless_off(schedule.hours)),
    Variable("SHOW_TITLES", "operators", values.choice_parser(Titles)),
    Variable("FAILURE_STATUSES", "error,failed", values.statuses),
    Variable("SPIKE_ALERTS", "off", values.switch),
    Variable("SPIKE_FLOOR", "$10", values.amount),
    Variable("WEBHOOK_URL", "", webhook.webhook_url, ValueKind.SECRET, private=True),
    Variable("WEBHOOK_SECRET", "", webhook.webhook_secret, ValueKind.SECRET, private=True),
    Variable("WEBHOOK_MEMBERS", "off", values.switch),
    Variable("BACKUP_DIR", "", values.place_for_files, ValueKind.PATH),
    Variable("BACKUP_AT", "03:30", schedule.time_of_day),
    Variable("BACKUP_KEEP", "14", values.whole_number_parser(1, 1_000, "backups")),
    Variable("TEMPLATES_DIR", "", values.directory, ValueKind.PATH),
    Variable("HTTP_HOST", "127.0.0.1", addresses.listening_host),
    Variable("HTTP_PORT", "8080", values.port),
    Variable("METRICS_HOST", "127.0.0.1", addresses.listening_host),
    Variable("METRICS_PORT", "", values.unless_off(values.optional(values.port))),
    Variable("METRICS_MEMBERS", "off", values.switch),
    Variable("LOG_LEVEL", "info", values.choice_parser(LogLevel)),
    Variable("LOG_FORMAT", "console", values.choice_parser(LogFormat)),
    Variable("DATABASE_URL", DATABASE_URL, database_place, ValueKind.PATH, "database", private=True),
    Variable("TIMEZONE", "UTC", timezones.timezone),
    Variable("POLL_SECONDS", "300", values.whole_number_parser(10, 86_400, "seconds")),
    Variable("HISTORY_DAYS", "90", values.whole_number_parser(1, 3_650, "days")),
    Variable("RETAIN_DAYS", "", values.optional(values.whole_number_parser(30, 36_500, "days"))),
    Variable("SPEND_BASIS", "total", values.choice_parser(SpendBasis)),
    Variable("BYOK_UNIT", "", values.choice_parser(ByokUnit)),
)
NAMES = tuple(variable.name for variable in VARIABLES)
FILE_NAMES = tuple(variable.file.name for variable in VARIABLES if variable.private)
