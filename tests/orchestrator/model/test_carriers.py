"""What requests go out by: which it is, how many are out at once, and what neither may do differently."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from contextlib import aclosing
from importlib.util import find_spec
from pathlib import Path

import anyio
import pytest

from orchestrator.errors import ModelError
from orchestrator.model.base import TextPart
from orchestrator.model.completion_http import Carrier, best_carrier
from orchestrator.model.completion_limits import RequestLimits
from orchestrator.model.endpoint import Endpoint
from runtimes.values import Json
from tests.orchestrator.model.asking import ASK, deltas_of, model_at, model_for, text_of
from tests.servers.certificates import certificates
from tests.servers.loopback import Answer, Request, Response, json_response, serve
from tests.servers.openai_server import Failure, Reply, ScriptedAnswer, openai_server

FAST: Carrier = "aiohttp" if find_spec("aiohttp") else "httpx2"
MESSAGE: Json = {"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
DONE: Json = {"choices": [MESSAGE]}


@pytest.mark.parametrize(
    ("base_url", "proxies", "carrier"),
    [
        (None, {}, FAST),
        ("http://localhost/v1", {"https": "http://proxy"}, FAST),
        ("http://localhost/v1", {"http": "http://proxy"}, "httpx2"),
        ("https://api.test/v1", {"https": "http://proxy", "no": "api.test"}, "httpx2"),
        (None, {"https": "http://proxy"}, "httpx2"),
        (None, {"all": "socks5://proxy"}, "httpx2"),
        (None, {"ftp": "http://proxy"}, FAST),
    ],
)
def test_requests_go_out_by_aiohttp_unless_a_proxy_may_be_in_between(
    base_url: str | None, proxies: Mapping[str, str], carrier: Carrier
) -> None:
    assert best_carrier(Endpoint(model="m", base_url=base_url, key="k"), proxies) == carrier


PROGRAM = """
import asyncio, sys
from orchestrator.errors import ModelError
from orchestrator.model.base import RespondingRequest, UserMessage
from orchestrator.model.chat_completions import ChatCompletionsModel
from orchestrator.model.completion_limits import RequestLimits

async def main():
    request = RespondingRequest(system="", messages=(UserMessage(text="Hi"),))
    async with ChatCompletionsModel("m", carrier=sys.argv[1] or None, limits=RequestLimits(attempts=1)) as model:
        try:
            print([delta async for delta in model.respond(request)][0].text)
        except ModelError as error:
            print(str(error).partition(" the model ")[0])

