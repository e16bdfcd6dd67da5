"""What comes of an answer."""

from __future__ import annotations

import time
from collections.abc import Mapping

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.base import Attachment, CallContext, CallResult, FunctionCall
from runtimes.errors import InvocationError
from runtimes.http import MAX_RESPONSE_BYTES, HttpResponse
from runtimes.openapi.response import MAX_QUOTED_CHARS, read_response
from runtimes.values import Json, JsonObject, dump_json
from tests.pace import soon
from tests.runtimes.openapi.answering import answered
from tests.servers.descriptions import api, opened
from tests.servers.loopback import Answer, Raw, Request, Response, json_response, serve, text_response


def typed(content_type: str, body: bytes, status: int = 200) -> Response:
    return Response(status=status, headers=(("Content-Type", content_type),) if content_type else (), body=body)


ANSWERS: Mapping[str, tuple[Response, CallResult]] = {
    "json": (typed("application/json", b'{"a":[1]}'), CallResult(payload={"a": [1]}, status=200)),
    "json-scalar": (typed("application/json; charset=utf-8", b"3"), CallResult(payload=3, status=200)),
    "json-suffix": (typed("application/problem+json", b"{}", 404), CallResult(payload={}, status=404, is_error=True)),
    "broken-json": (
        typed("application/json", b"{oops"),
        CallResult(
            payload="{oops",
            status=200,
            notes=(
                "the answer is declared as JSON and is not: "
                "unexpected character, expected a string key (line 1, column 2)",
            ),
        ),
    ),
    "not-quite-json-as-text": (typed("text/plain", b"{oops"), CallResult(payload="{oops", status=200)),
    "json-as-text": (typed("text/plain", b' [{"a":1}]'), CallResult(payload=[{"a": 1}], status=200)),
    "number-as-text": (typed("text/plain", b"12"), CallResult(payload="12", status=200)),
    "untyped": (typed("", b"plain"), CallResult(payload="plain", status=200)),
    "latin": (typed("text/plain; charset=ISO-8859-1", b"caf\xe9"), CallResult(payload="café", status=200)),
    "false-charset": (typed("text/html; charset=hex", "é".encode()), CallResult(payload="é", status=200)),
    "not-its-charset": (
        typed("text/html", b"a\xff"),
        CallResult(
            payload="a\ufffd",
            status=200,
            notes=("one place in the answer could not be read in its charset and is marked \ufffd",),
        ),
    ),
    "lying-charset": (
        typed("text/plain; charset=ascii", b"\xc3\xa9 \xff\xff \xef\xbf\xbd"),
        CallResult(
            payload="é \ufffd\ufffd \ufffd",
            status=200,
            notes=("2 places in the answer could not be read in its charset and are marked \ufffd",),
        ),
    ),
    "charset-of-the-page": (
        typed("text/html", b'<html><head><meta charset="windows-1252"></head>\x80</html>'),
        CallResult(payload="€", status=200),
    ),
    "charset-of-the-header-wins": (
        typed("text/html; charset=utf-8", '<meta charset="windows-1252">é'.encode()),
        CallResult(payload="é", status=200),
    ),
    "wide-charset-in-a-narrow-page": (
        typed("text/html", b"<meta charset=utf-16>ab"),
        CallResult(payload="ab", status=200),
    ),
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
        CallResult(
            payload="a binary answer of type application/octet-stream, 2 bytes",
            status=200,
            attachments=(Attachment(media_type="application/octet-stream", data=b"\xff\xfe"),),
        ),
    ),
    "not-modified": (Response(status=304), CallResult(payload="", status=304)),
    "empty": (Response(status=204), CallResult(payload="", status=204)),
    "reset": (Response(status=205, body=b"what"), CallResult(payload="", status=205)),
    "csv": (typed("text/csv; header=present", b"a,b\r\n1,2\r\n"), CallResult(payload="a,b\r\n1,2\r\n", status=200)),
    "json-lines": (typed("application/x-ndjson", b"{}\n{}\n"), CallResult(payload="{}\n{}\n", status=200)),
    "page": (
        typed("text/html", b"<title>T</title><script>var a = '<p>';</script><p>One &amp; <b>two</b><p>Three"),
        CallResult(payload="T\nOne & two\nThree", status=200),
    ),
    "xml": (
        typed("application/xml", b'<?xml version="1.0"?><homes total="2"><home>A</home><home>B</home></homes>'),
        CallResult(payload={"total": "2", "home": ["A", "B"]}, status=200),
    ),
    "xml-in-its-own-charset": (
        typed("text/xml", b'<?xml version="1.0" encoding="iso-8859-1"?><a><b>\xe9</b></a>'),
        CallResult(payload={"b": "é"}, status=200),
    ),
    "xml-with-a-type": (
        typed("application/atom+xml", b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"),
        CallResult(
            payload="<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
            status=200,
            notes=("the answer is left as the XML that came: it has a document type, which is not read",),
        ),
    ),
    "drawing": (typed("image/svg+xml", b"<svg/>"), CallResult(payload="<svg/>", status=200)),
    "error-text": (text_response("no such", 500), CallResult(payload="no such", status=500, is_error=True)),
    "binary": (
        typed("image/png", b"\x89PNG"),
        CallResult(
            payload="a binary answer of type image/png, 4 bytes",
            status=200,
            attachments=(Attachment(media_type="image/png", data=b"\x89PNG"),),
        ),
    ),
    "no-type-at-all": (
        typed("image/\x9b2J, or what", b"\xff\xfe"),
        CallResult(
            payload="a binary answer of type unknown, 2 bytes",
            status=200,
            attachments=(Attachment(media_type="", data=b"\xff\xfe"),),
        ),
    ),
    "untyped-binary": (
        typed("", b"\xff\xfe"),
        CallResult(
            payload="a binary answer of type unknown, 2 bytes",
            status=200,
            attachments=(Attachment(media_type="", data=b"\xff\xfe"),),
        ),
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

    with soon(2, time.thread_time):
        result = await answered(handler)
        assert isinstance(result.payload, str)
        assert len(result.payload) == 2_000_001


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


def declaring(**responses: Json) -> JsonObject:
    """The declared responses of an operation; a key of `s404` stands for the status 404."""
    return {name.removeprefix("s"): response for name, response in responses.items()}


async def failed(answer: Response, responses: JsonObject, **members: Json) -> CallResult:
    async def handler(request: Request) -> Answer:
        del request
        return answer

    async with serve(handler) as server:
        operation: JsonObject = {"operationId": "f", "responses": responses}
        description = api({"/x": {"get": operation}}, servers=[{"url": server.url}], **members)
        async with opened(description) as executor:
            return await executor.invoke(FunctionCall(id="1", function="f", arguments={}), CallContext(person="me"))


def problem(status: int = 404, **members: Json) -> Response:
    return Response(
        status=status, headers=(("Content-Type", "application/problem+json"),), body=dump_json({**members}).encode()
    )


EXPLAINED: Mapping[str, tuple[Json, str]] = {
    "problem details": (
        {"title": "Out of credit", "detail": "You have 30, it costs 50."},
        "Out of credit: You have 30, it costs 50.",
    ),
    "a message": ({"message": "no such home", "code": 3}, "no such home"),
    "an object": ({"error": {"code": "NotFound", "message": "no such home"}}, "no such home"),
    "oauth": ({"error": "invalid_grant", "error_description": "expired"}, "expired: invalid_grant"),
    "a list": ({"errors": [{"detail": "too few beds"}, {"detail": "no city"}]}, "too few beds: no city"),
    "nothing usual": ({"oops": True}, ""),
    "a list at the root": ([{"message": "no"}], ""),
    "no text": ({"message": {"en": "no"}, "error": 7}, ""),
    "blanks and controls": ({"message": "a\n\x1b[2J b\u202e"}, "a [2J b"),
    "a long text": ({"message": "x" * 5000}, "x" * 299 + "…"),
    "a deep one": ({"error": {"error": {"error": {"error": {"message": "far"}}}}}, ""),
}


@pytest.mark.parametrize(("answer", "explanation"), EXPLAINED.values(), ids=EXPLAINED)
async def test_an_error_is_explained_in_its_own_words(answer: Json, explanation: str) -> None:
    """RFC 9457, and what APIs do instead."""
    result = await failed(json_response(answer, status=404), {})
    assert result == CallResult(payload=answer, is_error=True, status=404, explanation=explanation)


@pytest.mark.parametrize(
    ("responses", "explanation"),
    [
        (declaring(s404={"description": "There is no such home"}), "There is no such home"),
        (declaring(s4XX={"description": "Yours"}, default={"description": "Other"}), "Yours"),
        (declaring(s200={"description": "Fine"}, default={"description": "Other"}), "Other"),
        (declaring(s404={"$ref": "#/components/responses/Gone"}), "It is gone"),
        (declaring(s404={"$ref": "#/components/responses/None"}), ""),
        (declaring(s404={"$ref": "#/components/responses/Round"}), ""),
        (declaring(s404="gone"), ""),
        (declaring(s200={"description": "Fine"}), ""),
    ],
)
async def test_the_description_says_what_an_error_means(responses: JsonObject, explanation: str) -> None:
    components: JsonObject = {
        "responses": {"Gone": {"description": "It is gone"}, "Round": {"$ref": "#/components/responses/Round"}}
    }
    result = await failed(Response(status=404), responses, components=components)
    assert result.explanation == explanation
    answer = await failed(problem(title="No"), responses, components=components)
    assert answer.explanation == (f"No (declared as: {explanation})" if explanation else "No")


async def test_the_declared_schema_says_what_the_members_of_an_error_mean() -> None:
    code: JsonObject = {"type": "integer", "description": "7 means\nthat the account is locked"}
    media: JsonObject = {"schema": {"$ref": "#/components/schemas/Error"}}
    responses = declaring(s4XX={"description": "Refused", "content": {"application/problem+json": media}})
    components: JsonObject = {
        "schemas": {"Error": {"properties": {"code": {"$ref": "#/components/schemas/Code"}, "n": {}}}, "Code": code}
    }
    result = await failed(problem(403, code=7, n=1), responses, components=components)
    assert result.notes == ("'code' is declared as: 7 means that the account is locked",)
    assert (await failed(problem(500, code=7), responses, components=components)).notes == ()


PAGES: Mapping[str, tuple[str, Json, str]] = {
    "a link": (
        '<https://api.example/x?page=2>; rel="next", <https://api.example/>; rel=first',
        [],
        "https://api.example/x?page=2",
    ),
    "a link of several kinds": ('</a>; rel="prev", <?page=3>; title="n, x"; rel="last next"', [], "/x?page=3"),
    "an unquoted kind": ("<p2>; rel=next", [], "/p2"),
    "nextLink": ("", {"nextLink": "https://api.example/y?skip=5"}, "https://api.example/y?skip=5"),
    "odata": ("", {"@odata.nextLink": "y?$skip=5", "value": []}, "/y?$skip=5"),
    "next": ("", {"next": "/x?offset=3"}, "/x?offset=3"),
    "hal": ("", {"_links": {"next": {"href": "/x?p=2"}}}, "/x?p=2"),
    "json api": ("", {"links": {"next": "/x?p=2"}}, "/x?p=2"),
    "a token": ("", {"nextPageToken": "abc"}, "nextPageToken of the answer is 'abc'"),
    "a nested token": ("", {"meta": {"next_cursor": "abc"}}, "meta.next_cursor of the answer is 'abc'"),
    "the last page": ('<https://api.example/x>; rel="prev"', {"next": None, "nextPageToken": ""}, ""),
    "a next that is no link": ("", {"next": "Tuesday"}, ""),
    "no web address": ("<javascript:alert(1)>; rel=next", {"nextLink": "file:///etc/passwd"}, ""),
    "a link with a password": ("<https://u:p@api.example/>; rel=next", {}, ""),
    "a broken link": ("<http://[>; rel=next, <a\x1bb>; rel=next", {}, ""),
    "a long link": (f"<{'a' * 3000}>; rel=next", {}, ""),
    "many links": ("<>" * 8000 + "; rel" * 1000, {}, ""),
}


@pytest.mark.parametrize(("link", "payload", "told"), PAGES.values(), ids=PAGES)
async def test_the_next_page_is_told_and_not_fetched(link: str, payload: Json, told: str) -> None:
    """RFC 8288, and members that say the same."""
    asked: list[str] = []

    async def handler(request: Request) -> Answer:
        asked.append(request.target)
        answer = json_response(payload)
        return Response(headers=(*answer.headers, *((("Link", link),) if link else ())), body=answer.body)

    result = await answered(handler)
    assert asked == ["/x"]
    assert result.payload == payload
    if not told:
        assert result.notes == ()
        return
    (note,) = result.notes
    assert told in note
    assert note.startswith("there is more; ")


NAMES: Mapping[str, tuple[str, str]] = {
    "plain": ("attachment; filename=report.pdf", "report.pdf"),
    "quoted": ('attachment; filename="my report.pdf"', "my report.pdf"),
    "encoded": ("attachment; filename*=UTF-8''na%C3%AFve%20file.pdf; filename=x", "naïve file.pdf"),
    "a path": ('attachment; filename="../../etc/passwd"', "passwd"),
    "an encoded path": ("attachment; filename*=utf-8''..%2F..%5C.bashrc", "bashrc"),
    "nothing but dots": ('attachment; filename=".."', ""),
    "controls": ('attachment; filename="a\x1b[2Jb\x7f.png"', "a[2Jb.png"),
    "long": (f"attachment; filename={'a' * 500}", "a" * 100),
    "inline": ("inline", ""),
    "none": ("", ""),
}


@pytest.mark.parametrize(("disposition", "name"), NAMES.values(), ids=NAMES)
async def test_a_file_is_an_attachment_with_a_harmless_name(disposition: str, name: str) -> None:
    async def handler(request: Request) -> Answer:
        del request
        headers = (("Content-Type", "Application/PDF; x=y"), ("Content-Disposition", disposition))
        return Response(headers=headers if disposition else headers[:1], body=b"%PDF-1.4")

    result = await answered(handler)
    assert result.payload == "a binary answer of type application/pdf, 8 bytes"
    assert result.attachments == (Attachment(media_type="application/pdf", data=b"%PDF-1.4", name=name),)
    assert "PDF-1.4" not in repr(result)


async def test_a_file_that_is_too_long_is_told_of_and_not_handed_over() -> None:
    async def handler(request: Request) -> Answer:
        del request
        return typed("video/mp4", b"\0" * (MAX_RESPONSE_BYTES + 1))

    result = await answered(handler)
    assert result == CallResult(
        payload=f"a binary answer of type video/mp4, {MAX_RESPONSE_BYTES} bytes and more", status=200, is_truncated=True
    )


async def test_the_answer_to_head_has_no_content() -> None:
    async def handler(request: Request) -> Answer:
        del request
        return Response(headers=(("Content-Type", "application/json"), ("Content-Length", "500")))

    assert await answered(handler, "head") == CallResult(payload="", status=200)


headers = st.sampled_from(["Content-Type", "Content-Disposition", "Link", "Location", "Retry-After"])
types = st.sampled_from(
    [
        "application/json",
        "a/b+json",
        "text/html",
        "application/xml",
        "text/plain; charset=utf-16",
        "image/png",
        "text/csv",
    ]
)
bodies = st.binary() | st.sampled_from([b"<", b"[", b"{", b'"', b"<a>", b"\xff\xfe", b"&#", b"null"]).map(
    lambda b: b * 3
)


@given(
    status=st.integers(200, 599),
    fields=st.lists(st.tuples(headers, st.text(max_size=30) | types)),
    body=bodies,
)
def test_any_answer_is_a_result_or_turns_the_call_away(status: int, fields: list[tuple[str, str]], body: bytes) -> None:
    response = HttpResponse(status=status, headers=tuple(fields), body=body, url="https://api.example/x")
    if status == 429:
        with pytest.raises(InvocationError, match="turned the call away"):
            read_response(response)
        return
    result = read_response(response)
    assert result.status == status
    assert dump_json(result.payload).encode()
    assert all(note.isprintable() for note in (*result.notes, result.explanation))
