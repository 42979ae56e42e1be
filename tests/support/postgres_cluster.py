"""A PostgreSQL server of a test run's own: in a directory under /tmp, on a socket only, without a wait for the disk."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pwd import getpwnam
from typing import Any

import psycopg

OWNER = "neo"
WITH_PASSWORD = "careful"  # a user that may be made, of whom alone a password is asked
PASSWORD = "s3cret-p@ss/word"
START_SECONDS = 60.0
_DEBIAN = Path("/usr/lib/postgresql")
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "lc_messages": "C",
    "password_encryption": "scram-sha-256",
    "log_min_messages": "fatal",
}
_WHO = f"local all {WITH_PASSWORD} scram-sha-256\nlocal all all trust\n"

# reads until the test run has ended, in whatever way: its end of the pipe is closed then
_GUARD = """
read -r _
server=$(head -n 1 data/postmaster.pid 2>/dev/null) && kill -QUIT "$server" 2>/dev/null
for look in 1 2 3 4 5 6 7 8 9 10; do [ -n "$server" ] && kill -0 "$server" 2>/dev/null && sleep 0.1; done
cd / && rm -rf "$1"
"""


def programs() -> Path | None:
    """Return the directory of PostgreSQL's programs, those of the newest version; None if it is not installed."""
    on_path = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    packaged = sorted(_DEBIAN.glob("*/bin"), key=lambda each: float(each.parent.name), reverse=True)
    return next(
        (each for each in (*on_path, *packaged) if (each / "initdb").exists() and (each / "postgres").exists()), None
    )


@contextmanager
def new_cluster(found: Path, settings: dict[str, str]) -> Iterator["Cluster"]:
    """Give a cluster that was started in a directory of its own; nothing is left of it, even if we are killed."""
    directory = Path(tempfile.mkdtemp(prefix="neo-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        os.chown(directory, *unprivileged())
    guard = subprocess.Popen(  # noqa: S603
        ["/bin/sh", "-c", _GUARD, "guard", str(directory)],
        cwd=directory,
        stdin=subprocess.PIPE,
        start_new_session=True,
        **_identity(),
    )
    cluster = Cluster(directory, found, _SETTINGS | settings)
    try:
        _initialize(found, directory)
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        guard.communicate()


def _initialize(found: Path, directory: Path) -> None:
    whose = ("-U", OWNER, "-A", "trust")
    what = ("-E", "UTF8", "--locale=C", "--no-sync")
    command = [str(found / "initdb"), "-D", str(directory / "data"), *whose, *what]
    subprocess.run(command, check=True, cwd=directory, stdout=subprocess.DEVNULL, **_identity())  # noqa: S603
    (directory / "data" / "pg_hba.conf").write_text(_WHO)


@dataclass
class Cluster:
    """A server with its data and its socket in a directory; the programs are those of its version."""

    directory: Path
    programs: Path
    settings: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it; return once it answers."""
        command: list[str | Path] = [self.programs / "postgres", "-D", self.directory / "data", "-k", self.directory]
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        with (self.directory / "log").open("wb") as log:
            self.process = subprocess.Popen(command, cwd=self.directory, stdout=log, stderr=log, **_identity())  # noqa: S603
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError(f"PostgreSQL did not start: {(self.directory / 'log').read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it at once, as a crash does."""
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGQUIT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _answers(self) -> bool:
        try:
            psycopg.connect(host=str(self.directory), dbname="postgres", user=OWNER).close()
        except psycopg.OperationalError:
            return False
        return True


def _identity() -> dict[str, Any]:
    """Return how to start a process that is not root, as whom PostgreSQL does not start."""
    if os.geteuid() != 0:
        return {}
    user, group = unprivileged()
    return {"user": user, "group": group, "extra_groups": []}


def unprivileged() -> tuple[int, int]:
    """Return the user and group to run it as when we are root."""
    for name in ("postgres", "nobody"):
        try:
            entry = getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    return 65534, 65534