asyncio.run(main())
"""


async def _said(carrier: str, environ: dict[str, str]) -> str:
    with anyio.fail_after(60):
        done = await anyio.run_process([sys.executable, "-c", PROGRAM, carrier], env=environ, stderr=subprocess.STDOUT)
    return done.stdout.decode().strip()


async def _done(request: Request) -> Answer:
    del request
    return json_response(DONE)


async def test_certificates_are_judged_by_the_authorities_of_the_environment(carrier: Carrier, tmp_path: Path) -> None:
    authorities = tmp_path / "authorities.pem"
    authorities.write_bytes(certificates().authority)
    async with serve(_done, certificates().serving()) as server:
        environ = {"OPENAI_BASE_URL": f"{server.url}/v1", "SSL_CERT_FILE": str(authorities)}
        assert await _said(carrier, environ) == "Hi"
        async with model_for({"OPENAI_BASE_URL": f"{server.url}/v1"}, limits=RequestLimits(attempts=1)) as model:
            with pytest.raises(ModelError, match="cannot reach"):
                await deltas_of(model.reason(ASK))
        assert len(server.requests) == 1


async def test_the_proxy_of_the_environment_gets_the_requests() -> None:
    async with serve(_done) as proxy:
        environ = {"OPENAI_BASE_URL": "http://somewhere.invalid/v1", "HTTP_PROXY": proxy.url}
        assert await _said("", environ) == "Hi"
    assert [request.target for request in proxy.requests] == ["http://somewhere.invalid/v1/chat/completions"]


async def test_a_header_that_cannot_be_written_is_a_failure_like_any_other(carrier: Carrier) -> None:
    async with serve(_done) as server:
        environ = {"OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_ORG_ID": "two\nlines"}
        assert await _said(carrier, environ) == "cannot reach"
    assert server.requests == []


async def test_requests_that_may_not_be_out_yet_wait_for_those_that_are(carrier: Carrier) -> None:
    del carrier
    gate = anyio.Event()
    script: list[ScriptedAnswer] = [Reply(text="Hi", gates={0: gate}), Failure(status=500), *[Reply(text="Hi")] * 8]
    texts: list[str] = []

    async def ask() -> None:
        texts.append(text_of(await deltas_of(model.reason(ASK))))

    async with (
        openai_server(script) as server,
        model_at(server, RequestLimits(connections=1, connect=0.2, first_delay=0)) as model,
        anyio.create_task_group() as group,
    ):
        for _ in range(9):
            group.start_soon(ask)
        with anyio.fail_after(5):
            await server.wait_for_requests(1)
        assert len(server.requests) == 1
        gate.set()
    assert texts == ["Hi"] * 9
    assert server.connections() == 1


async def test_who_waits_for_the_others_in_vain_is_told_so(carrier: Carrier) -> None:
    del carrier
    script: list[ScriptedAnswer] = [Reply(text="Two homes", gates={2: anyio.Event()})]
    limits = RequestLimits(connections=1, deadline=0.2, idle=5)
    async with openai_server(script) as server, model_at(server, limits) as model:
        with anyio.fail_after(5):
            async with aclosing(model.reason(ASK)) as deltas:
                assert await anext(deltas) == TextPart(text="Two")
                with pytest.raises(ModelError, match=r"^too many requests to the model 'fake-1' at .* are out"):
                    await deltas_of(model.reason(ASK))


async def test_a_request_that_is_left_or_cancelled_makes_room(carrier: Carrier) -> None:
    del carrier
    never = anyio.Event()
    script: list[ScriptedAnswer] = [
        Reply(text="Two homes", gates={2: never}),
        Reply(text="Hi", gates={0: never}),
        Failure(status=400),
        Reply(text="Hi"),
    ]
    async with openai_server(script) as server, model_at(server, RequestLimits(connections=1)) as model:
        with anyio.fail_after(5):
            async with aclosing(model.reason(ASK)) as deltas:
                await anext(deltas)
            async with anyio.create_task_group() as group:
                group.start_soon(deltas_of, model.reason(ASK))
                await server.wait_for_requests(2)
                group.cancel_scope.cancel()
            with pytest.raises(ModelError, match="refused"):
                await deltas_of(model.reason(ASK))
            assert text_of(await deltas_of(model.reason(ASK))) == "Hi"


async def test_cookies_come_back_to_the_server_that_set_them(carrier: Carrier) -> None:
    del carrier

    async def answer(request: Request) -> Answer:
        done = json_response(DONE)
        sticky = () if request.header("cookie") else (("Set-Cookie", "node=7; Path=/"),)
        return Response(headers=(*done.headers, *sticky), body=done.body)

    async with serve(answer) as server, model_for({"OPENAI_BASE_URL": f"{server.url}/v1"}) as model:
        for _ in range(3):
            await deltas_of(model.reason(ASK))
    assert [request.header("cookie") for request in server.requests] == [None, "node=7", "node=7"]


async def test_a_path_goes_out_as_it_was_written(carrier: Carrier) -> None:
    del carrier
    async with serve(_done) as server, model_for({"OPENAI_BASE_URL": f"{server.url}/a%2Fb/v~1"}) as model:
        await deltas_of(model.reason(ASK))
    assert [request.target for request in server.requests] == ["/a%2Fb/v~1/chat/completions"]
