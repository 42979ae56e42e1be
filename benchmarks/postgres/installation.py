"""PostgreSQL as it is installed: its programs, whom they run as, and a server of one's own, on a socket only."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from pwd import getpwnam
from time import monotonic, sleep
from typing import Any

import psycopg

OWNER = "neo"
_DEBIAN = Path("/usr/lib/postgresql")
_START_SECONDS = 60.0


def programs() -> Path | None:
    """Return the directory of PostgreSQL's programs, those of the newest version; None if it is not installed."""
    on_path = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    packaged = sorted(_DEBIAN.glob("*/bin"), key=lambda each: float(each.parent.name), reverse=True)
    places = (*on_path, *packaged)
    return next((each for each in places if (each / "initdb").exists() and (each / "postgres").exists()), None)


def unprivileged() -> tuple[int, int]:
    """Return the user and group to run it as when we are root."""
    for name in ("postgres", "nobody"):
        try:
            entry = getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    return 65534, 65534


def identity() -> dict[str, Any]:
    """Return how to start a process that is not root, as whom PostgreSQL does not start."""
    if os.geteuid() != 0:
        return {}
    user, group = unprivileged()
    return {"user": user, "group": group, "extra_groups": []}


def give_away(directory: Path) -> None:
    """Let a directory belong to whom PostgreSQL runs as."""
    if os.geteuid() == 0:
        os.chown(directory, *unprivileged())


def initialize(found: Path, data: Path, *options: str) -> None:
    """Make the data of a server, of which OWNER is the superuser, without a password."""
    how = ("-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", *options)
    subprocess.run(  # noqa: S603
        [found / "initdb", "-D", data, *how], check=True, cwd="/", stdout=subprocess.DEVNULL, **identity()
    )


def start(
    found: Path, data: Path, socket: Path, settings: Mapping[str, str], before: Sequence[str] = ()
) -> "subprocess.Popen[bytes]":
    """Start a server, and return its process once it answers.

    Args:
        found: the directory of its programs.
        data: the directory of its data.
        socket: the directory of its socket, and of its `log`.
        settings: its parameters; it listens on no address but the socket's.
        before: a program that starts it, with its arguments.
    """
    command: list[str | Path] = [*before, found / "postgres", "-D", data, "-k", socket]
    for name, value in {"listen_addresses": "", "lc_messages": "C", **settings}.items():
        command += ["-c", f"{name}={value}"]
    with (socket / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd="/", stdout=log, stderr=log, **identity())  # noqa: S603
    until = monotonic() + _START_SECONDS
    while not _answers(socket):
        if process.poll() is not None or monotonic() > until:
            process.send_signal(signal.SIGQUIT)
            process.wait()
            raise RuntimeError(f"PostgreSQL did not start: {(socket / 'log').read_text()}")
        sleep(0.02)
    return process


def _answers(socket: Path) -> bool:
    try:
        psycopg.connect(host=str(socket), dbname="postgres", user=OWNER).close()
    except psycopg.OperationalError:
        return False
    return True
