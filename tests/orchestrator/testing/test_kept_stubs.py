"""Answers that were kept become stubs, as short as they can be and apart where requests are."""

from __future__ import annotations

import pytest

from orchestrator.testing.chats.kept_answers import KeptAnswer
from orchestrator.testing.chats.kept_stubs import MAX_STUB_CHARS, stubs_of
from orchestrator.testing.format.settings import Stub
from orchestrator.testing.judging.exchanges import HttpExchange
from runtimes.errors import InvocationError
from runtimes.http import HttpRequest, HttpResponse
from runtimes.values import Json, JsonObject, dump_json

URL = "https://homes.example/v1/homes"
JSON = "application/json; charset=utf-8"


def refused_body(data: bytes, media_type: str) -> str:
    raise NotImplementedError(data, media_type)


def beside(data: bytes, media_type: str) -> str:
    return f"files/{len(data)}.{media_type}"


def answered(
    body: bytes = b"", media_type: str = JSON, *, status: int = 200, url: str = URL, sent: bytes | None = None
) -> KeptAnswer:
    request = HttpRequest(method="POST", url=url, body=sent, credentials=frozenset({"api_key"}))
    headers = (("Content-Type", media_type), ("Set-Cookie", "a=b")) if media_type else ()
    response = HttpResponse(status=status, headers=headers, body=body, url=url)
    return KeptAnswer(function="f", path="/homes", exchange=HttpExchange(request=request, response=response))


def broken(error: InvocationError) -> KeptAnswer:
    exchange = HttpExchange(request=HttpRequest(method="POST", url=URL), response=None, error=error)
    return KeptAnswer(function="f", path="/homes", exchange=exchange)


LONG: Json = "x" * MAX_STUB_CHARS
ASKED: JsonObject = {"method": "POST", "path": "/homes"}


@pytest.mark.parametrize(
    ("kept", "answer"),
    [
        (answered(b'{"a": [1, null]}'), {"json": {"a": [1, None]}}),
        (answered(b'{"a": 1}', "application/vnd.x+json", status=404), {"status": 404, "json": {"a": 1}}),
        (answered(status=204, media_type=""), {"status": 204}),
        (answered(), {"status": 200}),
        (answered("né".encode(), "text/plain"), {"headers": {"Content-Type": "text/plain"}, "body": "né"}),
        (answered(b"\xff", "text/plain"), {"headers": {"Content-Type": "text/plain"}, "file": "files/1.text/plain"}),
        (answered(b"null"), {"headers": {"Content-Type": JSON}, "file": f"files/4.{JSON}"}),
        (
            answered(dump_json(LONG).encode()),
            {"headers": {"Content-Type": JSON}, "file": f"files/{MAX_STUB_CHARS + 2}.{JSON}"},
        ),
        (answered(b"\x00", ""), {"file": "files/1."}),
        (broken(InvocationError("no", not_executed="connect")), {"fault": "refuse"}),
        (broken(InvocationError("no", is_unsent=True)), {"fault": "refuse"}),
        (broken(InvocationError("no", is_lost=True)), {"fault": "reset"}),
        (broken(InvocationError("no")), {"fault": "hang"}),
    ],
)
def test_an_answer_is_given_as_it_came(kept: KeptAnswer, answer: JsonObject) -> None:
    [stub] = stubs_of([kept], beside)
    assert stub == {**ASKED, "answer": answer}
    Stub.model_validate(stub)


def test_a_query_tells_requests_apart_but_for_credentials() -> None:
    url = f"{URL}?city=Seattle&tag=a&tag=b&API_KEY=secret&$x=1"
    [stub] = stubs_of([answered(url=url)], refused_body)
    query: JsonObject = {"city": "Seattle", "tag": ["a", "b"], "$$x": "1"}
    assert stub == {**ASKED, "query": query, "answer": {"status": 200}}
    Stub.model_validate(stub)


def test_those_that_say_more_come_first() -> None:
    kept = [
        answered(),
        answered(sent=b'{"$a": 1}'),
        answered(url=f"{URL}?a=b", sent=b'{"a": 1}'),
        answered(sent=b"a=1"),
    ]
    assert stubs_of(kept, refused_body) == [
        {**ASKED, "query": {"a": "b"}, "json": {"a": 1}, "answer": {"status": 200}},
        {**ASKED, "json": {"$$a": 1}, "answer": {"status": 200}},
        {**ASKED, "answer": {"status": 200}},
    ]


def test_the_same_request_has_a_stub_for_each_change_of_its_answer() -> None:
    kept = [answered(status=status) for status in (503, 503, 200, 201, 201)]
    assert stubs_of(kept, refused_body) == [
        {**ASKED, "times": 2, "answer": {"status": 503}},
        {**ASKED, "times": 1, "answer": {"status": 200}},
        {**ASKED, "answer": {"status": 201}},
    ]
