"""No secret of a plugin gets out, whatever its API answers and whatever the model writes (issue 9, "canary test")."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest

from auth import ANYWHERE, MappingVault, SecretsInUse
from orchestrator import Orchestrator, load_plugin
from orchestrator.errors import OrchestratorError
from orchestrator.model.base import (
    ModelCall,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
    ToolMessage,
)
from runtimes.errors import InvocationError
from runtimes.fetch import HttpExchange, SharedClient
from runtimes.openapi.executor import open_openapi
from tests.canaries import canary, found_in, held_by, left_in
from tests.servers.echoing import CASES, SCHEMES, echo, echo_plugin, function_of
from tests.servers.loopback import serve


def _canaries() -> dict[str, str]:
    return {
        "header": canary('k"', "/+=é"),
        "query": canary("k &", '"é/'),
        "cookie": canary("k/", "+="),
        "bearer": canary("ey.", "-_~+/="),
        "basic": canary('me:p&"', "é"),
    }


@dataclass
class Parrot:
    """A model that calls one function, and says letter by letter all it has read, and what it is given to say."""

    function: str
    arguments: str
    words: str
    read: list[str] = field(default_factory=list[str])
    name: str = "parrot"

    async def reason(self, request: ReasoningRequest, /) -> AsyncIterator[ModelDelta]:
        """One call, then words."""
        self.read.append(repr(request))
        if isinstance(request.messages[-1], ToolMessage):
            for piece in self._said(repr(request.messages)):
                yield piece
            yield ReplyEnd()
            return
        for piece in self._said(""):
            yield piece
        yield ReplyEnd(calls=(ModelCall(id="c1", tool=self.function, arguments=self.arguments),))

    async def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        """Words."""
        self.read.append(repr(request))
        for piece in self._said(repr(request.messages)):
            yield piece
        yield ReplyEnd()

    async def phrase(self, request: PhraseRequest, /) -> str:
        """The words that it was given."""
        self.read.append(repr(request))
        return self.words

    def _said(self, text: str) -> list[TextPart]:
        whole = self.words + text[-1400:]
        return [TextPart(text=whole[at : at + 5]) for at in range(0, len(whole), 5)]


@contextmanager
def _all_logs(path: Path) -> Generator[None]:
    """Everything that any library logs goes to a file, as it is; in a process that nobody has told to mask."""
    handler, level = logging.FileHandler(path, encoding="utf-8"), logging.root.level
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logging.root.removeHandler(handler)
        logging.root.setLevel(level)
        handler.close()


def _spoken(value: str) -> str:
    """What a model writes that has got hold of a secret."""
    encoded = base64.b64encode(f"see {value}".encode()).decode()
    return f"It is {value} or {quote(value, safe='')} or {json.dumps(value)} or {encoded}. "


async def _at_once(seconds: float) -> None:
    """Nobody waits before a call is repeated."""
    del seconds


RUNTIMES = {"OpenApi": partial(open_openapi, sleep=_at_once)}


async def _called(host: Orchestrator, name: str) -> str:
    """All that comes of a call in each case."""
    told: list[str] = []
    for case in CASES:
        try:
            told.append(repr(await host.call(function_of(name, case))))
        except (InvocationError, OrchestratorError) as error:
            told.append(held_by(error))
    return "\n".join(told)


async def _talked(host: Orchestrator, name: str, value: str, cases: Sequence[str]) -> str:
    """All that comes of a conversation about each of these cases."""
    told: list[object] = []
    for case in cases:
        function = function_of(name, case)
        model = Parrot(function=f"{name}-{function}", arguments=json.dumps({"q": value}), words=_spoken(value))
        await host.use_model(model)
        chat = host.conversation()
        told += [event async for event in chat.send(f"call {function} with my key {value}")]
        reply = await chat.resume()
        while reply.pending:
            await chat.decide(reply.pending[0], True, note=value)
            told += [event async for event in chat.resume_stream()]
            reply = await chat.resume()
        told += [reply, chat.explain(), *await chat.facts(), *model.read]
        assert len(reply.calls) == 1, case
    return "\n".join(map(repr, told))


@pytest.mark.parametrize("name", SCHEMES)
async def test_no_secret_gets_out_of_a_host(name: str, tmp_path: Path) -> None:
    """Neither logs, journal, events, requests to the model nor errors tell it, also where nobody masks the logs."""
    canaries = _canaries()
    exchanges: list[HttpExchange] = []
    http = SharedClient(log=exchanges.append)
    async with serve(echo) as server:
        (tmp_path / "plugin.json").write_text(json.dumps(echo_plugin(server.url, name)))
        plugin = await load_plugin(str(tmp_path / "plugin.json"), allowed_hosts=["127.0.0.1"])
        (tmp_path / "kept").mkdir()
        with _all_logs(tmp_path / "kept" / "all.log"):
            async with Orchestrator(
                plugins=[plugin],
                model="offline",
                http=http,
                runtimes=RUNTIMES,
                vault=MappingVault(canaries, origins=ANYWHERE, secrets=http.secrets),
                store=f"sqlite:///{tmp_path}/kept/journal.db",
            ) as host:
                text = await _called(host, name)
                text += await _talked(host, name, canaries[name], CASES if name == "query" else CASES[::3])
                await host.journal.read("nothing")
                left = left_in(tmp_path / "kept", canaries)  # while the write-ahead log is there
        await http.aclose()
    sent = "\n".join(f"{request.target} {request.headers}" for request in server.requests)
    assert found_in(sent, {name: canaries[name]}), "the service was not sent it"
    text += repr(exchanges)
    (tmp_path / "text.txt").write_text(text)
    assert found_in(text, canaries) == []
    assert left == []
    assert left_in(tmp_path / "kept", canaries) == []
    assert "[secret" in text


async def test_the_search_would_find_a_leak(tmp_path: Path) -> None:
    """What is not found by it may be there all the same: so it is shown each form once."""
    key: Mapping[str, str] = {"key": canary('k"', "é/")}
    value = key["key"]
    leaks: dict[str, str | bytes] = {
        "plain": value,
        "part": value[:18],
        "end": value[-12:],
        "json": json.dumps(value),
        "url": quote(value, safe=""),
        "base64": base64.b64encode(b"x" + value.encode()),
        "base64-2": base64.urlsafe_b64encode(b"me:" + value.encode()),
        "base64 of it": base64.b64encode(b"Basic " + base64.b64encode(b"me:" + value.encode())),
        "hex": value.encode().hex(),
    }
    for name, leak in leaks.items():
        assert found_in(leak, key), name
    assert found_in("nothing of it", key) == []
    (tmp_path / value[:20]).mkdir()
    (tmp_path / "log.txt").write_text(f"GET /?key={value}")
    assert {place.partition(":")[0] for place in left_in(tmp_path, key)} == {value[:20], "log.txt"}


async def test_a_host_that_did_not_know_its_secrets_would_be_found_out(tmp_path: Path) -> None:
    """The same run as above, with a secret that nobody has learned: the canary is in text and journal."""
    canaries = _canaries()
    async with serve(echo) as server:
        (tmp_path / "plugin.json").write_text(json.dumps(echo_plugin(server.url, "header")))
        plugin = await load_plugin(str(tmp_path / "plugin.json"), allowed_hosts=["127.0.0.1"])
        (tmp_path / "kept").mkdir()
        async with Orchestrator(
            plugins=[plugin],
            model="offline",
            runtimes=RUNTIMES,
            vault=MappingVault({"header": "another-key-12345"}, origins=ANYWHERE),
            secrets=SecretsInUse(),
            store=f"sqlite:///{tmp_path}/kept/journal.db",
        ) as host:
            text = await _talked(host, "header", canaries["header"], CASES[:1])
    assert found_in(text, canaries)
    assert left_in(tmp_path / "kept", canaries)
