"""What stands on the wire in another form than declared is not taken for what was meant."""

from __future__ import annotations

import pytest

from orchestrator.mock.api import MockApi
from orchestrator.mock.exchange import Request
from runtimes.values import Json, JsonObject
from tests.orchestrator.mock.asking import asked, mock_of, wrong

NUMBERS: JsonObject = {"type": "array", "items": {"type": "integer"}}
POINT: JsonObject = {
    "type": "object",
    "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}},
    "additionalProperties": False,
}


def reading(parameter: JsonObject, path: str = "/a") -> MockApi:
    return mock_of({path: {"get": {"parameters": [{"name": "p", **parameter}], "responses": {}}}})


def status(api: MockApi, target: str, headers: tuple[tuple[str, str], ...] = ()) -> int:
    return asked(api, "GET", target, headers=headers).status


QUERIES = [
    ({"schema": NUMBERS}, "p=1&p=2", "p=1,2"),
    ({"schema": NUMBERS, "explode": False}, "p=1,2", "p=1&p=2"),
    ({"schema": NUMBERS, "style": "pipeDelimited", "explode": False}, "p=1%7C2", "p=1,2"),
    ({"schema": NUMBERS, "style": "spaceDelimited", "explode": False}, "p=1%202", "p=1%7C2"),
    ({"schema": POINT}, "x=1&y=2", "x=1&y=z"),
    ({"schema": POINT, "explode": False}, "p=x,1,y,2", "p=x,1,y"),
    ({"schema": POINT, "style": "deepObject"}, "p%5Bx%5D=1", "p.x=1"),
    ({"schema": POINT, "style": "deepObject"}, "p[x]=1", "p[x=1"),
    ({"schema": {"type": "integer"}}, "p=1", "p=1&p=2"),
    ({"schema": {"type": "boolean"}}, "p=true", "p=True"),
    ({"schema": {"type": "number"}}, "p=-1.5e3", "p=1."),
    ({"schema": {"type": "string", "maxLength": 3}}, "p=a%20b", "p=a%2520b"),
    ({"content": {"application/json": {"schema": POINT}}}, "p=%7B%22x%22:1%7D", "p=x"),
    ({"schema": {"type": "integer"}, "allowEmptyValue": True}, "p=", "p=x"),
]


@pytest.mark.parametrize(("parameter", "good", "bad"), QUERIES)
def test_a_query_is_read_by_its_style(parameter: JsonObject, good: str, bad: str) -> None:
    api = reading({"in": "query", **parameter})
    assert (status(api, f"/a?{good}"), status(api, f"/a?{bad}")) == (200, 400)


PATHS = [
    ({"schema": NUMBERS}, "1,2", "1%7C2"),
    ({"schema": NUMBERS, "style": "label"}, ".1,2", "1,2"),
    ({"schema": NUMBERS, "style": "label", "explode": True}, ".1.2", ".1;2"),
    ({"schema": NUMBERS, "style": "matrix"}, ";p=1,2", ";q=1,2"),
    ({"schema": NUMBERS, "style": "matrix", "explode": True}, ";p=1;p=2", ";p=1,2"),
    ({"schema": POINT}, "x,1,y,2", "x=1,y=2"),
    ({"schema": POINT, "explode": True}, "x=1,y=2", "x,1,y,2"),
    ({"schema": POINT, "style": "matrix", "explode": True}, ";x=1;y=2", ";x=1;z=2"),
]


@pytest.mark.parametrize(("parameter", "good", "bad"), PATHS)
def test_a_path_is_read_by_its_style(parameter: JsonObject, good: str, bad: str) -> None:
    api = reading({"in": "path", "required": True, **parameter}, "/a/{p}/b")
    assert (status(api, f"/a/{good}/b"), status(api, f"/a/{bad}/b")) == (200, 400)


