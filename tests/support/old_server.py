"""A PostgreSQL server of an earlier version, as far as the first statement, which it refuses as unknown."""

import socketserver
import struct
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.settings.postgres_address import PORT, PostgresAddress

_UNKNOWN = b"SERROR\0C42704\0Munrecognized configuration parameter\0\0"


class OldServer(socketserver.ThreadingUnixStreamServer):
    """Listens in a directory; `statements` are what it was asked."""

    daemon_threads = True

    def __init__(self, directory: Path, version: str) -> None:
        super().__init__(str(directory / f".s.PGSQL.{PORT}"), _Session)
        self.address = PostgresAddress(str(directory), "usage", "neo")
        self.version = version
        self.statements: list[bytes] = []


class _Session(socketserver.StreamRequestHandler):
    """One client's: what is sent and received are the messages of PostgreSQL's protocol, version 3."""

    server: OldServer

    def handle(self) -> None:
        self._received()
        self._send(b"R", struct.pack("!i", 0))
        known = {"server_version": self.server.version, "server_encoding": "UTF8", "client_encoding": "UTF8"}
        for name, value in known.items():
            self._send(b"S", f"{name}\0{value}\0".encode())
        self._send(b"Z", b"I")
        while (kind := self.rfile.read(1)) not in {b"X", b""}:
            self.server.statements.append(self._received())
            if kind in {b"Q", b"S"}:  # a statement as a text, or the end of one that came in parts
                self._send(b"E", _UNKNOWN)
                self._send(b"Z", b"I")

    def _received(self) -> bytes:
        """Return the rest of a message, of which the kind was read; the very first one has none."""
        (length,) = struct.unpack("!i", self.rfile.read(4))
        return self.rfile.read(length - 4)

    def _send(self, kind: bytes, content: bytes) -> None:
        self.wfile.write(kind + struct.pack("!i", len(content) + 4) + content)


@contextmanager
def old_server(version: str) -> Iterator[OldServer]:
    """Run a server that says it is of a version, in a directory of its own; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="neo-old-", dir="/tmp") as name, OldServer(Path(name), version) as server:
        listening = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        listening.start()
        try:
            yield server
        finally:
            server.shutdown()
            listening.join()
