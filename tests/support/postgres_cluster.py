"""A PostgreSQL server of a test run's own: in a directory under /tmp, on a socket only, without a wait for the disk."""

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.postgres.installation import give_away, identity, initialize, start

WITH_PASSWORD = "careful"  # a user that may be made, of whom alone a password is asked
PASSWORD = "s3cret-p@ss/word"
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "shared_buffers": "32MB",
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


@contextmanager
def new_cluster(found: Path, settings: dict[str, str]) -> Iterator["Cluster"]:
    """Give a cluster that was started in a directory of its own; nothing is left of it, even if we are killed."""
    directory = Path(tempfile.mkdtemp(prefix="neo-pg-", dir="/tmp"))
    give_away(directory)
    guard = subprocess.Popen(  # noqa: S603
        ["/bin/sh", "-c", _GUARD, "guard", str(directory)],
        cwd=directory,
        stdin=subprocess.PIPE,
        start_new_session=True,
        **identity(),
    )
    cluster = Cluster(directory, found, _SETTINGS | settings)
    try:
        initialize(found, directory / "data", "--no-sync")
        (directory / "data" / "pg_hba.conf").write_text(_WHO)
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        guard.communicate()


@dataclass
class Cluster:
    """A server with its data and its socket in a directory; the programs are those of its version."""

    directory: Path
    programs: Path
    settings: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it; return once it answers."""
        self.process = start(self.programs, self.directory / "data", self.directory, self.settings)

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
