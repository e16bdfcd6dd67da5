"""An example's service, started for real, and requests to it."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from runtimes.values import Json, JsonObject

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
HTTP_EXAMPLES = ("contoso_real_estate", "donations", "suno")
REQUEST_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def value(self) -> JsonObject:
        """The body, which is a JSON object."""
        value: Json = json.loads(self.body)
        assert isinstance(value, dict)
        return value

    @property
    def error_code(self) -> Json:
        """The code in the error that the body is."""
        error = self.value["error"]
        assert isinstance(error, dict)
        assert isinstance(error["message"], str)
        return error["code"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningService:
    """A service that listens."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=REQUEST_TIMEOUT)

    def send(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answered:
        """One request on a connection of its own."""
        connection = self.connect()
        try:
            connection.request(method, path, body=body, headers=headers or {})
            return read_answer(connection)
        finally:
            connection.close()

    def get(self, path: str, **query: str | float | list[str]) -> Answered:
        """A GET; a list is a parameter given several times."""
        pairs = [
            f"{name}={quote(str(one), safe='')}"
            for name, value in query.items()
            for one in (value if isinstance(value, list) else [value])
        ]
        return self.send("GET", f"{path}?{'&'.join(pairs)}" if pairs else path)

    def give(self, method: str, path: str, value: Json) -> Answered:
        """A request with a JSON body."""
        return self.send(method, path, body=json.dumps(value).encode(), headers={"Content-Type": "application/json"})


def read_answer(connection: http.client.HTTPConnection) -> Answered:
    """The answer that a connection waits for, read to its end."""
    response = connection.getresponse()
    return Answered(status=response.status, headers=dict(response.headers), body=response.read())


@contextmanager
def start_service(
    name: str, *options: str, folder: Path = EXAMPLES, cwd: Path | None = None
) -> Generator[RunningService]:
    """Runs the service of an example on a free port, with its standard input open; stops it if it still runs."""
    command = [sys.executable, "-I", str(folder / name / "service.py"), "--port", "0", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=cwd) as process:
        try:
            assert process.stdout is not None
            listening = re.fullmatch(rb"listening on http://127\.0\.0\.1:(\d+)\n", process.stdout.readline())
            assert listening is not None, "the service did not start"
            yield RunningService(process=process, port=int(listening[1]))
        finally:
            process.kill()
