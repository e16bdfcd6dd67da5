"""A mail service on loopback that wants a token, a weather service that wants none, and a vault that a test changes.

`python -m tests.servers.guarded FILE` is the loop over them, for tests with a real terminal; what reaches the services,
and each sign-in, is a line of the file. There, signing in works from the second time on; with `hang` after the file the
first time never ends, and with `elsewhere` the file begins with the address of the services, where a request to
`/elsewhere` signs the person in and has a worker go on with the conversation.
"""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio

from auth import CredentialUse, Flow, Secret, SignIn, SignInNeeded
from orchestrator.host import Orchestrator
from orchestrator.journal.base import Journal
from orchestrator.journal.memory import MemoryJournal
from orchestrator.manifest.load import load_plugin
from orchestrator.repl.session import run_repl
from runtimes.values import Json, JsonObject, dump_json
from tests.servers.asking import ObedientModel
from tests.servers.loopback import LoopbackServer, Request, Response, json_response, serve

NAME = "mail-login"
"""What the manifest calls the credential."""

GOOD, STALE = "token-good", "token-stale"
"""A token that the service takes, and one that only the vault takes for good."""


@dataclass(slots=True, kw_only=True)
class TestVault:
    """Credentials of persons; who has none, or one that the API did not take, has to sign in."""

    __test__ = False

    tokens: dict[str, str] = field(default_factory=dict[str, str])
    """By person."""
    rejected: set[str] = field(default_factory=set[str])
    looks: int = 0
    """How often it was asked if a credential is ready."""
    looked: anyio.Event = field(default_factory=anyio.Event)
    after_look: Callable[[], None] = lambda: None
    """Called each time once it has been found that the person has to sign in."""

    async def has(self, reference: str, /) -> bool:
        """True: the registration is there."""
        return reference == NAME

    def token(self, use: CredentialUse) -> str:
        """The one that is good as far as is known. Raises: `SignInNeeded`."""
        token = self.tokens.get(use.person)
        if token is None or token in self.rejected:
            reason = "you have not signed in yet" if token is None else "it is not accepted any more"
            raise SignInNeeded(SignIn(name=use.name, kind="login", reason=reason, scopes=("mail.send",)))
        return token

    async def ready(self, use: CredentialUse, /) -> None:
        """As `Vault.ready`."""
        self.looks += 1
        self.looked.set()
        try:
            self.token(use)
        except SignInNeeded:
            self.after_look()
            raise

    async def flow(self, use: CredentialUse, /) -> Flow:
        """As `Vault.flow`; what a service does not take is not given again."""
        token = self.token(use)
        status = yield Secret(token)
        if status == 401:
            self.rejected.add(token)
            self.token(use)


def _document(url: str, paths: JsonObject, *, is_guarded: bool) -> str:
    security: JsonObject = {
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
    }
    about: JsonObject = {"openapi": "3.0.4", "info": {"title": "m", "version": "1"}, "servers": [{"url": url}]}
    return dump_json({**about, "paths": paths, **(security if is_guarded else {})})


def _operation(name: str) -> Json:
    return {"operationId": name, "responses": {"200": {"description": "done"}}}


def manifest(url: str) -> JsonObject:
    """The plugin: `read` and `send` want the token, `weather` wants none; `send` is asked about."""
    guarded: JsonObject = {"/read": {"get": _operation("read")}, "/send": {"post": _operation("send")}}
    auth: Json = {"type": "OAuthPluginVault", "reference_id": NAME}
    return {
        "schema_version": "v2.4",
        "name_for_human": "Mail",
        "namespace": "mail",
        "description_for_human": "Mails",
        "functions": [{"name": name, "description": name} for name in ("read", "send", "weather")],
        "runtimes": [
            {
                "type": "OpenApi",
                "auth": auth,
                "run_for_functions": ["read", "send"],
                "spec": {"api_description": _document(url, guarded, is_guarded=True)},
            },
            {
                "type": "OpenApi",
                "auth": {"type": "None"},
                "run_for_functions": ["weather"],
                "spec": {
                    "api_description": _document(url, {"/weather": {"get": _operation("weather")}}, is_guarded=False)
                },
            },
        ],
    }


async def answer(request: Request) -> Response:
    """What the services say: 401 for what wants a token and has another."""
    if request.path == "/weather" or request.header("Authorization") == f"Bearer {GOOD}":
        return json_response({"says": request.path})
    return json_response({"error": "no"}, status=401)


@asynccontextmanager
async def mail_host(
    served: LoopbackServer,
    vault: TestVault,
    store: Journal | str | None = None,
    *,
    clock: Callable[[], float] = time.time,
) -> AsyncGenerator[Orchestrator]:
    """A host over the services; its model calls what a message says: `send {} & weather {}`."""
    plugin = await load_plugin(manifest(served.url), allowed_hosts=["127.0.0.1"])
    host = Orchestrator(plugins=[plugin], model=ObedientModel(), vault=vault, store=store, clock=clock)
    async with host:
        yield host


class LoggedSignIn:
    """Leads nobody anywhere: the first sign-in comes to nothing, the others give the good token."""

    def __init__(self, vault: TestVault, log: Callable[[str], None], *, hangs: bool = False) -> None:
        self._vault = vault
        self._log = log
        self._hangs = hangs
        self._tries = 0

    async def __call__(self, wanted: SignIn, person: str, /) -> bool:
        """As `SignsIn`."""
        self._tries += 1
        self._log(f"sign-in {wanted.name} {wanted.kind} {','.join(wanted.scopes)} of {person}")
        if self._hangs and self._tries == 1:
            await anyio.sleep_forever()
        if self._tries > 1:
            self._vault.tokens[person] = GOOD
        return self._tries > 1


async def _go_on_elsewhere(worker: Orchestrator, vault: TestVault, journal: Journal) -> Response:
    vault.tokens["me"] = GOOD
    [kept] = await journal.kept()
    is_done = await worker.conversation(id=kept.conversation).signed_in(NAME)
    return json_response({"signed_in": is_done, "gone_on": await worker.run_pending()})


async def _main(file: Path, mode: str) -> int:
    def log(line: str) -> None:
        with file.open("a", encoding="utf-8") as lines:
            lines.write(line + "\n")

    async def logged(request: Request) -> Response:
        log(f"{request.method} {request.target}")
        return await (_go_on_elsewhere(worker, vault, journal) if request.path == "/elsewhere" else answer(request))

    vault, journal = TestVault(), MemoryJournal()
    signs_in = LoggedSignIn(vault, log, hangs=mode == "hang")
    async with (
        serve(logged) as server,
        mail_host(server, vault, journal) as worker,
        mail_host(server, vault, journal) as host,
    ):
        if mode == "elsewhere":
            log(server.url)
        return await run_repl(host, banner="The mail is here", signs_in=signs_in)


if __name__ == "__main__":
    sys.exit(anyio.run(_main, Path(sys.argv[1]), "".join(sys.argv[2:])))
