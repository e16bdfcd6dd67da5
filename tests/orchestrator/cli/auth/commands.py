"""`orchestrator auth` as people run it: a process, with a vault, a configuration and a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from orchestrator.cli.main import main
from runtimes.values import Json, JsonObject
from tests.servers import warm

ROOT = Path(__file__).resolve().parents[4]
SECONDS = 60
"""Seconds that a command may take on a busy machine."""

API = "https://api.albums.example"
PROVIDER = "https://login.albums.example"
CANARY = "canary-7d41c9e2b8"
"""A secret."""

SCHEMES: JsonObject = {
    "app": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "who": {"type": "http", "scheme": "basic"},
    "sign": {
        "type": "oauth2",
        "flows": {
            "clientCredentials": {"tokenUrl": f"{PROVIDER}/app-token", "scopes": {}},
            "authorizationCode": {
                "authorizationUrl": f"{PROVIDER}/authorize",
                "tokenUrl": f"{PROVIDER}/token",
                "scopes": {"read": "r", "write": "w"},
            },
        },
    },
    "open": {"type": "openIdConnect", "openIdConnectUrl": f"{PROVIDER}/.well-known/openid-configuration"},
    "bear": {"type": "http", "scheme": "bearer"},
}


def description(operations: Mapping[str, list[Json]], *, server: str = f"{API}/v1") -> JsonObject:
    """An API whose operations have these security requirements."""
    paths: JsonObject = {
        f"/{name}": {"get": {"operationId": name, "security": security, "responses": {}}}
        for name, security in operations.items()
    }
    return {
        "openapi": "3.0.4",
        "info": {"title": "Albums", "version": "1"},
        "servers": [{"url": server}],
        "components": {"securitySchemes": SCHEMES},
        "paths": paths,
    }


def runtime(
    reference: str, document: JsonObject, *, kind: str = "ApiKeyPluginVault", scopes: Json = None
) -> JsonObject:
    """A runtime object with a credential."""
    auth: JsonObject = {"type": kind, "reference_id": reference}
    paths = document["paths"]
    assert isinstance(paths, dict)
    names: list[Json] = [path.removeprefix("/") for path in paths]
    return {
        "type": "OpenApi",
        "auth": {**auth, "scopes": scopes} if scopes else auth,
        "run_for_functions": names,
        "spec": {"api_description": json.dumps(document)},
    }


def manifest(*runtimes: JsonObject) -> JsonObject:
    """A plugin of these runtime objects."""
    names = [str(name) for one in runtimes for name in _functions(one)]
    return {
        "schema_version": "v2.2",
        "name_for_human": "Albums",
        "namespace": "albums",
        "description_for_human": "Keeps albums",
        "description_for_model": "Keeps albums",
        "functions": [{"name": name} for name in names],
        "runtimes": list(runtimes),
    }


def _functions(one: JsonObject) -> list[Json]:
    functions = one["run_for_functions"]
    assert isinstance(functions, list)
    return functions


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> str:
        return self.out + self.err

    @property
    def json(self) -> JsonObject:
        value: Json = json.loads(self.out)
        assert isinstance(value, dict)
        return value


@dataclass(frozen=True, slots=True)
class Home:
    """A person's folders."""

    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict[str, str])

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        own = {
            "HOME": str(self.folder),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "PYTHONPATH": str(ROOT),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
        }
        return own | dict(self.environ) | dict(more or {})

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """A command that goes on."""
        return subprocess.Popen(
            warm.line([sys.executable, "-m", "orchestrator", *arguments]),
            env=self.environment(environ),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def auth(self, *arguments: str, stdin: str = "", **environ: str) -> Done:
        """One command of `orchestrator auth`, to its end; none of them ever tells the canary.

        It runs in this process, and in one of its own where it reads the standard input.
        """
        done = self._piped(arguments, stdin, environ) if stdin else self._called(arguments, environ)
        assert CANARY not in done.told
        return done

    def _piped(self, arguments: tuple[str, ...], stdin: str, environ: Mapping[str, str]) -> Done:
        command = [sys.executable, "-m", "orchestrator", "auth", *arguments]
        done = warm.run(command, environ=self.environment(environ), folder=self.folder, said=stdin, seconds=SECONDS)
        return Done(done.returncode, done.stdout, done.stderr)

    def _called(self, arguments: tuple[str, ...], environ: Mapping[str, str]) -> Done:
        out, err = StringIO(), StringIO()
        with self._variables(environ), redirect_stdout(out), redirect_stderr(err):
            try:
                code = main(["auth", *arguments])
            except SystemExit as left:  # of the parser
                code = left.code if isinstance(left.code, int) else 1
        return Done(code, out.getvalue(), err.getvalue())

    @contextmanager
    def _variables(self, environ: Mapping[str, str]) -> Generator[None]:
        before = dict(os.environ)
        os.environ.update(self.environment(environ))
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def plugin(self, *runtimes: JsonObject) -> str:
        """The path of a manifest."""
        path = self.folder / "plugin.json"
        path.write_text(json.dumps(manifest(*runtimes)), encoding="utf-8")
        return str(path)
