"""The log: one line an event, for people or as JSON, in which no credential, person or control character can stand.

Of a Slack id stands a hash, whose key is made when the process starts: lines of one process are known to be the same
person's, and no line tells whose.

Our own messages are written from the level that is set. Of libraries warnings are written, whatever the level, and of
each only where it comes from: its text may quote what Slack, Neo or a stranger has sent.
"""

import hashlib
import json
import logging
import re
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache, partial
from html import escape
from secrets import token_bytes
from typing import TextIO
from urllib.parse import quote

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.settings.model import LogFormat, LogLevel

_OURS = "bot"
_QUOTED = ("asyncio", "apscheduler", "py.warnings")  # they report mistakes of ours, with tracebacks
_OWN_FIELDS = {"timestamp", "level", "logger"}
LONGEST, _LONGEST_TRACEBACK = 2_000, 16_000  # characters of a field
_SPARE = 300  # at a cut, where half a secret could stand
_SHORTEST = 8  # characters of a known secret that is looked for: a shorter one stands in words, too

# --- what is removed: each pattern looks at a character a fixed number of times at most --------------------

_ENTITY = r"&(?:\#(?:0{0,6}47|x0{0,6}2[Ff])|sol);"  # a slash in HTML
_SLASH = rf"(?:\\{{0,4}}/|%(?:25){{0,3}}2[Ff]|\\{{1,4}}u002[Ff]|{_ENTITY})"
_AT = (
    r"(?:\\{0,4}@|\uff20|\ufe6b|%(?:25){0,3}40|\\{1,4}(?:u(?:0040|ff20|fe6b)|x40|100)"
    r"|&(?:\#(?:0{0,6}64|x0{0,6}40)|commat);)"
)
_LOCAL = r"[\w.+%'!\#$*^~-]"
_SECRETS = re.compile(
    rf"""(?xi)
    \bxox[a-z](?:\.xox[a-z])?-[\w-]+ | \bxapp-[\w-]+ | neo_sk_\w+ | \bwhsec_[^\s&'"<>]+
    | (?<![\w-])eyJ[\w-]{{5,}}\.[\w-]+(?:\.[\w-]*)? # a bearer token that is a JWT
    | (?P<keep>
        \bticket(?:=|%3[Dd])
        | \bBearer(?:\s|\+|%20){{1,9}}
        | {_SLASH}(?:commands|actions|services|workflows|triggers|hooks|upload){_SLASH}
        | ://(?=[^\s/@]{{1,200}}@)
      )(?:[^\s&'"<>]|{_ENTITY})+
    """
)
_E_MAIL = re.compile(rf"(?<!{_LOCAL}){_LOCAL}+{_AT}[\w.%\[\]-]+", re.IGNORECASE)
_SLACK_ID = re.compile(  # of a person, or of their direct messages
    r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))[UWD](?=[A-Z]{0,20}[0-9])[A-Z0-9]{6,}(?![A-Za-z0-9])"
)
_CONTROLS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def configure(level: LogLevel, form: LogFormat, secrets: Iterable[str] = ()) -> None:
    """Write the log to standard error, from that severity on, without these secrets and whatever looks like one."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso"),
        _replace_library_text,
        structlog.processors.format_exc_info,
        partial(_make_harmless, _spellings(secrets)),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = _Handler(sys.stderr)
    handler.addFilter(_is_written)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_drop_fields, _renderer(form)])
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    wanted = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(max(wanted, logging.WARNING))  # Bolt gives its loggers the root's level, whatever theirs is
    logging.getLogger(_OURS).setLevel(wanted)


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines; if one cannot be written, it reports that without quoting it, and whoever logs goes on."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Report that a line is missing, if anything can be written: the disk may be full, or the reader gone."""
        with suppress(OSError, ValueError):
            self.stream.write(f"a line of the log could not be written ({record.name}:{record.lineno})\n")


def _is_logger_of(logger: str, *names: str) -> bool:
    return any(logger == name or logger.startswith(f"{name}.") for name in names)


