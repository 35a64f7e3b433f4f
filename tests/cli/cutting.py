"""A way to a server on which uploads are cut off."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Event, Thread
from urllib.parse import urlsplit


class CuttingProxy:
    """Passes on what it is sent, until it is told to cut."""

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._server = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cuts: bytes | None = None
        """What a request begins with that is cut off after :attr:`after` bytes, both ways."""
        self.after = 1 << 20
        self.was_cut = 0
        self.holds = False
        """Whether such a request is held up instead, so that it never ends."""
        self.is_reached = Event()
        """Whether there was one."""
        self._is_closed = Event()
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                Thread(target=self._upload, args=(client, server), daemon=True).start()
                Thread(target=self._download, args=(server, client), daemon=True).start()

    def _upload(self, client: socket.socket, server: socket.socket) -> None:
        sent = 0
        is_cut = False
        with suppress(OSError), closing(client), closing(server):
            while data := client.recv(1 << 16):
                if not is_cut and self.cuts is not None and data.startswith(self.cuts):
                    is_cut, sent = True, 0
                sent += len(data)
                server.sendall(data)
                if is_cut and sent > self.after:
                    self.was_cut += 1
                    self.is_reached.set()
                    if self.holds:
                        self._is_closed.wait()
                    return

    def _download(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError), closing(client), closing(server):
            while data := server.recv(1 << 16):
                client.sendall(data)

    def close(self) -> None:
        self._is_closed.set()
        self._listener.close()


@contextmanager
def cutting_proxy(server: str) -> Iterator[CuttingProxy]:
    with closing(CuttingProxy(server)) as proxy:
        yield proxy
