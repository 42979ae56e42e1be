"""The log: one line an event, for people or as JSON, in which no credential can stand."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from bot.settings import LogFormat, LogLevel

# credentials by their shape, whoever puts them into a message
_SECRETS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|neo_sk_\w+|(?<=ticket=)[^&\s'\"]+|(?<=/commands/)\S+|(?<=/actions/)\S+"
    r"|(?<=Bearer )\S+"
)
_E_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_QUIET = ("httpx", "httpcore", "apscheduler", "asyncio", "aiohttp", "slack_sdk", "slack_bolt")  # they log what they do

Event = MutableMapping[str, Any]


def configure(level: LogLevel, form: LogFormat) -> None:
    """Log to standard error from that severity."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso"),
        _without_foreign_tracebacks,
        structlog.processors.format_exc_info,
        _redacted,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_bare, _renderer(form)])
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def without_locals() -> None:
    """See to it that a traceback shows no local variables where nobody has configured a log: structlog's own does."""
    if not structlog.is_configured():
        processors = [*structlog.get_config()["processors"][:-1], _renderer(LogFormat.CONSOLE)]
        structlog.configure(processors=processors)


def _renderer(form: LogFormat) -> structlog.typing.Processor:
    if form is LogFormat.JSON:
        return structlog.processors.JSONRenderer()
    plain = structlog.dev.plain_traceback  # the pretty ones show local variables
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)


def _bare(_: Any, __: str, event: Event) -> Event:  # noqa: ANN401 - structlog's signature
    event.pop("_record", None)
    event.pop("_from_structlog", None)
    return event


def _without_foreign_tracebacks(_: Any, __: str, event: Event) -> Event:  # noqa: ANN401 - structlog's signature
    """A library's failed connection is one line; our own failures keep where they happened."""
    if str(event.get("logger", "")).startswith(("slack_sdk", "slack_bolt")):
        event.pop("exc_info", None)
        record = event.get("_record")
        if record is not None:
            record.exc_info = None
    return event


def _redacted(_: Any, __: str, event: Event) -> Event:  # noqa: ANN401 - structlog's signature
    for name, value in event.items():
        if isinstance(value, str) and name not in {"timestamp", "level", "logger"}:
            event[name] = _E_MAIL.sub("<e-mail>", _SECRETS.sub("<secret>", value))
    return event
