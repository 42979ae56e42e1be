"""A proxy before a PostgreSQL server, which cuts connections when a test says so, as a network does."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: no goodbye
_PIECE = 65_536


@dataclass
class CuttingProxy:
    """Forwards what comes over its socket to the server's; each connection has two threads.

    Once a client sends `poison`, the server gets it, and nobody hears what it answers. While it is `silent` it takes
    whatever comes, forwards nothing, and ends no connection.
    """

    server: Path
    silent: bool = False
    poison: bytes = b""
    _ends: list[socket.socket] = field(default_factory=list)
    _deaf: set[socket.socket] = field(default_factory=set)  # servers whose answers nobody is to hear
    _threads: list[threading.Thread] = field(default_factory=list)

    def accept_from(self, listening: socket.socket) -> None:
        """Serve whoever connects, until the listening socket is shut down."""
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(self.server))
        self._ends += client, server
        for source, target in ((client, server), (server, client)):
            self._threads.append(threading.Thread(target=self._forward, args=(source, target)))
            self._threads[-1].start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while (piece := source.recv(_PIECE)) and source not in self._deaf:
                if self.silent:
                    continue
                if self.poison and self.poison in piece:
                    self._deaf.add(target)
                target.sendall(piece)
        _end(source, target)

    def cut(self) -> None:
        """Cut all connections that there are."""
        _end(*self._ends)

    def close(self) -> None:
        """Cut all connections, and let go of them."""
        self.cut()
        for thread in self._threads:
            thread.join()
        for each in self._ends:
            each.close()


def _end(*sockets: socket.socket) -> None:
    for each in sockets:
        with suppress(OSError):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            each.shutdown(socket.SHUT_RDWR)


@contextmanager
def cutting_proxy(server: Path, directory: Path) -> Iterator[CuttingProxy]:
    """Listen in a directory as the server does whose socket's path is given."""
    proxy = CuttingProxy(server)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(directory / server.name))
        listening.listen()
        accepting = threading.Thread(target=proxy.accept_from, args=(listening,))
        accepting.start()
        try:
            yield proxy
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()
            proxy.close()
