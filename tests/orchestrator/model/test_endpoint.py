"""What a base URL has besides an address goes out with the requests, and into no log and no message."""

from __future__ import annotations

import base64
import logging

import pytest

from orchestrator.errors import ModelError
from runtimes.values import Json
from tests.orchestrator.model.asking import ASK, deltas_of, model_for
from tests.servers.loopback import Answer, Request, json_response, serve

pytestmark = pytest.mark.usefixtures("carrier")

MESSAGE: Json = {"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
DONE: Json = {"choices": [MESSAGE]}


async def test_the_user_and_the_query_of_a_base_url_go_out_and_are_told_to_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = iter((json_response(DONE), json_response({"error": "no pass word-1 for key-12345678"}, status=400)))

    async def answer(request: Request) -> Answer:
        del request
        return next(answers)

    async with serve(answer) as server:
        url = server.url.replace("http://", "http://ada:pass%20word-1@")
        environ = {"OPENAI_BASE_URL": f"{url}/v1/?api-key=key-12345678&v=1&v=2#part", "OPENAI_API_KEY": "sk-1"}
        async with model_for(environ) as model:
            await deltas_of(model.reason(ASK))
            with pytest.raises(ModelError) as raised:
                await deltas_of(model.reason(ASK))
        request = server.requests[0]
    user = base64.b64encode(b"ada:pass word-1").decode()
    assert request.target == "/v1/chat/completions?api-key=key-12345678&v=1&v=2"
    assert [value for name, value in request.headers if name.casefold() == "authorization"] == [f"Basic {user}"]
    told = caplog.text + str(raised.value)
    assert not [one for one in ("word-1", "key-12345678", user) if one in told], told


@pytest.mark.parametrize("url", ["http://ada:word@/v1", "ftp://ada:word@x/v1", "http://ada:word@x:99999/v1"])
async def test_a_base_url_that_cannot_be_used_is_not_repeated(url: str) -> None:
    async with model_for({"OPENAI_BASE_URL": url}) as model:
        with pytest.raises(ModelError, match="no http or https URL") as raised:
            await deltas_of(model.reason(ASK))
    assert "word" not in str(raised.value)
