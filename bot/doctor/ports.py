"""The checks of ports: that the bot can listen where the settings say, or is listening there already."""

import errno
import socket
from collections.abc import Iterator
from contextlib import closing

from bot.app import App
from bot.doctor.check import Check, CheckState, failure, ok, warning
from bot.doctor.health import (
    OTHER_BOT,
    NoBotError,
    RunningBot,
    is_ledger_of,
    other_bot_text,
    readiness_problems,
    running_bot,
)

_OLD_SETTINGS = "It has the settings that it was started with: restart it after a change."


def port_checks(app: App) -> Iterator[Check]:
    """Yield a check of each port that a service with these settings listens on."""
    settings, bot = app.settings, _running_bot(app)
    host, port = settings.http_host, settings.http_port
    is_ours = bot is not None and is_ledger_of(bot, settings.database)
    if is_ours:
        yield _readiness(host, port)
    elif bot is None:
        yield _check("HTTP_HOST", host, "HTTP_PORT", port)
    else:
        yield failure("HTTP_PORT", other_bot_text(host, port), OTHER_BOT)
    if settings.metrics_port is not None:
        yield _metrics_check(settings.metrics_host, settings.metrics_port, bot if is_ours else None)


def _running_bot(app: App) -> RunningBot | None:
    settings = app.settings
    try:
        return running_bot(settings.http_host, settings.http_port) if settings.http_port else None
    except NoBotError:
        return None


def _readiness(host: str, port: int) -> Check:
    """Return whether the bot that listens at an address is ready."""
    text = f"a bot is running at {host}:{port}"
    if problems := readiness_problems(host, port):
        return warning("HTTP_PORT", f"{text}, but isn't ready. {' '.join(problems)}", _OLD_SETTINGS)
    return ok("HTTP_PORT", text)


def _metrics_check(host: str, port: int, bot: RunningBot | None) -> Check:
    """Return whether metrics are served at an address by the bot that runs, or could be."""
    if bot is not None and port and bot.metrics_port == port:
        return ok("METRICS_PORT", f"the bot serves metrics at {host}:{port}")
    check = _check("METRICS_HOST", host, "METRICS_PORT", port)
    if bot is None or not port or check.state is not CheckState.OK:
        return check
    return warning("METRICS_PORT", f"the bot that is running serves no metrics at {host}:{port}", _OLD_SETTINGS)


def _check(host_setting: str, host: str, setting: str, port: int) -> Check:
    """Return whether a service could listen at an address, by listening there for a moment."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with closing(socket.socket(family, kind, protocol)) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(1)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            remedy = f"Stop that program, or choose another {setting}."
            return failure(setting, f"another program uses {host}:{port}", remedy)
        remedy = f"Check {host_setting}: it has to be an address of this machine."
        if 0 < port < 1024:  # noqa: PLR2004 - ports of the system
            remedy = f"Choose a {setting} from 1,024 on."
        return failure(setting, f"the bot can't listen at {host}:{port} ({error.strerror})", remedy)
    return ok(setting, f"{host}:{port} is free" if port else f"any free port of {host}")
