"""What comes of an answer."""

from __future__ import annotations

import time
from collections.abc import Mapping

import anyio
import pytest

from runtimes.base import CallContext, CallResult, FunctionCall
from runtimes.errors import InvocationError
from runtimes.http import MAX_RESPONSE_BYTES
from runtimes.openapi.response import MAX_QUOTED_CHARS
from tests.servers.descriptions import api, opened
from tests.servers.loopback import Answer, Handler, Raw, Request, Response, serve, text_response


async def answered(handler: Handler, method: str = "get") -> CallResult:
    async with serve(handler) as server:
        description = api({"/x": {method: {"operationId": "f"}}}, servers=[{"url": server.url}])
        async with opened(description) as executor:
            return await executor.invoke(FunctionCall(id="1", function="f", arguments={}), CallContext(person="me"))


def typed(content_type: str, body: bytes, status: int = 200) -> Response:
    return Response(status=status, headers=(("Content-Type", content_type),) if content_type else (), body=body)


ANSWERS: Mapping[str, tuple[Response, CallResult]] = {
    "json": (typed("application/json", b'{"a":[1]}'), CallResult(payload={"a": [1]}, status=200)),
    "json-scalar": (typed("application/json; charset=utf-8", b"3"), CallResult(payload=3, status=200)),
    "json-suffix": (typed("application/problem+json", b"{}", 404), CallResult(payload={}, status=404, is_error=True)),
    "broken-json": (typed("application/json", b"{oops"), CallResult(payload="{oops", status=200)),
    "json-as-text": (typed("text/plain", b' [{"a":1}]'), CallResult(payload=[{"a": 1}], status=200)),
    "number-as-text": (typed("text/plain", b"12"), CallResult(payload="12", status=200)),
    "untyped": (typed("", b"plain"), CallResult(payload="plain", status=200)),
    "latin": (typed("text/plain; charset=ISO-8859-1", b"caf\xe9"), CallResult(payload="café", status=200)),
    "false-charset": (typed("text/html; charset=hex", "é".encode()), CallResult(payload="é", status=200)),
    "not-its-charset": (typed("text/html", b"a\xff"), CallResult(payload="a\ufffd", status=200)),
    "surrogates": (typed("text/csv; charset=unicode_escape", b"\\ud800"), CallResult(payload="\\ud800", status=200)),
    "windows": (typed("text/plain; charset=windows-1252", b"\x80"), CallResult(payload="€", status=200)),
    "japanese": (typed('text/plain; charset="Shift_JIS"', b"\x83e"), CallResult(payload="テ", status=200)),
    "utf-16": (typed("text/plain; charset=utf-16", "é".encode("utf-16")), CallResult(payload="é", status=200)),
    "marked": (typed("text/plain; charset=utf-8", b"\xef\xbb\xbfa"), CallResult(payload="a", status=200)),
    "json-utf-8-whatever": (
        typed("application/json; charset=iso-8859-1", '"é"'.encode()),
        CallResult(payload="é", status=200),
    ),
    "json-latin": (typed("application/json; charset=iso-8859-1", b'"\xe9"'), CallResult(payload="é", status=200)),
    "json-utf-16": (typed("application/json", '["é"]'.encode("utf-16")), CallResult(payload=["é"], status=200)),
    "json-utf-32": (typed("application/json", '["é"]'.encode("utf-32")), CallResult(payload=["é"], status=200)),
    "json-utf-16le": (
        typed("application/json; charset=utf-16le", '["a"]'.encode("utf-16-le")),
        CallResult(payload=["a"], status=200),
    ),
    "json-marked": (typed("application/json", b"\xef\xbb\xbf[1]"), CallResult(payload=[1], status=200)),
    "unlisted-text": (typed("application/sql", "é".encode()), CallResult(payload="é", status=200)),
    "unlisted-binary": (
        typed("application/octet-stream", b"\xff\xfe"),
        CallResult(payload="a binary answer of type application/octet-stream, 2 bytes", status=200),
    ),
    "not-modified": (Response(status=304), CallResult(payload="", status=304)),
    "empty": (Response(status=204), CallResult(payload="", status=204)),
    "error-text": (text_response("no such", 500), CallResult(payload="no such", status=500, is_error=True)),
    "binary": (
        typed("image/png", b"\x89PNG"),
        CallResult(payload="a binary answer of type image/png, 4 bytes", status=200),
    ),
    "untyped-binary": (
        typed("", b"\xff\xfe"),
        CallResult(payload="a binary answer of type unknown, 2 bytes", status=200),
    ),
}


