"""A wire to the PostgreSQL server of the tests, which is cut at the worst moment."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import anyio

from tests.servers.postgres import shared_server

CHUNK = 65_536


class Wire:
    """Passes on what client and server say, until a message is to be lost."""

    def __init__(self, server: Path) -> None:
        self._server = str(server)
        self._threads: list[Thread] = []
        self.word = b""
        """The first message of the client with it ends the connection."""
        self.reaches_the_server = False
        """True when only the answer to it is lost."""
        self.lost = 0
        """How often that was."""

    def serve(self, listening: socket.socket) -> None:
        """Connections, until nobody listens any more; then to the end of each."""
        with suppress(OSError):
            while True:
                thread = Thread(target=self._connect, args=(listening.accept()[0],))
                self._threads.append(thread)
                thread.start()
        for thread in self._threads:
            thread.join()

    def _connect(self, client: socket.socket) -> None:
        silent = Event()
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._server)
            answering = Thread(target=self._answer, args=(server, client, silent))
            answering.start()
            with suppress(OSError):
                self._ask(client, server, silent)
            if not silent.is_set():
                server.shutdown(socket.SHUT_RDWR)
            answering.join()

    def _ask(self, client: socket.socket, server: socket.socket, silent: Event) -> None:
        while data := client.recv(CHUNK):
            if not self.word or self.word not in data:
                server.sendall(data)
                continue
            self.word = b""
            self.lost += 1
            if self.reaches_the_server:
                silent.set()
                server.sendall(data)
            return

    def _answer(self, server: socket.socket, client: socket.socket, silent: Event) -> None:
        with suppress(OSError):
            while (data := server.recv(CHUNK)) and not silent.is_set():
                client.sendall(data)


@asynccontextmanager
async def wired(folder: Path, url: str) -> AsyncGenerator[tuple[Wire, str]]:
    """The wire, and the URL of the same database at its end; whoever uses that is done before it is left."""
    server = shared_server()
    name = f".s.PGSQL.{server.port}"
    wire = Wire(server.folder / name)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / name))
        listening.listen()
        serving = Thread(target=wire.serve, args=(listening,))
        serving.start()
        try:
            yield wire, url.replace(str(server.folder), str(folder))
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            await anyio.to_thread.run_sync(serving.join)
