"""The checks of ports: that the bot can listen where the settings say, or is listening there already."""

import errno
import socket
from collections.abc import Iterator
from contextlib import closing

from bot.doctor.check import Check, failure, ok, warning
from bot.doctor.health import health_problem, readiness_problems
from bot.settings.model import Settings


def port_checks(settings: Settings) -> Iterator[Check]:
    """Yield a check of each port that a service with these settings listens on."""
    host, port = settings.http_host, settings.http_port
    is_running = bool(port) and not health_problem(host, port)
    if is_running:
        yield _running(host, port)
    else:
        yield _check("HTTP_HOST", host, "HTTP_PORT", port)
    if settings.metrics_port is not None and not is_running:  # a running bot holds that one, too
        yield _check("METRICS_HOST", settings.metrics_host, "METRICS_PORT", settings.metrics_port)


def _running(host: str, port: int) -> Check:
    """Return whether the bot that listens at an address is ready."""
    text = f"a bot is running at {host}:{port}"
    if problems := readiness_problems(host, port):
        remedy = "It has the settings that it was started with: restart it after a change."
        return warning("HTTP_PORT", f"{text}, but isn't ready. {' '.join(problems)}", remedy)
    return ok("HTTP_PORT", text)


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