@pytest.mark.parametrize(("response", "result"), ANSWERS.values(), ids=ANSWERS)
async def test_an_answer_is_read_for_what_it_is(response: Response, result: CallResult) -> None:
    async def handler(request: Request) -> Answer:
        del request
        return response

    assert await answered(handler) == result


async def test_a_long_answer_is_cut_and_says_so() -> None:
    async def handler(request: Request) -> Answer:
        del request
        return typed("application/json", b'"' + b"x" * (MAX_RESPONSE_BYTES + 10) + b'"')

    result = await answered(handler)
    assert result.is_truncated
    assert isinstance(result.payload, str)
    assert len(result.payload) == MAX_RESPONSE_BYTES


async def test_a_redirect_elsewhere_is_an_error_that_says_so() -> None:
    async def handler(request: Request) -> Answer:
        del request
        return Response(status=302, headers=(("Location", "http://169.254.169.254/"),))

    result = await answered(handler)
    assert (result.status, result.is_error) == (302, True)
    assert "not followed" in str(result.payload)


async def test_too_many_requests_is_certainly_not_executed() -> None:
    async def handler(request: Request) -> Answer:
        del request
        return Response(status=429, headers=(("Retry-After", "7"),))

    with pytest.raises(InvocationError, match="it asks to wait 7 s") as caught:
        await answered(handler, "post")
    assert caught.value.not_executed == "rate"


async def test_what_the_server_says_of_too_many_requests_is_quoted_in_one_short_line() -> None:
    async def handler(request: Request) -> Answer:
        del request
        return typed("application/json", b'{"error":\n\t"daily\x1b quota"}' + b"x" * 100_000, 429)

    with pytest.raises(InvocationError, match=r'it says: \{"error": "daily quota"\}x+$') as caught:
        await answered(handler)
    assert len(str(caught.value)) < 2 * MAX_QUOTED_CHARS


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "utf-7", "raw_unicode_escape"])
async def test_a_charset_that_is_slow_to_decode_is_not_decoded(charset: str) -> None:
    async def handler(request: Request) -> Answer:
        del request
        return typed(f"text/plain; charset={charset}", b"a" * 1_000_000 + b"-" + b"b" * 1_000_000)

    start = time.thread_time()
    result = await answered(handler)
    assert isinstance(result.payload, str)
    assert len(result.payload) == 2_000_001
    assert time.thread_time() - start < 2


async def test_a_dropped_connection_leaves_the_outcome_unknown() -> None:
    async def handler(request: Request) -> Answer:
        del request
        return Raw()

    with pytest.raises(InvocationError) as caught:
        await answered(handler, "post")
    assert caught.value.not_executed is None


async def test_the_caller_s_patience_is_the_limit() -> None:
    async def handler(request: Request) -> Answer:
        del request
        await anyio.sleep_forever()
        raise NotImplementedError

    async with serve(handler) as server:
        description = api({"/x": {"get": {"operationId": "f"}}}, servers=[{"url": server.url}])
        async with opened(description) as executor:
            call = FunctionCall(id="1", function="f", arguments={})
            with anyio.fail_after(5), pytest.raises(InvocationError, match=r"no answer within 0\.2 s"):
                await executor.invoke(call, CallContext(person="me", timeout=0.2))