@pytest.mark.parametrize(
    ("parameter", "field", "good", "bad"),
    [
        ({"in": "header", "schema": NUMBERS}, "P", "1, 2", "1;2"),
        ({"in": "header", "schema": POINT, "explode": True}, "P", "x=1,y=2", "x,1"),
        ({"in": "cookie", "schema": {"type": "integer"}}, "Cookie", "q=a; p=1", "p=one"),
        ({"in": "cookie", "schema": NUMBERS, "explode": False}, "Cookie", "p=1,2", "p=1; p=2"),
        ({"in": "cookie", "required": True, "schema": {"type": "string"}}, "Cookie", "p=1", "q=1"),
    ],
)
def test_headers_and_cookies_are_read_by_their_style(parameter: JsonObject, field: str, good: str, bad: str) -> None:
    api = reading(parameter)
    assert (status(api, "/a", ((field, good),)), status(api, "/a", ((field, bad),))) == (200, 400)


BODY: JsonObject = {
    "type": "object",
    "required": ["n"],
    "properties": {"n": {"type": "integer"}, "tags": NUMBERS, "point": POINT, "file": {"format": "binary"}},
    "additionalProperties": False,
}
FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"


def sent(content_type: str, body: bytes, schema: Json = None) -> list[tuple[str, str, str]] | int:
    media: JsonObject = {"schema": BODY if schema is None else schema}
    content: JsonObject = {FORM: media, "multipart/form-data": media, "text/plain": media}
    api = mock_of({"/a": {"post": {"requestBody": {"required": True, "content": content}, "responses": {}}}})
    answer = api.answer(Request(method="POST", target="/a", headers=(("Content-Type", content_type),), body=body))
    return wrong(answer) if answer.status == 400 else answer.status


def part(name: str, data: str, more: str = "") -> str:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n{more}\r\n{data}\r\n'


def parts(*written: str) -> bytes:
    return ("".join(written) + "--b--\r\n").encode()


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        (FORM, b"n=1&tags=1&tags=2&point=%7B%22x%22%3A1%7D", 200),
        (FORM, b"n=x&tags=1", [("body", "", "/n")]),
        (FORM, b"n=1&n=2", [("body", "", "")]),
        (FORM, b"n=1&m=2", [("body", "", "")]),
        (FORM, b"n=1&tags=1,2", [("body", "", "/tags/0")]),
        (FORM, b"n=1&point=x", [("body", "", "")]),
        (FORM, b"\xff", [("body", "", "")]),
        (FORM, b"&".join([b"a=1"] * 2000), [("body", "", "")]),
        (PARTS, parts(part("n", "1"), part("tags", "1"), part("tags", "2"), part("file", "\x00")), 200),
        (PARTS, parts(part("n", "1"), part("point", '{"x":1}', "Content-Type: application/json\r\n")), 200),
        (PARTS, parts(part("n", "one")), [("body", "", "/n")]),
        (PARTS, parts(part("n", "1"), part("n", "2")), [("body", "", "")]),
        (PARTS, b"--b\r\n\r\n1\r\n--b--", [("body", "", "")]),
        (PARTS, b"--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--", [("body", "", "")]),
        (PARTS, part("n", "1").encode(), [("body", "", "")]),
        (PARTS, b"--b\r\nx--b--", [("body", "", "")]),
        (PARTS, b"", [("body", "", "")]),
        (PARTS, parts(*[part("a", "1")] * 2000), [("body", "", "")]),
        ("multipart/form-data", parts(part("n", "1")), [("body", "", "")]),
    ],
)
def test_a_form_is_read_back(content_type: str, body: bytes, expected: int | list[tuple[str, str, str]]) -> None:
    assert sent(content_type, body) == expected


def test_text_is_read_in_its_charset() -> None:
    schema: JsonObject = {"type": "string", "const": "é"}
    assert sent("text/plain; charset=iso-8859-1", b"\xe9", schema) == 200
    assert sent("text/plain", b"\xe9", schema) == [("body", "", "")]
    assert sent("text/plain", "é".encode(), schema) == 200