def _is_written(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or _is_logger_of(record.name, _OURS, "__main__")


def hide_local_variables() -> None:
    """Keep local variables out of tracebacks where `configure` was not called: structlog's own renderer shows them."""
    *others, renderer = structlog.get_config()["processors"]
    if isinstance(renderer, structlog.dev.ConsoleRenderer):
        structlog.configure(processors=[*others, _renderer(LogFormat.CONSOLE)])


def _renderer(form: LogFormat) -> Processor:
    if form is LogFormat.JSON:
        return structlog.processors.JSONRenderer()
    plain = structlog.dev.plain_traceback  # the default one shows local variables
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)


def _drop_fields(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    event.pop("_record", None)
    event.pop("_from_structlog", None)
    return event


def _replace_library_text(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace the text of a library's warning by where it comes from; what we report keeps its text."""
    record = event.get("_record")
    if record is None or _is_logger_of(record.name, _OURS, "__main__", *_QUOTED):
        return event
    error = record.exc_info[0] if isinstance(record.exc_info, tuple) else None
    event.pop("exc_info", None)
    record.exc_info = record.exc_text = record.stack_info = None
    event["event"] = "a library warns"
    event["where"] = f"{record.module}:{record.lineno}"
    if error is not None:
        event["error"] = error.__name__
    return event


def _spellings(secrets: Iterable[str]) -> list[str]:
    """Return how secrets are written in texts, the longest first: plain, in an address, JSON, HTML or a Python text."""
    found: set[str] = set()
    for secret in secrets:
        in_json = json.dumps(secret)[1:-1]
        found |= {secret, quote(secret), quote(secret, safe=""), escape(secret), repr(secret)[1:-1]}
        found |= {in_json, in_json.replace("/", "\\/")}
    return sorted((each for each in found if len(each) >= _SHORTEST), key=len, reverse=True)


def _make_harmless(secrets: Sequence[str], _: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Remove these secrets, whatever else must not be read in a log, and what acts on a terminal."""
    for name, value in event.items():
        if name in {"exception", "stack"}:
            event[name] = _harmless_traceback(_without(secrets, str(value)))
        elif name not in _OWN_FIELDS and not name.startswith("_") and not isinstance(value, bool | int | float | None):
            event[name] = harmless(_without(secrets, value if isinstance(value, str) else repr(value)))
    return event


def _without(secrets: Sequence[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, "<secret>")
    return text


def harmless(text: str, longest: int = LONGEST) -> str:
    """Return a text as one line, without credentials, e-mails and Slack ids, however it is escaped, cut to a length."""
    return _visible(_without_secrets(text, longest)).replace("\n", "\\n")


def _without_secrets(text: str, longest: int) -> str:
    cut = len(text) > longest
    found = _SECRETS.sub(lambda secret: f"{secret['keep'] or ''}<secret>", text[:longest])
    found = _E_MAIL.sub("<e-mail>", found)
    found = _SLACK_ID.sub(_pseudonym, found)[:longest]
    return f"{found[:-_SPARE]}... ({len(text):,} characters)" if cut else found


def _pseudonym(slack_id: re.Match[str]) -> str:
    digest = hashlib.blake2b(slack_id[0].encode(), key=_key(), digest_size=4)
    return f"<person {digest.hexdigest()}>"


@cache
def _key() -> bytes:
    return token_bytes(16)


def _harmless_traceback(text: str) -> str:
    """Return a traceback whose lines begin like no line of the log, with its beginning and end if it is too long."""
    half = _LONGEST_TRACEBACK // 2
    if len(text) > _LONGEST_TRACEBACK:  # whole lines, so that no secret is cut in two
        text = f"{text[:half].rpartition(chr(10))[0]}\n...\n{text[-half:].partition(chr(10))[2]}"
    return "\n".join(f"  | {line}" for line in _visible(_without_secrets(text, 2 * _LONGEST_TRACEBACK)).split("\n"))


def _visible(text: str) -> str:
    """Return the text with control characters, and what reorders or hides text, spelt out; line ends stay."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
