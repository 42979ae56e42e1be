"""nginx as `deploy/nginx/neo-usage.conf` has it, before services on the loopback."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.docs import ROOT

SHIPPED = ROOT / "deploy" / "nginx" / "neo-usage.conf"
ABSENT = "NGINX IS NOT INSTALLED: nothing was tried behind a proxy. Install it: apt-get install nginx-light"
REQUIRED = os.environ.get("NEO_USAGE_NGINX") == "required"
_AROUND = """
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
{shipped}
}}
"""


@asynccontextmanager
async def nginx_before(ports: Sequence[int], port: int, directory: Path) -> AsyncIterator[str]:
    """Run it at a port before services at these ports, and give its address. Skips the test if it is not installed."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        assert not REQUIRED, ABSENT
        pytest.skip(ABSENT)
    configuration = directory / "nginx.conf"
    configuration.write_text(_configuration(ports, port, directory), encoding="utf-8")
    command = [program, "-p", str(directory), "-e", str(directory / "error.log"), "-c", str(configuration)]
    with subprocess.Popen(command) as process:  # noqa: ASYNC220, S603 - a program of this machine, quickly started
        try:
            await _listening(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)


def _configuration(ports: Sequence[int], port: int, directory: Path) -> str:
    """Return the shipped file for these ports, without TLS, and what is around it on a machine."""
    shipped = SHIPPED.read_text(encoding="utf-8")
    for number, given in zip(("8080", "8081"), ports, strict=True):
        shipped = _replaced(shipped, f"server 127.0.0.1:{number} ", f"server 127.0.0.1:{given} ")
    shipped = _replaced(shipped, "listen 443 ssl;", f"listen 127.0.0.1:{port};")
    shipped = re.sub(r"^ +ssl_certificate.*;\n", "", shipped, flags=re.MULTILINE)
    user = "user root;" if os.geteuid() == 0 else ""
    return _AROUND.format(directory=directory, user=user, shipped=shipped)


def _replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


async def _listening(port: int, process: "subprocess.Popen[bytes]") -> None:
    async with asyncio.timeout(30):
        while process.poll() is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
    raise AssertionError("nginx has ended")
